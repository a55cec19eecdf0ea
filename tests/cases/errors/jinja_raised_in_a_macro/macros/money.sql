{% macro dollars(currency) %}
  {% if currency != 'dollar' %}{{ exceptions.raise_compiler_error('no rate for ' ~ currency) }}{% endif %}
{% endmacro %}
