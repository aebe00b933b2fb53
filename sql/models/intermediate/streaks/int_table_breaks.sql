{% set reach = var('broken_runs') %}
{% set prior = var('prior_runs') %}

with

series as (

    select * from {{ ref('int_table_series') }}

),

tenants as (

    select * from {{ ref('int_tenants') }}

),

streaks as (

    select
        *,
        sum(case when is_error then runs else 0 end) over before as errors_within,
        first_value(first_run) over before as first_within,
        first_value(is_error) over before as begins_with_error
    from {{ ref('int_table_streaks') }}
    window before as (
        partition by series_id order by first_run
        range between {{ reach }} preceding and 1 preceding
    )

),

-- up to 120 runs before each streak; if they begin within a streak, part of it counts
counted_before as (

    select
        series_id,
        runs,
        runs_after,
        least(first_run - 1, {{ reach }}) as runs_before,
        coalesce(errors_within, 0) + case
            when begins_with_error or first_within is null then 0
            else first_within - greatest(1, first_run - {{ reach }})
        end as errors_before
    from streaks
    where is_error and runs >= {{ var('behaviour_min_streak') }}

),

rates as (

    select
        counted_before.*,
        (counted_before.errors_before + {{ prior }} * tenants.error_rate)
        / (counted_before.runs_before + {{ prior }}) as error_rate
    from counted_before
    inner join series on counted_before.series_id = series.series_id
    inner join tenants on series.tenant_id = tenants.tenant_id

),

final as (

    select
        series_id,
        min(runs_after) as runs_since_break
    from rates
    where {{ is_no_chance('runs', 'error_rate') }}
    group by series_id

)

select * from final
