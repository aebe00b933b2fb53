{% set recent = var('recent_runs') %}
{% set min_streak = var('behaviour_min_streak') %}
{% set min_runs = var('regression_min_runs') %}
{% set recent_and_baseline = recent + var('baseline_runs') %}

with

streaks as (

    select * from {{ ref('int_table_streaks') }}

),

-- number of runs of each streak within the two windows
in_windows as (

    select
        series_id,
        is_error,
        first_run,
        runs,
        runs_after,
        first_execution_id,
        last_execution_id,
        greatest(least(runs_after + runs, {{ recent }}) - runs_after, 0) as recent_runs,
        greatest(
            least(runs_after + runs, {{ recent_and_baseline }})
            - greatest(runs_after, {{ recent }}),
            0
        ) as baseline_runs
    from streaks

),

totals as (

    select
        series_id,
        cast(sum(runs) as bigint) as counted,
        cast(sum(case when is_error then runs else 0 end) as bigint) as errors,
        cast(sum(case when is_error then runs * runs else 0 end) as bigint) as squares,
        count(*) - 1 as flips,
        max(case when runs_after = 0 then runs end) as current_streak,
        bool_or(runs_after = 0 and is_error) as current_streak_is_error,
        max(
            case when runs_after = 0 and is_error then first_execution_id end
        ) as failing_since_execution_id,
        max(case when not is_error then last_execution_id end) as last_success_execution_id,
        min(case when not is_error then runs_after end) as runs_since_success,
        min(case when is_error then runs_after end) as runs_since_error,
        cast(sum(recent_runs) as bigint) as recent_runs,
        cast(sum(case when is_error then recent_runs else 0 end) as bigint) as recent_errors,
        cast(sum(baseline_runs) as bigint) as baseline_runs,
        cast(sum(case when is_error then baseline_runs else 0 end) as bigint) as baseline_errors,
        max(case when is_error then last_execution_id end) as last_error_execution_id,
        max(
            case when not is_error and runs_after = 0 and first_run > 1 then first_execution_id end
        ) as errors_ended_by_execution_id,
        max(
            case when not is_error and runs >= {{ min_streak }} then first_execution_id end
        ) as last_recovery_execution_id
    from in_windows
    group by series_id

),

final as (

    select
        *,
        recent_runs >= {{ min_runs }} and baseline_runs >= {{ min_runs }} as has_enough_runs
    from totals

)

select * from final
