with

series as (

    select * from {{ ref('int_table_series') }}

),

runs as (

    select * from {{ ref('int_backtest_runs') }}

),

worse as (

    select * from {{ ref('int_backtest_worse') }}

),

change_points as (

    select * from {{ ref('int_backtest_change_points') }}

),

broken as (

    select * from {{ ref('int_backtest_broken') }}

),

final as (

    select
        series.cluster,
        series.tenant,
        series.schema_name,
        series.table_name,
        worse.setting,
        'worse' as kind,
        worse.start_execution_id,
        worse.start_node_id,
        runs.execution_id as told_at_execution_id,
        change_points.since_execution_id,
        worse.over_run - change_points.since_run + 1 as delay_runs,
        worse.p_value,
        worse.recent_trials,
        worse.recent_starts,
        worse.baseline_trials,
        worse.baseline_starts,
        worse.trials_after,
        worse.starts_after,
        worse.became
    from worse
    inner join series on worse.series_id = series.series_id
    inner join runs on worse.series_id = runs.series_id and worse.over_run = runs.run
    left join change_points on worse.test_id = change_points.test_id
    union all
    select
        series.cluster,
        series.tenant,
        series.schema_name,
        series.table_name,
        'current' as setting,
        'broken' as kind,
        broken.first_execution_id as start_execution_id,
        broken.first_node_id as start_node_id,
        broken.told_at_execution_id,
        broken.first_execution_id as since_execution_id,
        broken.delay_runs,
        null as p_value,
        null as recent_trials,
        null as recent_starts,
        null as baseline_trials,
        null as baseline_starts,
        null as trials_after,
        null as starts_after,
        broken.became
    from broken
    inner join series on broken.series_id = series.series_id

)

select * from final
