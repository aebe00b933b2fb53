{#
  No two rows have the same key, with NULL as a value like any other. Only nullable columns of the
  key may be NULL.
#}
{% test unique_key(model, columns, nullable=[]) %}

    select {{ columns | join(', ') }}
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {% for column in columns if column not in nullable %}
            or {{ column }} is null
        {% endfor %}

{% endtest %}
