{% macro dollars(column) %}{{ rounded(column) }}{% endmacro %}

{% macro rounded(column) %}
  {{ column | round_to(2) }}
{% endmacro %}
