with

series as (

    select * from {{ ref('int_table_series') }}

),

executions as (

    select * from {{ ref('executions') }}

),

runs as (

    select * from {{ ref('int_table_runs') }}

),

starts as (

    select * from {{ ref('int_recent_starts') }}

),

-- of the tables that begin to fail often: each recent execution with a counted run
seen as (

    select
        series.tenant_id,
        series.series_id,
        runs.execution_id
    from runs
    inner join series on runs.series_id = series.series_id
    inner join executions
        on
            series.cluster = executions.cluster
            and series.tenant = executions.tenant
            and runs.execution_id = executions.execution_id
    where
        executions.is_recent
        and runs.is_counted
        and runs.series_id in (select starts.series_id from starts)
    group by series.tenant_id, series.series_id, runs.execution_id

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
