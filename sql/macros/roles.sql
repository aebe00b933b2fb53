{#
  Name of the plan, group, schema or table that a node belongs to. If the node itself has this role,
  its own name; otherwise the name in the column of `nodes`.
#}
{% macro name_of(column, relation='') -%}
    {%- set of = relation ~ '.' if relation else '' -%}
    case
        when {{ of }}role = '{{ column | replace('_name', '') }}' then {{ of }}name
        else {{ of }}{{ column }}
    end
{%- endmacro %}


{# Whether no rule in `type_roles` names the type of a node. #}
{% macro is_unknown_type(column) -%}
    coalesce({{ column }}, '') in (select type from {{ ref('int_types') }} where role is null)
{%- endmacro %}
