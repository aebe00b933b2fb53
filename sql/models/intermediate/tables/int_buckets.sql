{% set answer = "execution_id || ' ' || cast(fetched_at as varchar(40))" %}

with

answers as (

    select * from {{ ref('int_answers') }}

),

final as (

    select
        cluster,
        tenant,
        bucket,
        {{ hash_of_all(answer, 'execution_id') }} as version
    from answers
    group by cluster, tenant, bucket

)

select * from final
