{% test row_count(model, equals=none, min=none, max=none, compare_to=none, factor=1, tolerance=0, column_name=none) %}
{%- if equals is none and min is none and max is none and compare_to is none -%}
    {{ exceptions.raise_compiler_error("test `row_count` needs one of `equals`, `min`, `max`, `compare_to`") }}
{%- endif -%}
{%- set rules = [] -%}
with found as (
    select count({{ column_name if column_name is not none else '*' }}) as found_rows
    from {{ model }}
)
{%- if compare_to is not none %},
other as (
    select count(*) as other_rows
    from {{ compare_to }}
)
{%- endif %}
{%- if equals is not none %}
select 'equals' as broken_rule, found_rows, cast({{ equals }} as bigint) as expected_rows
from found
where found_rows <> {{ equals }}
{%- do rules.append('equals') %}
{%- endif %}
{%- if min is not none %}
{% if rules %}union all{% endif %}
select 'min' as broken_rule, found_rows, cast({{ min }} as bigint) as expected_rows
from found
where found_rows < {{ min }}
{%- do rules.append('min') %}
{%- endif %}
{%- if max is not none %}
{% if rules %}union all{% endif %}
select 'max' as broken_rule, found_rows, cast({{ max }} as bigint) as expected_rows
from found
where found_rows > {{ max }}
{%- do rules.append('max') %}
{%- endif %}
{%- if compare_to is not none %}
{% if rules %}union all{% endif %}
select 'compare_to' as broken_rule, found_rows, cast(round(other_rows * {{ factor }}) as bigint) as expected_rows
from found
cross join other
where abs(found_rows - other_rows * {{ factor }}) > other_rows * {{ factor }} * {{ tolerance }}
{%- endif %}
{% endtest %}
