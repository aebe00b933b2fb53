with

answers as (

    select * from {{ ref('int_answers') }}

),

buckets as (

    select * from {{ ref('int_buckets') }}

),

final as (

    select
        answers.cluster,
        answers.tenant,
        answers.execution_id,
        answers.load_plan,
        buckets.bucket,
        buckets.version
    from answers
    inner join buckets
        on
            answers.cluster = buckets.cluster
            and answers.tenant = buckets.tenant
            and answers.bucket = buckets.bucket

)

select * from final
