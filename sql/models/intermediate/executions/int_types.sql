with

nodes as (

    select * from {{ ref('stg_nodes') }}

),

type_roles as (

    select * from {{ ref('type_roles') }}

),

-- types are few, however many nodes there are
types as (

    select coalesce(type, '') as type
    from nodes
    group by coalesce(type, '')

),

matching as (

    select
        types.type,
        type_roles.role,
        row_number() over (partition by types.type order by type_roles.priority) as place
    from types
    left join type_roles
        on {{ normalized_status('types.type') }} = type_roles.type

),

final as (

    select
        type,
        role
    from matching
    where place = 1

)

select * from final
