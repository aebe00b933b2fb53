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
        pieces.load_plan,
        pieces.is_error,
        pieces.runs,
        -- constant within a streak of errors
        count(case when not pieces.is_error then 1 end) over (
            partition by series.series_id, pieces.load_plan
            order by pieces.bucket, pieces.first_run
        ) as successes_so_far
    from pieces
    inner join series on {{ is_same_table('pieces', 'series') }}

),

streaks as (

    select
        series_id,
        load_plan,
        sum(runs) as runs
    from placed
    where is_error
    group by series_id, load_plan, successes_so_far

),

final as (

    select
        series_id,
        load_plan,
        cast(sum(runs * runs) as bigint) as squares
    from streaks
    group by series_id, load_plan

)

select * from final
