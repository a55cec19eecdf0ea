{% macro cents(column) %}
  {{ column }}_in_cents * 100
{% endmacro %}
