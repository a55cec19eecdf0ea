{% test castable(model, column_name, data_type) %}
select *
from {{ model }}
where {{ column_name }} is not null and not ({{ rs_castable(column_name, data_type) }})
{% endtest %}

{% macro rs_castable(column_name, data_type) -%}
    {%- set text = 'cast(' ~ column_name ~ ' as varchar(65535))' -%}
    {%- set declared = (data_type | trim | lower).split('(') -%}
    {%- set name = declared[0] | trim -%}
    {%- set arguments = declared[1].rstrip(')').split(',') if declared | length > 1 else [] -%}
    {%- set day = '([0-9]{4}-(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|[0-9]{4}-(0[469]|11)-(0[1-9]|[12][0-9]|30)|[0-9]{4}-02-(0[1-9]|1[0-9]|2[0-8])|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)' -%}
    {%- set time = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?' -%}
    {%- set ranges = {
        'smallint': ['-32768', '32767'], 'int2': ['-32768', '32767'],
        'integer': ['-2147483648', '2147483647'], 'int': ['-2147483648', '2147483647'], 'int4': ['-2147483648', '2147483647'],
        'bigint': ['-9223372036854775808', '9223372036854775807'], 'int8': ['-9223372036854775808', '9223372036854775807'],
    } -%}
    {%- if name in ranges and not arguments -%}
        case when {{ text }} ~ '^-?[0-9]{1,30}$' then cast({{ text }} as decimal(38,0)) between {{ ranges[name][0] }} and {{ ranges[name][1] }} else false end
    {%- elif name in ['decimal', 'numeric'] and arguments | length == 2 and arguments[1] | int < arguments[0] | int -%}
        {%- set scale = arguments[1] | int -%}
        {{ text }} ~ '^-?[0-9]{1,{{ (arguments[0] | int) - scale }}}{% if scale > 0 %}([.][0-9]{1,{{ scale }}})?{% endif %}$'
    {%- elif name in ['double precision', 'float8', 'float'] and not arguments -%}
        {{ text }} ~ '^-?[0-9]{1,30}([.][0-9]{1,30})?([eE][+-]?[0-9]{1,2})?$'
    {%- elif name == 'date' and not arguments -%}
        {{ text }} ~ '^{{ day }}$' and not ({{ text }} ~ '^0000.*$')
    {%- elif name in ['timestamp', 'timestamp without time zone'] and not arguments -%}
        {{ text }} ~ '^{{ day }}([T ]{{ time }}Z?)?$' and not ({{ text }} ~ '^0000.*$')
    {%- elif name in ['varchar', 'character varying'] and arguments | length == 1 -%}
        {{ 'strlen' if adapter.type() == 'duckdb' else 'octet_length' }}({{ text }}) <= {{ arguments[0] | int }}
    {%- else -%}
        {{ exceptions.raise_compiler_error("test `castable` knows no texts of the type `" ~ data_type ~ "`: it takes whole numbers, decimal(p,s), double precision, date, timestamp and varchar(n)") }}
    {%- endif -%}
{%- endmacro %}
