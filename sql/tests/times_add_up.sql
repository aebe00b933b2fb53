-- Each execution has times, and the days of a plan have as many executions and errors as it has.
with

executions as (

    select * from {{ ref('executions') }}

),

execution_times as (

    select * from {{ ref('execution_times') }}

),

failures_by_day as (

    select * from {{ ref('failures_by_day') }}

),

counts as (

    select
        plan_key,
        1 as executions,
        table_errors
    from executions
    union all
    select
        plan_key,
        -executions as executions,
        -table_errors as table_errors
    from failures_by_day

)

select plan_key as wrong_key
from counts
group by plan_key
having sum(executions) <> 0 or sum(table_errors) <> 0
union all
select execution_key as wrong_key
from execution_times
where started_after >= started_by
union all
select executions.execution_key as wrong_key
from executions
left join execution_times on executions.execution_key = execution_times.execution_key
where execution_times.execution_key is null
