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
        lag(pieces.is_error) over in_order as was_error,
        cast(sum(pieces.runs) over in_order as bigint) as runs_so_far
    from pieces
    inner join series on {{ is_same_table('pieces', 'series') }}
    window in_order as (partition by series.series_id order by pieces.bucket, pieces.first_run)

),

-- a streak continues if the next bucket begins as the last one ended, with errors or successes
final as (

    select
        *,
        count(case when was_error is distinct from is_error then 1 end) over (
            partition by series_id order by bucket, first_run
        ) as streak_number
    from placed

)

select * from final
