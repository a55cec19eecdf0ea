{% macro one() %}2{% endmacro %}
