with

nodes as (

    select * from {{ ref('int_node_statuses') }}

),

-- read once more rather than shared: engines keep a step that is used twice, here all nodes
roots as (

    select * from {{ ref('int_node_statuses') }}
    where node_id = 0

),

asked_ids as (

    select * from {{ ref('int_asked_ids') }}

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

final as (

    select
        roots.cluster,
        roots.tenant,
        roots.execution_id,
        roots.load_plan,
        roots.state_type,
        roots.job_status,
        roots.outcome,
        roots.in_terminator_state and not counts.is_loading as is_final,
        counts.nodes,
        counts.tables,
        counts.table_errors,
        counts.tables_not_run,
        coalesce(asked_ids.first_loaded_at, roots.fetched_at) as first_fetched_at,
        roots.fetched_at as last_fetched_at
    from roots
    inner join counts
        on
            roots.cluster = counts.cluster
            and roots.tenant = counts.tenant
            and roots.execution_id = counts.execution_id
    left join asked_ids
        on
            roots.cluster = asked_ids.cluster
            and roots.tenant = asked_ids.tenant
            and roots.execution_id = asked_ids.execution_id

)

select * from final
