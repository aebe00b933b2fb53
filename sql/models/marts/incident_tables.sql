with

series as (

    select * from {{ ref('int_table_series') }}

),

episodes as (

    select * from {{ ref('int_incident_tables') }}

),

final as (

    select
        series.cluster,
        series.tenant,
        episodes.execution_id,
        series.schema_name,
        series.table_name,
        episodes.first_execution_id,
        episodes.first_node_id,
        episodes.ok_until_execution_id,
        episodes.errors,
        episodes.is_open,
        {{ execution_key('episodes', 'series') }} as execution_key,
        series.table_key,
        series.schema_key
    from episodes
    inner join series on episodes.series_id = series.series_id

)

select * from final
