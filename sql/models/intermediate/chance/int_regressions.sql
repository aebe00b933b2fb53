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

final as (

    select
        verdicts.*
        {%- for count in ['recent_trials', 'recent_starts', 'baseline_trials', 'baseline_starts'] %},
        case
            when verdicts.verdict = 'improved' then tests.{{ count }}_better
            else tests.{{ count }}_worse
        end as {{ count }}
        {%- endfor %}
    from verdicts
    left join tests on verdicts.series_id = tests.series_id

)

select * from final
