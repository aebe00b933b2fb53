with

margins as (

    select * from {{ ref('int_margins') }}

),

digits (digit) as (

    values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)

),

pairs as (

    select tens.digit * 10 + units.digit as pair
    from digits as tens
    cross join digits as units

),

-- up to the largest population, now or in a backtest, at most 999,999
numbers as (

    select high.pair * 10000 + middle.pair * 100 + low.pair as number
    from (
        select greatest(coalesce(max(population), 0), {{ largest_of_settings() }}) as largest
        from margins
    ) as limits
    inner join pairs as high on high.pair * 10000 <= limits.largest
    inner join pairs as middle on high.pair * 10000 + middle.pair * 100 <= limits.largest
    inner join pairs as low
        on high.pair * 10000 + middle.pair * 100 + low.pair <= limits.largest

),

-- decimals, because their sums have no rounding errors and do not depend on the order
logarithms as (

    select
        number,
        cast(ln(cast(greatest(number, 1) as {{ type_double() }})) as decimal(28, 14)) as logarithm
    from numbers

),

final as (

    select
        number,
        cast(sum(logarithm) over (order by number) as decimal(28, 14)) as log_factorial
    from logarithms

)

select * from final
