{% macro dollars(column) %}
  {{ column / }}
{% endmacro %}
