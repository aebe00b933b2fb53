{#
  How long the last runs took, by `keys`. `runs` are those that count: each with shortest_seconds,
  longest_seconds and nth_last, which is 1 for the last run.
#}
{% macro durations_of(runs, keys) -%}
    select
        {{ keys | join(',\n        ') }},
        count(*) as runs,
        {{ median_of('shortest_seconds') }} as median_shortest_seconds,
        {{ median_of('longest_seconds') }} as median_longest_seconds,
        {{ ninetieth_of('shortest_seconds') }} as p90_shortest_seconds,
        {{ ninetieth_of('longest_seconds') }} as p90_longest_seconds,
        max(case when nth_last = 1 then execution_id end) as last_execution_id,
        max(case when nth_last = 1 then shortest_seconds end) as last_shortest_seconds,
        max(case when nth_last = 1 then longest_seconds end) as last_longest_seconds,
        {{ ninetieth_of('longest_seconds', 'nth_last > 1') }} as usual_longest_seconds
    from {{ runs }}
    where nth_last <= {{ var('duration_runs') }}
    group by {{ keys | join(', ') }}
{%- endmacro %}


{# Whether the last run was slower than the usual one, as far as the intervals tell. #}
{% macro duration_verdict() -%}
    case
        when runs - 1 < {{ var('duration_min_runs') }} then 'insufficient_data'
        when last_shortest_seconds > usual_longest_seconds then 'slower'
        when last_longest_seconds <= usual_longest_seconds then 'as_before'
        else 'cannot_tell'
    end
{%- endmacro %}


{# Whether a run with known times counts for a duration; its execution is in `executions`. #}
{% macro is_timed_run(times, executions) -%}
    {{ times }}.longest_seconds is not null
    and {{ times }}.outcome in ('success', 'partial')
    and {{ executions }}.is_final
    and not {{ executions }}.is_partial
{%- endmacro %}
