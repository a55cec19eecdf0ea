{% macro latest_day() %}
  {% set found = run_query('select max(day) from main.days') %}
  {{ return(found.columns[0].values()[0]) }}
{% endmacro %}
