with

nodes as (

    select * from {{ ref('int_node_statuses') }}

),

fetches as (

    select * from {{ ref('stg_fetches') }}

),

counts as (

    select
        cluster,
        tenant,
        execution_id,
        bool_or(in_load_state) as is_loading,
        count(*) as nodes,
        count(*) filter (where type = 'TABLE') as tables,
        count(*) filter (where type = 'TABLE' and is_error) as table_errors,
        count(*) filter (
            where type = 'TABLE' and outcome in ('skipped', 'interrupted')
        ) as tables_not_run
    from nodes
    group by cluster, tenant, execution_id

),

ledger as (

    select
        cluster,
        tenant,
        execution_id,
        min(fetched_at) as first_fetched_at
    from fetches
    where outcome = 'loaded'
    group by cluster, tenant, execution_id

),

final as (

    select
        nodes.cluster,
        nodes.tenant,
        nodes.execution_id,
        nodes.load_plan,
        nodes.state_type,
        nodes.job_status,
        nodes.outcome,
        nodes.in_terminator_state and not counts.is_loading as is_final,
        counts.nodes,
        counts.tables,
        counts.table_errors,
        counts.tables_not_run,
        coalesce(ledger.first_fetched_at, nodes.fetched_at) as first_fetched_at,
        nodes.fetched_at as last_fetched_at
    from nodes
    inner join counts
        on
            nodes.cluster = counts.cluster
            and nodes.tenant = counts.tenant
            and nodes.execution_id = counts.execution_id
    left join ledger
        on
            nodes.cluster = ledger.cluster
            and nodes.tenant = ledger.tenant
            and nodes.execution_id = ledger.execution_id
    where nodes.node_id = 0

)

select * from final
