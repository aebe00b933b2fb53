{% set min_streak = var('behaviour_min_streak') %}

with

series as (

    select * from {{ ref('int_table_series') }}

),

runs as (

    select * from {{ ref('int_backtest_runs') }}
    where is_error

),

tenant_rates as (

    select * from {{ ref('int_backtest_tenant_rates') }}

),

{{ streaks_with_before(ref('int_table_streaks')) }},

streaks as (

    select
        *,
        count(case when not is_error and runs >= {{ min_streak }} then 1 end) over (
            partition by series_id order by first_run
        ) as recoveries
    from streaks_with_before

),

-- a table that never succeeded is broken as soon as it has enough runs
broken_at as (

    select
        streaks.series_id,
        streaks.first_run,
        min(runs.run) as told_run
    from streaks
    inner join series on streaks.series_id = series.series_id
    inner join runs
        on
            streaks.series_id = runs.series_id
            and streaks.first_run + {{ min_streak - 1 }} <= runs.run
            and streaks.last_run >= runs.run
    inner join tenant_rates
        on
            series.tenant_id = tenant_rates.tenant_id
            and runs.execution_id = tenant_rates.execution_id
    where
        streaks.is_error
        and runs.run >= {{ var('behaviour_min_runs') }}
        and (
            streaks.first_run = 1
            or {{ is_no_chance(
                '(runs.run - streaks.first_run + 1)',
                '(' ~ rate_before('streaks', 'tenant_rates.error_rate') ~ ')'
            ) }}
        )
    group by streaks.series_id, streaks.first_run

),

breaks as (

    select
        streaks.*,
        broken_at.told_run,
        lag(streaks.recoveries) over (
            partition by streaks.series_id order by streaks.first_run
        ) as recoveries_before
    from streaks
    inner join broken_at
        on streaks.series_id = broken_at.series_id and streaks.first_run = broken_at.first_run

)

-- once, until as many successes in a row as it takes errors
select
    breaks.series_id,
    breaks.first_execution_id,
    breaks.first_node_id,
    runs.execution_id as told_at_execution_id,
    breaks.told_run - breaks.first_run + 1 as delay_runs,
    case
        when breaks.runs_after = 0 then 'open'
        when breaks.runs <= {{ var('backtest_short_runs') }} then 'short'
        else 'long'
    end as became
from breaks
inner join runs on breaks.series_id = runs.series_id and breaks.told_run = runs.run
where breaks.recoveries_before is null or breaks.recoveries > breaks.recoveries_before
