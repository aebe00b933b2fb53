with

nodes as (

    select * from {{ ref('node_outcomes') }}

),

final as (

    select
        cluster,
        tenant,
        type,
        state_type,
        job_status,
        outcome,
        count(*) as nodes
    from nodes
    group by cluster, tenant, type, state_type, job_status, outcome

)

select * from final
