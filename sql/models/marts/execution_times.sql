with

executions as (

    select * from {{ ref('executions') }}

),

starts as (

    select * from {{ ref('int_starts') }}

),

ends as (

    select * from {{ ref('int_ends') }}

),

bounded as (

    select
        executions.cluster,
        executions.tenant,
        executions.execution_id,
        executions.load_plan,
        executions.outcome,
        executions.is_final,
        starts.started_after,
        starts.started_by,
        case
            when executions.is_final and ends.ended_by is not null
                then coalesce(ends.last_running_at, starts.started_after)
        end as ended_after,
        case when executions.is_final then ends.ended_by end as ended_by,
        starts.looks,
        executions.execution_key,
        executions.plan_key
    from executions
    inner join starts using (cluster, tenant, execution_id)
    left join ends using (cluster, tenant, execution_id)

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        load_plan,
        outcome,
        is_final,
        started_after,
        started_by,
        ended_after,
        ended_by,
        {{ least_seconds('started_by', 'ended_after') }} as shortest_seconds,
        {{ most_seconds('started_after', 'ended_by') }} as longest_seconds,
        looks,
        execution_key,
        plan_key
    from bounded

)

select * from final
