-- User rules come before the built-in ones, because the first match wins.
with

lines (priority, state_type, job_status, outcome) as (

    values
    {% for line in var('user_status_outcomes') | list + var('built_in_status_outcomes') | list -%}
        (
            {{ loop.index }},
            {{ text_literal(line[0]) }},
            {{ text_literal(line[1]) }},
            {{ text_literal(line[2]) }}
        ){{ ',' if not loop.last }}
    {% endfor %}

),

final as (

    select
        priority,
        {{ normalized_status('state_type') }} as state_type,
        {{ normalized_status('job_status') }} as job_status,
        outcome
    from lines

)

select * from final
