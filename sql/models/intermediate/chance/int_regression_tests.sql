with

regressions as (

    select * from {{ ref('int_regressions') }}

),

tails as (

    select * from {{ ref('int_hypergeometric_tails') }}

),

tested as (

    select
        regressions.series_id,
        regressions.tenant_id,
        tails.p_as_many_or_more as p_value,
        tails.p_as_many_or_fewer as p_improved
    from regressions
    inner join tails
        on
            regressions.recent_runs + regressions.baseline_runs = tails.population
            and regressions.recent_errors + regressions.baseline_errors = tails.marked
            and regressions.recent_runs = tails.drawn
            and regressions.recent_errors = tails.hits
    where regressions.is_tested

),

scaled as (

    select
        series_id,
        tenant_id,
        p_value,
        p_improved,
        {{ scaled_p_value('p_value', 'tenant_id') }} as scaled_p_value,
        {{ scaled_p_value('p_improved', 'tenant_id') }} as scaled_p_improved
    from tested

),

final as (

    select
        series_id,
        p_value,
        {{ adjusted_p_value('p_value', 'scaled_p_value', 'tenant_id') }} as p_adjusted,
        p_improved,
        {{ adjusted_p_value('p_improved', 'scaled_p_improved', 'tenant_id') }}
            as p_improved_adjusted
    from scaled

)

select * from final
