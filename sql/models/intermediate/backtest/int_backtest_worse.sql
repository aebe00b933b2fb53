with

looks as (

    select * from {{ ref('int_backtest_looks') }}

),

tails as (

    select * from {{ ref('int_backtest_tails') }}

),

placed as (

    select
        *,
        max(case when is_worse then trial end) over earlier as worse_before,
        max(case when is_no_worse then trial end) over earlier as no_worse_before
    from looks
    window earlier as (
        partition by setting, series_id order by trial
        rows between unbounded preceding and 1 preceding
    )

),

-- once, until the p-value was clearly above the level
told as (

    select
        *,
        row_number() over (order by setting, series_id, trial) as test_id
    from placed
    where is_worse and coalesce(worse_before, 0) <= coalesce(no_worse_before, 0)

),

final as (

    select
        told.test_id,
        told.setting,
        told.series_id,
        told.trial,
        told.start_run,
        told.start_execution_id,
        told.start_node_id,
        told.over_run,
        told.recent_trials,
        told.recent_starts,
        told.baseline_trials,
        told.baseline_starts,
        told.trials_after,
        told.starts_after,
        told.widest_trials,
        told.p_value,
        case
            when told.trials_after < {{ var('backtest_min_trials') }} then 'open'
            when tails.p_as_many_or_more <= {{ var('backtest_level') }} then 'confirmed'
            when
                told.starts_after * told.baseline_trials <= told.baseline_starts * told.trials_after
                then 'passed'
            else 'unclear'
        end as became
    from told
    inner join tails
        on
            told.baseline_trials + told.trials_after = tails.population
            and told.baseline_starts + told.starts_after = tails.marked
            and told.trials_after = tails.drawn
            and told.starts_after = tails.hits

)

select * from final
