-- Every table of a recent execution has its run in the fact table, whatever its names.
with

executions as (

    select * from {{ ref('executions') }}
    where is_recent

),

runs as (

    select
        cluster,
        tenant,
        execution_id,
        count(*) as tables
    from {{ ref('table_runs') }}
    where is_recent
    group by cluster, tenant, execution_id

)

select
    executions.cluster,
    executions.tenant,
    executions.execution_id
from executions
left join runs
    on
        executions.cluster = runs.cluster
        and executions.tenant = runs.tenant
        and executions.execution_id = runs.execution_id
where executions.tables <> coalesce(runs.tables, 0)
