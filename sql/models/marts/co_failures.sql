with

series as (

    select * from {{ ref('int_table_series') }}

),

pairs as (

    select * from {{ ref('int_table_pairs') }}

),

tests as (

    select * from {{ ref('int_pair_tests') }}

),

-- filtered only after the tests: selecting pairs by starts_both would bias the p-values
final as (

    select
        series_a.cluster,
        series_a.tenant,
        series_a.schema_name as schema_name_a,
        series_a.table_name as table_name_a,
        series_b.schema_name as schema_name_b,
        series_b.table_name as table_name_b,
        pairs.executions,
        pairs.starts_a,
        pairs.starts_b,
        pairs.starts_both,
        {{ rate('pairs.starts_a * pairs.starts_b', 'pairs.executions') }} as expected,
        tests.p_value,
        tests.p_adjusted,
        series_a.table_key as table_key_a,
        series_a.schema_key as schema_key_a,
        series_b.table_key as table_key_b,
        series_b.schema_key as schema_key_b
    from pairs
    inner join tests
        on pairs.series_id_a = tests.series_id_a and pairs.series_id_b = tests.series_id_b
    inner join series as series_a on pairs.series_id_a = series_a.series_id
    inner join series as series_b on pairs.series_id_b = series_b.series_id
    where
        pairs.starts_both >= {{ var('co_failure_min_starts') }}
        and tests.p_adjusted <= {{ var('significance') }}

)

select * from final
