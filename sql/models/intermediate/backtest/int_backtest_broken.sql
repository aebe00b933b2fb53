with

runs as (

    select * from {{ ref('int_backtest_runs') }}

),

breaks as (

    select * from {{ ref('int_backtest_breaks') }}

),

streaks as (

    select
        *,
        count(case
            when not is_error and runs >= {{ var('behaviour_min_streak') }} then 1
        end) over (partition by series_id order by first_run) as recoveries
    from {{ ref('int_table_streaks') }}

),

broken as (

    select
        streaks.*,
        breaks.broken_run,
        lag(streaks.recoveries) over (
            partition by streaks.series_id order by streaks.first_run
        ) as recoveries_before
    from streaks
    inner join breaks
        on streaks.series_id = breaks.series_id and streaks.first_run = breaks.first_run

),

-- once, until as many successes in a row as it takes errors
final as (

    select
        broken.series_id,
        broken.first_execution_id,
        broken.first_node_id,
        runs.execution_id as told_at_execution_id,
        broken.broken_run - broken.first_run + 1 as delay_runs,
        case
            when broken.runs_after = 0 then 'open'
            when broken.runs <= {{ var('backtest_short_runs') }} then 'short'
            else 'long'
        end as became
    from broken
    inner join runs on broken.series_id = runs.series_id and broken.broken_run = runs.run
    where
        broken.recoveries_before is null
        or broken.recoveries > broken.recoveries_before

)

select * from final
