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
        min(last_descendant_id) filter (where is_error) as first_error_end,
        bool_and(outcome = 'success') as have_all_succeeded,
        min(node_id) filter (where is_error) as first_error,
        min(node_id) filter (where in_load_state) as first_in_load_state
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
        nodes.outcome,
        nodes.in_terminator_state,
        children.have_all_succeeded,
        children.first_error,
        children.first_in_load_state,
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
