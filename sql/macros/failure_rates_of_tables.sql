{#
  Failure rates of tables, with one row per value of the key columns. They are calculated from the
  counts by bucket, and from the squared lengths of the streaks of errors per table.
#}
{% macro failure_rates_of_tables(counts, squares, key_columns) %}
    {%- set keys = ['cluster', 'tenant'] + key_columns -%}
with

nodes as (

    select * from {{ ref('int_node_statuses') }}

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

squares as (

    select
        series.cluster,
        series.tenant,
        {% for key in key_columns %}{{ 'series.' if key != 'load_plan' }}{{ key }},
        {% endfor -%}
        squares.squares
    from {{ squares }} as squares
    inner join {{ ref('int_table_series') }} as series on squares.series_id = series.series_id

),

-- runs of other plans between recent ones may end a streak of errors
since_recent as (

    select executions.*
    from executions
    inner join (
        select
            cluster,
            tenant,
            min(execution_id) as first_recent_id
        from executions
        where is_recent
        group by cluster, tenant
    ) as since
        on
            executions.cluster = since.cluster
            and executions.tenant = since.tenant
            and executions.execution_id >= since.first_recent_id

),

runs as (

    select
        nodes.cluster,
        nodes.tenant,
        {% for key in key_columns %}{{ name_of(key, 'nodes') }} as {{ key }},
        {% endfor -%}
        nodes.execution_id,
        nodes.node_id,
        nodes.is_counted,
        nodes.is_error,
        executions.is_recent
    from nodes
    inner join since_recent as executions
        on
            nodes.cluster = executions.cluster
            and nodes.tenant = executions.tenant
            and nodes.execution_id = executions.execution_id
    where nodes.role = 'table' and nodes.is_counted

),

{{ runs_of_streaks('runs', keys) }},

recent as (

    select
        {{ keys | join(', ') }},
        {{ recent_counts() }}
    from runs_of_streaks
    group by {{ keys | join(', ') }}

),

all_counts as (

    select
        totals.*,
        coalesce(squares.squares, 0) as squares,
        coalesce(recent.recent_counted, 0) as recent_counted,
        coalesce(recent.recent_errors, 0) as recent_errors,
        coalesce(recent.recent_squares, 0) as recent_squares
    from totals
    left join squares on {{ is_same_key('totals', 'squares', keys) }}
    left join recent on {{ is_same_key('totals', 'recent', keys) }}

),

{{ with_design_effects('all_counts') }},

final as (

    select
        {{ keys | join(', ') }},
        {{ failure_rate_columns() }},
        {{ keys_of(key_columns) }}
    from with_design_effects

)

select * from final
{% endmacro %}
