-- Each message of alert_backtest is about a failure episode and counts once in the summary.
with

messages as (

    select * from {{ ref('alert_backtest') }}

),

summary as (

    select * from {{ ref('alert_backtest_summary') }}

),

episodes as (

    select * from {{ ref('failure_episodes') }}

),

both_sides as (

    select
        messages.cluster,
        messages.tenant,
        messages.setting,
        messages.kind,
        1 as messages,
        0 as messages_in_summary
    from messages
    inner join episodes
        on
            {{ is_same_table('messages', 'episodes') }}
            and messages.start_execution_id = episodes.first_execution_id
            and messages.start_node_id = episodes.first_node_id
    union all
    select
        cluster,
        tenant,
        setting,
        kind,
        0 as messages,
        confirmed + passed + unclear + {{ quoted('open') }} + {{ quoted('short') }}
        + {{ quoted('long') }} as messages_in_summary
    from summary

)

select
    cluster,
    tenant,
    setting,
    kind
from both_sides
group by cluster, tenant, setting, kind
having sum(messages) <> sum(messages_in_summary)
