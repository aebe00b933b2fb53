{% set min_runs = var('regression_min_runs') %}

with

series as (

    select * from {{ ref('int_table_series') }}

),

windows as (

    select * from {{ ref('int_table_windows') }}

),

counts as (

    select
        series.series_id,
        series.tenant_id,
        coalesce(windows.recent_runs, 0) as recent_runs,
        coalesce(windows.recent_errors, 0) as recent_errors,
        coalesce(windows.baseline_runs, 0) as baseline_runs,
        coalesce(windows.baseline_errors, 0) as baseline_errors,
        coalesce(windows.recent_episodes, 0) as recent_episodes
    from series
    left join windows on series.series_id = windows.series_id

),

final as (

    select
        series_id,
        tenant_id,
        recent_runs,
        recent_errors,
        baseline_runs,
        baseline_errors,
        recent_episodes,
        recent_runs >= {{ min_runs }} and baseline_runs >= {{ min_runs }} as has_enough_runs,
        recent_runs >= {{ min_runs }} and baseline_runs >= {{ min_runs }}
        and recent_errors + baseline_errors >= {{ var('regression_min_errors') }} as is_tested
    from counts

)

select * from final
