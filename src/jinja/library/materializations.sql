{# The materializations in Jinja: taken where a project replaces a macro that they call, and the model for a project's own. #}

{% macro run_hooks(hooks, inside_transaction=true) %}
    {%- for hook in hooks if hook.get('transaction', true) == inside_transaction -%}
        {%- if not inside_transaction and loop.first -%}
            {%- call statement(auto_begin=false) -%}commit;{%- endcall -%}
        {%- endif -%}
        {%- set rendered = render(hook.get('sql')) | trim -%}
        {%- if rendered -%}
            {%- call statement(auto_begin=inside_transaction) -%}{{ rendered }}{%- endcall -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}

{% macro make_hook_config(sql, inside_transaction) %}
    {{ return(tojson({'sql': sql, 'transaction': inside_transaction})) }}
{% endmacro %}
{% macro before_begin(sql) %}{{ return(make_hook_config(sql, inside_transaction=false)) }}{% endmacro %}
{% macro in_transaction(sql) %}{{ return(make_hook_config(sql, inside_transaction=true)) }}{% endmacro %}
{% macro after_commit(sql) %}{{ return(make_hook_config(sql, inside_transaction=false)) }}{% endmacro %}

{# What a build puts beside the old relation takes its name, and the old one goes once that is committed. #}
{% macro __publish(existing, intermediate, target_relation, backup) %}
    {%- if existing is not none -%}
        {%- set existing = load_cached_relation(existing) -%}
        {%- if existing is not none -%}{%- do adapter.rename_relation(existing, backup) -%}{%- endif -%}
    {%- endif -%}
    {%- do adapter.rename_relation(intermediate, target_relation) -%}
{% endmacro %}

{% macro __finish(target_relation, backup, revoke) %}
    {%- do apply_grants(target_relation, config.get('grants'), should_revoke=revoke) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{- run_hooks(post_hooks, inside_transaction=true) -}}
    {%- do adapter.commit() -%}
    {%- if backup is not none -%}{%- do drop_relation_if_exists(backup) -%}{%- do adapter.commit() -%}{%- endif -%}
    {{- run_hooks(post_hooks, inside_transaction=false) -}}
{% endmacro %}

{% materialization view, default %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set intermediate = make_intermediate_relation(target_relation) -%}
    {%- set backup = make_backup_relation(target_relation, 'view' if existing is none else existing.type) -%}
    {{- run_hooks(pre_hooks, inside_transaction=false) -}}
    {%- do drop_relation_if_exists(load_cached_relation(intermediate)) -%}
    {%- do drop_relation_if_exists(load_cached_relation(backup)) -%}
    {{- run_hooks(pre_hooks, inside_transaction=true) -}}
    {%- call statement('main') -%}{{ get_create_view_as_sql(intermediate, sql) }}{%- endcall -%}
    {%- do __publish(existing, intermediate, target_relation, backup) -%}
    {%- do __finish(target_relation, backup, should_revoke(existing, full_refresh_mode=true)) -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% materialization table, default %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set intermediate = make_intermediate_relation(target_relation) -%}
    {%- set backup = make_backup_relation(target_relation, 'table' if existing is none else existing.type) -%}
    {%- do drop_relation_if_exists(load_cached_relation(intermediate)) -%}
    {%- do drop_relation_if_exists(load_cached_relation(backup)) -%}
    {{- run_hooks(pre_hooks, inside_transaction=false) -}}
    {{- run_hooks(pre_hooks, inside_transaction=true) -}}
    {%- call statement('main') -%}{{ get_create_table_as_sql(false, intermediate, sql) }}{%- endcall -%}
    {%- do create_indexes(intermediate) -%}
    {%- do __publish(existing, intermediate, target_relation, backup) -%}
    {%- do __finish(target_relation, backup, should_revoke(existing, full_refresh_mode=true)) -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% materialization incremental, default %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set temporary = make_temp_relation(target_relation).incorporate(type='table') -%}
    {%- set intermediate = make_intermediate_relation(target_relation) -%}
    {%- set backup = make_backup_relation(target_relation, 'table' if existing is none else existing.type) -%}
    {%- set full_refresh = should_full_refresh() or (existing is not none and existing.is_view) -%}
    {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}
    {%- do drop_relation_if_exists(load_cached_relation(intermediate)) -%}
    {%- do drop_relation_if_exists(load_cached_relation(backup)) -%}
    {{- run_hooks(pre_hooks, inside_transaction=false) -}}
    {{- run_hooks(pre_hooks, inside_transaction=true) -}}
    {%- if existing is none or full_refresh -%}
        {%- call statement('main') -%}{{ get_create_table_as_sql(false, intermediate, sql) }}{%- endcall -%}
        {%- do create_indexes(intermediate) -%}
        {%- do __publish(existing, intermediate, target_relation, backup) -%}
        {%- do __finish(target_relation, backup, should_revoke(existing, full_refresh)) -%}
    {%- else -%}
        {%- do run_query(get_create_table_as_sql(true, temporary, sql)) -%}
        {%- do adapter.expand_target_column_types(from_relation=temporary, to_relation=target_relation) -%}
        {%- set columns = process_schema_changes(on_schema_change, temporary, existing) -%}
        {%- if not columns -%}{%- set columns = adapter.get_columns_in_relation(existing) -%}{%- endif -%}
        {%- set strategy = config.get('incremental_strategy') or 'default' -%}
        {%- set strategy_sql = adapter.get_incremental_strategy_macro(context, strategy) -%}
        {%- set arguments = {
            'target_relation': target_relation, 'temp_relation': temporary, 'unique_key': config.get('unique_key'),
            'dest_columns': columns, 'incremental_predicates': config.get('incremental_predicates') or config.get('predicates')
        } -%}
        {%- call statement('main') -%}{{ strategy_sql(arguments) }}{%- endcall -%}
        {%- do __finish(target_relation, none, should_revoke(existing, full_refresh)) -%}
        {%- do adapter.drop_relation(temporary) -%}
        {%- do adapter.commit() -%}
    {%- endif -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
