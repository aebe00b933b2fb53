{% set significance = var('significance') %}

with

series as (

    select * from {{ ref('int_table_series') }}

),

regressions as (

    select * from {{ ref('int_regressions') }}

),

tests as (

    select * from {{ ref('int_regression_tests') }}

),

behaviours as (

    select * from {{ ref('int_table_behaviours') }}

),

final as (

    select
        series.cluster,
        series.tenant,
        series.schema_name,
        series.table_name,
        regressions.recent_runs,
        regressions.recent_errors,
        regressions.baseline_runs,
        regressions.baseline_errors,
        {{ rate('regressions.recent_errors', 'regressions.recent_runs') }} as recent_error_rate,
        {{ rate('regressions.baseline_errors', 'regressions.baseline_runs') }}
            as baseline_error_rate,
        {{ rate('regressions.recent_errors', 'regressions.recent_runs') }}
        - {{ rate('regressions.baseline_errors', 'regressions.baseline_runs') }}
            as error_rate_difference,
        regressions.recent_episodes,
        tests.p_value,
        tests.p_adjusted,
        tests.p_improved,
        tests.p_improved_adjusted,
        case
            when not regressions.has_enough_runs then 'insufficient_data'
            when
                tests.p_adjusted <= {{ significance }}
                and regressions.recent_episodes >= {{ var('regression_min_episodes') }}
                then 'regressed'
            -- a single episode explains the errors
            when tests.p_adjusted <= {{ significance }} then 'outage'
            when tests.p_improved_adjusted <= {{ significance }} then 'improved'
            else 'unchanged'
        end as verdict,
        behaviours.behaviour
    from series
    inner join regressions on series.series_id = regressions.series_id
    inner join behaviours on series.series_id = behaviours.series_id
    left join tests on series.series_id = tests.series_id

)

select * from final
