{% set latest = var('latest_executions') %}

with

executions as (

    select * from {{ ref('executions') }}

),

placed as (

    select
        cluster,
        tenant,
        load_plan,
        execution_id,
        is_final,
        is_final and not is_partial as is_whole,
        row_number() over (
            partition by cluster, tenant, load_plan, is_final and not is_partial
            order by execution_id desc
        ) as nth_last_of_plan,
        row_number() over (
            partition by cluster, tenant, is_final order by execution_id desc
        ) as nth_last_of_tenant
    from executions

),

final as (

    select
        row_number() over (
            order by
                {{ in_order('cluster') }}, {{ in_order('tenant') }}, {{ in_order('load_plan') }}
        ) as plan_id,
        cluster,
        tenant,
        load_plan,
        bool_or(is_final and nth_last_of_tenant <= {{ var('live_executions') }}) as is_live,
        count(*) filter (where is_whole and nth_last_of_plan <= {{ latest }}) as latest_executions,
        count(*) filter (where is_whole and nth_last_of_plan > {{ latest }}) as earlier_executions,
        min(execution_id) filter (
            where is_whole and nth_last_of_plan <= {{ latest }}
        ) as latest_from
    from placed
    group by cluster, tenant, load_plan

)

select * from final
