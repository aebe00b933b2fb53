-- Each table has one row in table_health, with the same counted and errors as its failure rate.
with

table_health as (

    select * from {{ ref('table_health') }}

),

failure_rates as (

    select * from {{ ref('failure_rates_by_table') }}

),

both_sides as (

    select
        cluster,
        tenant,
        schema_name,
        table_name,
        counted,
        errors,
        1 as health_lines,
        0 as rate_lines
    from table_health
    union all
    select
        cluster,
        tenant,
        schema_name,
        table_name,
        counted,
        errors,
        0 as health_lines,
        1 as rate_lines
    from failure_rates

)

select
    cluster,
    tenant,
    schema_name,
    table_name
from both_sides
group by cluster, tenant, schema_name, table_name
having
    sum(health_lines) <> 1
    or sum(rate_lines) <> 1
    or min(counted) <> max(counted)
    or min(errors) <> max(errors)
