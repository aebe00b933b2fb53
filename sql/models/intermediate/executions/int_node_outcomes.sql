with

nodes as (

    select * from {{ ref('int_node_statuses') }}
    where {{ is_missing('int_answers', execution_keys(), of_table='node_id = 0') }}

),

subtrees as (

    select * from {{ ref('int_subtrees') }}

),

final as (

    select
        nodes.cluster,
        nodes.tenant,
        nodes.execution_id,
        nodes.node_id,
        nodes.parent_id,
        nodes.last_descendant_id,
        nodes.depth,
        nodes.position,
        nodes.type,
        nodes.name,
        nodes.state_type,
        nodes.job_status,
        nodes.path,
        nodes.load_plan,
        nodes.group_name,
        nodes.schema_name,
        nodes.table_name,
        nodes.extra,
        nodes.fetched_at,
        nodes.outcome,
        nodes.is_counted,
        nodes.is_error,
        case
            when not nodes.is_error then null
            -- a node below it is in error
            when subtrees.errors > 0 then 'inherited'
            -- a node in error ended before its group began, and none of its tables is counted
            when
                subtrees.tables > 0
                and subtrees.tables_counted = 0
                and subtrees.is_in_late_group
                then 'blocked'
            else 'originated'
        end as failure_kind,
        nodes.role
    from nodes
    left join subtrees
        on
            nodes.cluster = subtrees.cluster
            and nodes.tenant = subtrees.tenant
            and nodes.execution_id = subtrees.execution_id
            and nodes.node_id = subtrees.node_id

)

select * from final
