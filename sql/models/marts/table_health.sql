with

series as (

    select * from {{ ref('int_table_series') }}

),

rates as (

    select * from {{ ref('int_table_rates') }}

),

presence as (

    select * from {{ ref('int_table_presence') }}

),

behaviours as (

    select * from {{ ref('int_table_behaviours') }}

),

windows as (

    select * from {{ ref('int_table_windows') }}

),

final as (

    select
        series.cluster,
        series.tenant,
        series.schema_name,
        series.table_name,
        rates.counted,
        rates.errors,
        rates.error_rate,
        rates.shrunken_error_rate,
        rates.design_effect,
        case
            when behaviours.behaviour <> 'gone' then row_number() over (
                partition by series.tenant_id, behaviours.behaviour = 'gone'
                order by rates.shrunken_error_rate desc nulls last, series.series_id asc
            )
        end as worst_rank,
        behaviours.behaviour,
        behaviours.is_broken,
        coalesce(windows.current_streak, 0) as current_streak,
        windows.current_streak_is_error,
        windows.failing_since_execution_id,
        windows.last_success_execution_id,
        windows.runs_since_success,
        coalesce(windows.flips, 0) as flips,
        {{ rate('windows.flips', '(windows.counted - 1)') }} as flip_rate,
        presence.first_execution_id,
        presence.last_execution_id,
        series.table_key,
        series.schema_key
    from series
    inner join rates on series.series_id = rates.series_id
    inner join presence on series.series_id = presence.series_id
    inner join behaviours on series.series_id = behaviours.series_id
    left join windows on series.series_id = windows.series_id

)

select * from final
