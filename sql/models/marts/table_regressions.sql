with

series as (

    select * from {{ ref('int_table_series') }}

),

windows as (

    select * from {{ ref('int_table_windows') }}

),

regressions as (

    select * from {{ ref('int_regressions') }}

),

change_points as (

    select * from {{ ref('int_change_points') }}

),

behaviours as (

    select * from {{ ref('int_table_behaviours') }}

),

final as (

    select
        series.cluster,
        series.tenant,
        series.schema_name,
        series.table_name,
        coalesce(windows.recent_runs, 0) as recent_runs,
        coalesce(windows.recent_errors, 0) as recent_errors,
        coalesce(windows.baseline_runs, 0) as baseline_runs,
        coalesce(windows.baseline_errors, 0) as baseline_errors,
        {{ rate('windows.recent_errors', 'windows.recent_runs') }} as recent_error_rate,
        {{ rate('windows.baseline_errors', 'windows.baseline_runs') }} as baseline_error_rate,
        {{ rate('windows.recent_errors', 'windows.recent_runs') }}
        - {{ rate('windows.baseline_errors', 'windows.baseline_runs') }} as error_rate_difference,
        regressions.p_runs,
        regressions.recent_trials,
        regressions.recent_starts,
        regressions.baseline_trials,
        regressions.baseline_starts,
        regressions.p_value,
        regressions.p_improved,
        change_points.since_execution_id,
        change_points.changed_after_execution_id,
        change_points.changed_by_execution_id,
        coalesce(regressions.verdict, 'insufficient_data') as verdict,
        behaviours.behaviour,
        series.table_key,
        series.schema_key
    from series
    inner join behaviours on series.series_id = behaviours.series_id
    left join windows on series.series_id = windows.series_id
    left join regressions on series.series_id = regressions.series_id
    left join change_points on series.series_id = change_points.series_id

)

select * from final
