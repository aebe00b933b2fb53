with

looks as (

    select * from {{ ref('int_first_looks') }}

),

misses as (

    select * from {{ ref('int_misses') }}

),

-- who came later was not there before who came earlier
bounded as (

    select
        looks.cluster,
        looks.tenant,
        looks.execution_id,
        looks.looks,
        looks.first_seen_at,
        looks.started_by,
        max(misses.missed_at) over (
            partition by looks.cluster, looks.tenant order by looks.execution_id
            rows between unbounded preceding and current row
        ) as last_missed_at
    from looks
    left join misses using (cluster, tenant, execution_id)

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        looks,
        first_seen_at,
        started_by,
        case when started_by is not null then last_missed_at end as started_after
    from bounded

)

select * from final
