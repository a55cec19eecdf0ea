{% macro from_epoch_ms(column) -%}
    timestamp 'epoch' + {{ column }} / 1000 * interval '1 second'
{%- endmacro %}
