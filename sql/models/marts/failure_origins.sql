{% set names = 'load_plan, type, group_name, schema_name, table_name, name, path, outcome' %}
{% set execution = 'cluster, tenant, execution_id' %}
{% set own_names = ['load_plan', 'group_name', 'schema_name', 'table_name'] %}
{% set others = ['type', 'name', 'path', 'outcome', 'role'] %}
{% set is_new = is_missing('int_status_counts', execution_keys(), "failure_kind = 'originated'") %}

with

originated as (

    select * from {{ ref('int_node_outcomes') }}
    where failure_kind = 'originated' and {{ is_new }}

),

inherited as (

    select * from {{ ref('int_node_outcomes') }}
    where failure_kind = 'inherited' and {{ is_new }}

),

-- a depth-first walk: an inherited error is open from its node to its last descendant
walk as (

    select
        {{ execution }},
        node_id,
        {% for name in own_names -%}
            {{ name_of(name) }} as {{ name }},
        {% endfor -%}
        {{ others | join(', ') }},
        fetched_at,
        node_id as place,
        0 as opened
    from originated
    {% for place, opened in [('node_id', 1), ('last_descendant_id + 1', -1)] -%}
        union all
        select
            {{ execution }},
            null as node_id,
            null as {{ (own_names + others) | join(', null as ') }},
            fetched_at,
            {{ place }} as place,
            {{ opened }} as opened
        from inherited
    {% endfor %}
),

seen as (

    select
        *,
        sum(opened) over (partition by {{ execution }} order by place) as inherited_above,
        count(node_id) over (partition by {{ execution }}) as origins_in_execution
    from walk

),

final as (

    select
        {{ execution }},
        node_id,
        {{ names }},
        cast(inherited_above as bigint) as inherited_above,
        origins_in_execution,
        fetched_at,
        role,
        {{ execution_key() }} as execution_key,
        {{ table_key() }} as table_key,
        {{ schema_key() }} as schema_key,
        {{ plan_key() }} as plan_key
    from seen
    where node_id is not null

)

select * from final
