{#
  A status or type in the form in which it is compared: without surrounding blanks (U+0009 to U+000D
  and U+0020), and with A-Z in lower case. Other blanks and letters stay, because engines treat them
  differently.
#}
{% macro normalized_status(column) -%}
    translate(
        trim(both chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || ' ' from {{ column }}),
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        'abcdefghijklmnopqrstuvwxyz'
    )
{%- endmacro %}
