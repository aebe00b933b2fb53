with

pieces as (

    select * from {{ ref('int_table_numbered_pieces') }}

),

streaks as (

    select
        series_id,
        streak_number,
        bool_and(is_error) as is_error,
        cast(sum(runs) as bigint) as runs,
        cast(sum(failures) as bigint) as failures,
        max(runs_so_far) as last_run,
        min(first_execution_id) as first_execution_id,
        min(first_node_id) filter (where was_error is distinct from is_error) as first_node_id,
        max(last_execution_id) as last_execution_id
    from pieces
    group by series_id, streak_number

),

final as (

    select
        series_id,
        last_run - runs + 1 as first_run,
        last_run,
        is_error,
        runs,
        failures,
        last_value(last_run) over (
            in_order rows between unbounded preceding and unbounded following
        ) - last_run as runs_after,
        first_execution_id,
        first_node_id,
        last_execution_id,
        lead(first_execution_id) over in_order as next_execution_id,
        lead(first_node_id) over in_order as next_node_id
    from streaks
    window in_order as (partition by series_id order by streak_number)

)

select * from final
