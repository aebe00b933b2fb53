with

episodes as (

    select * from {{ ref('int_incident_episodes') }}

),

points as (

    select * from {{ ref('int_incident_points') }}

),

placed as (

    select
        episodes.*,
        points.execution_id
    from episodes
    inner join points
        on
            episodes.tenant_id = points.tenant_id
            and episodes.ok_until_execution_id = points.ok_until_execution_id
            and episodes.first_execution_id = points.first_execution_id

),

incidents as (

    select
        tenant_id,
        execution_id
    from placed
    group by tenant_id, execution_id
    having count(distinct series_id) >= {{ var('incident_min_tables') }}

),

final as (

    select
        placed.series_id,
        placed.first_run,
        placed.first_execution_id,
        placed.first_node_id,
        placed.last_execution_id,
        placed.errors,
        placed.is_open,
        placed.tenant_id,
        placed.load_plan,
        placed.ok_until_execution_id,
        placed.execution_id
    from placed
    inner join incidents
        on
            placed.tenant_id = incidents.tenant_id
            and placed.execution_id = incidents.execution_id

)

select * from final
