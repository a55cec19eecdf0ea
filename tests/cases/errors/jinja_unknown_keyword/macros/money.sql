{% macro dollars(column, digits=2) %}{{ column }}{% endmacro %}
