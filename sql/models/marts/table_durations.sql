{% set keys = ['cluster', 'tenant', 'load_plan', 'schema_name', 'table_name'] %}
with

runs as (

    select
        times.*,
        execution_times.longest_seconds as execution_longest_seconds,
        row_number() over (
            partition by
                times.cluster, times.tenant, times.load_plan, times.schema_name, times.table_name
            order by times.execution_id desc, times.node_id desc
        ) as nth_last
    from {{ ref('table_times') }} as times
    inner join {{ ref('executions') }} as executions using (cluster, tenant, execution_id)
    inner join {{ ref('execution_times') }} as execution_times
        using (cluster, tenant, execution_id)
    where {{ is_timed_run('times', 'executions') }}

),

durations as (

    {{ durations_of('runs', keys) }}

),

-- over the runs for which both are known
shares as (

    select
        {{ keys | join(',\n        ') }},
        {{ median_of('longest_seconds') }}
        / nullif({{ median_of('execution_longest_seconds') }}, 0) as share_of_plan
    from runs
    where
        nth_last <= {{ var('duration_runs') }}
        and execution_longest_seconds is not null
    group by {{ keys | join(', ') }}

),

final as (

    select
        durations.cluster,
        durations.tenant,
        durations.load_plan,
        durations.schema_name,
        durations.table_name,
        durations.runs,
        durations.median_shortest_seconds,
        durations.median_longest_seconds,
        durations.p90_shortest_seconds,
        durations.p90_longest_seconds,
        durations.last_execution_id,
        durations.last_shortest_seconds,
        durations.last_longest_seconds,
        {{ duration_verdict() }} as verdict,
        shares.share_of_plan,
        {{ table_key('durations') }} as table_key,
        {{ schema_key('durations') }} as schema_key,
        {{ plan_key('durations') }} as plan_key
    from durations
    left join shares on {{ is_same_key('durations', 'shares', keys) }}

)

select * from final
