with

fetches as (

    select * from {{ ref('stg_fetches') }}

),

numbered as (

    select
        cluster,
        tenant,
        execution_id,
        run_id,
        fetched_at,
        outcome,
        row_number() over (
            partition by cluster, tenant, execution_id order by fetched_at desc, run_id desc
        ) as nth_last
    from fetches

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        max(outcome) filter (where nth_last = 1) as last_outcome,
        max(run_id) filter (where nth_last = 1) as last_run_id,
        min(run_id) filter (where outcome = 'loaded') as first_loaded_run_id,
        min(fetched_at) filter (where outcome = 'loaded') as first_loaded_at,
        min(fetched_at) as first_asked_at,
        max(fetched_at) as last_asked_at
    from numbered
    group by cluster, tenant, execution_id

)

select * from final
