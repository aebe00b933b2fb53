{#
  Trials and starts of tables, from their streaks. Errors come in streaks, so runs are not
  independent. But after `gap` successes in a row, whether the next run fails does not depend on what
  was before, if the table does not change. Such a run is a trial; in error, it is a start.
#}

{#
  One row per streak of at least `gap` successes: its trials, with the start that ends it. The start
  of the last errors counts once `gap` successes followed them.
#}
{% macro trials_of_streaks(streaks, gap) -%}
    select
        series_id,
        cast(sum(runs - {{ gap }} + is_start) over in_order as bigint) as trial,
        is_start,
        case when is_start = 1 then last_run + 1 end as start_run,
        case when is_start = 1 then next_execution_id end as start_execution_id,
        case when is_start = 1 then next_node_id end as start_node_id,
        next_spell + {{ gap }} - 1 as over_run
    from (
        select
            *,
            case
                when lead(first_run) over in_order is null then 0
                else 1
            end as is_start,
            lead(first_run) over in_order as next_spell
        from {{ streaks }}
        where not is_error and runs >= {{ gap }}
        window in_order as (partition by series_id order by first_run)
    ) as spells
    window in_order as (
        partition by series_id order by first_run rows between unbounded preceding and current row
    )
{%- endmacro %}


{# Number of trials in the widest window and its baseline. #}
{% macro regression_reach() -%}
    {{ var('regression_windows') | max + var('regression_baseline_trials') }}
{%- endmacro %}


{% macro regression_windows(trials) -%}
    {{ windows_of_trials(trials, var('regression_windows'), var('regression_baseline_trials')) }}
{%- endmacro %}


{# One row per row of `trials` and width: starts among the trials up to it, and among those before. #}
{% macro windows_of_trials(trials, widths, baseline) -%}
    {%- for width in widths %}
    select
        *,
        cast({{ width }} as bigint) as recent_trials,
        cast(coalesce(sum(is_start) over (
            partition by series_id order by trial
            range between {{ width - 1 }} preceding and current row
        ), 0) as bigint) as recent_starts,
        least(trial - {{ width }}, {{ baseline }}) as baseline_trials,
        cast(coalesce(sum(is_start) over (
            partition by series_id order by trial
            range between {{ width + baseline - 1 }} preceding and {{ width }} preceding
        ), 0) as bigint) as baseline_starts
    from {{ trials }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
