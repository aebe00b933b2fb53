with

pairs as (

    select * from {{ ref('int_table_pairs') }}

),

tails as (

    select * from {{ ref('int_hypergeometric_tails') }}

),

tested as (

    select
        pairs.tenant_id,
        pairs.series_id_a,
        pairs.series_id_b,
        tails.p_as_many_or_more as p_value
    from pairs
    inner join tails
        on
            pairs.executions = tails.population
            and pairs.starts_a = tails.marked
            and pairs.starts_b = tails.drawn
            and pairs.starts_both = tails.hits

),

scaled as (

    select
        tenant_id,
        series_id_a,
        series_id_b,
        p_value,
        {{ scaled_p_value('p_value', 'tenant_id') }} as scaled_p_value
    from tested

),

final as (

    select
        series_id_a,
        series_id_b,
        p_value,
        {{ adjusted_p_value('p_value', 'scaled_p_value', 'tenant_id') }} as p_adjusted
    from scaled

)

select * from final
