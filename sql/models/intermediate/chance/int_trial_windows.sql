with

trials as (

    select
        *,
        max(trial) over (partition by series_id) as latest_trial
    from {{ ref('int_table_trials') }}

),

newest as (

    select * from trials
    where trial > latest_trial - {{ regression_reach() }}

),

windows as (

    {{ regression_windows('newest') }}

),

-- as of the latest run: the last streak of successes, which no start that counts has ended
final as (

    select
        series_id,
        latest_trial,
        recent_trials,
        recent_starts,
        baseline_trials,
        baseline_starts
    from windows
    where is_start = 0 and baseline_trials >= {{ var('regression_min_trials') }}

)

select * from final
