-- The gaps of a tenant contain all of its missing ids.
with

coverage as (

    select * from {{ ref('coverage') }}

),

gaps as (

    select * from {{ ref('gaps') }}

),

ids as (

    select
        cluster,
        tenant,
        ids_missing,
        0 as ids_in_gaps
    from coverage
    union all
    select
        cluster,
        tenant,
        0 as ids_missing,
        ids as ids_in_gaps
    from gaps

)

select
    cluster,
    tenant,
    sum(ids_missing) as ids_missing,
    sum(ids_in_gaps) as ids_in_gaps
from ids
group by cluster, tenant
having sum(ids_missing) <> sum(ids_in_gaps)
