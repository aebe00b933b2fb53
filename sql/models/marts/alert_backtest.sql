with

series as (

    select * from {{ ref('int_table_series') }}

),

messages as (

    select * from {{ ref('int_backtest_messages') }}

),

final as (

    select
        series.cluster,
        series.tenant,
        series.schema_name,
        series.table_name,
        messages.setting,
        messages.kind,
        messages.start_execution_id,
        messages.start_node_id,
        messages.told_at_execution_id,
        messages.since_execution_id,
        messages.delay_runs,
        messages.p_value,
        messages.recent_trials,
        messages.recent_starts,
        messages.baseline_trials,
        messages.baseline_starts,
        messages.trials_after,
        messages.starts_after,
        messages.became,
        series.table_key,
        series.schema_key
    from messages
    inner join series on messages.series_id = series.series_id

)

select * from final
