-- If a tenant has origins in recent executions, fixing all causes makes all executions clean.
with

failure_origins as (

    select * from {{ ref('failure_origins') }}

),

executions as (

    select * from {{ ref('executions') }}

),

fix_first as (

    select * from {{ ref('fix_first') }}

),

tenants as (

    select
        executions.cluster,
        executions.tenant,
        count(distinct executions.execution_id) as executions_failed,
        max(executions.execution_id) as last_execution_id
    from executions
    inner join failure_origins
        on
            executions.cluster = failure_origins.cluster
            and executions.tenant = failure_origins.tenant
            and executions.execution_id = failure_origins.execution_id
    where executions.is_recent
    group by executions.cluster, executions.tenant

),

fixes as (

    select
        cluster,
        tenant,
        max(fix_rank) as last_rank,
        count(*) as causes,
        max(last_execution_id) as last_execution_id,
        max(cumulative_clean_share) as clean_share,
        max(executions_failed / share_of_failed_executions) as executions_failed
    from fix_first
    group by cluster, tenant

)

select
    cluster,
    tenant
from tenants
full join fixes using (cluster, tenant)
where
    tenants.executions_failed is null
    or fixes.causes is null
    or fixes.last_rank <> fixes.causes
    or fixes.last_execution_id <> tenants.last_execution_id
    or fixes.clean_share <> 1
    or abs(fixes.executions_failed - tenants.executions_failed) > 0.001
