with

counts as (

    select * from {{ ref('int_table_counts') }}

),

series as (

    select
        cluster,
        tenant,
        schema_name,
        table_name
    from counts
    group by cluster, tenant, schema_name, table_name

),

final as (

    select
        row_number() over (
            order by
                {{ in_order('cluster') }},
                {{ in_order('tenant') }},
                {{ in_order('schema_name') }},
                {{ in_order('table_name') }}
        ) as series_id,
        dense_rank() over (
            order by {{ in_order('cluster') }}, {{ in_order('tenant') }}
        ) as tenant_id,
        cluster,
        tenant,
        schema_name,
        table_name,
        {{ table_key() }} as table_key,
        {{ schema_key() }} as schema_key
    from series

)

select * from final
