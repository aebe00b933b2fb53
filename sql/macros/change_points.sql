{#
  Since when a table is worse, as the CTEs from `numbered` to `change_points`.

  They expect the CTEs `tests` (test_id, trials) and `starts_of_tests` (test_id, age, start_run,
  execution_id). The age of a start is its place among the trials; the newest trial has age 1. Each
  split of the trials into those before and after a change is weighted by the likelihood of its
  starts, averaged over all rates before and after alike.
#}
{% macro change_points(log_factorials) -%}
    {%- set factorials = [
        ('', 'start'), ('+', 'after - start'), ('-', 'after + 1'), ('+', 'starts - start'),
        ('+', 'trials - after - starts + start'), ('-', 'trials - after + 1'),
    ] -%}
    {%- set to_start = 'partition by test_id order by start' -%}
numbered as (

    select
        starts_of_tests.*,
        tests.trials,
        row_number() over in_order as start,
        count(*) over (partition by tests.test_id) as starts,
        lead(starts_of_tests.age, 1, tests.trials) over in_order as next_age,
        lead(starts_of_tests.execution_id) over in_order as earlier_execution_id
    from starts_of_tests
    inner join tests on starts_of_tests.test_id = tests.test_id
    window in_order as (partition by tests.test_id order by starts_of_tests.age)

),

-- starts must be more frequent among the trials after the change than among all trials
splits as (

    select
        numbered.*,
        numbers.number as after
    from numbered
    inner join {{ log_factorials }} as numbers
        on numbered.age <= numbers.number and numbered.next_age > numbers.number
    where numbered.start * numbered.trials > numbered.starts * numbers.number

),

likelihoods as (

    select
        splits.*,
        cast(
            {% for sign, number in factorials -%}
                {{ sign }} factorial_{{ loop.index }}.log_factorial
            {% endfor -%}
            as {{ type_double() }}
        ) as log_likelihood
    from splits
    {% for sign, number in factorials -%}
        inner join {{ log_factorials }} as factorial_{{ loop.index }}
            on factorial_{{ loop.index }}.number = {{ number }}
    {% endfor %}
),

relative as (

    select
        *,
        log_likelihood - max(log_likelihood) over (partition by test_id) as relative_log_likelihood
    from likelihoods

),

-- PostgreSQL fails on exp() of smaller numbers
weights as (

    select
        test_id,
        start,
        start_run,
        execution_id,
        earlier_execution_id,
        cast(max(log_likelihood) as decimal(28, 9)) as best,
        sum(exp(greatest(-700, relative_log_likelihood))) as weight
    from relative
    group by test_id, start, start_run, execution_id, earlier_execution_id

),

shares as (

    select
        *,
        sum(weight) over ({{ to_start }} rows between unbounded preceding and current row)
        / sum(weight) over (partition by test_id) as share,
        row_number() over (partition by test_id order by best desc, start asc) as place
    from weights

),

bounds as (

    select
        *,
        lag(share, 1, 0) over ({{ to_start }}) as earlier_share
    from shares

),

change_points as (

    select
        test_id,
        max(case when place = 1 then execution_id end) as since_execution_id,
        max(case when place = 1 then start_run end) as since_run,
        max(
            case when share >= 0.025 and earlier_share < 0.025 then execution_id end
        ) as changed_by_execution_id,
        max(
            case when share >= 0.975 and earlier_share < 0.975 then earlier_execution_id end
        ) as changed_after_execution_id
    from bounds
    group by test_id

)
{%- endmacro %}
