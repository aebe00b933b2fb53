with

series as (

    select * from {{ ref('int_table_series') }}

),

counts as (

    select * from {{ ref('int_table_counts') }}

),

plans as (

    select * from {{ ref('int_plans') }}

),

seen as (

    select
        series.series_id,
        plans.is_live,
        plans.latest_executions,
        plans.latest_from,
        plans.earlier_executions,
        min(counts.first_execution_id) as first_execution_id,
        max(counts.last_execution_id) as last_execution_id
    from counts
    inner join series on {{ is_same_table('counts', 'series') }}
    inner join plans
        on
            counts.cluster = plans.cluster
            and counts.tenant = plans.tenant
            and {{ is_same('counts.load_plan', 'plans.load_plan') }}
    group by
        series.series_id,
        plans.plan_id,
        plans.is_live,
        plans.latest_executions,
        plans.latest_from,
        plans.earlier_executions

),

final as (

    select
        seen.series_id,
        min(seen.first_execution_id) as first_execution_id,
        max(seen.last_execution_id) as last_execution_id,
        -- a live plan with fewer latest executions may still contain the table
        not bool_or(
            seen.is_live
            and (
                seen.latest_executions < {{ var('latest_executions') }}
                or seen.last_execution_id >= seen.latest_from
            )
        ) as is_gone,
        -- without earlier executions in any of its plans, every table would be new
        bool_and(coalesce(seen.first_execution_id >= seen.latest_from, false))
        and bool_or(seen.earlier_executions > 0) as is_new
    from seen
    group by seen.series_id

)

select * from final
