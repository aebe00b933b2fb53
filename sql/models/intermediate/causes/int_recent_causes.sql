with

origins as (

    select * from {{ ref('failure_origins') }}

),

executions as (

    select
        *,
        execution_id = max(case when is_final then execution_id end) over (
            partition by cluster, tenant, load_plan
        ) as is_latest
    from {{ ref('executions') }}

),

-- a schema or table is the same cause in every plan and group
causes as (

    select
        origins.cluster,
        origins.tenant,
        origins.execution_id,
        origins.type,
        case
            when origins.role in ('schema', 'table') then null else origins.load_plan
        end as load_plan,
        case
            when origins.role in ('schema', 'table') then null else origins.group_name
        end as group_name,
        origins.schema_name,
        origins.table_name,
        origins.name,
        origins.role,
        coalesce(executions.is_latest, false) as is_latest
    from origins
    inner join executions
        on
            origins.cluster = executions.cluster
            and origins.tenant = executions.tenant
            and origins.execution_id = executions.execution_id
    where executions.is_recent

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        type,
        load_plan,
        group_name,
        schema_name,
        table_name,
        name,
        -- nodes of an unknown type may have two roles: table if they are leaves, otherwise none
        max(role) as role,
        bool_or(is_latest) as is_latest,
        count(*) over (partition by cluster, tenant, execution_id) = 1 as is_only_cause
    from causes
    group by
        cluster,
        tenant,
        execution_id,
        type,
        load_plan,
        group_name,
        schema_name,
        table_name,
        name

)

select * from final
