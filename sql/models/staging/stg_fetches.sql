with

source as (

    select * from {{ source('load_status', 'fetches') }}

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        run_id,
        fetched_at,
        outcome,
        is_final
    from source

)

select * from final
