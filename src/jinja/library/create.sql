{# Tables and views made from queries. #}

{% macro create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none) -%}
    {%- if language != 'sql' -%}
        {{ exceptions.raise_compiler_error('a table can be made from SQL only, not from ' ~ language) }}
    {%- endif -%}
    {{ adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code) }}
{%- endmacro %}
{% macro default__create_table_as(temporary, relation, sql) -%}
    {{ __header() }}
    create {{ 'temporary ' if temporary }}table {{ relation.include(database=not temporary, schema=not temporary) }}
    as (
        {{ sql }}
    );
{%- endmacro %}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {{ __header() }}
    create {{ 'temporary ' if temporary else ('unlogged ' if config.get('unlogged', default=false)) }}table {{ relation }}
    as (
        {{ sql }}
    );
{%- endmacro %}
{% macro redshift__create_table_as(temporary, relation, sql) -%}
    {{ __header() }}
    create {{ 'temporary ' if temporary }}table {{ relation.include(database=not temporary, schema=not temporary) }}
    {{ dist(config.get('dist')) }}
    {{ sort(config.get('sort_type'), config.get('sort')) }}
    {% if config.get('backup') is false and not temporary %}backup no{% endif %}
    as (
        {{ sql }}
    );
{%- endmacro %}

{# What stands in front of the statement that builds a model: `{% call set_sql_header(config) %} … {% endcall %}`. #}
{% macro set_sql_header(config) -%}
    {{ config.set('sql_header', caller()) }}
{%- endmacro %}

{% macro __header() -%}
    {{ config.get('sql_header') or '' }}
{%- endmacro %}

{% macro dist(dist) %}
    {%- if dist is not none -%}
        {%- set dist = dist.strip() -%}
        {%- if dist | lower in ['all', 'even', 'auto'] -%}diststyle {{ dist }}{%- else -%}distkey ({{ dist }}){%- endif -%}
    {%- endif -%}
{% endmacro %}

{% macro sort(sort_type, sort) %}
    {%- if sort is not none and sort -%}
        {%- if sort is string -%}{%- set sort = [sort] -%}{%- endif -%}
        {{ sort_type or 'compound' }} sortkey ({{ sort | join(', ') }})
    {%- endif -%}
{% endmacro %}

{% macro get_create_table_as_sql(temporary, relation, sql) -%}
    {{ adapter.dispatch('get_create_table_as_sql', 'dbt')(temporary, relation, sql) }}
{%- endmacro %}
{% macro default__get_create_table_as_sql(temporary, relation, sql) -%}
    {{ create_table_as(temporary, relation, sql) }}
{%- endmacro %}

{% macro create_view_as(relation, sql) -%}
    {{ adapter.dispatch('create_view_as', 'dbt')(relation, sql) }}
{%- endmacro %}
{% macro default__create_view_as(relation, sql) -%}
    {{ __header() }}
    create view {{ relation }} as (
        {{ sql }}
    );
{%- endmacro %}
{% macro duckdb__create_view_as(relation, sql) -%}
    {{ __header() }}
    create or replace view {{ relation }} as (
        {{ sql }}
    );
{%- endmacro %}
{% macro redshift__create_view_as(relation, sql) -%}
    {{ __header() }}
    create view {{ relation }} as (
        {{ sql }}
    ){{ ' with no schema binding' if config.get('bind', default=true) is false }};
{%- endmacro %}

{% macro get_create_view_as_sql(relation, sql) -%}
    {{ adapter.dispatch('get_create_view_as_sql', 'dbt')(relation, sql) }}
{%- endmacro %}
{% macro default__get_create_view_as_sql(relation, sql) -%}
    {{ return(create_view_as(relation, sql)) }}
{%- endmacro %}

{% macro get_create_sql(relation, sql) %}{{ adapter.dispatch('get_create_sql', 'dbt')(relation, sql) }}{% endmacro %}
{% macro default__get_create_sql(relation, sql) -%}
    {%- if relation.is_view -%}
        {{ get_create_view_as_sql(relation, sql) }}
    {%- else -%}
        {{ get_create_table_as_sql(false, relation, sql) }}
    {%- endif -%}
{%- endmacro %}

{% macro create_indexes(relation) -%}
    {{ adapter.dispatch('create_indexes', 'dbt')(relation) }}
{%- endmacro %}
{% macro default__create_indexes(relation) -%}
    {%- for index in config.get('indexes', default=[]) or [] -%}
        {%- set made = get_create_index_sql(relation, index) -%}
        {%- if made -%}{% do run_query(made) %}{%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{% macro get_create_index_sql(relation, index_dict) -%}
    {{ return(adapter.dispatch('get_create_index_sql', 'dbt')(relation, index_dict)) }}
{%- endmacro %}
{% macro default__get_create_index_sql(relation, index_dict) -%}{{ return(none) }}{%- endmacro %}
{% macro redshift__get_create_index_sql(relation, index_dict) -%}{{ return(none) }}{%- endmacro %}
{% macro postgres__get_create_index_sql(relation, index_dict) -%}
    {%- set columns = index_dict['columns'] -%}
    {%- set name = local_md5((columns + [relation, index_dict.get('unique', false), index_dict.get('type', ''), run_started_at]) | join('_')) -%}
    create {{ 'unique ' if index_dict.get('unique') }}index if not exists "{{ name }}"
    on {{ relation }}{{ ' using ' ~ index_dict['type'] if index_dict.get('type') }} ({{ columns | join(', ') }})
{%- endmacro %}

{% macro get_empty_subquery_sql(select_sql, select_sql_header=none) -%}
    {{ return(adapter.dispatch('get_empty_subquery_sql', 'dbt')(select_sql, select_sql_header)) }}
{%- endmacro %}
{% macro default__get_empty_subquery_sql(select_sql, select_sql_header=none) -%}
    {{ select_sql_header or '' }}
    select * from (
        {{ select_sql }}
    ) as __dbt_sbq
    where false
    limit 0
{%- endmacro %}

{% macro get_empty_schema_sql(columns) -%}
    {{ return(adapter.dispatch('get_empty_schema_sql', 'dbt')(columns)) }}
{%- endmacro %}
{% macro default__get_empty_schema_sql(columns) -%}
    select
    {%- for column in columns.values() %}
        cast(null as {{ column['data_type'] }}) as {{ adapter.quote(column['name']) if column.get('quote') else column['name'] }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro get_column_schema_from_query(select_sql, select_sql_header=none) -%}
    {%- set name = '__dbt_columns_' ~ local_md5(select_sql)[:12] -%}
    {%- set relation = api.Relation.create(database=target.database, schema=target.schema, identifier=name, type='view') -%}
    {%- do run_query('create or replace view ' ~ relation ~ ' as ' ~ get_empty_subquery_sql(select_sql, select_sql_header)) -%}
    {%- set columns = adapter.get_columns_in_relation(relation) -%}
    {%- do run_query('drop view ' ~ relation) -%}
    {{ return(columns) }}
{%- endmacro %}

{% macro get_columns_in_query(select_sql) -%}
    {{ return(adapter.dispatch('get_columns_in_query', 'dbt')(select_sql)) }}
{%- endmacro %}
{% macro default__get_columns_in_query(select_sql) -%}
    {%- set asked = run_query(get_empty_subquery_sql(select_sql)) -%}
    {{ return(asked.column_names | list if asked else []) }}
{%- endmacro %}

{# For hooks of dbt-duckdb's projects: external models are refused by name, so there are none to register. #}
{% macro register_upstream_external_models() -%}{%- endmacro %}
