select 1 as id
{% if execute %}
where true
