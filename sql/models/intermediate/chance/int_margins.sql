with

regressions as (

    select * from {{ ref('int_regressions') }}

),

pairs as (

    select * from {{ ref('int_table_pairs') }}

),

-- regressions: errors are marked, recent runs drawn; pairs: starts_a are marked, starts_b drawn
final as (

    select
        recent_runs + baseline_runs as population,
        recent_errors + baseline_errors as marked,
        recent_runs as drawn
    from regressions
    where is_tested
    union distinct
    select
        executions as population,
        starts_a as marked,
        starts_b as drawn
    from pairs

)

select * from final
