{# The strategies of incremental models, as SQL. #}

{% macro incremental_validate_on_schema_change(on_schema_change, default='ignore') %}
    {%- set known = ['sync_all_columns', 'append_new_columns', 'fail', 'ignore'] -%}
    {%- if on_schema_change is none or not on_schema_change -%}{{ return(default) }}{%- endif -%}
    {%- if on_schema_change not in known -%}
        {{ exceptions.raise_compiler_error('on_schema_change is one of ' ~ known | join(', ') ~ ', not ' ~ on_schema_change) }}
    {%- endif -%}
    {{ return(on_schema_change) }}
{% endmacro %}

{% macro check_for_schema_changes(source_relation, target_relation) %}
    {%- set new = adapter.get_columns_in_relation(source_relation) -%}
    {%- set old = adapter.get_columns_in_relation(target_relation) -%}
    {%- set added = diff_columns(new, old) -%}
    {%- set gone = diff_columns(old, new) -%}
    {%- set retyped = diff_column_data_types(new, old) -%}
    {{ return({
        'schema_changed': (added or gone or retyped) | length > 0, 'source_not_in_target': added, 'target_not_in_source': gone,
        'source_columns': new, 'target_columns': old, 'new_target_types': retyped
    }) }}
{% endmacro %}

{% macro sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
    {%- set added = schema_changes_dict['source_not_in_target'] -%}
    {%- if on_schema_change == 'append_new_columns' -%}
        {%- if added -%}{%- do alter_relation_add_remove_columns(target_relation, added, none) -%}{%- endif -%}
    {%- elif on_schema_change == 'sync_all_columns' -%}
        {%- set gone = schema_changes_dict['target_not_in_source'] -%}
        {%- if added or gone -%}{%- do alter_relation_add_remove_columns(target_relation, added, gone) -%}{%- endif -%}
        {%- for change in schema_changes_dict['new_target_types'] -%}
            {%- do alter_column_type(target_relation, change['column_name'], change['new_type']) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{% macro process_schema_changes(on_schema_change, source_relation, target_relation) %}
    {%- if on_schema_change == 'ignore' -%}{{ return({}) }}{%- endif -%}
    {%- set changes = check_for_schema_changes(source_relation, target_relation) -%}
    {%- if changes['schema_changed'] -%}
        {%- if on_schema_change == 'fail' -%}
            {{ exceptions.raise_compiler_error(
                'the columns of the query are not those of the table, and on_schema_change is fail: new ' ~
                changes['source_not_in_target'] | map(attribute='name') | join(', ') ~ '; gone ' ~
                changes['target_not_in_source'] | map(attribute='name') | join(', ') ~
                '; run it with --full-refresh, or set on_schema_change to append_new_columns or sync_all_columns'
            ) }}
        {%- endif -%}
        {%- do sync_column_schemas(on_schema_change, target_relation, changes) -%}
    {%- endif -%}
    {{ return(changes['source_columns']) }}
{% endmacro %}

{% macro get_incremental_append_sql(arg_dict) %}{{ return(adapter.dispatch('get_incremental_append_sql', 'dbt')(arg_dict)) }}{% endmacro %}
{% macro default__get_incremental_append_sql(arg_dict) %}
    {% do return(get_insert_into_sql(arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['dest_columns'])) %}
{% endmacro %}

{% macro get_incremental_delete_insert_sql(arg_dict) %}{{ return(adapter.dispatch('get_incremental_delete_insert_sql', 'dbt')(arg_dict)) }}{% endmacro %}
{% macro default__get_incremental_delete_insert_sql(arg_dict) %}
    {% do return(get_delete_insert_merge_sql(
        arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['unique_key'], arg_dict['dest_columns'], arg_dict['incremental_predicates']
    )) %}
{% endmacro %}

{% macro get_incremental_merge_sql(arg_dict) %}{{ return(adapter.dispatch('get_incremental_merge_sql', 'dbt')(arg_dict)) }}{% endmacro %}
{% macro default__get_incremental_merge_sql(arg_dict) %}
    {% do return(get_merge_sql(
        arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['unique_key'], arg_dict['dest_columns'], arg_dict['incremental_predicates']
    )) %}
{% endmacro %}

{# dbt's adapter of DuckDB does not call get_merge_sql. #}
{% macro duckdb__get_incremental_merge_sql(arg_dict) %}
    {% do return(default__get_merge_sql(
        arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['unique_key'], arg_dict['dest_columns'], arg_dict['incremental_predicates']
    )) %}
{% endmacro %}

{% macro get_incremental_insert_overwrite_sql(arg_dict) %}{{ return(adapter.dispatch('get_incremental_insert_overwrite_sql', 'dbt')(arg_dict)) }}{% endmacro %}
{% macro default__get_incremental_insert_overwrite_sql(arg_dict) %}
    {% do return(get_insert_overwrite_merge_sql(
        arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['dest_columns'], arg_dict['incremental_predicates']
    )) %}
{% endmacro %}

{# The rows of a batch take the place of those of its time. #}
{% macro get_incremental_microbatch_sql(arg_dict) %}{{ return(adapter.dispatch('get_incremental_microbatch_sql', 'dbt')(arg_dict)) }}{% endmacro %}
{% macro default__get_incremental_microbatch_sql(arg_dict) %}
    {{ exceptions.raise_not_implemented('batches are not known for ' ~ adapter.type()) }}
{% endmacro %}
{% macro postgres__get_incremental_microbatch_sql(arg_dict) %}
    {%- if arg_dict['unique_key'] -%}{% do return(get_incremental_merge_sql(arg_dict)) %}{%- endif -%}
    {{ exceptions.raise_compiler_error('a microbatch model needs a unique_key on PostgreSQL, by which its batches are merged') }}
{% endmacro %}
{% macro redshift__get_incremental_microbatch_sql(arg_dict) %}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    {%- set time = model.config.event_time -%}
    {%- set conditions = [] -%}
    {%- for predicate in arg_dict.get('incremental_predicates') or [] -%}
        {%- do conditions.append(predicate | replace('DBT_INTERNAL_DEST.', target ~ '.') | replace('dbt_internal_dest.', target ~ '.')) -%}
    {%- endfor -%}
    {%- do conditions.append(time ~ " >= timestamp '" ~ model.batch.event_time_start ~ "'") -%}
    {%- do conditions.append(time ~ " < timestamp '" ~ model.batch.event_time_end ~ "'") -%}
    delete from {{ target }}
    where {{ conditions | join(' and ') }};

    insert into {{ target }} ({{ columns }})
    (
        select {{ columns }}
        from {{ arg_dict['temp_relation'] }}
    )
{% endmacro %}
{% macro duckdb__get_incremental_microbatch_sql(arg_dict) %}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    {%- set time = config.get('event_time') -%}
    {%- if config.get('unique_key') -%}
        {{ exceptions.raise_compiler_error('a microbatch model has no unique_key on DuckDB: its batches replace the rows of their time') }}
    {%- endif -%}
    {%- set within = time ~ " >= '" ~ model.batch.event_time_start ~ "' and " ~ time ~ " < '" ~ model.batch.event_time_end ~ "'" -%}
    delete from {{ target }}
    where {{ within }}
    {%- for predicate in arg_dict.get('incremental_predicates') or [] %} and ({{ predicate }}){% endfor %};

    insert into {{ target }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict['temp_relation'] }}
    where {{ within }}
{% endmacro %}

{% macro get_incremental_default_sql(arg_dict) %}{{ return(adapter.dispatch('get_incremental_default_sql', 'dbt')(arg_dict)) }}{% endmacro %}
{% macro default__get_incremental_default_sql(arg_dict) %}{% do return(get_incremental_append_sql(arg_dict)) %}{% endmacro %}
{# With a key the rows of the batch take the place of those of the table, without one they are added. #}
{% macro postgres__get_incremental_default_sql(arg_dict) %}
    {%- if arg_dict['unique_key'] -%}{% do return(get_incremental_delete_insert_sql(arg_dict)) %}{%- endif -%}
    {% do return(get_incremental_append_sql(arg_dict)) %}
{% endmacro %}
{% macro duckdb__get_incremental_default_sql(arg_dict) %}{% do return(postgres__get_incremental_default_sql(arg_dict)) %}{% endmacro %}

{% macro get_insert_into_sql(target_relation, temp_relation, dest_columns) %}
    {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
    insert into {{ target_relation }} ({{ columns }})
    (
        select {{ columns }}
        from {{ temp_relation }}
    )
{% endmacro %}

{% macro get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
    {{ adapter.dispatch('get_delete_insert_merge_sql', 'dbt')(target, source, unique_key, dest_columns, incremental_predicates) }}
{%- endmacro %}
{% macro default__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
    {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
    {%- if unique_key -%}
        {%- set keys = [unique_key] if unique_key is string else unique_key -%}
        delete from {{ target }}
        where exists (
            select 1 from {{ source }}
            where {% for key in keys %}{{ source }}.{{ key }} = {{ target }}.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
        )
        {%- for predicate in incremental_predicates or [] %}
            and ({{ predicate | replace('DBT_INTERNAL_DEST.', target ~ '.') | replace('dbt_internal_dest.', target ~ '.') }}
            )
        {%- endfor %};
    {%- endif %}

    insert into {{ target }} ({{ columns }})
    (
        select {{ columns }}
        from {{ source }}
    )
{%- endmacro %}

{% macro get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
    {{ adapter.dispatch('get_merge_sql', 'dbt')(target, source, unique_key, dest_columns, incremental_predicates) }}
{%- endmacro %}
{% macro default__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
    {%- set predicates = [] + (incremental_predicates or []) -%}
    {%- set keys = ([unique_key] if unique_key is string else unique_key) or [] -%}
    {%- for key in keys -%}
        {%- do predicates.append('DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key) -%}
    {%- endfor -%}
    {%- if not keys -%}{%- do predicates.append('FALSE') -%}{%- endif -%}
    {%- set updated = get_merge_update_columns(config.get('merge_update_columns'), config.get('merge_exclude_columns'), dest_columns) -%}
    {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
    merge into {{ target }} as DBT_INTERNAL_DEST
    using {{ source }} as DBT_INTERNAL_SOURCE
    on ({{ predicates | join(') and (') }})
    {% if keys %}
    when matched then update set
        {% for column in updated %}{{ column }} = DBT_INTERNAL_SOURCE.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    {% endif %}
    when not matched then insert ({{ columns }})
    values ({% for column in dest_columns %}DBT_INTERNAL_SOURCE.{{ adapter.quote(column.name) }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{# A `merge` of Redshift gives its table no alias. #}
{% macro redshift__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
    {%- set alias = target ~ '.' -%}
    {{ default__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates)
        | replace(' as DBT_INTERNAL_DEST', '') | replace('DBT_INTERNAL_DEST.', alias) | replace('dbt_internal_dest.', alias) }}
{%- endmacro %}

{% macro get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns) %}
    {{ return(adapter.dispatch('get_merge_update_columns', 'dbt')(merge_update_columns, merge_exclude_columns, dest_columns)) }}
{% endmacro %}
{% macro default__get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns) %}
    {%- if merge_update_columns and merge_exclude_columns -%}
        {{ exceptions.raise_compiler_error('give merge_update_columns or merge_exclude_columns, not both') }}
    {%- elif merge_update_columns -%}
        {{ return(merge_update_columns) }}
    {%- endif -%}
    {%- set left_out = (merge_exclude_columns or []) | map('lower') | list -%}
    {%- set updated = [] -%}
    {%- for column in dest_columns if column.column | lower not in left_out -%}{%- do updated.append(column.quoted) -%}{%- endfor -%}
    {{ return(updated) }}
{% endmacro %}

{% macro get_insert_overwrite_merge_sql(target, source, dest_columns, predicates, include_sql_header=false) -%}
    {{ adapter.dispatch('get_insert_overwrite_merge_sql', 'dbt')(target, source, dest_columns, predicates, include_sql_header) }}
{%- endmacro %}
{% macro default__get_insert_overwrite_merge_sql(target, source, dest_columns, predicates, include_sql_header) -%}
    {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
    merge into {{ target }} as DBT_INTERNAL_DEST
    using {{ source }} as DBT_INTERNAL_SOURCE
    on FALSE
    when not matched by source{{ ' and ' ~ predicates | join(' and ') if predicates }} then delete
    when not matched then insert ({{ columns }}) values ({{ columns }})
{%- endmacro %}
