with

windows as (

    select * from {{ ref('int_trial_windows') }}

),

tails as (

    select * from {{ ref('int_hypergeometric_tails') }}

),

tested as (

    select
        windows.*,
        tails.p_as_many_or_more as p_worse,
        tails.p_as_many_or_fewer as p_better
    from windows
    inner join tails on {{ is_tail_of_window() }}

),

placed as (

    select
        *,
        row_number() over (
            partition by series_id order by {{ twelve_digits('p_worse') }}, recent_trials
        ) as place_worse,
        row_number() over (
            partition by series_id order by {{ twelve_digits('p_better') }}, recent_trials
        ) as place_better
    from tested

),

-- the minimum over all widths is multiplied by their number, so that it is a p-value again
final as (

    select
        series_id,
        latest_trial,
        max(recent_trials + baseline_trials) as widest_trials,
        least(1, count(*) * min(p_worse)) as p_value,
        least(1, count(*) * min(p_better)) as p_improved,
        max(case when place_worse = 1 then recent_trials end) as recent_trials_worse,
        max(case when place_worse = 1 then recent_starts end) as recent_starts_worse,
        max(case when place_worse = 1 then baseline_trials end) as baseline_trials_worse,
        max(case when place_worse = 1 then baseline_starts end) as baseline_starts_worse,
        max(case when place_better = 1 then recent_trials end) as recent_trials_better,
        max(case when place_better = 1 then recent_starts end) as recent_starts_better,
        max(case when place_better = 1 then baseline_trials end) as baseline_trials_better,
        max(case when place_better = 1 then baseline_starts end) as baseline_starts_better
    from placed
    group by series_id, latest_trial

)

select * from final
