{# Three columns: part / whole and its 95% Wilson score interval; NULL if the whole is 0. #}
{% macro rate_columns(name, part, whole) -%}
    {{ rate(part, whole) }} as {{ name }},
    {{ wilson_bound(part, whole, '-') }} as {{ name }}_low,
    {{ wilson_bound(part, whole, '+') }} as {{ name }}_high
{%- endmacro %}


{% macro rate(part, whole) -%}
    cast({{ part }} as {{ type_double() }}) / nullif({{ whole }}, 0)
{%- endmacro %}


{# (2k + z² ± z·√(z² + 4k(n − k)/n)) / (2(n + z²)); this form is exactly 0 at k = 0. #}
{% macro wilson_bound(part, whole, sign) -%}
    {%- set k = 'cast(' ~ part ~ ' as ' ~ type_double() ~ ')' -%}
    {%- set z = 'cast(1.959963984540054 as ' ~ type_double() ~ ')' -%}
    {%- set z2 = z ~ ' * ' ~ z -%}
    {%- set misses = '(' ~ whole ~ ' - ' ~ part ~ ')' -%}
    {%- set root = 'sqrt(' ~ z2 ~ ' + 4 * ' ~ k ~ ' * ' ~ misses ~ ' / ' ~ whole ~ ')' -%}
    case
        when {{ whole }} > 0
            then greatest(0, least(1, (
                2 * {{ k }} + {{ z2 }} {{ sign }} {{ z }} * {{ root }}
            ) / (2 * ({{ whole }} + {{ z2 }}))))
    end
{%- endmacro %}
