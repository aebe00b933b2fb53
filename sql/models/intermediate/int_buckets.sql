with

answers as (

    select * from {{ ref('int_answers') }}

),

final as (

    select
        cluster,
        tenant,
        bucket,
        {{ dbt.hash(dbt.listagg(
            "execution_id || ' ' || " ~ dbt.cast('fetched_at', api.Column.translate_type('string')),
            "','",
            'order by execution_id'
        )) }} as version
    from answers
    group by cluster, tenant, bucket

)

select * from final
