{% macro cents(column, scale=2) -%}
    ({{ column }} / 100)::numeric(16, {{ scale }})
{%- endmacro %}

{% macro pivot(column, values, alias=True, prefix='', then_value=1) %}
  {% for value in values %}
    sum(case when {{ column }} = '{{ value }}' then {{ then_value }} else 0 end)
    {% if alias %} as {{ adapter.quote(prefix ~ value) }} {% endif %}
    {% if not loop.last %},{% endif %}
  {% endfor %}
{% endmacro %}

{% macro surrogate_key(field_list) -%}
{%- set fields = [] -%}
{%- for field in field_list -%}
    {%- do fields.append("coalesce(cast(" ~ field ~ " as " ~ dbt.type_string() ~ "), '_null_')") -%}
    {%- if not loop.last %}{%- do fields.append("'-'") -%}{%- endif -%}
{%- endfor -%}
{{ dbt.hash(dbt.concat(fields)) }}
{%- endmacro %}

{% macro nested_dict() %}
  {% set d = {'a': {'x': [1, 2]}, 'b': none} %}
  {% do d.a.x.append(3) %}
  {% do d.update({'c': d.a.x | length}) %}
  {{ return(d) }}
{% endmacro %}

{% macro wrap(name, upper=false) %}
<{{ name }}>{{ caller() | upper if upper else caller() }}</{{ name }}>
{% endmacro %}

{% macro va(first) %}{{ first }}/{{ varargs | join('-') }}/{{ kwargs.get('k', 'none') }}{% endmacro %}

{% macro early(items) %}
  {% for i in items %}{% if i > 1 %}{{ return(i * 10) }}{% endif %}{% endfor %}
  {{ return(none) }}
{% endmacro %}
