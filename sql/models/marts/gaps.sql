with

ids as (

    select * from {{ ref('int_execution_ids') }}

),

coverage as (

    select * from {{ ref('coverage') }}

),

between_loaded as (

    select
        ids.cluster,
        ids.tenant,
        ids.execution_id,
        ids.is_loaded,
        ids.last_outcome,
        lag(ids.execution_id) over (
            partition by ids.cluster, ids.tenant order by ids.execution_id
        ) as id_before,
        row_number() over (
            partition by ids.cluster, ids.tenant, ids.is_loaded, ids.last_outcome
            order by ids.execution_id
        ) as place
    from ids
    inner join coverage
        on
            ids.cluster = coverage.cluster
            and ids.tenant = coverage.tenant
            and ids.execution_id between coverage.lowest_loaded_id and coverage.highest_loaded_id

),

gaps as (

    select
        cluster,
        tenant,
        id_before + 1 as first_id,
        execution_id - 1 as last_id,
        'never_asked' as reason
    from between_loaded
    where id_before + 1 < execution_id
    union all
    -- consecutive ids with the same outcome have the same difference of id and row number
    select
        cluster,
        tenant,
        min(execution_id) as first_id,
        max(execution_id) as last_id,
        last_outcome as reason
    from between_loaded
    where not is_loaded
    group by cluster, tenant, last_outcome, execution_id - place

),

final as (

    select
        cluster,
        tenant,
        first_id,
        last_id,
        last_id - first_id + 1 as ids,
        reason
    from gaps

)

select * from final
