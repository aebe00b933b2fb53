{#
  How often the nodes of one type failed, one row per value of the key columns.

  A run is one node of the type. Names may be NULL, so nothing is joined by name. Plans, groups and
  schemas also count the TABLE nodes below each of their nodes.
#}
{% macro failure_rates(type, key_columns) %}
    {%- set keys = ['cluster', 'tenant'] + key_columns -%}
with

nodes as (

    select * from {{ ref('node_outcomes') }}

),

executions as (

    select * from {{ ref('executions') }}

),

{% if type != 'TABLE' -%}
subtrees as (

    select * from {{ ref('int_subtrees') }}

),

{% endif -%}
runs as (

    select
        {% for key in keys %}nodes.{{ key }},
        {% endfor -%}
        nodes.execution_id,
        nodes.outcome,
        nodes.is_counted,
        nodes.is_error,
        {% if type != 'TABLE' -%}
        coalesce(subtrees.tables_counted, 0) as tables_counted,
        coalesce(subtrees.table_errors, 0) as table_errors,
        {% endif -%}
        executions.is_recent
    from nodes
    inner join executions
        on
            nodes.cluster = executions.cluster
            and nodes.tenant = executions.tenant
            and nodes.execution_id = executions.execution_id
    {% if type != 'TABLE' -%}
    left join subtrees
        on
            nodes.cluster = subtrees.cluster
            and nodes.tenant = subtrees.tenant
            and nodes.execution_id = subtrees.execution_id
            and nodes.node_id = subtrees.node_id
    {% endif -%}
    where nodes.type = '{{ type }}'

),

counts as (

    select
        {{ keys | join(', ') }},
        count(*) as runs,
        count(distinct execution_id) as executions,
        count(*) filter (where is_counted) as counted,
        count(*) filter (where outcome = 'success') as successes,
        count(*) filter (where outcome = 'partial') as partials,
        count(*) filter (where outcome = 'failure') as failures,
        count(*) filter (where outcome = 'interrupted') as interrupted,
        count(*) filter (where outcome = 'skipped') as skipped,
        count(*) filter (where outcome = 'running') as running,
        count(*) filter (where outcome = 'queued') as queued,
        count(*) filter (where outcome = 'unknown') as unknown,
        count(*) filter (where is_error) as errors,
        min(execution_id) as first_execution_id,
        max(execution_id) as last_execution_id,
        max(execution_id) filter (where outcome = 'success') as last_success_execution_id,
        max(execution_id) filter (where is_error) as last_error_execution_id,
        {% if type != 'TABLE' -%}
        cast(sum(tables_counted) as bigint) as tables_counted,
        cast(sum(table_errors) as bigint) as table_errors,
        count(*) filter (where table_errors > 0) as runs_with_table_error,
        {% endif -%}
        count(*) filter (where is_recent and is_counted) as recent_counted,
        count(*) filter (where is_recent and is_error) as recent_errors
    from runs
    group by {{ keys | join(', ') }}

),

final as (

    select
        {{ keys | join(', ') }},
        runs,
        executions,
        counted,
        successes,
        partials,
        failures,
        interrupted,
        skipped,
        running,
        queued,
        unknown,
        errors,
        {{ rate_columns('failure_rate', 'failures', 'counted') }},
        {{ rate_columns('error_rate', 'errors', 'counted') }},
        first_execution_id,
        last_execution_id,
        last_success_execution_id,
        last_error_execution_id,
        recent_counted,
        recent_errors,
        {{ rate_columns('recent_error_rate', 'recent_errors', 'recent_counted') }}
        {{- ',' if type != 'TABLE' }}
        {% if type != 'TABLE' -%}
        tables_counted,
        table_errors,
        {{ rate('table_errors', 'tables_counted') }} as table_error_rate,
        runs_with_table_error
        {% endif -%}
    from counts

)

select * from final
{% endmacro %}
