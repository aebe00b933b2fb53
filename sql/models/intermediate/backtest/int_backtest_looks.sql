with

windows as (

    select * from {{ ref('int_backtest_windows') }}

),

tails as (

    select * from {{ ref('int_backtest_tails') }}

),

tested as (

    select
        windows.*,
        tails.p_as_many_or_more as p_worse
    from windows
    inner join tails on {{ is_tail_of_window() }}

),

placed as (

    select
        *,
        max(recent_trials + baseline_trials) over look as widest_trials,
        least(1, count(*) over look * min(p_worse) over look) as p_value,
        row_number() over (
            partition by setting, series_id, trial
            order by {{ twelve_digits('p_worse') }}, recent_trials
        ) as place
    from tested
    window look as (partition by setting, series_id, trial)

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
        trials_after,
        starts_after,
        widest_trials,
        p_value,
        {{ compared_with_level('p_value', '<=', 'notify_level') }} as is_worse,
        {{ compared_with_level('p_value', '>', 'again') }} as is_no_worse
    from placed
    where place = 1

)

select * from final
