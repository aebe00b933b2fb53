-- The nodes of an execution are numbered from 0 without gaps or duplicates.
-- Sums of the numbers and of their squares cost a tenth of grouping by number.
with

nodes as (

    select * from {{ ref('int_node_outcomes') }}

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
