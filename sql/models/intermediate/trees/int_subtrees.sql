{% set keys = 'cluster, tenant, execution_id, node_id, fetched_at' %}

with

parents as (

    select * from {{ ref('int_parents') }}
    where {{ is_missing('int_parents', execution_keys(), 'node_id = 0', 'node_id = 0') }}

),

-- a depth-first walk enters each parent at its node_id and leaves it after its last descendant
walk as (

    select
        {{ keys }},
        node_id as place,
        errors,
        tables,
        tables_counted,
        table_errors,
        case when is_late_group then last_descendant_id end as late_group_end
    from parents
    union all
    select
        {{ keys }},
        last_descendant_id as place,
        0 as errors,
        0 as tables,
        0 as tables_counted,
        0 as table_errors,
        null as late_group_end
    from parents

),

-- running counts before each step, and the greatest last_descendant_id of the late groups so far
seen as (

    select
        {{ keys }},
        sum(errors) over preorder - errors as errors,
        sum(tables) over preorder - tables as tables,
        sum(tables_counted) over preorder - tables_counted as tables_counted,
        sum(table_errors) over preorder - table_errors as table_errors,
        coalesce(max(late_group_end) over preorder, -1) as late_groups_end
    from walk
    window preorder as (
        partition by cluster, tenant, execution_id order by place
        rows between unbounded preceding and current row
    )

),

-- running totals never fall, so the minimum is on entering a node and the maximum on leaving it
final as (

    select
        {{ keys }},
        cast(max(errors) - min(errors) as bigint) as errors,
        cast(max(tables) - min(tables) as bigint) as tables,
        cast(max(tables_counted) - min(tables_counted) as bigint) as tables_counted,
        cast(max(table_errors) - min(table_errors) as bigint) as table_errors,
        min(late_groups_end) >= node_id as is_in_late_group
    from seen
    group by {{ keys }}

)

select * from final
