-- The trials of a table are counted runs, and each start of errors begins a failure episode.
with

trials as (

    select * from {{ ref('int_table_trials') }}

),

series as (

    select * from {{ ref('int_table_series') }}

),

table_health as (

    select * from {{ ref('table_health') }}

),

failure_episodes as (

    select * from {{ ref('failure_episodes') }}

),

totals as (

    select
        series_id,
        max(trial) as trials,
        sum(is_start) as starts
    from trials
    group by series_id

),

episodes as (

    select
        trials.series_id,
        count(*) as starts
    from trials
    inner join series on trials.series_id = series.series_id
    inner join failure_episodes
        on
            {{ is_same_table('series', 'failure_episodes') }}
            and trials.start_execution_id = failure_episodes.first_execution_id
            and trials.start_node_id = failure_episodes.first_node_id
    group by trials.series_id

)

select
    series.series_id,
    totals.trials,
    totals.starts
from totals
inner join series on totals.series_id = series.series_id
inner join table_health on {{ is_same_table('series', 'table_health') }}
left join episodes on totals.series_id = episodes.series_id
where
    totals.trials > table_health.counted
    or totals.starts > totals.trials
    or totals.starts <> coalesce(episodes.starts, 0)
