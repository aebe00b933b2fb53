with

nodes as (

    select * from {{ ref('node_outcomes') }}

),

contradictions as (

    select * from {{ ref('int_contradictions') }}

),

conflicts as (

    select * from contradictions
    union all
    select
        cluster,
        tenant,
        execution_id,
        node_id,
        'unknown_status' as rule,
        null as evidence_node_id
    from nodes
    where outcome = 'unknown'
    union all
    select
        cluster,
        tenant,
        execution_id,
        node_id,
        'unknown_type' as rule,
        null as evidence_node_id
    from nodes
    where type is null or type not in ('LOAD_PLAN', 'GROUP', 'SCHEMA', 'TABLE')

),

final as (

    select
        conflicts.cluster,
        conflicts.tenant,
        conflicts.execution_id,
        conflicts.node_id,
        conflicts.rule,
        nodes.load_plan,
        nodes.type,
        nodes.name,
        nodes.path,
        nodes.state_type,
        nodes.job_status,
        nodes.outcome,
        conflicts.evidence_node_id
    from conflicts
    inner join nodes
        on
            conflicts.cluster = nodes.cluster
            and conflicts.tenant = nodes.tenant
            and conflicts.execution_id = nodes.execution_id
            and conflicts.node_id = nodes.node_id

)

select * from final
