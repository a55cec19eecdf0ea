{# Rows out of nothing: numbers, and dates without gaps. #}

{% macro get_powers_of_two(upper_bound) %}{{ return(adapter.dispatch('get_powers_of_two', 'dbt')(upper_bound)) }}{% endmacro %}
{% macro default__get_powers_of_two(upper_bound) %}
    {%- if upper_bound <= 0 -%}
        {{ exceptions.raise_compiler_error("the upper bound of a series must be positive") }}
    {%- endif -%}
    {%- for power in range(1, 64) -%}
        {%- if upper_bound <= 2 ** power -%}{{ return(power) }}{%- endif -%}
    {%- endfor -%}
{% endmacro %}

{# The numbers 1 to upper_bound, as the sums of the powers of two. #}
{% macro generate_series(upper_bound) %}{{ return(adapter.dispatch('generate_series', 'dbt')(upper_bound)) }}{% endmacro %}
{% macro default__generate_series(upper_bound) -%}
    {%- set bits = get_powers_of_two(upper_bound) -%}
    with bit as (
        select 0 as value union all select 1
    ), numbers as (
        select
            {%- for at in range(bits) %}
            p{{ at }}.value * power(2, {{ at }}){{ ' +' if not loop.last }}
            {%- endfor %}
            + 1 as generated_number
        from
            {%- for at in range(bits) %}
            {{ 'cross join ' if not loop.first }}bit as p{{ at }}
            {%- endfor %}
    )

    select *
    from numbers
    where generated_number <= {{ upper_bound }}
    order by generated_number
{%- endmacro %}

{% macro duckdb__generate_series(upper_bound) -%}
    select generate_series as generated_number
    from generate_series(1, {{ upper_bound }})
{%- endmacro %}

{# How many steps of a part lie between two dates. Asks the warehouse. #}
{% macro get_intervals_between(start_date, end_date, datepart) %}
    {{ return(adapter.dispatch('get_intervals_between', 'dbt')(start_date, end_date, datepart)) }}
{% endmacro %}
{% macro default__get_intervals_between(start_date, end_date, datepart) %}
    {%- if not execute -%}{{ return(1) }}{%- endif -%}
    {%- set counted = run_query('select ' ~ datediff(start_date, end_date, datepart)) -%}
    {%- if counted.rows | length == 0 -%}{{ return(1) }}{%- endif -%}
    {{ return(counted.rows[0][0] | int) }}
{% endmacro %}

{% macro date_spine(datepart, start_date, end_date) %}
    {{ return(adapter.dispatch('date_spine', 'dbt')(datepart, start_date, end_date)) }}
{% endmacro %}
{% macro default__date_spine(datepart, start_date, end_date) -%}
    {%- set steps = get_intervals_between(start_date, end_date, datepart) -%}
    with numbered as (
        {{ generate_series(steps) }}
    ), spine as (
        select
            {{ dateadd(datepart, 'row_number() over (order by generated_number) - 1', start_date) }} as date_{{ datepart }}
        from numbered
    )

    select *
    from spine
    where date_{{ datepart }} <= {{ end_date }}
{%- endmacro %}
