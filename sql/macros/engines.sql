{# Expressions that DuckDB, PostgreSQL and Spark write differently. #}

{% macro type_double() %}
    {{- return(adapter.dispatch('type_double')()) -}}
{% endmacro %}

{% macro default__type_double() %}double precision{% endmacro %}

{% macro spark__type_double() %}double{% endmacro %}


{% macro seconds_between(earlier, later) %}
    {{- return(adapter.dispatch('seconds_between')(earlier, later)) -}}
{% endmacro %}

{% macro default__seconds_between(earlier, later) -%}
    (extract(epoch from {{ later }}) - extract(epoch from {{ earlier }}))
{%- endmacro %}

{% macro spark__seconds_between(earlier, later) -%}
    ((unix_micros({{ later }}) - unix_micros({{ earlier }})) / 1e6)
{%- endmacro %}


{# Returns a text as a SQL literal. #}
{% macro text_literal(text) %}
    {{- return(adapter.dispatch('text_literal')(text)) -}}
{% endmacro %}

{% macro default__text_literal(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{% macro spark__text_literal(text) -%}
    '{{ text | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}


{# Whether two names are equal, with NULL as a name like any other; hash joins can use it. #}
{% macro is_same(name, other) %}
    {{- return(adapter.dispatch('is_same')(name, other)) -}}
{% endmacro %}

{% macro default__is_same(name, other) -%}
    {{ name }} is not distinct from {{ other }}
{%- endmacro %}

{% macro postgres__is_same(name, other) -%}
    (coalesce({{ name }}, '') = coalesce({{ other }}, '') and ({{ name }} is null) = ({{ other }} is null))
{%- endmacro %}


{#
  Whether rows of two relations refer to the same table; names may be NULL. `name` is the column
  with the name of the table in the first relation.
#}
{% macro is_same_table(one, other, name='table_name') -%}
    {{ one }}.cluster = {{ other }}.cluster
    and {{ one }}.tenant = {{ other }}.tenant
    and {{ is_same(one ~ '.schema_name', other ~ '.schema_name') }}
    and {{ is_same(one ~ '.' ~ name, other ~ '.table_name') }}
{%- endmacro %}


{# Whether rows of two relations have the same values in these columns, which may be NULL. #}
{% macro is_same_key(one, other, keys) -%}
    {% for key in keys -%}
    {{ is_same(one ~ '.' ~ key, other ~ '.' ~ key) }}{{ ' and ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{# Sorts by a name in code-point order, NULLs last. #}
{% macro in_order(name) %}
    {{- return(adapter.dispatch('in_order')(name)) -}}
{% endmacro %}

{% macro default__in_order(name) %}{{ name }} asc nulls last{% endmacro %}

{% macro postgres__in_order(name) %}{{ name }} collate "C" asc nulls last{% endmacro %}


{# Quotes a column name that is a keyword somewhere. #}
{% macro quoted(name) %}{{ adapter.quote(name) }}{% endmacro %}


{#
  A positive number with 12 significant digits. What is equal but for rounding errors becomes equal.
#}
{% macro twelve_digits(number) -%}
    {%- set at_least = 'greatest(' ~ number ~ ', 1e-300)' -%}
    {%- set magnitude = 'power(cast(10 as ' ~ type_double() ~ '), floor(log10(' ~ at_least ~ ')))' -%}
    cast(cast({{ at_least }} / {{ magnitude }} as decimal(16, 11)) as {{ type_double() }})
    * {{ magnitude }}
{%- endmacro %}


{# Collects statistics of a new table. Without them, PostgreSQL chooses nested loop joins. #}
{% macro analyzed(relation) %}
    {{- return(adapter.dispatch('analyzed')(relation)) -}}
{% endmacro %}

{% macro default__analyzed(relation) %}{% endmacro %}

{% macro postgres__analyzed(relation) %}
    {%- if model.config.materialized == 'table' %}analyze {{ relation }}{% endif -%}
{% endmacro %}


{# Hash over all texts of a group; it changes if any of them changes. #}
{% macro hash_of_all(text, order) %}
    {{- return(adapter.dispatch('hash_of_all')(text, order)) -}}
{% endmacro %}

{% macro default__hash_of_all(text, order) -%}
    md5(string_agg({{ text }}, ',' order by {{ order }}))
{%- endmacro %}

{% macro spark__hash_of_all(text, order) -%}
    md5(concat_ws(',', sort_array(collect_list({{ text }}))))
{%- endmacro %}


{#
  Number of different execution ids in a group of one bucket. DuckDB sets a bit for each of them,
  because hashing all pairs of group and id takes four times as long as the other counts together.
#}
{% macro distinct_in_bucket(id) %}
    {{- return(adapter.dispatch('distinct_in_bucket')(id)) -}}
{% endmacro %}

{% macro default__distinct_in_bucket(id) -%}
    count(distinct {{ id }})
{%- endmacro %}

{% macro duckdb__distinct_in_bucket(id) -%}
    {%- set size = var('bucket_executions') -%}
    cast(bit_count(bitstring_agg(cast({{ id }} % {{ size }} as integer), 0, {{ size - 1 }})) as bigint)
{%- endmacro %}


{# The mean of the two middle values of an even number. #}
{% macro median_of(value, filter='true') %}
    {{- return(adapter.dispatch('median_of')(value, filter)) -}}
{% endmacro %}

{% macro default__median_of(value, filter) -%}
    percentile_cont(0.5) within group (order by {{ value }}) filter (where {{ filter }})
{%- endmacro %}

{% macro duckdb__median_of(value, filter) -%}
    median({{ value }}) filter (where {{ filter }})
{%- endmacro %}


{# The smallest value with at least 90 % of all at or below it. #}
{% macro ninetieth_of(value, filter='true') %}
    {{- return(adapter.dispatch('ninetieth_of')(value, filter)) -}}
{% endmacro %}

{% macro default__ninetieth_of(value, filter) -%}
    percentile_disc(0.9) within group (order by {{ value }}) filter (where {{ filter }})
{%- endmacro %}

{% macro duckdb__ninetieth_of(value, filter) -%}
    quantile_disc({{ value }}, 0.9) filter (where {{ filter }})
{%- endmacro %}
