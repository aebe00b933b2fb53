with

series as (

    select * from {{ ref('int_table_series') }}

),

executions as (

    select * from {{ ref('executions') }}

),

nodes as (

    select * from {{ ref('int_node_statuses') }}

),

starts as (

    select * from {{ ref('int_recent_starts') }}

),

-- only tables that often start to fail, because all pairs of them are compared
seen as (

    select
        series.tenant_id,
        series.series_id,
        nodes.execution_id
    from nodes
    inner join executions
        on
            nodes.cluster = executions.cluster
            and nodes.tenant = executions.tenant
            and nodes.execution_id = executions.execution_id
    inner join series on {{ is_same_table('nodes', 'series', 'name') }}
    where
        executions.is_recent
        and nodes.role = 'table'
        and nodes.is_counted
        and series.series_id in (select starts.series_id from starts)
    group by series.tenant_id, series.series_id, nodes.execution_id

),

final as (

    select
        seen.tenant_id,
        seen.series_id,
        seen.execution_id,
        starts.series_id is not null as is_start
    from seen
    left join starts
        on seen.series_id = starts.series_id and seen.execution_id = starts.execution_id

)

select * from final
