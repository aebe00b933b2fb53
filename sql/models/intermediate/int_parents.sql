with

nodes as (

    select * from {{ ref('int_node_statuses') }}

),

-- read once more rather than shared: engines keep a step that is used twice, here all nodes
parents as (

    select * from {{ ref('int_node_statuses') }}
    where last_descendant_id > node_id

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
        parents.cluster,
        parents.tenant,
        parents.execution_id,
        parents.node_id,
        parents.last_descendant_id,
        children.errors,
        children.tables,
        children.tables_counted,
        children.table_errors,
        parents.outcome,
        parents.in_terminator_state,
        children.have_all_succeeded,
        children.first_error,
        children.first_in_load_state,
        coalesce(
            parents.type = 'GROUP'
            and parents.node_id > min(children.first_error_end) over (
                partition by parents.cluster, parents.tenant, parents.execution_id
            ),
            false
        ) as is_late_group
    from children
    inner join parents
        on
            children.cluster = parents.cluster
            and children.tenant = parents.tenant
            and children.execution_id = parents.execution_id
            and children.parent_id = parents.node_id

)

select * from final
