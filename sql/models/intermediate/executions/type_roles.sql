-- User rules come before the built-in ones, because the first match wins.
with

lines (priority, type, role) as (

    values
    {% for line in var('user_type_roles') | list + var('type_roles') | list -%}
        ({{ loop.index }}, {{ text_literal(line[0]) }}, {{ text_literal(line[1]) }})
        {{- ',' if not loop.last }}
    {% endfor %}

),

final as (

    select
        priority,
        {{ normalized_status('type') }} as type,
        role
    from lines

)

select * from final
