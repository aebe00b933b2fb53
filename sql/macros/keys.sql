{#
  Keys for joins. Names may be NULL, and a join on names would lose these rows; a key is never NULL,
  and the same in every mart. `relation` has the columns.
#}
{% macro key_of(columns) -%}
    md5(
        {%- for column in columns %}
            case when {{ column }} is null then '0' else '1' || {{ column }} end
            {{- ' || chr(31) ||' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}


{# `tenant_of` is the relation with cluster and tenant, if they are not in `relation`. #}
{% macro execution_key(relation='', tenant_of='') -%}
    {{- key_of(in_relation(['cluster', 'tenant'], tenant_of or relation)
        + in_relation(['execution_id'], relation)) -}}
{%- endmacro %}


{% macro plan_key(relation='') -%}
    {{- key_of(in_relation(['cluster', 'tenant', 'load_plan'], relation)) -}}
{%- endmacro %}


{% macro schema_key(relation='') -%}
    {{- key_of(in_relation(['cluster', 'tenant', 'schema_name'], relation)) -}}
{%- endmacro %}


{% macro table_key(relation='') -%}
    {{- key_of(in_relation(['cluster', 'tenant', 'schema_name', 'table_name'], relation)) -}}
{%- endmacro %}


{% macro in_relation(columns, relation) -%}
    {%- set found = [] -%}
    {%- for column in columns -%}
        {%- do found.append(relation ~ '.' ~ column if relation else column) -%}
    {%- endfor -%}
    {{- return(found) -}}
{%- endmacro %}


{# The keys of what has these names. #}
{% macro keys_of(names) -%}
    {%- set keys = [] -%}
    {%- if 'table_name' in names %}{% do keys.append(table_key() ~ ' as table_key') %}{% endif -%}
    {%- if 'schema_name' in names %}{% do keys.append(schema_key() ~ ' as schema_key') %}{% endif -%}
    {%- if 'load_plan' in names %}{% do keys.append(plan_key() ~ ' as plan_key') %}{% endif -%}
    {{ keys | join(',\n        ') }}
{%- endmacro %}
