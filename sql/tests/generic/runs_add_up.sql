{# The runs of a failure rate are all nodes of its role, and its outcomes are all of its runs. #}
{% test runs_add_up(model, role) %}

    with

    rates as (

        select * from {{ model }}

    ),

    nodes as (

        select * from {{ ref('node_outcomes') }}

    ),

    totals as (

        select
            (select count(*) from nodes where role = '{{ role }}') as nodes_of_role,
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
    where runs <> nodes_of_role or runs_by_outcome <> nodes_of_role

{% endtest %}
