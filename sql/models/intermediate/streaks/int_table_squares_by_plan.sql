with

pieces as (

    select * from {{ ref('int_table_numbered_pieces') }}

),

placed as (

    select
        series_id,
        load_plan,
        is_error,
        runs,
        -- constant within a streak of errors
        count(case when not is_error then 1 end) over (
            partition by series_id, load_plan order by bucket, first_run
        ) as successes_so_far
    from pieces

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
