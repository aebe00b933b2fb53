with

nodes as (

    select * from {{ ref('stg_nodes') }}

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        execution_id - execution_id % {{ var('bucket_executions') }} as bucket,
        load_plan,
        fetched_at
    from nodes
    where node_id = 0

)

select * from final
