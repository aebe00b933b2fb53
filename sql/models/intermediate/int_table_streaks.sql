with

series as (

    select * from {{ ref('int_table_series') }}

),

pieces as (

    select * from {{ ref('int_table_streak_pieces') }}

),

placed as (

    select
        series.series_id,
        pieces.bucket,
        pieces.first_run,
        pieces.is_error,
        pieces.runs,
        pieces.failures,
        pieces.first_execution_id,
        pieces.first_node_id,
        pieces.last_execution_id,
        lag(pieces.is_error) over (
            partition by series.series_id order by pieces.bucket, pieces.first_run
        ) as was_error
    from pieces
    inner join series
        on
            pieces.cluster = series.cluster
            and pieces.tenant = series.tenant
            and {{ is_same('pieces.schema_name', 'series.schema_name') }}
            and {{ is_same('pieces.table_name', 'series.table_name') }}

),

-- a streak goes on where the next bucket begins as the last one ended
numbered as (

    select
        *,
        count(case when was_error is distinct from is_error then 1 end) over (
            partition by series_id order by bucket, first_run
        ) as streak_number
    from placed

),

streaks as (

    select
        series_id,
        streak_number,
        bool_and(is_error) as is_error,
        cast(sum(runs) as bigint) as runs,
        cast(sum(failures) as bigint) as failures,
        min(first_execution_id) as first_execution_id,
        min(first_node_id) filter (where was_error is distinct from is_error) as first_node_id,
        max(last_execution_id) as last_execution_id
    from numbered
    group by series_id, streak_number

),

counted as (

    select
        *,
        cast(sum(runs) over (partition by series_id order by streak_number) as bigint) as last_run,
        cast(sum(runs) over (partition by series_id) as bigint) as counted
    from streaks

),

final as (

    select
        series_id,
        last_run - runs + 1 as first_run,
        last_run,
        is_error,
        runs,
        failures,
        counted - last_run as runs_after,
        first_execution_id,
        first_node_id,
        last_execution_id,
        lead(first_execution_id) over (
            partition by series_id order by streak_number
        ) as next_execution_id
    from counted

)

select * from final
