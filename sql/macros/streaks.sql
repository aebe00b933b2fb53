{# Whether so many errors in a row are no chance, if single runs fail at this rate. #}
{% macro is_no_chance(errors, error_rate) -%}
    case
        when {{ error_rate }} <= 0 then true
        when {{ error_rate }} < 1
            then {{ errors }} * ln({{ error_rate }}) <= ln({{ var('broken_level') }}) + 1e-9
        else false
    end
{%- endmacro %}


{#
  `streaks` with the number of runs before each, and of errors among them, as the CTEs
  `reaching_back` and `streaks_with_before`. At most broken_runs runs before it count. If these begin
  within a streak, a part of it counts.
#}
{% macro streaks_with_before(streaks) -%}
    {%- set reach = var('broken_runs') -%}
reaching_back as (

    select
        *,
        sum(case when is_error then runs else 0 end) over before as errors_within,
        first_value(first_run) over before as first_within,
        first_value(is_error) over before as begins_with_error
    from {{ streaks }}
    window before as (
        partition by series_id order by first_run
        range between {{ reach }} preceding and 1 preceding
    )

),

streaks_with_before as (

    select
        *,
        least(first_run - 1, {{ reach }}) as runs_before,
        coalesce(errors_within, 0) + case
            when begins_with_error or first_within is null then 0
            else first_within - greatest(1, first_run - {{ reach }})
        end as errors_before
    from reaching_back

)
{%- endmacro %}


{# Error rate before a streak, pulled toward that of the tenant. #}
{% macro rate_before(streak, rate_of_tenant) -%}
    {%- set prior = var('prior_runs') -%}
    ({{ streak }}.errors_before + {{ prior }} * {{ rate_of_tenant }})
    / ({{ streak }}.runs_before + {{ prior }})
{%- endmacro %}


{#
  `runs` with the errors of each streak, as the CTEs `numbered_runs` and `runs_of_streaks`. The sum of
  `errors_of_streak` over the runs in error is the sum of the squared lengths of the streaks.
#}
{% macro runs_of_streaks(runs, keys) -%}
numbered_runs as (

    select
        *,
        -- constant within a streak of errors
        count(case when is_counted and not is_error then 1 end) over (
            partition by {{ keys | join(', ') }} order by execution_id, node_id
        ) as successes_so_far
    from {{ runs }}

),

runs_of_streaks as (

    select
        *,
        count(case when is_error then 1 end) over streak as errors_of_streak,
        count(case when is_error and is_recent then 1 end) over streak as recent_errors_of_streak
    from numbered_runs
    window streak as (partition by {{ keys | join(', ') }}, successes_so_far)

)
{%- endmacro %}


{# Counts of the recent runs of a group. #}
{% macro recent_counts() -%}
    count(*) filter (where is_recent and is_counted) as recent_counted,
    count(*) filter (where is_recent and is_error) as recent_errors,
    cast(coalesce(
        sum(recent_errors_of_streak) filter (where is_recent and is_error), 0
    ) as bigint) as recent_squares
{%- endmacro %}
