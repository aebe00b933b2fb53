{#
  Relations without their catalog: DuckDB names the catalog after the file, and a view that says it
  breaks in a copy of the file under another name.
#}

{% macro ref() %}
    {% do return(builtins.ref(*varargs, **kwargs).include(database=false)) %}
{% endmacro %}

{% macro source() %}
    {% do return(builtins.source(*varargs).include(database=false)) %}
{% endmacro %}
