{# Schemas have the names in `dbt_project.yml`, without a prefix. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{- custom_schema_name or target.schema -}}
{%- endmacro %}


{#
  Refers to relations without their catalog. DuckDB names the catalog after the file, so a view that
  contains this name breaks in a copy of the file with another name.
#}

{% macro ref() %}
    {% do return(builtins.ref(*varargs, **kwargs).include(database=false)) %}
{% endmacro %}

{% macro source() %}
    {% do return(builtins.source(*varargs).include(database=false)) %}
{% endmacro %}
