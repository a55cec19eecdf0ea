{# Dates and times in the words of each warehouse. #}

{% macro current_timestamp() %}{{ return(adapter.dispatch('current_timestamp', 'dbt')()) }}{% endmacro %}
{% macro default__current_timestamp() %}{{ return('current_timestamp') }}{% endmacro %}
{% macro redshift__current_timestamp() %}{{ return('getdate()') }}{% endmacro %}
{% macro postgres__current_timestamp() %}{{ return('now()') }}{% endmacro %}
{% macro duckdb__current_timestamp() %}{{ return('now()') }}{% endmacro %}

{# In older words: what dbt-utils made of the time, without a zone. #}
{% macro current_timestamp_backcompat() %}{{ return(adapter.dispatch('current_timestamp_backcompat', 'dbt')()) }}{% endmacro %}
{% macro default__current_timestamp_backcompat() %}{{ return('current_timestamp::' ~ type_timestamp()) }}{% endmacro %}

{% macro current_timestamp_in_utc_backcompat() %}{{ return(adapter.dispatch('current_timestamp_in_utc_backcompat', 'dbt')()) }}{% endmacro %}
{% macro default__current_timestamp_in_utc_backcompat() %}{{ return(current_timestamp_backcompat()) }}{% endmacro %}
{% macro redshift__current_timestamp_backcompat() %}{{ return('getdate()') }}{% endmacro %}
{% macro redshift__current_timestamp_in_utc_backcompat() %}{{ return('getdate()') }}{% endmacro %}
{% macro postgres__current_timestamp_in_utc_backcompat() %}{{ return("(current_timestamp at time zone 'utc')::" ~ type_timestamp()) }}{% endmacro %}

{# The time that snapshots write. #}
{% macro snapshot_get_time() %}{{ return(adapter.dispatch('snapshot_get_time', 'dbt')()) }}{% endmacro %}
{% macro default__snapshot_get_time() %}{{ return(current_timestamp()) }}{% endmacro %}
{% macro postgres__snapshot_get_time() %}{{ return(current_timestamp() ~ '::timestamp without time zone') }}{% endmacro %}
{% macro redshift__snapshot_get_time() %}{{ return(current_timestamp() ~ '::timestamp') }}{% endmacro %}
{% macro duckdb__snapshot_get_time() %}{{ return(current_timestamp() ~ '::timestamp') }}{% endmacro %}

{# Dates as text, in Python's formats. #}
{% macro convert_datetime(date_str, date_fmt) %}
    {{ return(modules.datetime.datetime.strptime(date_str, date_fmt)) }}
{% endmacro %}

{% macro dates_in_range(start_date_str, end_date_str=none, in_fmt='%Y%m%d', out_fmt='%Y%m%d') %}
    {%- set first = convert_datetime(start_date_str, in_fmt) -%}
    {%- set last = convert_datetime(end_date_str or start_date_str, in_fmt) -%}
    {%- set days = (last - first).days -%}
    {%- if days < 0 -%}
        {{ exceptions.raise_compiler_error('the range of dates ends before it begins: ' ~ start_date_str ~ ' to ' ~ end_date_str) }}
    {%- endif -%}
    {%- set dates = [] -%}
    {%- for day in range(days + 1) -%}
        {%- set date = first + modules.datetime.timedelta(days=day) -%}
        {%- do dates.append(date.strftime(out_fmt) if out_fmt else date) -%}
    {%- endfor -%}
    {{ return(dates) }}
{% endmacro %}

{% macro partition_range(raw_partition_date, date_fmt='%Y%m%d') %}
    {%- set ends = (raw_partition_date | string).split(',') -%}
    {%- if ends | length > 2 -%}
        {{ exceptions.raise_compiler_error('one date, or two with a comma between them, and not ' ~ raw_partition_date) }}
    {%- endif -%}
    {{ return(dates_in_range(ends[0], ends[1] if ends | length == 2 else none, in_fmt=date_fmt)) }}
{% endmacro %}

{% macro py_current_timestring() %}
    {{ return(modules.datetime.datetime.now().strftime('%Y%m%d%H%M%S%f')) }}
{% endmacro %}

{% macro date_trunc(datepart, date) %}{{ return(adapter.dispatch('date_trunc', 'dbt')(datepart, date)) }}{% endmacro %}
{% macro default__date_trunc(datepart, date) -%}
    date_trunc('{{ datepart }}', {{ date }})
{%- endmacro %}

{% macro dateadd(datepart, interval, from_date_or_timestamp) %}
    {{ return(adapter.dispatch('dateadd', 'dbt')(datepart, interval, from_date_or_timestamp)) }}
{% endmacro %}

{% macro default__dateadd(datepart, interval, from_date_or_timestamp) -%}
    dateadd(
        {{ datepart }},
        {{ interval }},
        {{ from_date_or_timestamp }}
        )
{%- endmacro %}

{% macro redshift__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {{ return(default__dateadd(datepart, interval, from_date_or_timestamp)) }}
{%- endmacro %}

{% macro postgres__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {{ from_date_or_timestamp }} + ((interval '1 {{ datepart }}') * ({{ interval }}))
{%- endmacro %}

{% macro duckdb__dateadd(datepart, interval, from_date_or_timestamp) -%}
    ({{ from_date_or_timestamp }} + cast({{ interval }} as bigint) * interval 1 {{ datepart }})
{%- endmacro %}

{% macro datediff(first_date, second_date, datepart) %}
    {{ return(adapter.dispatch('datediff', 'dbt')(first_date, second_date, datepart)) }}
{% endmacro %}

{% macro default__datediff(first_date, second_date, datepart) -%}
    datediff(
        {{ datepart }},
        {{ first_date }},
        {{ second_date }}
        )
{%- endmacro %}

{% macro redshift__datediff(first_date, second_date, datepart) -%}
    {{ return(default__datediff(first_date, second_date, datepart)) }}
{%- endmacro %}

{% macro duckdb__datediff(first_date, second_date, datepart) -%}
    (date_diff('{{ datepart }}', {{ first_date }}::timestamp, {{ second_date }}::timestamp))
{%- endmacro %}

{# PostgreSQL has no datediff: each part is counted from the one above it. #}
{% macro postgres__datediff(first_date, second_date, datepart) -%}
    {%- set a = '(' ~ first_date ~ ')' -%}
    {%- set b = '(' ~ second_date ~ ')' -%}
    {%- if datepart == 'year' -%}
        (date_part('year', {{ b }}::date) - date_part('year', {{ a }}::date))
    {%- elif datepart == 'quarter' -%}
        ({{ postgres__datediff(first_date, second_date, 'year') }} * 4 + date_part('quarter', {{ b }}::date) - date_part('quarter', {{ a }}::date))
    {%- elif datepart == 'month' -%}
        ({{ postgres__datediff(first_date, second_date, 'year') }} * 12 + date_part('month', {{ b }}::date) - date_part('month', {{ a }}::date))
    {%- elif datepart == 'day' -%}
        ({{ b }}::date - {{ a }}::date)
    {%- elif datepart == 'week' -%}
        {#- dbt counts Sundays, and a week that is not whole on the way back as one more. -#}
        (({{ b }}::date - {{ a }}::date) / 7 + case when date_part('dow', {{ a }}::timestamp) <= date_part('dow', {{ b }}::timestamp)
            then case when {{ a }} <= {{ b }} then 0 else -1 end
            else case when {{ a }} <= {{ b }} then 1 else 0 end end)
    {%- elif datepart == 'hour' -%}
        ({{ postgres__datediff(first_date, second_date, 'day') }} * 24 + date_part('hour', {{ b }}::timestamp) - date_part('hour', {{ a }}::timestamp))
    {%- elif datepart == 'minute' -%}
        ({{ postgres__datediff(first_date, second_date, 'hour') }} * 60 + date_part('minute', {{ b }}::timestamp) - date_part('minute', {{ a }}::timestamp))
    {%- elif datepart == 'second' -%}
        ({{ postgres__datediff(first_date, second_date, 'minute') }} * 60 + floor(date_part('second', {{ b }}::timestamp)) - floor(date_part('second', {{ a }}::timestamp)))
    {%- else -%}
        {{ exceptions.raise_compiler_error("datediff cannot count `" ~ datepart ~ "` on PostgreSQL") }}
    {%- endif -%}
{%- endmacro %}

{% macro last_day(date, datepart) %}{{ return(adapter.dispatch('last_day', 'dbt')(date, datepart)) }}{% endmacro %}

{% macro default__last_day(date, datepart) -%}
    {#- Redshift's dateadd knows quarters too, PostgreSQL's interval does not. -#}
    {%- set part = 'month' if datepart == 'quarter' else datepart -%}
    {%- set count = '3' if datepart == 'quarter' else '1' -%}
    cast({{ dateadd('day', '-1', dateadd(part, count, date_trunc(datepart, date))) }} as date)
{%- endmacro %}

{% macro date(year, month, day) %}{{ return(adapter.dispatch('date', 'dbt')(year, month, day)) }}{% endmacro %}
{% macro default__date(year, month, day) -%}
    to_date('{{ year }}-{{ month }}-{{ day }}', 'YYYY-MM-DD')
{%- endmacro %}
{% macro duckdb__date(year, month, day) -%}
    make_date({{ year }}, {{ month }}, {{ day }})
{%- endmacro %}
