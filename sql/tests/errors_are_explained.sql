-- A node has a failure kind if and only if it is in error.
with

node_outcomes as (

    select * from {{ ref('int_node_outcomes') }}

)

select
    cluster,
    tenant,
    execution_id,
    node_id
from node_outcomes
where is_error <> (failure_kind is not null)
