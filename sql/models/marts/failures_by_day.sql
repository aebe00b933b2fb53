with

executions as (

    select * from {{ ref('int_executions') }}

),

times as (

    select
        cluster,
        tenant,
        execution_id,
        load_plan,
        outcome,
        {{ day_of('ended_after') }} as day_after,
        {{ day_of('ended_by') }} as day_by
    from {{ ref('execution_times') }}

),

days as (

    select
        times.cluster,
        times.tenant,
        times.load_plan,
        case when times.day_after = times.day_by then times.day_by end as day,
        times.outcome,
        executions.tables_counted,
        executions.table_errors
    from times
    inner join executions using (cluster, tenant, execution_id)

),

final as (

    select
        cluster,
        tenant,
        load_plan,
        day,
        count(*) as executions,
        count(case when outcome in ('success', 'partial', 'failure') then 1 end) as counted,
        count(case when outcome in ('partial', 'failure') then 1 end) as errors,
        count(case when outcome = 'failure' then 1 end) as failures,
        cast(sum(tables_counted) as bigint) as table_counted,
        cast(sum(table_errors) as bigint) as table_errors,
        {{ plan_key() }} as plan_key
    from days
    group by cluster, tenant, load_plan, day

)

select * from final
