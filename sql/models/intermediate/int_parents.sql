with

nodes as (

    select * from {{ ref('int_node_statuses') }}

),

children as (

    select
        cluster,
        tenant,
        execution_id,
        parent_id,
        count(*) filter (where is_error) as errors,
        count(*) filter (where type = 'TABLE') as tables,
        count(*) filter (where type = 'TABLE' and is_counted) as tables_counted,
        count(*) filter (where type = 'TABLE' and is_error) as table_errors,
        min(last_descendant_id) filter (where is_error) as first_error_end
    from nodes
    where parent_id is not null
    group by cluster, tenant, execution_id, parent_id

),

final as (

    select
        nodes.cluster,
        nodes.tenant,
        nodes.execution_id,
        nodes.node_id,
        nodes.last_descendant_id,
        children.errors,
        children.tables,
        children.tables_counted,
        children.table_errors,
        coalesce(
            nodes.type = 'GROUP'
            and nodes.node_id > min(children.first_error_end) over (
                partition by nodes.cluster, nodes.tenant, nodes.execution_id
            ),
            false
        ) as is_late_group
    from children
    inner join nodes
        on
            children.cluster = nodes.cluster
            and children.tenant = nodes.tenant
            and children.execution_id = nodes.execution_id
            and children.parent_id = nodes.node_id

)

select * from final
