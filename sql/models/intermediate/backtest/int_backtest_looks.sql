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
        *,
        case
            {% for setting in alert_settings() -%}
            when setting = {{ text_literal(setting.name) }} then p_value <= {{ setting.notify_level }}
            {% endfor %}
        end as is_worse,
        case
            {% for setting in alert_settings() -%}
            when setting = {{ text_literal(setting.name) }} then p_value > {{ setting.again }}
            {% endfor %}
        end as is_no_worse
    from placed
    where place = 1

)

select * from final
