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
