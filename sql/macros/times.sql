{#
  Times are intervals between two looks. Of an interval with an unknown end, the difference is NULL.
#}

{# Seconds that have passed for certain; 0 if the two may be the same moment. #}
{% macro least_seconds(begin_by, end_after) -%}
    case
        when {{ begin_by }} < {{ end_after }} then {{ most_seconds(begin_by, end_after) }}
        when {{ begin_by }} >= {{ end_after }} then cast(0 as {{ type_double() }})
    end
{%- endmacro %}


{# Seconds that can have passed at most. #}
{% macro most_seconds(begin_after, end_by) -%}
    cast({{ seconds_between(begin_after, end_by) }} as {{ type_double() }})
{%- endmacro %}


{# The day of a moment in the time zone of the project. #}
{% macro day_of(moment) -%}
    cast({{ moment }} at time zone {{ text_literal(var('time_zone')) }} as date)
{%- endmacro %}


{# Whether rows of two relations are about the same node of one execution. #}
{% macro is_same_node(one, other) -%}
    {{ one }}.cluster = {{ other }}.cluster
    and {{ one }}.tenant = {{ other }}.tenant
    and {{ one }}.execution_id = {{ other }}.execution_id
    and {{ one }}.path = {{ other }}.path
    and {{ is_same(one ~ '.type', other ~ '.type') }}
    and {{ one }}.occurrence = {{ other }}.occurrence
{%- endmacro %}
