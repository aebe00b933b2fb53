with

nodes as (

    select * from {{ ref('int_node_outcomes') }}

),

final as (

    select
        cluster,
        tenant,
        execution_id,
        node_id,
        parent_id,
        last_descendant_id,
        depth,
        position,
        type,
        name,
        state_type,
        job_status,
        path,
        load_plan,
        group_name,
        schema_name,
        table_name,
        extra,
        fetched_at,
        outcome,
        is_counted,
        is_error,
        failure_kind,
        role,
        {{ execution_key() }} as execution_key,
        {{ table_key() }} as table_key,
        {{ schema_key() }} as schema_key,
        {{ plan_key() }} as plan_key
    from nodes

)

select * from final
