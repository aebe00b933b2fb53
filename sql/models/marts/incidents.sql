with

series as (

    select * from {{ ref('int_table_series') }}

),

episodes as (

    select * from {{ ref('int_incident_tables') }}

),

named as (

    select
        series.cluster,
        series.tenant,
        series.schema_name,
        episodes.*
    from episodes
    inner join series on episodes.series_id = series.series_id

),

-- a missing name is a name like any other
counted as (

    select
        cluster,
        tenant,
        execution_id,
        count(distinct series_id) as tables,
        count(distinct case when is_open then series_id end) as open_tables,
        count(distinct schema_name) + max(case when schema_name is null then 1 else 0 end)
            as schemas,
        count(distinct load_plan) + max(case when load_plan is null then 1 else 0 end)
            as load_plans,
        min(schema_name) as schema_name,
        min(load_plan) as load_plan,
        max(ok_until_execution_id) as broke_after_execution_id,
        min(first_execution_id) as broke_by_execution_id,
        max(last_execution_id) as last_execution_id,
        bool_or(is_open) as is_open
    from named
    group by cluster, tenant, execution_id

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        tables,
        open_tables,
        schemas,
        load_plans,
        case when schemas = 1 then schema_name end as schema_name,
        case when load_plans = 1 then load_plan end as load_plan,
        broke_after_execution_id,
        broke_by_execution_id,
        last_execution_id,
        is_open,
        {{ execution_key() }} as execution_key
    from counted

)

select * from final
