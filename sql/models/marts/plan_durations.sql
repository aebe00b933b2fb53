{% set keys = ['cluster', 'tenant', 'load_plan'] %}
with

runs as (

    select
        times.*,
        row_number() over (
            partition by times.cluster, times.tenant, times.load_plan
            order by times.execution_id desc
        ) as nth_last
    from {{ ref('execution_times') }} as times
    inner join {{ ref('executions') }} as executions using (cluster, tenant, execution_id)
    where {{ is_timed_run('times', 'executions') }}

),

durations as (

    {{ durations_of('runs', keys) }}

),

final as (

    select
        cluster,
        tenant,
        load_plan,
        runs,
        median_shortest_seconds,
        median_longest_seconds,
        p90_shortest_seconds,
        p90_longest_seconds,
        last_execution_id,
        last_shortest_seconds,
        last_longest_seconds,
        {{ duration_verdict() }} as verdict,
        {{ plan_key() }} as plan_key
    from durations

)

select * from final
