with

starts as (

    select * from {{ ref('int_starts') }}

),

changes as (

    select distinct
        cluster,
        tenant,
        execution_id
    from {{ ref('stg_status_changes') }}

),

seen as (

    select
        starts.cluster,
        starts.tenant,
        starts.execution_id,
        starts.first_seen_at,
        starts.started_after
    from starts
    left join changes using (cluster, tenant, execution_id)
    where starts.started_after is not null or changes.execution_id is not null

),

numbered as (

    select
        nodes.cluster,
        nodes.tenant,
        nodes.execution_id,
        nodes.node_id,
        nodes.type,
        nodes.path,
        nodes.name,
        nodes.load_plan,
        nodes.group_name,
        nodes.schema_name,
        nodes.state_type,
        nodes.job_status,
        nodes.outcome,
        nodes.role,
        seen.first_seen_at,
        seen.started_after,
        row_number() over (
            partition by nodes.cluster, nodes.tenant, nodes.execution_id, nodes.type, nodes.path
            order by nodes.node_id
        ) - 1 as occurrence
    from {{ ref('int_node_outcomes') }} as nodes
    inner join seen
        on
            nodes.cluster = seen.cluster
            and nodes.tenant = seen.tenant
            and nodes.execution_id = seen.execution_id

),

final as (

    select *
    from numbered
    where role = 'table'

)

select * from final
