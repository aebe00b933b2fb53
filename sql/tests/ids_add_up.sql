-- Coverage counts all ids of the base tables, and each id has exactly one outcome.
with

nodes as (

    select * from {{ ref('stg_nodes') }}

),

fetches as (

    select * from {{ ref('stg_fetches') }}

),

coverage as (

    select * from {{ ref('coverage') }}

),

ids as (

    select
        cluster,
        tenant,
        execution_id
    from nodes
    union distinct
    select
        cluster,
        tenant,
        execution_id
    from fetches

),

totals as (

    select
        (select count(*) from ids) as ids,
        (select coalesce(sum(ids_asked), 0) from coverage) as ids_asked,
        (
            select
                coalesce(
                    sum(
                        loaded + not_found + forbidden + rejected + unavailable + invalid_payload
                    ),
                    0
                )
            from coverage
        ) as ids_by_outcome

)

select * from totals
where ids_asked <> ids or ids_by_outcome <> ids
