with

tables as (

    select * from {{ ref('int_table_nodes') }}

),

spans as (

    select * from {{ ref('int_table_spans') }}

),

series as (

    select * from {{ ref('int_table_series') }}

),

executions as (

    select * from {{ ref('executions') }}

),

final as (

    select
        tables.cluster,
        tables.tenant,
        tables.execution_id,
        tables.node_id,
        tables.load_plan,
        tables.group_name,
        series.schema_name,
        series.table_name,
        tables.outcome,
        spans.began_after,
        spans.began_by,
        spans.ended_after,
        spans.ended_by,
        {{ least_seconds('spans.began_by', 'spans.ended_after') }} as shortest_seconds,
        {{ most_seconds('spans.began_after', 'spans.ended_by') }} as longest_seconds,
        executions.execution_key,
        series.table_key,
        series.schema_key,
        {{ plan_key('tables') }} as plan_key
    from tables
    left join spans using (cluster, tenant, execution_id, node_id)
    inner join executions using (cluster, tenant, execution_id)
    inner join series on {{ is_same_table('tables', 'series', 'name') }}

)

select * from final
