{# Relations made, moved and dropped by SQL: what custom materializations and operations call. #}

{% macro make_intermediate_relation(base_relation, suffix='__dbt_tmp') %}
    {{ return(adapter.dispatch('make_intermediate_relation', 'dbt')(base_relation, suffix)) }}
{% endmacro %}
{% macro default__make_intermediate_relation(base_relation, suffix) %}
    {{ return(base_relation.incorporate(path={'identifier': base_relation.identifier ~ suffix})) }}
{% endmacro %}
{# PostgreSQL cuts names after 63 characters, so the name is cut before its suffix. #}
{% macro postgres__make_intermediate_relation(base_relation, suffix) %}
    {{ return(__with_suffix(base_relation, suffix)) }}
{% endmacro %}

{% macro __with_suffix(relation, suffix) %}
    {%- set name = relation.identifier[:63 - suffix | length] ~ suffix -%}
    {{ return(relation.incorporate(path={'identifier': name})) }}
{% endmacro %}

{% macro make_temp_relation(base_relation, suffix='__dbt_tmp') %}
    {{ return(adapter.dispatch('make_temp_relation', 'dbt')(base_relation, suffix)) }}
{% endmacro %}
{% macro default__make_temp_relation(base_relation, suffix) %}
    {{ return(base_relation.incorporate(path={'identifier': base_relation.identifier ~ suffix})) }}
{% endmacro %}
{# A temporary table lives in no schema of ours. The time keeps two runs in one session apart. #}
{% macro postgres__make_temp_relation(base_relation, suffix) %}
    {%- set suffix = suffix ~ modules.datetime.datetime.now().strftime('%H%M%S%f') -%}
    {{ return(__with_suffix(base_relation, suffix).incorporate(path={'schema': none, 'database': none})) }}
{% endmacro %}
{% macro redshift__make_temp_relation(base_relation, suffix) %}
    {{ return(postgres__make_temp_relation(base_relation, suffix)) }}
{% endmacro %}
{% macro duckdb__make_temp_relation(base_relation, suffix) %}
    {%- set suffix = suffix ~ modules.datetime.datetime.now().strftime('%Y%m%d%H%M%S%f') -%}
    {{ return(base_relation.incorporate(path={'identifier': base_relation.identifier ~ suffix, 'schema': none, 'database': none})) }}
{% endmacro %}

{% macro make_backup_relation(base_relation, backup_relation_type, suffix='__dbt_backup') %}
    {{ return(adapter.dispatch('make_backup_relation', 'dbt')(base_relation, backup_relation_type, suffix)) }}
{% endmacro %}
{% macro default__make_backup_relation(base_relation, backup_relation_type, suffix) %}
    {{ return(base_relation.incorporate(path={'identifier': base_relation.identifier ~ suffix}, type=backup_relation_type)) }}
{% endmacro %}
{% macro postgres__make_backup_relation(base_relation, backup_relation_type, suffix) %}
    {{ return(__with_suffix(base_relation, suffix).incorporate(type=backup_relation_type)) }}
{% endmacro %}

{% macro load_cached_relation(relation) %}
    {% do return(adapter.get_relation(database=relation.database, schema=relation.schema, identifier=relation.identifier)) %}
{% endmacro %}

{% macro load_relation(relation) %}
    {% do return(load_cached_relation(relation)) %}
{% endmacro %}

{% macro get_or_create_relation(database, schema, identifier, type) %}
    {%- set found = adapter.get_relation(database=database, schema=schema, identifier=identifier) -%}
    {%- if found is not none -%}{{ return([true, found]) }}{%- endif -%}
    {{ return([false, api.Relation.create(database=database, schema=schema, identifier=identifier, type=type)]) }}
{% endmacro %}

{% macro drop_relation_if_exists(relation) %}
    {%- if relation is not none -%}{{ adapter.drop_relation(relation) }}{%- endif -%}
{% endmacro %}

{% macro get_drop_sql(relation) %}{{ return(adapter.dispatch('get_drop_sql', 'dbt')(relation)) }}{% endmacro %}
{% macro default__get_drop_sql(relation) -%}
    drop {{ (relation.type or 'table') | replace('_', ' ') }} if exists {{ relation }} cascade
{%- endmacro %}

{% macro drop_relation(relation) %}{{ return(adapter.dispatch('drop_relation', 'dbt')(relation)) }}{% endmacro %}
{% macro default__drop_relation(relation) %}
    {% call statement('drop_relation', auto_begin=false) %}{{ get_drop_sql(relation) }}{% endcall %}
{% endmacro %}

{% macro get_rename_sql(relation, new_name) %}{{ return(adapter.dispatch('get_rename_sql', 'dbt')(relation, new_name)) }}{% endmacro %}
{% macro default__get_rename_sql(relation, new_name) -%}
    alter {{ (relation.type or 'table') | replace('_', ' ') }} {{ relation }} rename to {{ adapter.quote(new_name) }}
{%- endmacro %}
{# Redshift renames views as tables. #}
{% macro redshift__get_rename_sql(relation, new_name) -%}
    alter table {{ relation }} rename to {{ adapter.quote(new_name) }}
{%- endmacro %}

{% macro rename_relation(from_relation, to_relation) %}
    {{ return(adapter.dispatch('rename_relation', 'dbt')(from_relation, to_relation)) }}
{% endmacro %}
{% macro default__rename_relation(from_relation, to_relation) %}
    {% call statement('rename_relation') %}{{ get_rename_sql(from_relation, to_relation.identifier) }}{% endcall %}
{% endmacro %}

{# Redshift renames views as tables; an engine that emulates it wants to know which it is. #}
{% macro redshift__rename_relation(from_relation, to_relation) %}{% do adapter.__rename(from_relation, to_relation) %}{% endmacro %}

{% macro truncate_relation(relation) %}{{ return(adapter.dispatch('truncate_relation', 'dbt')(relation)) }}{% endmacro %}
{% macro default__truncate_relation(relation) %}
    {% call statement('truncate_relation') %}truncate table {{ relation }}{% endcall %}
{% endmacro %}

{% macro create_schema(relation) %}{{ return(adapter.dispatch('create_schema', 'dbt')(relation)) }}{% endmacro %}
{% macro default__create_schema(relation) %}
    {% call statement('create_schema') %}create schema if not exists {{ relation.without_identifier() }}{% endcall %}
{% endmacro %}
{% macro postgres__create_schema(relation) %}
    {% call statement('create_schema') %}create schema if not exists {{ relation.without_identifier().include(database=false) }}{% endcall %}
{% endmacro %}

{% macro drop_schema(relation) %}{{ return(adapter.dispatch('drop_schema', 'dbt')(relation)) }}{% endmacro %}
{% macro default__drop_schema(relation) %}
    {% call statement('drop_schema') %}drop schema if exists {{ relation.without_identifier() }} cascade{% endcall %}
{% endmacro %}
{% macro postgres__drop_schema(relation) %}
    {% call statement('drop_schema') %}drop schema if exists {{ relation.without_identifier().include(database=false) }} cascade{% endcall %}
{% endmacro %}

{% macro information_schema_name(database) %}{{ return(adapter.dispatch('information_schema_name', 'dbt')(database)) }}{% endmacro %}
{% macro default__information_schema_name(database) -%}
    {{ database ~ '.' if database }}INFORMATION_SCHEMA
{%- endmacro %}
{% macro postgres__information_schema_name(database) -%}
    {{ '"' ~ database ~ '".' if database }}information_schema
{%- endmacro %}

{% macro list_schemas(database) %}{{ return(adapter.dispatch('list_schemas', 'dbt')(database)) }}{% endmacro %}
{% macro default__list_schemas(database) %}
    {{ return(run_query("select distinct schema_name from information_schema.schemata where catalog_name = '" ~ database ~ "'")) }}
{% endmacro %}
{% macro postgres__list_schemas(database) %}{{ return(run_query('select distinct nspname from pg_namespace')) }}{% endmacro %}

{% macro check_schema_exists(information_schema, schema) %}
    {{ return(adapter.dispatch('check_schema_exists', 'dbt')(information_schema, schema)) }}
{% endmacro %}
{% macro default__check_schema_exists(information_schema, schema) %}
    {{ return(run_query("select count(*) from information_schema.schemata where schema_name = '" ~ schema ~ "'")) }}
{% endmacro %}
{% macro postgres__check_schema_exists(information_schema, schema) %}
    {{ return(run_query("select count(*) from pg_namespace where nspname = '" ~ schema ~ "'")) }}
{% endmacro %}

{% macro list_relations_without_caching(schema_relation) %}
    {{ return(adapter.list_relations_without_caching(schema_relation)) }}
{% endmacro %}

