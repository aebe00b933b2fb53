{% set of_test = [
    'p_value', 'recent_trials', 'recent_starts', 'baseline_trials', 'baseline_starts',
    'trials_after', 'starts_after'
] %}

with

runs as (

    select * from {{ ref('int_backtest_runs') }}

),

worse as (

    select * from {{ ref('int_backtest_worse') }}

),

change_points as (

    select * from {{ ref('int_backtest_change_points') }}

),

broken as (

    select * from {{ ref('int_backtest_broken') }}

),

final as (

    select
        worse.series_id,
        worse.setting,
        'worse' as kind,
        worse.start_execution_id,
        worse.start_node_id,
        runs.execution_id as told_at_execution_id,
        change_points.since_execution_id,
        worse.over_run - change_points.since_run + 1 as delay_runs,
        {% for column in of_test %}worse.{{ column }},
        {% endfor -%}
        worse.became
    from worse
    inner join runs on worse.series_id = runs.series_id and worse.over_run = runs.run
    left join change_points on worse.test_id = change_points.test_id
    union all
    select
        series_id,
        'current' as setting,
        'broken' as kind,
        first_execution_id as start_execution_id,
        first_node_id as start_node_id,
        told_at_execution_id,
        first_execution_id as since_execution_id,
        delay_runs,
        {% for column in of_test %}null as {{ column }},
        {% endfor -%}
        became
    from broken

)

select * from final
