with

parents as (

    select * from {{ ref('int_parents') }}

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        node_id,
        fetched_at,
        'success_above_error' as rule,
        next_error as evidence_node_id
    from parents
    where outcome = 'success' and next_error <= last_descendant_id
    union all
    select
        cluster,
        tenant,
        execution_id,
        node_id,
        fetched_at,
        'error_above_success' as rule,
        node_id + 1 as evidence_node_id
    from parents
    where outcome in ('partial', 'failure') and have_all_succeeded
    union all
    select
        cluster,
        tenant,
        execution_id,
        node_id,
        fetched_at,
        'ended_above_running' as rule,
        next_in_load_state as evidence_node_id
    from parents
    where in_terminator_state and next_in_load_state <= last_descendant_id

)

select * from final
