with

streaks as (

    select * from {{ ref('int_table_streaks') }}

),

trials as (

    {{ trials_of_settings('streaks') }}

),

-- at each trial, what came later
looks as (

    select
        *,
        max(trial) over (partition by setting, series_id) - trial as later_trials,
        cast(coalesce(sum(is_start) over (
            partition by setting, series_id order by trial
            range between 1 following and {{ var('backtest_trials_after') }} following
        ), 0) as bigint) as starts_after
    from trials

),

windows as (

    {{ windows_of_settings('looks') }}

),

final as (

    select
        setting,
        series_id,
        trial,
        start_run,
        start_execution_id,
        start_node_id,
        over_run,
        recent_trials,
        recent_starts,
        baseline_trials,
        baseline_starts,
        least(later_trials, {{ var('backtest_trials_after') }}) as trials_after,
        starts_after
    from windows
    where is_start = 1 and baseline_trials >= {{ var('regression_min_trials') }}

)

select * from final
