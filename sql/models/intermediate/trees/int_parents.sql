{% set parent = 'cluster, tenant, execution_id, parent_id' %}
{% set execution = 'parents.cluster, parents.tenant, parents.execution_id' %}
{% set is_new = is_missing(
    'int_answers', execution_keys(), 'last_descendant_id > 0', 'node_id = 0'
) %}

with

nodes as (

    select * from {{ ref('int_node_statuses') }}
    where {{ is_new }}

),

-- imported twice, because engines materialize a CTE that is used twice, here all nodes
parents as (

    select * from {{ ref('int_node_statuses') }}
    where last_descendant_id > node_id and {{ is_new }}

),

children as (

    select
        {{ parent }},
        count(*) filter (where is_error) as errors,
        count(*) filter (where role = 'table') as tables,
        count(*) filter (where role = 'table' and is_counted) as tables_counted,
        count(*) filter (where role = 'table' and is_error) as table_errors,
        min(last_descendant_id) filter (where is_error) as first_error_end,
        bool_and(outcome = 'success') as have_all_succeeded,
        min(node_id) filter (where is_error) as first_error,
        min(node_id) filter (where in_load_state) as first_in_load_state
    from nodes
    where parent_id is not null
    group by {{ parent }}

),

-- children of this or later parents come after this parent: below it, or after its last descendant
final as (

    select
        {{ execution }},
        parents.node_id,
        parents.last_descendant_id,
        children.errors,
        children.tables,
        children.tables_counted,
        children.table_errors,
        parents.outcome,
        parents.in_terminator_state,
        children.have_all_succeeded,
        min(children.first_error) over this_and_later as next_error,
        min(children.first_in_load_state) over this_and_later as next_in_load_state,
        coalesce(
            parents.role = 'group'
            and parents.node_id > min(children.first_error_end) over (partition by {{ execution }}),
            false
        ) as is_late_group,
        parents.fetched_at
    from children
    inner join parents
        on
            children.cluster = parents.cluster
            and children.tenant = parents.tenant
            and children.execution_id = parents.execution_id
            and children.parent_id = parents.node_id
    window this_and_later as (
        partition by {{ execution }} order by parents.node_id
        rows between current row and unbounded following
    )

)

select * from final
