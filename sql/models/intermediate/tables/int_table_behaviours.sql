{% set min_streak = var('behaviour_min_streak') %}

with

presence as (

    select * from {{ ref('int_table_presence') }}

),

windows as (

    select * from {{ ref('int_table_windows') }}

),

breaks as (

    select * from {{ ref('int_table_breaks') }}

),

behaviours as (

    select
        presence.series_id,
        case
            when presence.is_gone then 'gone'
            when presence.is_new then 'new'
            when coalesce(windows.counted, 0) < {{ var('behaviour_min_runs') }}
                then 'insufficient_data'
            when windows.last_success_execution_id is null then 'always_failing'
            when breaks.runs_since_break = 0 then 'broken_since'
            -- it succeeds again after such a streak of errors that ended recently
            when
                not windows.current_streak_is_error
                and windows.current_streak >= {{ min_streak }}
                and breaks.runs_since_break < {{ var('recovered_runs') }}
                then 'recovered'
            when windows.runs_since_error < {{ var('intermittent_runs') }} then 'intermittent'
            else 'healthy'
        end as behaviour
    from presence
    left join windows on presence.series_id = windows.series_id
    left join breaks on presence.series_id = breaks.series_id

),

final as (

    select
        *,
        behaviour in ('always_failing', 'broken_since') as is_broken
    from behaviours

)

select * from final
