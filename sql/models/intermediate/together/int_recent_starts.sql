with

series as (

    select * from {{ ref('int_table_series') }}

),

streaks as (

    select * from {{ ref('int_table_streaks') }}

),

executions as (

    select * from {{ ref('executions') }}

),

starts as (

    select
        series.tenant_id,
        series.series_id,
        streaks.first_execution_id as execution_id,
        count(*) as episodes
    from streaks
    inner join series on streaks.series_id = series.series_id
    inner join executions
        on
            series.cluster = executions.cluster
            and series.tenant = executions.tenant
            and streaks.first_execution_id = executions.execution_id
    where streaks.is_error and executions.is_recent
    group by series.tenant_id, series.series_id, streaks.first_execution_id

),

often_failing as (

    select
        tenant_id,
        series_id,
        row_number() over (
            partition by tenant_id order by sum(episodes) desc, series_id asc
        ) as place
    from starts
    group by tenant_id, series_id
    having sum(episodes) >= {{ var('co_failure_min_episodes') }}

),

final as (

    select
        starts.tenant_id,
        starts.series_id,
        starts.execution_id
    from starts
    inner join often_failing on starts.series_id = often_failing.series_id
    where often_failing.place <= {{ var('co_failure_tables') }}

)

select * from final
