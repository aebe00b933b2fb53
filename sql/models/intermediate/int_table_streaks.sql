with

runs as (

    select * from {{ ref('int_table_runs') }}

),

numbered as (

    select
        series_id,
        execution_id,
        node_id,
        is_error,
        is_failure,
        row_number() over in_order as run_number,
        count(case when is_error then 1 end) over in_order as errors_so_far,
        lag(is_error) over in_order as was_error
    from runs
    where is_counted
    window in_order as (partition by series_id order by execution_id, node_id)

),

-- within a streak of errors the successes before stay the same, and the other way round
streaks as (

    select
        series_id,
        is_error,
        count(*) as runs,
        count(*) filter (where is_failure) as failures,
        min(run_number) as first_run,
        max(run_number) as last_run,
        min(execution_id) as first_execution_id,
        min(node_id) filter (where was_error is distinct from is_error) as first_node_id,
        max(execution_id) as last_execution_id
    from numbered
    group by
        series_id,
        is_error,
        case when is_error then run_number - errors_so_far else errors_so_far end

),

final as (

    select
        series_id,
        first_run,
        last_run,
        is_error,
        runs,
        failures,
        max(last_run) over (partition by series_id) - last_run as runs_after,
        first_execution_id,
        first_node_id,
        last_execution_id,
        lead(first_execution_id) over (
            partition by series_id order by first_run
        ) as next_execution_id
    from streaks

)

select * from final
