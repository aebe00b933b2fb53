{% set min_streak = var('behaviour_min_streak') %}

with

series as (

    select * from {{ ref('int_table_series') }}

),

windows as (

    select * from {{ ref('int_table_windows') }}

),

health as (

    select * from {{ ref('table_health') }}

),

regressions as (

    select * from {{ ref('table_regressions') }}

),

final as (

    select
        health.cluster,
        health.tenant,
        health.schema_name,
        health.table_name,
        health.behaviour,
        health.is_broken,
        regressions.verdict = 'regressed' as is_regressed,
        coalesce(regressions.p_value <= {{ var('notify_level') }}, false) as is_worse,
        coalesce(regressions.p_value > {{ var('notify_again_level') }}, true) as is_no_worse,
        health.behaviour in ('healthy', 'recovered') as is_well,
        not health.current_streak_is_error
        and health.current_streak >= {{ min_streak }} as is_loading,
        health.counted,
        health.errors,
        health.current_streak,
        health.failing_since_execution_id,
        regressions.recent_trials,
        regressions.recent_starts,
        regressions.baseline_trials,
        regressions.baseline_starts,
        regressions.p_value,
        regressions.since_execution_id,
        windows.last_error_execution_id,
        windows.last_recovery_execution_id,
        windows.errors_ended_by_execution_id,
        series.table_key
    from series
    inner join health on {{ is_same_table('series', 'health') }}
    inner join regressions on {{ is_same_table('series', 'regressions') }}
    left join windows on series.series_id = windows.series_id

)

select * from final
