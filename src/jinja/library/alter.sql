{# Columns compared and changed, words of documentation, grants. #}

{% macro get_quoted_csv(column_names) %}
    {%- set quoted = [] -%}
    {%- for name in column_names -%}{%- do quoted.append(adapter.quote(name)) -%}{%- endfor -%}
    {{ return(quoted | join(', ')) }}
{% endmacro %}

{% macro diff_columns(source_columns, target_columns) %}
    {%- set names = target_columns | map(attribute='column') | list -%}
    {%- set missing = [] -%}
    {%- for column in source_columns if column.column not in names -%}{%- do missing.append(column) -%}{%- endfor -%}
    {{ return(missing) }}
{% endmacro %}

{% macro diff_column_data_types(source_columns, target_columns) %}
    {{ return(adapter.dispatch('diff_column_data_types', 'dbt')(source_columns, target_columns)) }}
{% endmacro %}
{% macro default__diff_column_data_types(source_columns, target_columns) %}
    {%- set changed = [] -%}
    {%- for new in source_columns -%}
        {%- set old = (target_columns | selectattr('name', 'equalto', new.name) | list | first) -%}
        {%- if old and new.data_type != old.data_type and not old.can_expand_to(new) -%}
            {%- do changed.append({'column_name': old.name, 'new_type': new.data_type}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(changed) }}
{% endmacro %}

{# Makes the text columns of a table as long as those that come into it. #}
{% macro __expand_target_column_types(from_relation, to_relation) %}
    {%- set old = {} -%}
    {%- for column in adapter.get_columns_in_relation(to_relation) -%}{%- do old.update({column.name: column}) -%}{%- endfor -%}
    {%- for column in adapter.get_columns_in_relation(from_relation) -%}
        {%- if column.name in old and old[column.name].can_expand_to(column) -%}
            {%- do alter_column_type(to_relation, column.name, column.string_type(column.string_size())) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}

{% macro alter_column_type(relation, column_name, new_column_type) %}
    {{ return(adapter.dispatch('alter_column_type', 'dbt')(relation, column_name, new_column_type)) }}
{% endmacro %}
{% macro default__alter_column_type(relation, column_name, new_column_type) %}
    {% call statement('alter_column_type') %}
        alter table {{ relation }} alter column {{ adapter.quote(column_name) }} type {{ new_column_type }}
    {% endcall %}
{% endmacro %}

{# Redshift alters no type in a transaction. #}
{% macro redshift__alter_column_type(relation, column_name, new_column_type) %}
    {% call statement('alter_column_type', auto_begin=false) %}
        alter table {{ relation }} alter column {{ adapter.quote(column_name) }} type {{ new_column_type }}
    {% endcall %}
{% endmacro %}

{% macro alter_relation_add_remove_columns(relation, add_columns=none, remove_columns=none) %}
    {{ return(adapter.dispatch('alter_relation_add_remove_columns', 'dbt')(relation, add_columns, remove_columns)) }}
{% endmacro %}
{% macro default__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
    {%- for column in add_columns or [] -%}
        {%- do run_query('alter table ' ~ relation ~ ' add column ' ~ column.quoted ~ ' ' ~ column.data_type) -%}
    {%- endfor -%}
    {%- for column in remove_columns or [] -%}
        {%- do run_query('alter table ' ~ relation ~ ' drop column ' ~ column.quoted) -%}
    {%- endfor -%}
{% endmacro %}

{% macro persist_docs(relation, model, for_relation=true, for_columns=true) -%}
    {{ adapter.dispatch('persist_docs', 'dbt')(relation, model, for_relation, for_columns) }}
{%- endmacro %}
{% macro default__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- if for_relation and config.persist_relation_docs() and model.description -%}
        {%- do run_query(alter_relation_comment(relation, model.description)) -%}
    {%- endif -%}
    {%- if for_columns and config.persist_column_docs() and model.columns -%}
        {%- set comments = alter_column_comment(relation, model.columns) -%}
        {%- if comments and comments | trim -%}{%- do run_query(comments) -%}{%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro alter_relation_comment(relation, relation_comment) -%}
    {{ return(adapter.dispatch('alter_relation_comment', 'dbt')(relation, relation_comment)) }}
{%- endmacro %}
{% macro default__alter_relation_comment(relation, comment) -%}
    comment on {{ (relation.type or 'table') | replace('_', ' ') }} {{ relation }} is '{{ comment | replace("'", "''") }}';
{%- endmacro %}

{% macro alter_column_comment(relation, column_dict) -%}
    {{ return(adapter.dispatch('alter_column_comment', 'dbt')(relation, column_dict)) }}
{%- endmacro %}
{% macro default__alter_column_comment(relation, column_dict) -%}
    {%- set existing = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- for name in column_dict if name in existing or column_dict[name]['name'] in existing %}
        {%- set column = column_dict[name] %}
        comment on column {{ relation }}.{{ adapter.quote(column['name']) if column['quote'] else column['name'] }} is '{{ column['description'] | replace("'", "''") }}';
    {%- endfor %}
{%- endmacro %}

{% macro copy_grants() %}{{ return(adapter.dispatch('copy_grants', 'dbt')()) }}{% endmacro %}
{% macro default__copy_grants() %}{{ return(true) }}{% endmacro %}
{% macro postgres__copy_grants() %}{{ return(false) }}{% endmacro %}
{% macro duckdb__copy_grants() %}{{ return(false) }}{% endmacro %}

{% macro support_multiple_grantees_per_dcl_statement() %}
    {{ return(adapter.dispatch('support_multiple_grantees_per_dcl_statement', 'dbt')()) }}
{% endmacro %}
{% macro default__support_multiple_grantees_per_dcl_statement() %}{{ return(true) }}{% endmacro %}

{# Grants of what stood before need to be taken back only where it still stands, or where they are copied to what replaces it. #}
{% macro should_revoke(existing_relation, full_refresh_mode=true) %}
    {%- if not existing_relation -%}{{ return(false) }}{%- endif -%}
    {{ return(copy_grants() if full_refresh_mode else true) }}
{% endmacro %}

{% macro get_show_grant_sql(relation) %}{{ return(adapter.dispatch('get_show_grant_sql', 'dbt')(relation)) }}{% endmacro %}
{% macro default__get_show_grant_sql(relation) -%}
    select grantee, privilege_type
    from information_schema.role_table_grants
    where grantor = current_role and grantee != current_role
        and table_schema = '{{ relation.schema }}' and table_name = '{{ relation.identifier }}'
{%- endmacro %}
{% macro redshift__get_show_grant_sql(relation) -%}
    select identity_name as grantee, lower(privilege_type) as privilege_type
    from svv_relation_privileges
    where namespace_name = '{{ relation.schema }}' and relation_name = '{{ relation.identifier }}' and identity_name <> current_user
{%- endmacro %}

{% macro get_grant_sql(relation, privilege, grantees) %}
    {{ return(adapter.dispatch('get_grant_sql', 'dbt')(relation, privilege, grantees)) }}
{% endmacro %}
{% macro default__get_grant_sql(relation, privilege, grantees) -%}
    grant {{ privilege }} on {{ relation }} to {{ grantees | join(', ') }}
{%- endmacro %}

{% macro get_revoke_sql(relation, privilege, grantees) %}
    {{ return(adapter.dispatch('get_revoke_sql', 'dbt')(relation, privilege, grantees)) }}
{% endmacro %}
{% macro default__get_revoke_sql(relation, privilege, grantees) -%}
    revoke {{ privilege }} on {{ relation }} from {{ grantees | join(', ') }}
{%- endmacro %}

{% macro get_dcl_statement_list(relation, grant_config, get_dcl_macro) %}
    {{ return(adapter.dispatch('get_dcl_statement_list', 'dbt')(relation, grant_config, get_dcl_macro)) }}
{% endmacro %}
{% macro default__get_dcl_statement_list(relation, grant_config, get_dcl_macro) %}
    {%- set statements = [] -%}
    {%- for privilege, grantees in grant_config.items() if grantees -%}
        {%- if support_multiple_grantees_per_dcl_statement() -%}
            {%- do statements.append(get_dcl_macro(relation, privilege, grantees)) -%}
        {%- else -%}
            {%- for grantee in grantees -%}{%- do statements.append(get_dcl_macro(relation, privilege, [grantee])) -%}{%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(statements) }}
{% endmacro %}

{% macro call_dcl_statements(dcl_statement_list) %}
    {{ return(adapter.dispatch('call_dcl_statements', 'dbt')(dcl_statement_list)) }}
{% endmacro %}
{% macro default__call_dcl_statements(dcl_statement_list) %}
    {% call statement('grants') %}
        {% for dcl in dcl_statement_list %}{{ dcl }};
        {% endfor %}
    {% endcall %}
{% endmacro %}

{% macro apply_grants(relation, grant_config, should_revoke=false) %}
    {{ return(adapter.dispatch('apply_grants', 'dbt')(relation, grant_config, should_revoke)) }}
{% endmacro %}
{% macro default__apply_grants(relation, grant_config, should_revoke=true) %}
    {%- if grant_config -%}
        {%- set taken = {} -%}
        {%- set given = grant_config -%}
        {%- if should_revoke -%}
            {%- set there = adapter.standardize_grants_dict(run_query(get_show_grant_sql(relation))) -%}
            {%- set given = diff_of_two_dicts(grant_config, there) -%}
            {%- set taken = diff_of_two_dicts(there, grant_config) -%}
        {%- endif -%}
        {%- set statements = get_dcl_statement_list(relation, taken, get_revoke_sql) + get_dcl_statement_list(relation, given, get_grant_sql) -%}
        {%- if statements -%}{% do call_dcl_statements(statements) %}{%- endif -%}
    {%- endif -%}
{% endmacro %}
