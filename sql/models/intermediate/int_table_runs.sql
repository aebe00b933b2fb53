with

nodes as (

    select * from {{ ref('node_outcomes') }}

),

executions as (

    select * from {{ ref('executions') }}

),

series as (

    select * from {{ ref('int_table_series') }}

),

plans as (

    select * from {{ ref('int_plans') }}

),

plans_of_executions as (

    select
        executions.cluster,
        executions.tenant,
        executions.execution_id,
        plans.plan_id
    from executions
    inner join plans
        on
            executions.cluster = plans.cluster
            and executions.tenant = plans.tenant
            and {{ is_same('executions.load_plan', 'plans.load_plan') }}

),

final as (

    select
        series.series_id,
        nodes.execution_id,
        nodes.node_id,
        plans_of_executions.plan_id,
        nodes.is_counted,
        nodes.is_error,
        nodes.outcome = 'failure' as is_failure
    from nodes
    inner join series
        on
            nodes.cluster = series.cluster
            and nodes.tenant = series.tenant
            and {{ is_same('nodes.schema_name', 'series.schema_name') }}
            and {{ is_same('nodes.table_name', 'series.table_name') }}
    inner join plans_of_executions
        on
            nodes.cluster = plans_of_executions.cluster
            and nodes.tenant = plans_of_executions.tenant
            and nodes.execution_id = plans_of_executions.execution_id
    where nodes.type = 'TABLE'

)

select * from final
