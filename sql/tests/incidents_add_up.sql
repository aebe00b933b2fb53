-- Each row of an incident is an episode with as many errors, and the incident counts its tables.
with

incidents as (

    select * from {{ ref('incidents') }}

),

incident_tables as (

    select * from {{ ref('incident_tables') }}

),

episodes as (

    select * from {{ ref('failure_episodes') }}

),

without_episode as (

    select
        incident_tables.cluster,
        incident_tables.tenant,
        incident_tables.execution_id
    from incident_tables
    left join episodes
        on
            {{ is_same_table('incident_tables', 'episodes') }}
            and incident_tables.first_execution_id = episodes.first_execution_id
            and incident_tables.first_node_id = episodes.first_node_id
            and incident_tables.errors = episodes.errors
    where episodes.cluster is null

),

tables as (

    select distinct
        cluster,
        tenant,
        execution_id,
        schema_name,
        table_name
    from incident_tables

),

counts as (

    select
        cluster,
        tenant,
        execution_id,
        tables
    from incidents
    union all
    select
        cluster,
        tenant,
        execution_id,
        -1 as tables
    from tables

)

select
    cluster,
    tenant,
    execution_id
from without_episode
union all
select
    cluster,
    tenant,
    execution_id
from counts
group by cluster, tenant, execution_id
having sum(tables) <> 0
