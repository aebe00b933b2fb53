with

nodes as (

    select * from {{ ref('stg_nodes') }}

),

status_pairs as (

    select * from {{ ref('int_status_pairs') }}

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
        status_pairs.in_terminator_state,
        status_pairs.in_load_state,
        status_pairs.outcome,
        status_pairs.is_counted,
        status_pairs.is_error
    from nodes
    inner join status_pairs
        on
            coalesce(nodes.state_type, '') = status_pairs.state_type
            and coalesce(nodes.job_status, '') = status_pairs.job_status

)

select * from final
