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

-- a table that never succeeded is broken as soon as it has enough runs
final as (

    select
        streaks.series_id,
        streaks.first_run,
        min(runs.run) as broken_run
    from streaks_with_before as streaks
    inner join series on streaks.series_id = series.series_id
    inner join runs
        on
            streaks.series_id = runs.series_id
            and streaks.first_run + {{ min_streak }} <= runs.run + 1
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

)

select * from final
