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
    inner join tails
        on
            windows.recent_trials + windows.baseline_trials = tails.population
            and windows.recent_starts + windows.baseline_starts = tails.marked
            and windows.recent_trials = tails.drawn
            and windows.recent_starts = tails.hits

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
        least(1, count(*) * min(p_better)) as p_improved
        {%- for direction in ['worse', 'better'] %}
        {%- for count in ['recent_trials', 'recent_starts', 'baseline_trials', 'baseline_starts'] %},
        max(case when place_{{ direction }} = 1 then {{ count }} end) as {{ count }}_{{ direction }}
        {%- endfor %}
        {%- endfor %}
    from placed
    group by series_id, latest_trial

)

select * from final
