-- A table of a pair starts to fail in at most as many executions as it has episodes.
with

co_failures as (

    select * from {{ ref('co_failures') }}

),

failure_episodes as (

    select * from {{ ref('failure_episodes') }}

),

executions as (

    select * from {{ ref('executions') }}

),

episodes as (

    select
        failure_episodes.cluster,
        failure_episodes.tenant,
        failure_episodes.schema_name,
        failure_episodes.table_name,
        count(*) as episodes
    from failure_episodes
    inner join executions
        on
            failure_episodes.cluster = executions.cluster
            and failure_episodes.tenant = executions.tenant
            and failure_episodes.first_execution_id = executions.execution_id
    where executions.is_recent
    group by
        failure_episodes.cluster,
        failure_episodes.tenant,
        failure_episodes.schema_name,
        failure_episodes.table_name

)

select
    co_failures.cluster,
    co_failures.tenant,
    co_failures.schema_name_a,
    co_failures.table_name_a,
    co_failures.schema_name_b,
    co_failures.table_name_b
from co_failures
left join episodes as episodes_a
    on
        co_failures.cluster = episodes_a.cluster
        and co_failures.tenant = episodes_a.tenant
        and {{ is_same('co_failures.schema_name_a', 'episodes_a.schema_name') }}
        and {{ is_same('co_failures.table_name_a', 'episodes_a.table_name') }}
left join episodes as episodes_b
    on
        co_failures.cluster = episodes_b.cluster
        and co_failures.tenant = episodes_b.tenant
        and {{ is_same('co_failures.schema_name_b', 'episodes_b.schema_name') }}
        and {{ is_same('co_failures.table_name_b', 'episodes_b.table_name') }}
where
    co_failures.starts_a > coalesce(episodes_a.episodes, 0)
    or co_failures.starts_b > coalesce(episodes_b.episodes, 0)
    or co_failures.starts_both > least(co_failures.starts_a, co_failures.starts_b)
    or greatest(co_failures.starts_a, co_failures.starts_b) > co_failures.executions
