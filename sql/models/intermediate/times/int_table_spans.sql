with

looks as (

    select
        *,
        max(case when not in_terminator_state then seen_by end) over (
            partition by cluster, tenant, execution_id, node_id
        ) as last_running_at
    from {{ ref('int_table_looks') }}

),

states as (

    select
        *,
        outcome <> 'queued' as has_begun,
        in_terminator_state and (last_running_at is null or seen_by > last_running_at) as has_ended
    from looks

),

numbered as (

    select
        *,
        row_number() over (
            partition by cluster, tenant, execution_id, node_id, has_begun order by seen_by
        ) as place_of_begun,
        row_number() over (
            partition by cluster, tenant, execution_id, node_id, has_ended order by seen_by
        ) as place_of_ended
    from states

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        node_id,
        max(case when has_begun and place_of_begun = 1 then seen_after end) as began_after,
        max(case when has_begun and place_of_begun = 1 then seen_by end) as began_by,
        max(case when has_ended and place_of_ended = 1 then seen_after end) as ended_after,
        max(case when has_ended and place_of_ended = 1 then seen_by end) as ended_by
    from numbered
    group by cluster, tenant, execution_id, node_id

)

select * from final
