with

nodes as (

    select * from {{ ref('node_outcomes') }}

),

origins as (

    select * from {{ ref('int_origins') }}

),

final as (

    select
        nodes.cluster,
        nodes.tenant,
        nodes.execution_id,
        nodes.node_id,
        nodes.load_plan,
        nodes.type,
        nodes.group_name,
        nodes.schema_name,
        nodes.table_name,
        nodes.name,
        nodes.path,
        nodes.outcome,
        origins.inherited_above,
        origins.origins_in_execution
    from nodes
    inner join origins
        on
            nodes.cluster = origins.cluster
            and nodes.tenant = origins.tenant
            and nodes.execution_id = origins.execution_id
            and nodes.node_id = origins.node_id
    where nodes.failure_kind = 'originated'

)

select * from final
