with

regressions as (

    select * from {{ ref('int_regressions') }}

),

pairs as (

    select * from {{ ref('int_table_pairs') }}

),

-- runs of both windows, marked by error, drawn by being recent; executions, by what starts to fail
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
