with

contradictions as (

    select * from {{ ref('int_contradictions') }}

),

status_counts as (

    select * from {{ ref('int_status_counts') }}

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        fetched_at
    from contradictions
    union distinct
    select
        cluster,
        tenant,
        execution_id,
        fetched_at
    from status_counts
    where
        outcome = 'unknown'
        or {{ is_unknown_type('type') }}

)

select * from final
