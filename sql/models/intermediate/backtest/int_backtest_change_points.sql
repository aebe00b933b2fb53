with

told as (

    select * from {{ ref('int_backtest_worse') }}

),

streaks as (

    select * from {{ ref('int_table_streaks') }}

),

starts as (

    select * from (
        {{ trials_of_settings('streaks') }}
    ) as trials
    where is_start = 1

),

tests as (

    select
        test_id,
        widest_trials as trials
    from told

),

starts_of_tests as (

    select
        told.test_id,
        told.trial - starts.trial + 1 as age,
        starts.start_run,
        starts.start_execution_id as execution_id
    from told
    inner join starts
        on
            told.setting = starts.setting
            and told.series_id = starts.series_id
            and told.trial >= starts.trial
            and told.trial - told.widest_trials < starts.trial

),

{{ change_points(ref('int_log_factorials')) }}

select * from change_points
