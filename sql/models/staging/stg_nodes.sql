with

source as (

    select * from {{ source('load_status', 'nodes') }}

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        node_id,
        parent_id,
        last_descendant_id,
        depth,
        position,
        type,
        name,
        state_type,
        job_status,
        path,
        load_plan,
        group_name,
        schema_name,
        table_name,
        extra,
        fetched_at
    from source

)

select * from final
