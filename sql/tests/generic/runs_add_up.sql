{# All nodes of the role are runs of the mart, and the counts by outcome add up to all runs. #}
{% test runs_add_up(model, role) %}

    with

    rates as (

        select * from {{ model }}

    ),

    nodes as (

        select * from {{ ref('int_node_outcomes') }}

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
