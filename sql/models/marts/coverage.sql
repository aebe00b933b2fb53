with

ids as (

    select * from {{ ref('int_execution_ids') }}

),

final as (

    select
        cluster,
        tenant,
        count(*) as ids_asked,
        count(*) filter (where last_outcome = 'loaded') as loaded,
        count(*) filter (where last_outcome = 'not_found') as not_found,
        count(*) filter (where last_outcome = 'forbidden') as forbidden,
        count(*) filter (where last_outcome = 'rejected') as rejected,
        count(*) filter (where last_outcome = 'unavailable') as unavailable,
        count(*) filter (where last_outcome = 'invalid_payload') as invalid_payload,
        min(execution_id) filter (where is_loaded) as lowest_loaded_id,
        max(execution_id) filter (where is_loaded) as highest_loaded_id,
        coalesce(
            max(execution_id) filter (where is_loaded)
            - min(execution_id) filter (where is_loaded)
            + 1 - count(*) filter (where is_loaded),
            0
        ) as ids_missing,
        count(*) filter (where not is_final) as executions_not_final,
        count(*) filter (where is_aged) as aged,
        max(last_fetched_at) as last_fetched_at,
        coalesce(bool_or(is_gone), false) as ids_restarted,
        max(execution_id) as highest_asked_id
    from ids
    group by cluster, tenant

)

select * from final
