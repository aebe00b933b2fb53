with

windows as (

    select * from {{ ref('int_backtest_windows') }}

),

margins as (

    select
        recent_trials + baseline_trials as population,
        recent_starts + baseline_starts as marked,
        recent_trials as drawn
    from windows
    union distinct
    select
        baseline_trials + trials_after as population,
        baseline_starts + starts_after as marked,
        trials_after as drawn
    from windows

),

final as (

    {{ hypergeometric_tails('margins') }}

)

select * from final
