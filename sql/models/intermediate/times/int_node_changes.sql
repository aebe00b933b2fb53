with

changes as (

    select * from {{ ref('stg_status_changes') }}

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
        seen_by,
        row_number() over (
            partition by cluster, tenant, execution_id, type, path, occurrence
            order by seen_after, seen_by
        ) as place
    from changes

)

select * from final
