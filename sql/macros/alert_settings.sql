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
