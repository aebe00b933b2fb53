with

fixes as (

    select * from {{ ref('int_fixes') }}

),

health as (

    select * from {{ ref('table_health') }}

),

executions as (

    select * from {{ ref('executions') }}

),

open_incidents as (

    select
        cluster,
        tenant,
        schema_name,
        table_name,
        max(execution_id) as execution_id
    from {{ ref('incident_tables') }}
    where is_open
    group by cluster, tenant, schema_name, table_name

),

final as (

    select
        fixes.cluster,
        fixes.tenant,
        fixes.type,
        fixes.load_plan,
        fixes.group_name,
        fixes.schema_name,
        fixes.table_name,
        fixes.name,
        fixes.executions_failed,
        fixes.executions_only_cause,
        fixes.share_of_failed_executions,
        fixes.last_execution_id,
        fixes.fix_rank,
        fixes.cumulative_clean_share,
        fixes.failed_executions,
        fixes.cumulative_clean_executions,
        fixes.role,
        case
            when fixes.role = 'table'
                then health.failing_since_execution_id is not null and health.behaviour <> 'gone'
            else fixes.is_in_latest
        end as is_failing,
        health.failing_since_execution_id,
        health.behaviour,
        open_incidents.execution_id as incident_execution_id,
        executions.tables_not_run
    from fixes
    inner join executions
        on
            fixes.cluster = executions.cluster
            and fixes.tenant = executions.tenant
            and fixes.last_execution_id = executions.execution_id
    left join health
        on fixes.role = 'table' and {{ is_same_table('fixes', 'health', 'name') }}
    left join open_incidents
        on fixes.role = 'table' and {{ is_same_table('fixes', 'open_incidents', 'name') }}

)

select * from final
