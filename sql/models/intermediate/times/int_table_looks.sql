with

tables as (

    select * from {{ ref('int_table_nodes') }}

),

changes as (

    select * from {{ ref('int_node_changes') }}

),

firsts as (

    select
        tables.cluster,
        tables.tenant,
        tables.execution_id,
        tables.node_id,
        tables.started_after as seen_after,
        tables.first_seen_at as seen_by,
        case when changes.place is null then tables.state_type else changes.previous_state_type end
            as state_type,
        case when changes.place is null then tables.job_status else changes.previous_job_status end
            as job_status
    from tables
    left join changes
        on {{ is_same_node('tables', 'changes') }} and changes.place = 1
    where changes.place is null or changes.change <> 'appeared'

),

laters as (

    select
        tables.cluster,
        tables.tenant,
        tables.execution_id,
        tables.node_id,
        changes.seen_after,
        changes.seen_by,
        changes.state_type,
        changes.job_status
    from changes
    inner join tables on {{ is_same_node('changes', 'tables') }}
    where changes.change <> 'vanished'

),

looks as (

    select * from firsts
    union all
    select * from laters

),

final as (

    select
        looks.cluster,
        looks.tenant,
        looks.execution_id,
        looks.node_id,
        looks.seen_after,
        looks.seen_by,
        status_pairs.outcome,
        status_pairs.in_terminator_state
    from looks
    inner join {{ ref('int_status_pairs') }} as status_pairs
        on
            coalesce(looks.state_type, '') = status_pairs.state_type
            and coalesce(looks.job_status, '') = status_pairs.job_status

)

select * from final
