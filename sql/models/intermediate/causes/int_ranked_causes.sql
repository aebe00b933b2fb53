{% set keys = 'cluster, tenant, type, load_plan, group_name, schema_name, table_name, name' %}

with

causes as (

    select * from {{ ref('int_recent_causes') }}

),

counted as (

    select
        {{ keys }},
        role,
        is_latest,
        execution_id,
        count(*) over (partition by {{ keys }}) as executions_failed,
        count(case when is_only_cause then 1 end) over (
            partition by {{ keys }}
        ) as executions_only_cause
    from causes

),

final as (

    select
        {{ keys }},
        role,
        is_latest,
        execution_id,
        executions_failed,
        executions_only_cause,
        dense_rank() over (
            partition by cluster, tenant
            order by
                executions_failed desc,
                executions_only_cause desc,
                {{ in_order('schema_name') }},
                {{ in_order('table_name') }},
                {{ in_order('type') }},
                {{ in_order('name') }},
                {{ in_order('load_plan') }},
                {{ in_order('group_name') }}
        ) as fix_rank
    from counted

)

select * from final
