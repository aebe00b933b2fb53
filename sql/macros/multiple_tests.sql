{#
  Benjamini-Hochberg in two steps, within a partition: each p-value by the number of tests over how many
  are as small; then the least of these among all p-values that are as large. NULL is no test.
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
