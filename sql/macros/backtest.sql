{# Settings of the backtest; what one does not name is as in use. #}
{% macro alert_settings() -%}
    {%- set in_use = {
        'gap': var('regression_gap_runs'),
        'widths': var('regression_windows'),
        'baseline': var('regression_baseline_trials'),
        'notify_level': var('notify_level'),
        'again': var('notify_again_level'),
    } -%}
    {%- set complete = [] -%}
    {%- for setting in var('alert_settings') -%}
        {%- do complete.append(dict(in_use, **setting)) -%}
    {%- endfor -%}
    {{- return(complete) -}}
{%- endmacro %}


{# Largest number of trials that a test of the backtest looks at. #}
{% macro largest_of_settings() -%}
    {%- set populations = [] -%}
    {%- for setting in alert_settings() -%}
        {%- do populations.append(setting.widths | max + setting.baseline) -%}
        {%- do populations.append(setting.baseline + var('backtest_trials_after')) -%}
    {%- endfor -%}
    {{- populations | max -}}
{%- endmacro %}


{# Trials of each setting. #}
{% macro trials_of_settings(streaks) -%}
    {% for setting in alert_settings() -%}
    select
        {{ text_literal(setting.name) }} as setting,
        trials.*
    from (
        {{ trials_of_streaks(streaks, setting.gap) }}
    ) as trials
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}


{# Windows of each setting at each of its trials. #}
{% macro windows_of_settings(trials) -%}
    {% for setting in alert_settings() -%}
    {%- set own = '(select * from ' ~ trials ~ ' where setting = ' ~ text_literal(setting.name) ~ ') as own' %}
    {{ windows_of_trials(own, setting.widths, setting.baseline) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}


{# Compares a value with a level of the row's setting. #}
{% macro compared_with_level(value, operator, level) -%}
    case
        {% for setting in alert_settings() -%}
        when setting = {{ text_literal(setting.name) }} then {{ value }} {{ operator }} {{ setting[level] }}
        {% endfor %}
    end
{%- endmacro %}


{# Settings and the kinds of notifications that are replayed for them. #}
{% macro replayed() -%}
    values
    {% for setting in alert_settings() -%}
    ({{ text_literal(setting.name) }}, 'worse'),
    {% endfor -%}
    ('current', 'broken')
{%- endmacro %}
