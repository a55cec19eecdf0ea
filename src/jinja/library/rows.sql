{# Rows asked for, looked at, and put into tables. #}

{% macro get_limit_subquery_sql(sql, limit) %}{{ return(adapter.dispatch('get_limit_subquery_sql', 'dbt')(sql, limit)) }}{% endmacro %}
{% macro default__get_limit_subquery_sql(sql, limit) -%}
    select * from (
        {{ sql }}
    ) as model_limit_subq
    limit {{ limit }}
{%- endmacro %}

{% macro get_show_sql(compiled_code, sql_header, limit) -%}
    {{ sql_header or '' }}
    {% if limit is not none -%}{{ get_limit_subquery_sql(compiled_code, limit) }}{%- else -%}{{ compiled_code }}{%- endif -%}
{%- endmacro %}

{% macro validate_sql(sql) %}{{ return(adapter.dispatch('validate_sql', 'dbt')(sql)) }}{% endmacro %}
{% macro default__validate_sql(sql) %}
    {%- call statement('validate_sql') -%}{{ get_empty_subquery_sql(sql) }}{%- endcall -%}
    {{ return(load_result('validate_sql')) }}
{% endmacro %}

{% macro collect_freshness(source, loaded_at_field, filter) %}
    {{ return(adapter.dispatch('collect_freshness', 'dbt')(source, loaded_at_field, filter)) }}
{% endmacro %}
{% macro default__collect_freshness(source, loaded_at_field, filter) %}
    {{ return(collect_freshness_custom_sql(source, 'select max(' ~ loaded_at_field ~ ') from ' ~ source ~ (' where ' ~ filter if filter else ''))) }}
{% endmacro %}

{% macro collect_freshness_custom_sql(source, loaded_at_query) %}
    {{ return(adapter.dispatch('collect_freshness_custom_sql', 'dbt')(source, loaded_at_query)) }}
{% endmacro %}
{% macro default__collect_freshness_custom_sql(source, loaded_at_query) %}
    {%- call statement('collect_freshness', fetch_result=true, auto_begin=false) -%}
        select ({{ loaded_at_query }}) as max_loaded_at, {{ current_timestamp() }} as snapshotted_at
    {%- endcall -%}
    {{ return(load_result('collect_freshness')) }}
{% endmacro %}

{# The table of a seed, from a table of rows as `run_query` gives it. #}
{% macro create_csv_table(model, agate_table) -%}
    {{ adapter.dispatch('create_csv_table', 'dbt')(model, agate_table) }}
{%- endmacro %}
{% macro default__create_csv_table(model, agate_table) %}
    {%- set given = model['config'].get('column_types', {}) or {} -%}
    {%- set lines = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- set data_type = given.get(name) or adapter.convert_type(agate_table, loop.index0) -%}
        {%- do lines.append(get_seed_column_quoted_csv(model, [name]) ~ ' ' ~ data_type) -%}
    {%- endfor -%}
    {%- set sql = 'create table ' ~ this ~ ' (' ~ lines | join(', ') ~ ')' -%}
    {%- call statement('_') -%}{{ sql }}{%- endcall -%}
    {{ return(sql) }}
{% endmacro %}

{% macro reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
    {{ adapter.dispatch('reset_csv_table', 'dbt')(model, full_refresh, old_relation, agate_table) }}
{%- endmacro %}
{% macro default__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {%- if full_refresh -%}
        {%- do adapter.drop_relation(old_relation) -%}
        {{ return(create_csv_table(model, agate_table)) }}
    {%- endif -%}
    {%- do adapter.truncate_relation(old_relation) -%}
    {{ return('truncate table ' ~ old_relation) }}
{% endmacro %}

{% macro load_csv_rows(model, agate_table) -%}
    {{ adapter.dispatch('load_csv_rows', 'dbt')(model, agate_table) }}
{%- endmacro %}
{% macro default__load_csv_rows(model, agate_table) %}
    {%- set columns = get_seed_column_quoted_csv(model, agate_table.column_names) -%}
    {%- set sent = [] -%}
    {%- for rows in agate_table.rows | batch(get_batch_size()) -%}
        {%- set values = [] -%}
        {%- for row in rows -%}
            {%- set cells = [] -%}
            {%- for cell in row.values() -%}
                {%- do cells.append('null' if cell is none else "'" ~ cell | string | replace("'", "''") ~ "'") -%}
            {%- endfor -%}
            {%- do values.append('(' ~ cells | join(', ') ~ ')') -%}
        {%- endfor -%}
        {%- set sql = 'insert into ' ~ this ~ ' (' ~ columns ~ ') values ' ~ values | join(', ') -%}
        {%- call statement('_') -%}{{ sql }}{%- endcall -%}
        {%- do sent.append(sql) -%}
    {%- endfor -%}
    {{ return(sent | first | default('', true)) }}
{% endmacro %}

{% macro get_csv_sql(create_or_truncate_sql, insert_sql) %}
    {{ return(adapter.dispatch('get_csv_sql', 'dbt')(create_or_truncate_sql, insert_sql)) }}
{% endmacro %}
{% macro default__get_csv_sql(create_or_truncate_sql, insert_sql) -%}
    {{ create_or_truncate_sql }};
    -- dbt seed --
    {{ insert_sql }}
{%- endmacro %}

{% macro get_batch_size() %}{{ return(adapter.dispatch('get_batch_size', 'dbt')()) }}{% endmacro %}
{% macro default__get_batch_size() %}{{ return(10000) }}{% endmacro %}

{% macro get_binding_char() %}{{ return(adapter.dispatch('get_binding_char', 'dbt')()) }}{% endmacro %}
{% macro default__get_binding_char() %}{{ return('%s') }}{% endmacro %}
{% macro duckdb__get_binding_char() %}{{ return('?') }}{% endmacro %}

{% macro get_seed_column_quoted_csv(model, column_names) %}
    {%- set in_quotes = model['config'].get('quote_columns') -%}
    {%- set names = [] -%}
    {%- for name in column_names -%}{%- do names.append(name if in_quotes is false else adapter.quote(name)) -%}{%- endfor -%}
    {{ return(names | join(', ')) }}
{% endmacro %}

{# Whether a key of the new rows is one of the table, NULL for NULL where the project asks for that. #}
{% macro get_merge_unique_key_match(source_unique_key, target_unique_key) -%}
    {{ equals(source_unique_key, target_unique_key) }}
{%- endmacro %}

{% macro default_last_day(date, datepart) -%}
    {{ default__last_day(date, datepart) }}
{%- endmacro %}

{# This is dbt Core's language, version 1. #}
{% macro is_core_v2() %}{{ return(false) }}{% endmacro %}

{% macro can_clone_table() %}{{ return(adapter.dispatch('can_clone_table', 'dbt')()) }}{% endmacro %}
{% macro default__can_clone_table() %}{{ return(false) }}{% endmacro %}
