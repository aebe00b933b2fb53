with

numbered as (

    select
        cluster,
        tenant,
        execution_id,
        fetched_at,
        is_final,
        row_number() over (
            partition by cluster, tenant, execution_id order by fetched_at, run_id
        ) as place
    from {{ ref('stg_fetches') }}
    where outcome = 'loaded' and is_final is not null

),

ledger as (

    select
        *,
        max(case when not is_final then place end) over (
            partition by cluster, tenant, execution_id
        ) as last_running_place
    from numbered

),

ends as (

    select
        cluster,
        tenant,
        execution_id,
        min(
            case when is_final and place > coalesce(last_running_place, 0) then fetched_at end
        ) as ended_by,
        max(case when not is_final then fetched_at end) as last_running_at
    from ledger
    group by cluster, tenant, execution_id

),

-- `watch` looks more often than it writes ledger rows
changes as (

    select
        changes.cluster,
        changes.tenant,
        changes.execution_id,
        max(changes.seen_after) as last_running_at
    from {{ ref('stg_status_changes') }} as changes
    inner join ends
        on
            changes.cluster = ends.cluster
            and changes.tenant = ends.tenant
            and changes.execution_id = ends.execution_id
            and changes.seen_by = ends.ended_by
    where {{ normalized_status('changes.previous_state_type') }} = 'load state'
    group by changes.cluster, changes.tenant, changes.execution_id

),

final as (

    select
        ends.cluster,
        ends.tenant,
        ends.execution_id,
        ends.ended_by,
        greatest(ends.last_running_at, changes.last_running_at) as last_running_at
    from ends
    left join changes using (cluster, tenant, execution_id)
    where ends.ended_by is not null

)

select * from final
