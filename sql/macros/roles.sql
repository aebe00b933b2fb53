{#
  The name of the plan, group, schema or table of a node: its own where that is its role, else what
  `nodes` says of those above it.
#}
{% macro name_of(column, relation='') -%}
    {%- set of = relation ~ '.' if relation else '' -%}
    case
        when {{ of }}role = '{{ column | replace('_name', '') }}' then {{ of }}name
        else {{ of }}{{ column }}
    end
{%- endmacro %}


{# Whether no line of `type_roles` names the type of a node. #}
{% macro is_unknown_type(column) -%}
    coalesce({{ column }}, '') in (select type from {{ ref('int_types') }} where role is null)
{%- endmacro %}
