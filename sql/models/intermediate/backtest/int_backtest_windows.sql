{% set after = var('backtest_trials_after') %}

with

streaks as (

    select * from {{ ref('int_table_streaks') }}

),

{% for setting in alert_settings() -%}
{%- set number = loop.index -%}
trials_{{ number }} as (

    {{ trials_of_streaks('streaks', setting.gap) }}

),

looks_{{ number }} as (

    select
        *,
        max(trial) over (partition by series_id) - trial as later_trials,
        cast(coalesce(sum(is_start) over (
            partition by series_id order by trial range between 1 following and {{ after }} following
        ), 0) as bigint) as starts_after
    from trials_{{ number }}

),

windows_{{ number }} as (

    {{ windows_of_trials('looks_' ~ number, setting.widths, setting.baseline) }}

),

{% endfor -%}

final as (

    {% for setting in alert_settings() -%}
    select
        {{ text_literal(setting.name) }} as setting,
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
        least(later_trials, {{ after }}) as trials_after,
        starts_after
    from windows_{{ loop.index }}
    where is_start = 1 and baseline_trials >= {{ var('regression_min_trials') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
