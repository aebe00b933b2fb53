-- Each node of failure kind originated is an origin; each execution counts its own origins.
with

node_outcomes as (

    select * from {{ ref('int_node_outcomes') }}

),

failure_origins as (

    select * from {{ ref('failure_origins') }}

),

totals as (

    select
        (
            select count(*)
            from node_outcomes
            where failure_kind = 'originated'
        ) as originated,
        (select count(*) from failure_origins) as origins,
        (
            select coalesce(sum(origins_in_execution), 0) from (
                select max(origins_in_execution) as origins_in_execution
                from failure_origins
                group by cluster, tenant, execution_id
            ) as executions
        ) as origins_by_execution

)

select * from totals
where origins <> originated or origins_by_execution <> originated
