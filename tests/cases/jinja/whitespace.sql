{# a comment -#}
   select   {{- ' 1' -}}   as a
  {%- raw %} {{ not_rendered }} {% endraw -%}
,  {% if true -%}  b  {%- else -%} c {%- endif %}
{% for i in range(5) if i is odd -%}
  {{ loop.index }}:{{ i }}{{ ', ' if not loop.last }}{% else %}none{% endfor %}
{% set a, b = 1, 'two' %}{{ a }}{{ b }} {{ "a" ~ 1 ~ none ~ true }} {{ [1,2,3][1:] }} {{ 'abc'[::-1] }} {{ 1 < 2 < 3 }} {{ not false and 1 }}
{{ "multi
line" }}
