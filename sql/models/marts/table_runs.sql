with

nodes as (

    select * from {{ ref('int_node_outcomes') }}

),

executions as (

    select * from {{ ref('executions') }}

),

series as (

    select * from {{ ref('int_table_series') }}

),

final as (

    select
        executions.execution_key,
        series.table_key,
        series.schema_key,
        executions.plan_key,
        nodes.cluster,
        nodes.tenant,
        nodes.execution_id,
        nodes.node_id,
        executions.load_plan,
        series.schema_name,
        series.table_name,
        nodes.outcome,
        nodes.is_counted,
        nodes.is_error,
        nodes.failure_kind,
        executions.is_final,
        executions.is_recent,
        executions.is_partial,
        nodes.fetched_at
    from nodes
    inner join executions
        on
            nodes.cluster = executions.cluster
            and nodes.tenant = executions.tenant
            and nodes.execution_id = executions.execution_id
    inner join series on {{ is_same_table('nodes', 'series', 'name') }}
    where nodes.role = 'table'

)

select * from final
