with

nodes as (

    select * from {{ ref('stg_nodes') }}

),

changes as (

    select * from {{ ref('stg_status_changes') }}

),

final as (

    select distinct
        state_type,
        job_status
    from nodes
    union
    select
        state_type,
        job_status
    from changes
    union
    select
        previous_state_type as state_type,
        previous_job_status as job_status
    from changes

)

select * from final
