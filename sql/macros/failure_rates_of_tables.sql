{#
  Failure rates of tables, with one row per value of the key columns. They are calculated from the
  counts by bucket.
#}
{% macro failure_rates_of_tables(counts, key_columns) %}
    {%- set keys = ['cluster', 'tenant'] + key_columns -%}
with

nodes as (

    select * from {{ ref('node_outcomes') }}

),

executions as (

    select * from {{ ref('executions') }}

),

counts as (

    select * from {{ counts }}

),

totals as (

    select
        {{ keys | join(', ') }},
        {% for count in [
            'runs', 'executions', 'counted', 'successes', 'partials', 'failures', 'interrupted',
            'skipped', 'running', 'queued', 'unknown', 'errors'
        ] -%}
        cast(sum({{ count }}) as bigint) as {{ count }},
        {% endfor -%}
        min(first_execution_id) as first_execution_id,
        max(last_execution_id) as last_execution_id,
        max(last_success_execution_id) as last_success_execution_id,
        max(last_error_execution_id) as last_error_execution_id
    from counts
    group by {{ keys | join(', ') }}

),

recent as (

    select
        nodes.cluster,
        nodes.tenant,
        {% for key in key_columns %}{{ name_of(key, 'nodes') }} as {{ key }},
        {% endfor -%}
        count(*) filter (where nodes.is_counted) as recent_counted,
        count(*) filter (where nodes.is_error) as recent_errors
    from nodes
    inner join executions
        on
            nodes.cluster = executions.cluster
            and nodes.tenant = executions.tenant
            and nodes.execution_id = executions.execution_id
    where nodes.role = 'table' and executions.is_recent
    group by
        nodes.cluster,
        nodes.tenant,
        {% for key in key_columns %}{{ name_of(key, 'nodes') }}{{ ', ' if not loop.last }}{% endfor %}

),

all_counts as (

    select
        totals.*,
        coalesce(recent.recent_counted, 0) as recent_counted,
        coalesce(recent.recent_errors, 0) as recent_errors
    from totals
    left join recent
        on
            totals.cluster = recent.cluster
            and totals.tenant = recent.tenant
            {% for key in key_columns -%}
            and {{ is_same('totals.' ~ key, 'recent.' ~ key) }}
            {% endfor %}
),

final as (

    select
        {{ keys | join(', ') }},
        {{ failure_rate_columns() }}
    from all_counts

)

select * from final
{% endmacro %}
