with

told as (

    select * from {{ ref('int_backtest_worse') }}

),

{% for setting in alert_settings() -%}
trials_{{ loop.index }} as (

    {{ trials_of_streaks(ref('int_table_streaks'), setting.gap) }}

),

{% endfor -%}

trials as (

    {% for setting in alert_settings() -%}
    select
        *,
        {{ text_literal(setting.name) }} as setting
    from trials_{{ loop.index }}
    where is_start = 1
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

tests as (

    select
        test_id,
        widest_trials as trials
    from told

),

starts_of_tests as (

    select
        told.test_id,
        told.trial - trials.trial + 1 as age,
        trials.start_run,
        trials.start_execution_id as execution_id
    from told
    inner join trials
        on
            told.setting = trials.setting
            and told.series_id = trials.series_id
            and told.trial >= trials.trial
            and told.trial - told.widest_trials < trials.trial

),

{{ change_points(ref('int_log_factorials')) }}

select * from change_points
