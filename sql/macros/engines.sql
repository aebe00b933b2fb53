{# What DuckDB, PostgreSQL and Spark do not say with the same words. #}

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


{# Any text as a SQL literal. #}
{% macro text_literal(text) %}
    {{- return(adapter.dispatch('text_literal')(text)) -}}
{% endmacro %}

{% macro default__text_literal(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{% macro spark__text_literal(text) -%}
    '{{ text | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}


{# Whether two names are the same, NULL being a name like any other, in a form that joins can hash. #}
{% macro is_same(name, other) %}
    {{- return(adapter.dispatch('is_same')(name, other)) -}}
{% endmacro %}

{% macro default__is_same(name, other) -%}
    {{ name }} is not distinct from {{ other }}
{%- endmacro %}

{% macro postgres__is_same(name, other) -%}
    (coalesce({{ name }}, '') = coalesce({{ other }}, '') and ({{ name }} is null) = ({{ other }} is null))
{%- endmacro %}


{# Whether two relations are about the same table; names may be NULL. `name` is its column in the first. #}
{% macro is_same_table(one, other, name='table_name') -%}
    {{ one }}.cluster = {{ other }}.cluster
    and {{ one }}.tenant = {{ other }}.tenant
    and {{ is_same(one ~ '.schema_name', other ~ '.schema_name') }}
    and {{ is_same(one ~ '.' ~ name, other ~ '.table_name') }}
{%- endmacro %}


{# A name as it is ordered by: in code-point order, NULLs last. #}
{% macro in_order(name) %}
    {{- return(adapter.dispatch('in_order')(name)) -}}
{% endmacro %}

{% macro default__in_order(name) %}{{ name }} asc nulls last{% endmacro %}

{% macro postgres__in_order(name) %}{{ name }} collate "C" asc nulls last{% endmacro %}


{# Statistics of a table that was just built: without them PostgreSQL joins by nested loops. #}
{% macro analyzed(relation) %}
    {{- return(adapter.dispatch('analyzed')(relation)) -}}
{% endmacro %}

{% macro default__analyzed(relation) %}{% endmacro %}

{% macro postgres__analyzed(relation) %}
    {%- if model.config.materialized == 'table' %}analyze {{ relation }}{% endif -%}
{% endmacro %}


{# One text that changes with any of the texts of a group. #}
{% macro hash_of_all(text, order) %}
    {{- return(adapter.dispatch('hash_of_all')(text, order)) -}}
{% endmacro %}

{% macro default__hash_of_all(text, order) -%}
    md5(string_agg({{ text }}, ',' order by {{ order }}))
{%- endmacro %}

{% macro spark__hash_of_all(text, order) -%}
    md5(concat_ws(',', sort_array(collect_list({{ text }}))))
{%- endmacro %}
