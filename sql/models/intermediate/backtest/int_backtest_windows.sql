with

streaks as (

    select * from {{ ref('int_table_streaks') }}

),

windows as (

    {{ windows_of_settings('streaks') }}

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
    where baseline_trials >= {{ var('regression_min_trials') }}

)

select * from final
