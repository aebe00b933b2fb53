with

statuses as (

    select * from {{ ref('int_seen_statuses') }}

),

status_outcomes as (

    select * from {{ ref('status_outcomes') }}

),

pairs as (

    select
        coalesce(state_type, '') as state_type,
        coalesce(job_status, '') as job_status
    from statuses
    group by coalesce(state_type, ''), coalesce(job_status, '')

),

normalized as (

    select
        state_type,
        job_status,
        {{ normalized_status('state_type') }} as normalized_state_type,
        {{ normalized_status('job_status') }} as normalized_job_status
    from pairs

),

matching as (

    select
        normalized.state_type,
        normalized.job_status,
        normalized.normalized_state_type,
        status_outcomes.outcome,
        row_number() over (
            partition by normalized.state_type, normalized.job_status
            order by status_outcomes.priority
        ) as place
    from normalized
    inner join status_outcomes
        on
            status_outcomes.state_type in ('*', normalized.normalized_state_type)
            and status_outcomes.job_status in ('*', normalized.normalized_job_status)

),

final as (

    select
        state_type,
        job_status,
        normalized_state_type = 'terminator state' as in_terminator_state,
        normalized_state_type = 'load state' as in_load_state,
        outcome,
        outcome in ('success', 'partial', 'failure') as is_counted,
        outcome in ('partial', 'failure') as is_error
    from matching
    where place = 1

)

select * from final
