{# Counts of the runs of a group by outcome. #}
{% macro outcome_counts(executions='count(distinct nodes.execution_id)') -%}
    count(*) as runs,
    {{ executions }} as executions,
    count(*) filter (where nodes.is_counted) as counted,
    count(*) filter (where nodes.outcome = 'success') as successes,
    count(*) filter (where nodes.outcome = 'partial') as partials,
    count(*) filter (where nodes.outcome = 'failure') as failures,
    count(*) filter (where nodes.outcome = 'interrupted') as interrupted,
    count(*) filter (where nodes.outcome = 'skipped') as skipped,
    count(*) filter (where nodes.outcome = 'running') as running,
    count(*) filter (where nodes.outcome = 'queued') as queued,
    count(*) filter (where nodes.outcome = 'unknown') as unknown,
    count(*) filter (where nodes.is_error) as errors,
    min(nodes.execution_id) as first_execution_id,
    max(nodes.execution_id) as last_execution_id,
    max(nodes.execution_id) filter (where nodes.outcome = 'success') as last_success_execution_id,
    max(nodes.execution_id) filter (where nodes.is_error) as last_error_execution_id
{%- endmacro %}


{# Columns of a failure rate mart after the key columns, calculated from the counts of a row. #}
{% macro failure_rate_columns() -%}
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
    {{ rate_columns('failure_rate', 'failures', 'counted', 'design_effect') }},
    {{ rate_columns('error_rate', 'errors', 'counted', 'design_effect') }},
    first_execution_id,
    last_execution_id,
    last_success_execution_id,
    last_error_execution_id,
    design_effect,
    recent_counted,
    recent_errors,
    {{ rate_columns(
        'recent_error_rate', 'recent_errors', 'recent_counted', 'recent_design_effect'
    ) }},
    recent_design_effect
{%- endmacro %}


{# `counts` with the design effects of its rows, as the CTE `with_design_effects`. #}
{% macro with_design_effects(counts) -%}
with_design_effects as (

    select
        counts.*,
        {{ design_effect('errors', 'counted', 'squares', 'coalesce(usual_streak, 1)') }}
            as design_effect,
        {{ design_effect(
            'recent_errors', 'recent_counted', 'recent_squares', 'coalesce(usual_streak, 1)'
        ) }} as recent_design_effect
    from {{ counts }} as counts
    left join {{ ref('int_tenants') }} as tenants
        on counts.cluster = tenants.cluster and counts.tenant = tenants.tenant

)
{%- endmacro %}


{#
  Failure rates of plans, groups or schemas, with one row per value of the key columns.

  A run is one node of the role. The tables below each node are counted too. Nothing is joined by
  name, because names may be NULL.
#}
{% macro failure_rates(role, key_columns) %}
    {%- set keys = ['cluster', 'tenant'] + key_columns -%}
with

nodes as (

    select * from {{ ref('int_node_outcomes') }}

),

executions as (

    select * from {{ ref('executions') }}

),

subtrees as (

    select * from {{ ref('int_subtrees') }}

),

runs as (

    select
        nodes.cluster,
        nodes.tenant,
        {% for key in key_columns %}{{ name_of(key, 'nodes') }} as {{ key }},
        {% endfor -%}
        nodes.execution_id,
        nodes.node_id,
        nodes.outcome,
        nodes.is_counted,
        nodes.is_error,
        coalesce(subtrees.tables_counted, 0) as tables_counted,
        coalesce(subtrees.table_errors, 0) as table_errors,
        executions.is_recent
    from nodes
    inner join executions
        on
            nodes.cluster = executions.cluster
            and nodes.tenant = executions.tenant
            and nodes.execution_id = executions.execution_id
    left join subtrees
        on
            nodes.cluster = subtrees.cluster
            and nodes.tenant = subtrees.tenant
            and nodes.execution_id = subtrees.execution_id
            and nodes.node_id = subtrees.node_id
    where nodes.role = '{{ role }}'

),

{{ runs_of_streaks('runs', keys) }},

counts as (

    select
        {{ keys | join(', ') }},
        {{ outcome_counts() }},
        cast(sum(tables_counted) as bigint) as tables_counted,
        cast(sum(table_errors) as bigint) as table_errors,
        count(*) filter (where table_errors > 0) as runs_with_table_error,
        cast(coalesce(sum(errors_of_streak) filter (where is_error), 0) as bigint) as squares,
        {{ recent_counts() }}
    from runs_of_streaks as nodes
    group by {{ keys | join(', ') }}

),

{{ with_design_effects('counts') }},

final as (

    select
        {{ keys | join(', ') }},
        {{ failure_rate_columns() }},
        tables_counted,
        table_errors,
        {{ rate('table_errors', 'tables_counted') }} as table_error_rate,
        runs_with_table_error,
        {{ keys_of(key_columns) }}
    from with_design_effects

)

select * from final
{% endmacro %}
