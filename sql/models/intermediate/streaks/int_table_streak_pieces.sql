with

series as (

    select * from {{ ref('int_table_series') }}

),

runs as (

    select * from {{ ref('int_table_runs') }}
    where {{ is_in_missing_bucket(ref('int_bucketed_answers')) }}

),

numbered as (

    select
        *,
        row_number() over in_order as run_number,
        count(case when is_error then 1 end) over in_order as errors_so_far,
        lag(is_error) over in_order as was_error
    from runs
    window in_order as (partition by series_id, bucket order by execution_id, node_id)

),

-- the number of successes so far is constant within a streak of errors, and vice versa
streaks as (

    select
        bucket,
        version,
        series_id,
        load_plan,
        is_error,
        count(*) as runs,
        count(*) filter (where is_failure) as failures,
        min(run_number) as first_run,
        min(execution_id) as first_execution_id,
        min(node_id) filter (where was_error is distinct from is_error) as first_node_id,
        max(execution_id) as last_execution_id
    from numbered
    group by
        bucket,
        version,
        series_id,
        load_plan,
        is_error,
        case when is_error then run_number - errors_so_far else errors_so_far end

),

final as (

    select
        series.cluster,
        series.tenant,
        streaks.bucket,
        streaks.version,
        series.schema_name,
        series.table_name,
        streaks.load_plan,
        streaks.first_run,
        streaks.is_error,
        streaks.runs,
        streaks.failures,
        streaks.first_execution_id,
        streaks.first_node_id,
        streaks.last_execution_id
    from streaks
    inner join series on streaks.series_id = series.series_id

)

select * from final
