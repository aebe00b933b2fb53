with

runs as (

    select * from {{ ref('int_table_runs') }}

),

plans as (

    select * from {{ ref('int_plans') }}

),

seen as (

    select
        series_id,
        plan_id,
        min(execution_id) as first_execution_id,
        max(execution_id) as last_execution_id
    from runs
    group by series_id, plan_id

),

final as (

    select
        seen.series_id,
        min(seen.first_execution_id) as first_execution_id,
        max(seen.last_execution_id) as last_execution_id,
        -- no plan that is live has it, or may have it without our knowing yet
        not bool_or(
            plans.is_live
            and (
                plans.latest_executions < {{ var('latest_executions') }}
                or seen.last_execution_id >= plans.latest_from
            )
        ) as is_gone,
        -- every plan has it since its latest executions only, and one of them is older than that
        bool_and(coalesce(seen.first_execution_id >= plans.latest_from, false))
        and bool_or(plans.earlier_executions > 0) as is_new
    from seen
    inner join plans on seen.plan_id = plans.plan_id
    group by seen.series_id

)

select * from final
