with

source as (

    select * from {{ source('load_status', 'status_changes') }}

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        type,
        path,
        occurrence,
        change,
        previous_state_type,
        previous_job_status,
        state_type,
        job_status,
        seen_after,
        seen_by
    from source

)

select * from final
