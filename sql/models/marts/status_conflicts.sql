{% set is_new = is_missing('int_conflicting_answers', execution_keys()) %}

with

contradictions as (

    select * from {{ ref('int_contradictions') }}
    where {{ is_new }}

),

-- each part reads all nodes for itself: together they would be copied into memory first
conflicts as (

    select
        nodes.*,
        contradictions.rule,
        contradictions.evidence_node_id
    from {{ ref('int_node_outcomes') }} as nodes
    inner join contradictions
        on
            nodes.cluster = contradictions.cluster
            and nodes.tenant = contradictions.tenant
            and nodes.execution_id = contradictions.execution_id
            and nodes.node_id = contradictions.node_id
    union all
    select
        *,
        'unknown_status' as rule,
        null as evidence_node_id
    from {{ ref('int_node_outcomes') }}
    where outcome = 'unknown' and {{ is_new }}
    union all
    select
        *,
        'unknown_type' as rule,
        null as evidence_node_id
    from {{ ref('int_node_outcomes') }}
    where {{ is_unknown_type('type') }} and {{ is_new }}

),

named as (

    select
        cluster,
        tenant,
        execution_id,
        node_id,
        rule,
        {{ name_of('load_plan') }} as load_plan,
        type,
        name,
        path,
        state_type,
        job_status,
        outcome,
        evidence_node_id,
        fetched_at,
        role,
        {{ name_of('schema_name') }} as schema_name,
        {{ name_of('table_name') }} as table_name
    from conflicts

),

final as (

    select
        *,
        {{ execution_key() }} as execution_key,
        {{ table_key() }} as table_key,
        {{ schema_key() }} as schema_key,
        {{ plan_key() }} as plan_key
    from named

)

select * from final
