{# The runs of a failure rate are all nodes of its type, and its outcomes are all of its runs. #}
{% test runs_add_up(model, type) %}

    with

    rates as (

        select * from {{ model }}

    ),

    nodes as (

        select * from {{ ref('stg_nodes') }}

    ),

    totals as (

        select
            (select count(*) from nodes where type = '{{ type }}') as nodes_of_type,
            (select coalesce(sum(runs), 0) from rates) as runs,
            (
                select
                    coalesce(
                        sum(counted + interrupted + skipped + running + queued + unknown), 0
                    )
                from rates
            ) as runs_by_outcome

    )

    select *
    from totals
    where runs <> nodes_of_type or runs_by_outcome <> nodes_of_type

{% endtest %}
