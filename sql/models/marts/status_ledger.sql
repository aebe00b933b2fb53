with

status_counts as (

    select * from {{ ref('int_status_counts') }}

),

final as (

    select
        cluster,
        tenant,
        type,
        state_type,
        job_status,
        outcome,
        cast(sum(nodes) as bigint) as nodes,
        cast(sum(case when role = 'table' then nodes else 0 end) as bigint) as tables
    from status_counts
    group by cluster, tenant, type, state_type, job_status, outcome

)

select * from final
