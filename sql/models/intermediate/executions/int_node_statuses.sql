with

nodes as (

    select * from {{ ref('stg_nodes') }}

),

status_pairs as (

    select * from {{ ref('int_status_pairs') }}

),

types as (

    select * from {{ ref('int_types') }}

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
        status_pairs.is_error,
        -- if no rule names its type, a leaf below a schema is a table
        coalesce(
            types.role,
            case
                when
                    nodes.last_descendant_id = nodes.node_id
                    and nodes.schema_name is not null
                    then 'table'
                else 'none'
            end
        ) as role
    from nodes
    inner join status_pairs
        on
            coalesce(nodes.state_type, '') = status_pairs.state_type
            and coalesce(nodes.job_status, '') = status_pairs.job_status
    inner join types
        on coalesce(nodes.type, '') = types.type

)

select * from final
