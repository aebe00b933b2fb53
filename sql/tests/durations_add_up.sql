-- Times of tables are of all tables of their executions, and a duration counts such times.
with

executions as (

    select * from {{ ref('executions') }}

),

table_times as (

    select * from {{ ref('table_times') }}

),

table_durations as (

    select * from {{ ref('table_durations') }}

),

counts as (

    select
        execution_key,
        count(*) as tables
    from table_times
    group by execution_key

),

known as (

    select
        load_plan,
        table_key,
        count(*) as runs
    from table_times
    where longest_seconds is not null
    group by load_plan, table_key

)

select counts.execution_key as wrong_key
from counts
left join executions on counts.execution_key = executions.execution_key
where executions.tables is distinct from counts.tables
union all
select table_durations.table_key as wrong_key
from table_durations
left join known
    on
        table_durations.table_key = known.table_key
        and {{ is_same('table_durations.load_plan', 'known.load_plan') }}
where
    table_durations.runs > coalesce(known.runs, 0)
    or table_durations.runs > {{ var('duration_runs') }}
