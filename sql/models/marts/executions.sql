{% set partial_window = var('partial_window_executions') %}

with

executions as (

    select * from {{ ref('int_executions') }}

),

-- compares each execution with the final ones before and after it, in order of ids
compared as (

    select
        cluster,
        tenant,
        execution_id,
        max(case when is_final then tables end) over (
            partition by cluster, tenant, load_plan, is_final order by execution_id
            rows between {{ partial_window }} preceding and 1 preceding
        ) as most_tables_before,
        count(case when is_final then 1 end) over (
            partition by cluster, tenant, load_plan order by execution_id
            rows between 1 following and unbounded following
        ) as later_of_plan,
        count(case when is_final then 1 end) over (
            partition by cluster, tenant order by execution_id
            rows between 1 following and unbounded following
        ) as later_of_tenant
    from executions

),

final as (

    select
        executions.cluster,
        executions.tenant,
        executions.execution_id,
        executions.load_plan,
        executions.state_type,
        executions.job_status,
        executions.outcome,
        executions.is_final,
        coalesce(executions.tables * 2 < compared.most_tables_before, false) as is_partial,
        compared.later_of_plan < {{ var('recent_executions') }}
        and compared.later_of_tenant < {{ var('live_executions') }} as is_recent,
        executions.nodes,
        executions.tables,
        executions.table_errors,
        executions.tables_not_run,
        executions.first_fetched_at,
        executions.last_fetched_at,
        {{ execution_key('executions') }} as execution_key,
        {{ plan_key('executions') }} as plan_key
    from executions
    inner join compared
        on
            executions.cluster = compared.cluster
            and executions.tenant = compared.tenant
            and executions.execution_id = compared.execution_id

)

select * from final
