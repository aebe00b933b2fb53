with

series as (

    select * from {{ ref('int_table_series') }}

),

tenants as (

    select * from {{ ref('int_tenants') }}

),

{{ streaks_with_before(ref('int_table_streaks')) }},

rates as (

    select
        streaks.series_id,
        streaks.runs,
        streaks.runs_after,
        {{ rate_before('streaks', 'tenants.error_rate') }} as error_rate
    from streaks_with_before as streaks
    inner join series on streaks.series_id = series.series_id
    inner join tenants on series.tenant_id = tenants.tenant_id
    where streaks.is_error and streaks.runs >= {{ var('behaviour_min_streak') }}

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
