-- Both windows together contain the last counted runs of a table, and at most all of its errors.
with

table_health as (

    select * from {{ ref('table_health') }}

),

table_regressions as (

    select * from {{ ref('table_regressions') }}

),

both_sides as (

    select
        cluster,
        tenant,
        schema_name,
        table_name,
        least(counted, {{ var('recent_runs') + var('baseline_runs') }}) as runs,
        0 as runs_in_windows,
        errors as errors_ever,
        0 as errors_in_windows
    from table_health
    union all
    select
        cluster,
        tenant,
        schema_name,
        table_name,
        0 as runs,
        recent_runs + baseline_runs as runs_in_windows,
        0 as errors_ever,
        recent_errors + baseline_errors as errors_in_windows
    from table_regressions

)

select
    cluster,
    tenant,
    schema_name,
    table_name
from both_sides
group by cluster, tenant, schema_name, table_name
having
    count(*) <> 2
    or sum(runs) <> sum(runs_in_windows)
    or sum(errors_ever) < sum(errors_in_windows)
    or (
        sum(runs) < {{ var('recent_runs') + var('baseline_runs') }}
        and sum(errors_ever) <> sum(errors_in_windows)
    )
