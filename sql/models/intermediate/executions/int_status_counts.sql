with

nodes as (

    select * from {{ ref('int_node_outcomes') }}
    where {{ is_missing('int_answers', execution_keys()) }}

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        fetched_at,
        type,
        state_type,
        job_status,
        outcome,
        failure_kind,
        role,
        count(*) as nodes
    from nodes
    group by
        cluster,
        tenant,
        execution_id,
        fetched_at,
        type,
        state_type,
        job_status,
        outcome,
        failure_kind,
        role

)

select * from final
