{% test positive(model, column_name) %}
select *
from {{ model }}
where {{ column_name }}s <= 0
{% endtest %}
