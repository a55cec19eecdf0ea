{# Queries that a template asks while it renders. #}

{% macro statement(name=none, fetch_result=false, auto_begin=true, language='sql') -%}
    {%- if execute -%}
        {%- set asked = caller() -%}
        {%- set response, table = adapter.execute(asked, auto_begin=auto_begin, fetch=fetch_result) -%}
        {%- if name is not none -%}
            {{ store_result(name, response=response, agate_table=table) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# A statement that sends nothing. What stands in its call block is not asked for, but may stand there. #}
{% macro noop_statement(name=none, message=none, code=none, rows_affected=none, res=none) -%}
    {%- set unused = caller if caller is defined else none -%}
    {%- if name is not none -%}
        {{ store_raw_result(name, message=message, code=code, rows_affected=rows_affected, agate_table=res) }}
    {%- endif -%}
{%- endmacro %}

{% macro run_query(sql) %}
    {% call statement('run_query_statement', fetch_result=true, auto_begin=false) %}
        {{- sql -}}
    {% endcall %}
    {% set result = load_result('run_query_statement') %}
    {% do return(result.table if result is not none else none) %}
{% endmacro %}

{% macro get_columns_in_relation(relation) %}
    {% do return(adapter.get_columns_in_relation(relation)) %}
{% endmacro %}

{# Whether the run, or the node, asks to be built from nothing. #}
{% macro should_full_refresh() %}
    {% set wanted = config.get('full_refresh') %}
    {% do return(flags.FULL_REFRESH if wanted is none else wanted) %}
{% endmacro %}

{% macro should_store_failures() %}
    {% set wanted = config.get('store_failures') %}
    {% do return(flags.STORE_FAILURES if wanted is none else wanted) %}
{% endmacro %}
