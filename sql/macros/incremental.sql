{#
  A table of nodes that is kept up to date execution by execution.

  An answer replaces all nodes of its execution and has a time of its own, so what a table holds of an
  execution is right as long as both have the same time. The build state sees to it that a table of
  other models, or of other settings, is built from nothing.
#}

{# The executions whose nodes the table does not have, or has of an earlier answer. #}
{% macro executions_not_in(table) -%}
    select cluster, tenant, execution_id
    from (
        select cluster, tenant, execution_id, fetched_at
        from {{ ref('int_node_statuses') }}
        where node_id = 0
        except
        select cluster, tenant, execution_id, fetched_at
        from {{ table }}
        where node_id = 0
    ) as changed
{%- endmacro %}


{# Takes away executions that the base tables no longer have. #}
{% macro delete_vanished_executions(table) -%}
    {% if is_incremental() -%}
    delete from {{ table }}
    where (cluster, tenant, execution_id) in (
        select cluster, tenant, execution_id from {{ table }} where node_id = 0
        except
        select cluster, tenant, execution_id from {{ ref('int_node_statuses') }} where node_id = 0
    )
    {%- endif %}
{%- endmacro %}
