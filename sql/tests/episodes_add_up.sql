-- The errors of a table's episodes add up to all of its errors.
with

node_outcomes as (

    select * from {{ ref('int_node_outcomes') }}

),

failure_episodes as (

    select * from {{ ref('failure_episodes') }}

),

errors as (

    select
        cluster,
        tenant,
        schema_name,
        name as table_name,
        1 as errors,
        0 as errors_in_episodes
    from node_outcomes
    where role = 'table' and is_error
    union all
    select
        cluster,
        tenant,
        schema_name,
        table_name,
        0 as errors,
        errors as errors_in_episodes
    from failure_episodes

)

select
    cluster,
    tenant,
    schema_name,
    table_name,
    sum(errors) as errors,
    sum(errors_in_episodes) as errors_in_episodes
from errors
group by cluster, tenant, schema_name, table_name
having sum(errors) <> sum(errors_in_episodes)
