with

streaks as (

    select * from {{ ref('int_table_streaks') }}

),

trials as (

    {{ trials_of_streaks('streaks', var('regression_gap_runs')) }}

),

final as (

    select
        series_id,
        trial,
        is_start,
        start_run,
        start_execution_id,
        start_node_id,
        over_run
    from trials

)

select * from final
