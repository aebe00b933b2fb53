with

fetches as (

    select * from {{ ref('stg_fetches') }}

),

changes as (

    select
        cluster,
        tenant,
        execution_id,
        min(seen_after) as first_seen_after
    from {{ ref('stg_status_changes') }}
    group by cluster, tenant, execution_id

),

loaded as (

    select
        cluster,
        tenant,
        execution_id,
        count(*) as looks,
        min(fetched_at) as first_loaded_at
    from fetches
    where outcome = 'loaded'
    group by cluster, tenant, execution_id

),

firsts as (

    select
        answers.cluster,
        answers.tenant,
        answers.execution_id,
        coalesce(loaded.looks, 0) as looks,
        -- skips NULL
        least(loaded.first_loaded_at, changes.first_seen_after) as first_seen_at
    from {{ ref('int_answers') }} as answers
    left join loaded using (cluster, tenant, execution_id)
    left join changes using (cluster, tenant, execution_id)

),

misses as (

    select
        fetches.cluster,
        fetches.tenant,
        fetches.execution_id,
        max(fetches.fetched_at) as last_missed_at
    from fetches
    inner join firsts using (cluster, tenant, execution_id)
    where fetches.outcome = 'not_found' and fetches.fetched_at < firsts.first_seen_at
    group by fetches.cluster, fetches.tenant, fetches.execution_id

),

final as (

    select
        firsts.*,
        -- executions start in the order of their ids
        min(firsts.first_seen_at) over (
            partition by firsts.cluster, firsts.tenant order by firsts.execution_id
            rows between current row and unbounded following
        ) as started_by,
        misses.last_missed_at
    from firsts
    left join misses using (cluster, tenant, execution_id)

)

select * from final
