with

series as (

    select * from {{ ref('int_table_series') }}

),

streaks as (

    select * from {{ ref('int_table_streaks') }}

),

-- streaks of errors that are over, because a success followed
totals as (

    select
        series_id,
        sum(runs) as counted,
        sum(case when is_error then runs else 0 end) as errors,
        sum(case when is_error and runs_after > 0 then runs end) as errors_over,
        sum(case when is_error and runs_after > 0 then runs * runs end) as squares_over
    from streaks
    group by series_id

),

-- each table counts once, so that one long outage does not widen the intervals of all others
final as (

    select
        series.tenant_id,
        series.cluster,
        series.tenant,
        {{ rate('sum(totals.errors)', 'sum(totals.counted)') }} as error_rate,
        coalesce(avg(coalesce(
            {{ rate('totals.squares_over', 'totals.errors_over') }}, 1
        )) filter (where totals.counted > 0), 1) as usual_streak
    from series
    left join totals on series.series_id = totals.series_id
    group by series.tenant_id, series.cluster, series.tenant

)

select * from final
