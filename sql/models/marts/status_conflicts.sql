{% set columns_of_nodes = [
    'load_plan', 'type', 'name', 'path', 'state_type', 'job_status', 'outcome'
] %}

with

nodes as (

    select * from {{ ref('node_outcomes') }}

),

contradictions as (

    select * from {{ ref('int_contradictions') }}

),

final as (

    select
        nodes.cluster,
        nodes.tenant,
        nodes.execution_id,
        nodes.node_id,
        contradictions.rule,
        nodes.{{ columns_of_nodes | join(', nodes.') }},
        contradictions.evidence_node_id
    from nodes
    inner join contradictions
        on
            nodes.cluster = contradictions.cluster
            and nodes.tenant = contradictions.tenant
            and nodes.execution_id = contradictions.execution_id
            and nodes.node_id = contradictions.node_id
    where nodes.last_descendant_id > nodes.node_id
    union all
    select
        cluster,
        tenant,
        execution_id,
        node_id,
        'unknown_status' as rule,
        {{ columns_of_nodes | join(', ') }},
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
        {{ columns_of_nodes | join(', ') }},
        null as evidence_node_id
    from nodes
    where type is null or type not in ('LOAD_PLAN', 'GROUP', 'SCHEMA', 'TABLE')

)

select * from final
