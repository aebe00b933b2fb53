with

regressions as (

    select * from {{ ref('int_regressions') }}

),

-- more errors than by chance among the recent of all runs in both windows
margins_of_regressions as (

    select
        recent_runs + baseline_runs as population,
        recent_errors + baseline_errors as marked,
        recent_runs as drawn
    from regressions
    where is_tested

),

final as (

    select
        population,
        marked,
        drawn
    from margins_of_regressions
    group by population, marked, drawn

)

select * from final
