with

episodes as (

    select * from {{ ref('int_incident_episodes') }}

),

ranges as (

    select
        tenant_id,
        ok_until_execution_id,
        first_execution_id,
        count(*) as episodes
    from episodes
    group by tenant_id, ok_until_execution_id, first_execution_id

),

points as (

    select distinct
        tenant_id,
        first_execution_id as execution_id
    from ranges

),

points_in_ranges as (

    select
        ranges.*,
        points.execution_id,
        sum(ranges.episodes) over (
            partition by points.tenant_id, points.execution_id
        ) as support
    from ranges
    inner join points
        on
            ranges.tenant_id = points.tenant_id
            and ranges.ok_until_execution_id < points.execution_id
            and ranges.first_execution_id >= points.execution_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by tenant_id, ok_until_execution_id, first_execution_id
            order by support desc, execution_id desc
        ) as place
    from points_in_ranges

),

final as (

    select
        tenant_id,
        ok_until_execution_id,
        first_execution_id,
        execution_id
    from ranked
    where place = 1

)

select * from final
