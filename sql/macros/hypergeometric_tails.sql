{# One row per set of counts in `margins` and possible number of hits, with both tails. #}
{% macro hypergeometric_tails(margins) -%}
    {%- set factorials = [
        ('', 'marked'), ('+', 'population - marked'), ('+', 'drawn'), ('+', 'population - drawn'),
        ('-', 'population'), ('-', 'hits'), ('-', 'marked - hits'), ('-', 'drawn - hits'),
        ('-', 'population - marked - drawn + hits'),
    ] -%}
with

margins as (

    select * from {{ margins }}

),

log_factorials as (

    select * from {{ ref('int_log_factorials') }}

),

possible as (

    select
        margins.population,
        margins.marked,
        margins.drawn,
        hits.number as hits
    from margins
    inner join log_factorials as hits
        on
            margins.marked + margins.drawn - margins.population <= hits.number
            and margins.marked >= hits.number
            and margins.drawn >= hits.number

),

-- exp(-745) is the smallest positive double; PostgreSQL fails on smaller results
probabilities as (

    select
        possible.population,
        possible.marked,
        possible.drawn,
        possible.hits,
        exp(greatest(-745, cast(
            {% for sign, number in factorials -%}
                {{ sign }} factorial_{{ loop.index }}.log_factorial
            {% endfor -%}
            as {{ type_double() }}
        ))) as probability
    from possible
    {% for sign, number in factorials -%}
        inner join log_factorials as factorial_{{ loop.index }}
            on factorial_{{ loop.index }}.number = {{ number }}
    {% endfor %}
),

-- for precision, each tail is summed from its far end, smallest first, instead of as 1 - sum
final as (

    select
        population,
        marked,
        drawn,
        hits,
        least(1, sum(probability) over (
            partition by population, marked, drawn order by hits desc
        )) as p_as_many_or_more,
        least(1, sum(probability) over (
            partition by population, marked, drawn order by hits asc
        )) as p_as_many_or_fewer
    from probabilities

)

select * from final
{%- endmacro %}


{# Whether a row of `tails` belongs to a row of `windows`: among how many trials the starts fell. #}
{% macro is_tail_of_window() -%}
    tails.population = windows.recent_trials + windows.baseline_trials
    and tails.marked = windows.recent_starts + windows.baseline_starts
    and tails.drawn = windows.recent_trials
    and tails.hits = windows.recent_starts
{%- endmacro %}
