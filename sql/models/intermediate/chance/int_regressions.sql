{% set level = var('verdict_level') %}

with

windows as (

    select * from {{ ref('int_table_windows') }}

),

tests as (

    select * from {{ ref('int_regression_tests') }}

),

tails as (

    select * from {{ ref('int_hypergeometric_tails') }}

),

-- tables without counted runs have no windows
verdicts as (

    select
        windows.series_id,
        tails.p_as_many_or_more as p_runs,
        tests.p_value,
        tests.p_improved,
        case
            when tests.p_value is null then 'insufficient_data'
            when tests.p_value <= {{ var('regression_level') }} then 'regressed'
            when tails.p_as_many_or_more <= {{ level }} then 'outage'
            when tests.p_improved <= {{ level }} then 'improved'
            else 'unchanged'
        end as verdict
    from windows
    left join tests on windows.series_id = tests.series_id
    left join tails
        on
            windows.has_enough_runs
            and windows.recent_runs + windows.baseline_runs = tails.population
            and windows.recent_errors + windows.baseline_errors = tails.marked
            and windows.recent_runs = tails.drawn
            and windows.recent_errors = tails.hits

),

-- the window of the smallest p-value in the direction of the verdict
final as (

    select
        verdicts.*,
        case
            when verdicts.verdict = 'improved' then tests.recent_trials_better
            else tests.recent_trials_worse
        end as recent_trials,
        case
            when verdicts.verdict = 'improved' then tests.recent_starts_better
            else tests.recent_starts_worse
        end as recent_starts,
        case
            when verdicts.verdict = 'improved' then tests.baseline_trials_better
            else tests.baseline_trials_worse
        end as baseline_trials,
        case
            when verdicts.verdict = 'improved' then tests.baseline_starts_better
            else tests.baseline_starts_worse
        end as baseline_starts
    from verdicts
    left join tests on verdicts.series_id = tests.series_id

)

select * from final
