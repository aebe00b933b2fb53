{#
  Tables that are kept from build to build.

  Each holds, with every row, from what it was made: the time of the answer, or the version of a bucket of
  executions. Rows that were made from something else than what is there now are deleted, and what
  is missing then is added, in one transaction. Tables of other models, or of other variables, are built
  from nothing: `build_models` sees to it.
#}

{# Deletes what was not made from the present rows of `current`; for a pre-hook. #}
{% macro delete_stale(table, current, keys) -%}
    {% if is_incremental() -%}
    delete from {{ table }}
    where not exists (
        select 1 from {{ current }} as present
        where {% for key in keys %}{{ 'and ' if not loop.first }}present.{{ key }} = {{ table }}.{{ key }} {% endfor %}
    )
    {%- endif %}
{%- endmacro %}


{% macro bucket_keys() %}{{ return(['cluster', 'tenant', 'bucket', 'version']) }}{% endmacro %}


{% macro execution_keys() %}{{ return(['cluster', 'tenant', 'execution_id', 'fetched_at']) }}{% endmacro %}


{# What a kept table lacks of its source; all of it where the table is built from nothing. #}
{% macro where_missing(table, current, keys) -%}
    {% if is_incremental() -%}
    where ({{ keys | join(', ') }}) in (
        select {{ keys | join(', ') }} from {{ current }}
        except
        select {{ keys | join(', ') }} from {{ table }}
    )
    {%- endif %}
{%- endmacro %}
