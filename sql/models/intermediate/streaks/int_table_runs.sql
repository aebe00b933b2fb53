with

nodes as (

    select * from {{ ref('int_node_statuses') }}

),

answers as (

    select * from {{ ref('int_bucketed_answers') }}

),

series as (

    select * from {{ ref('int_table_series') }}

),

final as (

    select
        nodes.cluster,
        nodes.tenant,
        answers.bucket,
        answers.version,
        series.series_id,
        nodes.load_plan,
        nodes.execution_id,
        nodes.node_id,
        nodes.is_error,
        nodes.outcome = 'failure' as is_failure
    from nodes
    inner join answers
        on
            nodes.cluster = answers.cluster
            and nodes.tenant = answers.tenant
            and nodes.execution_id = answers.execution_id
    inner join series on {{ is_same_table('nodes', 'series', 'name') }}
    where nodes.role = 'table' and nodes.is_counted

)

select * from final
