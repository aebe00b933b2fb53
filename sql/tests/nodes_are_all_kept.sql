-- Each mart that contains or counts nodes includes all of them; there is one execution per root.
with

nodes as (

    select * from {{ ref('stg_nodes') }}

),

node_outcomes as (

    select * from {{ ref('int_node_outcomes') }}

),

status_ledger as (

    select * from {{ ref('status_ledger') }}

),

executions as (

    select * from {{ ref('executions') }}

),

totals as (

    select
        (select count(*) from nodes) as nodes,
        (select count(*) filter (where node_id = 0) from nodes) as roots,
        (select count(*) from node_outcomes) as node_outcomes,
        (select coalesce(sum(nodes), 0) from status_ledger) as nodes_in_ledger,
        (select coalesce(sum(nodes), 0) from executions) as nodes_in_executions,
        (select count(*) from executions) as executions

)

select * from totals
where
    node_outcomes <> nodes
    or nodes_in_ledger <> nodes
    or nodes_in_executions <> nodes
    or executions <> roots
