{#
  Tables that the program keeps from build to build, on DuckDB.

  Each row of a kept table says from what it was made: from which answer, or from which version of a
  bucket of executions. A build deletes the rows whose keys `current` no longer has, and adds those
  that are missing. `of_current` says which rows of `current` leave something in the table,
  `of_table` which rows of the table are enough to know what is in it. `analysis/build.py` reads this
  from `meta`, lists the missing keys in a temporary table, and so reads the large tables only where
  these executions are. Where dbt builds the models itself, it builds them whole.
#}

{# Whether a kept table lacks what a row of its source gives. #}
{% macro is_missing(current, keys, of_current='true', of_table='true') -%}
    {%- do config(meta={
        'current': current, 'keys': keys, 'of_current': of_current, 'of_table': of_table
    }) -%}
    {%- do ref(current) -%}
    {% if var('keeps_tables') -%}
    ({{ keys | join(', ') }}) in (select {{ keys | join(', ') }} from missing_{{ this.identifier }})
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}


{# The same of a bucket, asked of its rows by execution: only these are then read of all nodes. #}
{% macro is_in_missing_bucket(answers) -%}
    {%- set is_missing_bucket = is_missing('int_buckets', bucket_keys()) -%}
    {% if var('keeps_tables') -%}
    (cluster, tenant, execution_id) in (
        select cluster, tenant, execution_id from {{ answers }} where {{ is_missing_bucket }}
    )
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}


{% macro bucket_keys() %}{{ return(['cluster', 'tenant', 'bucket', 'version']) }}{% endmacro %}


{% macro execution_keys() %}{{ return(['cluster', 'tenant', 'execution_id', 'fetched_at']) }}{% endmacro %}
