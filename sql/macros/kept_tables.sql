{#
  Kept tables: on DuckDB, incorta-loads updates these tables instead of rebuilding them.

  The keys of each row name its source: a response, or a version of a bucket of executions. A build
  deletes rows whose keys are no longer in `current`, and adds rows for keys that are missing.

  `current` is the model from whose rows the table is made. `of_current` selects those that produce
  rows in the table. `of_table` selects few rows of the table, but at least one for each key.
  `analysis/build.py` reads these arguments from `meta` and lists the missing keys in a temporary
  table. The large tables are then read only for these executions. If dbt builds the models itself,
  it rebuilds these tables completely.
#}

{# Whether the kept table has no rows yet for a row of its source. #}
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


{#
  The same for tables kept by bucket. It is a condition on executions, so that only nodes of missing
  buckets are read.
#}
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
