{# A status or type as it is compared: without the blanks U+0009 to U+000D and U+0020 around it, and A-Z in
   lower case. Only these: what an engine thinks of other letters and blanks must not matter. #}
{% macro normalized_status(column) -%}
    translate(
        trim(both chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || ' ' from {{ column }}),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
    )
{%- endmacro %}
