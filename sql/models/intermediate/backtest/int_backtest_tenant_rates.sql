with

series as (

    select * from {{ ref('int_table_series') }}

),

runs as (

    select * from {{ ref('int_backtest_runs') }}

),

executions as (

    select
        series.tenant_id,
        runs.execution_id,
        count(*) as counted,
        count(*) filter (where runs.is_error) as errors
    from runs
    inner join series on runs.series_id = series.series_id
    group by series.tenant_id, runs.execution_id

),

final as (

    select
        tenant_id,
        execution_id,
        {{ rate('sum(errors) over in_order', 'sum(counted) over in_order') }} as error_rate
    from executions
    window in_order as (
        partition by tenant_id order by execution_id
        rows between unbounded preceding and current row
    )

)

select * from final
