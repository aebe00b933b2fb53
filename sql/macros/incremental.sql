{#
  Tables that are kept from build to build.

  Each holds, with every row, from what it was made: the time of the answer, or the version of a bucket of
  executions. Rows that were made from something else than what is there now are deleted, and what
  is missing then is added, in one transaction. Tables of other models, or of other variables, are built
  from nothing: `build_models` sees to it.

  What is stale and what is missing are short lists, made first: the large tables are then read only
  where the executions of a list are. `of_current` says which rows of the source leave something in the
  table, `of_table` which rows of the table are enough to know what is in it.
#}

{# Deletes what was not made from the present rows of `current`; for a pre-hook. #}
{% macro delete_stale(table, current, keys, of_current='true', of_table='true') -%}
    {% if is_incremental() -%}
    delete from {{ table }}
    where ({{ keys | join(', ') }}) in (
        select {{ keys | join(', ') }} from {{ table }}
        where {{ of_table }}
        except
        select {{ keys | join(', ') }} from {{ current }}
        where {{ of_current }}
    )
    {%- endif %}
{%- endmacro %}


{# Whether a kept table lacks what a row of its source gives; always, where it is built from nothing. #}
{% macro is_missing(table, current, keys, of_current='true', of_table='true') -%}
    {% if is_incremental() -%}
    ({{ keys | join(', ') }}) in (
        select {{ keys | join(', ') }} from {{ current }}
        where {{ of_current }}
        except
        select {{ keys | join(', ') }} from {{ table }}
        where {{ of_table }}
    )
    {%- else -%}
    true
    {%- endif %}
{%- endmacro %}


{# The same of a bucket, asked of its rows by execution: only these are then read of all nodes. #}
{% macro is_in_missing_bucket(table, buckets, answers) -%}
    {% if is_incremental() -%}
    (cluster, tenant, execution_id) in (
        select cluster, tenant, execution_id from {{ answers }}
        where {{ is_missing(table, buckets, bucket_keys()) }}
    )
    {%- else -%}
    true
    {%- endif %}
{%- endmacro %}


{% macro bucket_keys() %}{{ return(['cluster', 'tenant', 'bucket', 'version']) }}{% endmacro %}


{% macro execution_keys() %}{{ return(['cluster', 'tenant', 'execution_id', 'fetched_at']) }}{% endmacro %}
