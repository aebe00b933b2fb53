with

looks as (

    select * from {{ ref('int_first_looks') }}

),

events as (

    select
        cluster,
        tenant,
        execution_id,
        started_by as happened_at,
        false as is_miss
    from looks
    where started_by is not null
    union all
    select
        cluster,
        tenant,
        execution_id,
        last_missed_at as happened_at,
        true as is_miss
    from looks
    where last_missed_at is not null

),

-- `started_by` never falls, so if one execution was seen to have started later, all after it were
ordered as (

    select
        *,
        min(case when not is_miss then execution_id end) over (
            partition by cluster, tenant order by happened_at, is_miss
            rows between 1 following and unbounded following
        ) as first_later_execution_id
    from events

),

final as (

    select
        cluster,
        tenant,
        greatest(execution_id, first_later_execution_id) as execution_id,
        max(happened_at) as missed_at
    from ordered
    where is_miss and first_later_execution_id is not null
    group by cluster, tenant, greatest(execution_id, first_later_execution_id)

)

select * from final
