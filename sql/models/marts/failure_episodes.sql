with

series as (

    select * from {{ ref('int_table_series') }}

),

streaks as (

    select * from {{ ref('int_table_streaks') }}

),

final as (

    select
        series.cluster,
        series.tenant,
        series.schema_name,
        series.table_name,
        streaks.first_execution_id,
        streaks.first_node_id,
        streaks.last_execution_id,
        streaks.runs as errors,
        streaks.failures,
        streaks.next_execution_id as ended_by_execution_id,
        streaks.next_execution_id is null as is_open,
        series.table_key,
        series.schema_key
    from streaks
    inner join series on streaks.series_id = series.series_id
    where streaks.is_error

)

select * from final
