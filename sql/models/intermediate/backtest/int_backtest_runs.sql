with

series as (

    select * from {{ ref('int_table_series') }}

),

-- as of the analysis: since then, executions may have been loaded or replaced
nodes as (

    select * from {{ ref('int_node_outcomes') }}

),

runs as (

    select
        series.series_id,
        nodes.execution_id,
        nodes.node_id,
        nodes.is_error
    from nodes
    inner join series on {{ is_same_table('nodes', 'series', 'name') }}
    where nodes.role = 'table' and nodes.is_counted

),

final as (

    select
        series_id,
        row_number() over (partition by series_id order by execution_id, node_id) as run,
        execution_id,
        is_error
    from runs

)

select * from final
