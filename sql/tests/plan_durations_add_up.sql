-- A plan has a duration if and only if one of its executions that count for it has one.
with

execution_times as (

    select * from {{ ref('execution_times') }}

),

executions as (

    select * from {{ ref('executions') }}

),

plan_durations as (

    select * from {{ ref('plan_durations') }}

),

known as (

    select
        times.plan_key,
        count(*) as runs,
        max(times.execution_id) as last_execution_id
    from execution_times as times
    inner join executions on times.execution_key = executions.execution_key
    where {{ is_timed_run('times', 'executions') }}
    group by times.plan_key

)

select coalesce(known.plan_key, plan_durations.plan_key) as wrong_key
from known
full join plan_durations on known.plan_key = plan_durations.plan_key
where
    plan_durations.runs is distinct from least(known.runs, {{ var('duration_runs') }})
    or plan_durations.last_execution_id is distinct from known.last_execution_id
