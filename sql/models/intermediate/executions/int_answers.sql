with

nodes as (

    select * from {{ ref('int_node_statuses') }}

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        execution_id - execution_id % {{ var('bucket_executions') }} as bucket,
        {{ name_of('load_plan') }} as load_plan,
        state_type,
        job_status,
        outcome,
        in_terminator_state,
        last_descendant_id,
        fetched_at
    from nodes
    where node_id = 0

)

select * from final
