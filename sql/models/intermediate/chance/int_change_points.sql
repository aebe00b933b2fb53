with

regressed as (

    select * from {{ ref('int_regression_tests') }}
    where p_value <= {{ var('regression_level') }}

),

trials as (

    select * from {{ ref('int_table_trials') }}

),

tests as (

    select
        series_id as test_id,
        widest_trials as trials
    from regressed

),

starts_of_tests as (

    select
        regressed.series_id as test_id,
        regressed.latest_trial - trials.trial + 1 as age,
        trials.start_run,
        trials.start_execution_id as execution_id
    from regressed
    inner join trials on regressed.series_id = trials.series_id
    where
        trials.is_start = 1
        and trials.trial > regressed.latest_trial - regressed.widest_trials

),

{{ change_points(ref('int_log_factorials')) }}

select
    test_id as series_id,
    since_execution_id,
    changed_after_execution_id,
    changed_by_execution_id
from change_points
