{#
  Three columns: part / whole and its 95% Wilson score interval; NULL if the whole is 0. The interval
  is as wide as that of whole / design_effect independent runs.
#}
{% macro rate_columns(name, part, whole, design_effect) -%}
    {{ rate(part, whole) }} as {{ name }},
    {{ wilson_bound(part, whole, design_effect, '-') }} as {{ name }}_low,
    {{ wilson_bound(part, whole, design_effect, '+') }} as {{ name }}_high
{%- endmacro %}


{% macro rate(part, whole) -%}
    cast({{ part }} as {{ type_double() }}) / nullif({{ whole }}, 0)
{%- endmacro %}


{# (2k + z² ± z·√(z² + 4k(n − k)/n)) / (2(n + z²)); this form is exactly 0 at k = 0. #}
{% macro wilson_bound(part, whole, design_effect, sign) -%}
    {%- set k = '(' ~ part ~ ' / ' ~ design_effect ~ ')' -%}
    {%- set n = '(' ~ whole ~ ' / ' ~ design_effect ~ ')' -%}
    {%- set z = 'cast(1.959963984540054 as ' ~ type_double() ~ ')' -%}
    {%- set z2 = z ~ ' * ' ~ z -%}
    {%- set root = 'sqrt(' ~ z2 ~ ' + 4 * ' ~ k ~ ' * (' ~ n ~ ' - ' ~ k ~ ') / ' ~ n ~ ')' -%}
    case
        when {{ whole }} > 0
            then greatest(0, least(1, (
                2 * {{ k }} + {{ z2 }} {{ sign }} {{ z }} * {{ root }}
            ) / (2 * ({{ n }} + {{ z2 }}))))
    end
{%- endmacro %}


{#
  How many runs say as much as one independent run, because errors come in streaks. `squares` is the
  sum of the squared lengths of the streaks of errors, `usual_streak` that of the tenant.
#}
{% macro design_effect(errors, counted, squares, usual_streak) -%}
    {%- set prior = var('prior_errors') -%}
    case
        when {{ counted }} > 0
            then greatest(1, (
                ({{ squares }} + {{ prior }} * {{ usual_streak }}) / ({{ errors }} + {{ prior }}) + 1
            ) * (1 - {{ rate(errors, counted) }}) - 1)
    end
{%- endmacro %}
