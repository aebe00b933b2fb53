with

runs as (

    select * from {{ ref('int_table_runs') }}

),

final as (

    select
        series_id,
        row_number() over (partition by series_id order by execution_id, node_id) as run,
        execution_id,
        is_error
    from runs

)

select * from final
