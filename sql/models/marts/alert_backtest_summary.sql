with

series as (

    select * from {{ ref('int_table_series') }}

),

windows as (

    select * from {{ ref('int_table_windows') }}

),

backtest as (

    select * from {{ ref('alert_backtest') }}

),

told (setting, kind) as (

    {{ replayed() }}

),

tables as (

    select
        series.cluster,
        series.tenant,
        count(*) as tables,
        cast(coalesce(sum(windows.counted), 0) as bigint) as table_runs
    from series
    left join windows on series.series_id = windows.series_id
    group by series.cluster, series.tenant

),

final as (

    select
        tables.cluster,
        tables.tenant,
        told.setting,
        told.kind,
        tables.tables,
        tables.table_runs,
        count(backtest.became) as messages,
        {{ rate('count(backtest.became)', 'tables.table_runs') }} * 1000000
            as messages_per_million_runs,
        count(*) filter (where backtest.became = 'confirmed') as confirmed,
        count(*) filter (where backtest.became = 'passed') as passed,
        count(*) filter (where backtest.became = 'unclear') as unclear,
        count(*) filter (where backtest.became = 'open') as {{ quoted('open') }},
        count(*) filter (where backtest.became = 'short') as {{ quoted('short') }},
        count(*) filter (where backtest.became = 'long') as {{ quoted('long') }},
        {{ rate(
            "count(*) filter (where backtest.became = 'confirmed')",
            "count(*) filter (where backtest.became in ('confirmed', 'passed', 'unclear'))"
        ) }} as share_confirmed,
        cast(percentile_cont(0.5) within group (order by case
            when backtest.became in ('confirmed', 'long') then backtest.delay_runs
        end) as {{ type_double() }}) as median_delay_runs
    from tables
    cross join told
    left join backtest
        on
            tables.cluster = backtest.cluster
            and tables.tenant = backtest.tenant
            and told.setting = backtest.setting
            and told.kind = backtest.kind
    group by
        tables.cluster, tables.tenant, told.setting, told.kind, tables.tables, tables.table_runs

)

select * from final
