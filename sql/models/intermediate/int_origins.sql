with

nodes as (

    select * from {{ ref('node_outcomes') }}

),

-- A walk in preorder: an error above others is open from its own place to its last descendant.
walk as (

    select
        cluster,
        tenant,
        execution_id,
        node_id,
        node_id as place,
        0 as opened
    from nodes
    where failure_kind = 'originated'
    union all
    select
        cluster,
        tenant,
        execution_id,
        null as node_id,
        node_id as place,
        1 as opened
    from nodes
    where failure_kind = 'inherited'
    union all
    select
        cluster,
        tenant,
        execution_id,
        null as node_id,
        last_descendant_id + 1 as place,
        -1 as opened
    from nodes
    where failure_kind = 'inherited'

),

seen as (

    select
        cluster,
        tenant,
        execution_id,
        node_id,
        sum(opened) over (
            partition by cluster, tenant, execution_id order by place
        ) as inherited_above,
        count(node_id) over (
            partition by cluster, tenant, execution_id
        ) as origins_in_execution
    from walk

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        node_id,
        cast(inherited_above as bigint) as inherited_above,
        origins_in_execution
    from seen
    where node_id is not null

)

select * from final
