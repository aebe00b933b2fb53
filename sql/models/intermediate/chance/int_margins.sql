with

trial_windows as (

    select * from {{ ref('int_trial_windows') }}

),

run_windows as (

    select * from {{ ref('int_table_windows') }}

),

pairs as (

    select * from {{ ref('int_table_pairs') }}

),

-- starts or errors are marked, recent ones drawn; of pairs, starts_a are marked, starts_b drawn
final as (

    select
        recent_trials + baseline_trials as population,
        recent_starts + baseline_starts as marked,
        recent_trials as drawn
    from trial_windows
    union distinct
    select
        recent_runs + baseline_runs as population,
        recent_errors + baseline_errors as marked,
        recent_runs as drawn
    from run_windows
    where has_enough_runs
    union distinct
    select
        executions as population,
        starts_a as marked,
        starts_b as drawn
    from pairs

)

select * from final
