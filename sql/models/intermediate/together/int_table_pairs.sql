{% set min_starts = var('co_failure_min_starts') %}

with

runs as (

    select * from {{ ref('int_recent_runs') }}

),

final as (

    select
        a.tenant_id,
        a.series_id as series_id_a,
        b.series_id as series_id_b,
        count(*) as executions,
        count(*) filter (where a.is_start) as starts_a,
        count(*) filter (where b.is_start) as starts_b,
        count(*) filter (where a.is_start and b.is_start) as starts_both
    from runs as a
    inner join runs as b
        on
            a.tenant_id = b.tenant_id
            and a.execution_id = b.execution_id
            and a.series_id < b.series_id
    group by a.tenant_id, a.series_id, b.series_id
    having
        count(*) filter (where a.is_start) >= {{ min_starts }}
        and count(*) filter (where b.is_start) >= {{ min_starts }}

)

select * from final
