{% set columns_of_nodes = [
    'type', 'name', 'path', 'state_type', 'job_status', 'outcome'
] %}
{% set key = 'cluster, tenant, execution_id, node_id' %}
{% set is_new = is_missing(this, ref('int_conflicting_answers'), execution_keys()) %}

with

parents as (

    select * from {{ ref('node_outcomes') }}
    where last_descendant_id > node_id and {{ is_new }}

),

of_unknown_status as (

    select * from {{ ref('node_outcomes') }}
    where outcome = 'unknown' and {{ is_new }}

),

of_unknown_type as (

    select * from {{ ref('node_outcomes') }}
    where {{ is_unknown_type('type') }} and {{ is_new }}

),

contradictions as (

    select * from {{ ref('int_contradictions') }}

),

final as (

    select
        parents.cluster,
        parents.tenant,
        parents.execution_id,
        parents.node_id,
        contradictions.rule,
        {{ name_of('load_plan', 'parents') }} as load_plan,
        parents.{{ columns_of_nodes | join(', parents.') }},
        contradictions.evidence_node_id,
        parents.fetched_at,
        parents.role
    from parents
    inner join contradictions
        on
            parents.cluster = contradictions.cluster
            and parents.tenant = contradictions.tenant
            and parents.execution_id = contradictions.execution_id
            and parents.node_id = contradictions.node_id
    union all
    select
        {{ key }},
        'unknown_status' as rule,
        {{ name_of('load_plan') }} as load_plan,
        {{ columns_of_nodes | join(', ') }},
        null as evidence_node_id,
        fetched_at,
        role
    from of_unknown_status
    union all
    select
        {{ key }},
        'unknown_type' as rule,
        load_plan,
        {{ columns_of_nodes | join(', ') }},
        null as evidence_node_id,
        fetched_at,
        role
    from of_unknown_type

)

select * from final
