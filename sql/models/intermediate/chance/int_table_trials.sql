with

streaks as (

    select * from {{ ref('int_table_streaks') }}

),

final as (

    {{ trials_of_streaks('streaks', var('regression_gap_runs')) }}

)

select * from final
