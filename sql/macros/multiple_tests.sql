{#
  Benjamini-Hochberg within a partition, in two steps:
  1. Multiply each p-value by the number of tests. Divide it by the number of p-values that are not
     greater.
  2. For each p-value, take the minimum of these results over all p-values that are not smaller.
  NULL means that there was no test.
#}

{% macro scaled_p_value(p_value, partition) -%}
    {{ p_value }} * count({{ p_value }}) over (partition by {{ partition }})
    / nullif(count({{ p_value }}) over (
        partition by {{ partition }} order by {{ p_value }} asc nulls last
    ), 0)
{%- endmacro %}


{% macro adjusted_p_value(p_value, scaled, partition) -%}
    case
        when {{ p_value }} is not null
            then least(1, min({{ scaled }}) over (
                partition by {{ partition }} order by {{ p_value }} desc nulls last
            ))
    end
{%- endmacro %}
