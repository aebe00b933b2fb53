with

streaks as (

    select * from {{ ref('int_table_streaks') }}

),

series as (

    select * from {{ ref('int_table_series') }}

),

executions as (

    select * from {{ ref('executions') }}

),

recent_errors as (

    select
        streaks.series_id,
        streaks.first_run,
        streaks.first_execution_id,
        streaks.first_node_id,
        streaks.last_execution_id,
        streaks.runs as errors,
        streaks.next_execution_id is null as is_open,
        series.tenant_id,
        executions.load_plan
    from streaks
    inner join series on streaks.series_id = series.series_id
    inner join executions
        on
            series.cluster = executions.cluster
            and series.tenant = executions.tenant
            and streaks.first_execution_id = executions.execution_id
    where
        streaks.is_error
        and executions.is_recent
        and (streaks.runs >= {{ var('incident_min_errors') }} or streaks.next_execution_id is null)

),

-- in one execution, nothing says when between its runs the table broke
final as (

    select
        recent_errors.*,
        before.last_execution_id as ok_until_execution_id
    from streaks as before
    inner join recent_errors
        on
            before.series_id = recent_errors.series_id
            and before.last_run + 1 = recent_errors.first_run
    where before.last_execution_id < recent_errors.first_execution_id

)

select * from final
