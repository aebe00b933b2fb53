-- The nodes of an execution have the numbers from 0 on: none is missing, and none is there twice.
-- Adding them and their squares up costs a tenth of grouping by them.
with

nodes as (

    select * from {{ ref('node_outcomes') }}

),

totals as (

    select
        cluster,
        tenant,
        execution_id,
        count(*) as nodes,
        min(node_id) as first_id,
        max(node_id) as last_id,
        sum(node_id) as ids,
        sum(node_id * node_id) as squares
    from nodes
    group by cluster, tenant, execution_id

)

select *
from totals
where
    cluster is null
    or tenant is null
    or execution_id is null
    or first_id <> 0
    or last_id <> nodes - 1
    or 2 * ids <> nodes * (nodes - 1)
    or 6 * squares <> nodes * (nodes - 1) * (2 * nodes - 1)
