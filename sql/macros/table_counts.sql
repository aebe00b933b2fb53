{#
  Outcomes of the runs of each table, with one row per bucket of executions, load plan and table.

  Each execution is in exactly one bucket, so the counts of buckets add up.
#}
{% macro table_counts(load_plan) %}
with

nodes as (

    select * from {{ ref('int_node_statuses') }}

),

answers as (

    select * from {{ ref('int_bucketed_answers') }}
    where {{ is_missing('int_buckets', bucket_keys()) }}

),

final as (

    select
        nodes.cluster,
        nodes.tenant,
        answers.bucket,
        answers.version,
        {{ load_plan }} as load_plan,
        nodes.schema_name,
        nodes.name as table_name,
        {{ outcome_counts(executions=distinct_in_bucket('nodes.execution_id')) }}
    from nodes
    inner join answers
        on
            nodes.cluster = answers.cluster
            and nodes.tenant = answers.tenant
            and nodes.execution_id = answers.execution_id
    where nodes.role = 'table'
    group by
        nodes.cluster,
        nodes.tenant,
        answers.bucket,
        answers.version,
        {{ load_plan }},
        nodes.schema_name,
        nodes.name

)

select * from final
{% endmacro %}
