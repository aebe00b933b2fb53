with

parents as (

    select * from {{ ref('int_parents') }}

),

-- A child of this or a later parent comes after this one: below it, unless it comes after its end.
below as (

    select
        cluster,
        tenant,
        execution_id,
        node_id,
        last_descendant_id,
        outcome,
        in_terminator_state,
        have_all_succeeded,
        min(first_error) over (
            partition by cluster, tenant, execution_id order by node_id
            rows between current row and unbounded following
        ) as next_error,
        min(first_in_load_state) over (
            partition by cluster, tenant, execution_id order by node_id
            rows between current row and unbounded following
        ) as next_in_load_state
    from parents

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        node_id,
        'success_above_error' as rule,
        next_error as evidence_node_id
    from below
    where outcome = 'success' and next_error <= last_descendant_id
    union all
    select
        cluster,
        tenant,
        execution_id,
        node_id,
        'error_above_success' as rule,
        node_id + 1 as evidence_node_id
    from below
    where outcome in ('partial', 'failure') and have_all_succeeded
    union all
    select
        cluster,
        tenant,
        execution_id,
        node_id,
        'ended_above_running' as rule,
        next_in_load_state as evidence_node_id
    from below
    where in_terminator_state and next_in_load_state <= last_descendant_id

)

select * from final
