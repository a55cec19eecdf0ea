{# The history of snapshots, in the parts that a project may replace: taken where it replaces one, or has a strategy of its own. #}

{% macro get_snapshot_table_column_names() %}
    {%- set names = {} -%}
    {%- for part in ['valid_to', 'valid_from', 'scd_id', 'updated_at', 'is_deleted'] -%}{%- do names.update({'dbt_' ~ part: 'dbt_' ~ part}) -%}{%- endfor -%}
    {{ return(names) }}
{% endmacro %}

{% macro __history_columns() %}
    {{ return(config.get('snapshot_table_column_names') or get_snapshot_table_column_names()) }}
{% endmacro %}

{% macro __hard_deletes(config) %}
    {%- if config.get('invalidate_hard_deletes') -%}{{ return('invalidate') }}{%- endif -%}
    {{ return(config.get('hard_deletes') or 'ignore') }}
{% endmacro %}

{# What stands under the name of a history must be one. #}
{% macro __valid_snapshot_target(relation, column_names=none, strategy=none) %}
    {%- set names = column_names or get_snapshot_table_column_names() -%}
    {%- set wanted = [names['dbt_scd_id'], names['dbt_valid_from'], names['dbt_valid_to']] -%}
    {%- if strategy is not none and strategy.get('hard_deletes') == 'new_record' -%}{%- do wanted.append(names['dbt_is_deleted']) -%}{%- endif -%}
    {%- set there = adapter.get_columns_in_relation(relation) | map(attribute='name') | map('lower') | list -%}
    {%- set missing = [] -%}
    {%- for name in wanted if name | lower not in there -%}{%- do missing.append(name) -%}{%- endfor -%}
    {%- if missing -%}
        {{ exceptions.raise_compiler_error(
            'the table ' ~ relation ~ ' is no history that could go on: it lacks ' ~ missing | join(', ') ~
            '; add the columns and fill them, or move the table out of the way to begin a new history'
        ) }}
    {%- endif -%}
{% endmacro %}

{# The macro of a strategy: `timestamp`, `check`, one of the project's own, or `package.name`. #}
{% macro strategy_dispatch(name) %}
    {%- set package = name.split('.')[0] if '.' in name else none -%}
    {%- set wanted = 'snapshot_' ~ name.split('.', 1)[-1] ~ '_strategy' -%}
    {%- if package is not none and package not in context -%}
        {{ exceptions.raise_compiler_error('there is no package ' ~ package ~ ' for the strategy ' ~ name) }}
    {%- endif -%}
    {%- set around = context if package is none else context[package] -%}
    {%- if wanted not in around -%}
        {{ exceptions.raise_compiler_error('no macro ' ~ wanted ~ ' serves the strategy ' ~ name) }}
    {%- endif -%}
    {{ return(around[wanted]) }}
{% endmacro %}

{# One key of a row, made of several values. #}
{% macro snapshot_hash_arguments(args) -%}
    {{ adapter.dispatch('snapshot_hash_arguments', 'dbt')(args) }}
{%- endmacro %}
{% macro default__snapshot_hash_arguments(args) -%}
    md5({% for argument in args %}coalesce(cast({{ argument }} as varchar ), ''){{ " || '|' || " if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro __strategy(updated_at, row_changed) %}
    {%- set hard_deletes = adapter.get_hard_deletes_behavior(config) -%}
    {%- set key = config.get('unique_key') -%}
    {{ return({
        'unique_key': key, 'updated_at': updated_at, 'row_changed': row_changed,
        'scd_id': snapshot_hash_arguments(api.Relation.scd_args(key, updated_at)),
        'invalidate_hard_deletes': hard_deletes == 'invalidate', 'hard_deletes': hard_deletes
    }) }}
{% endmacro %}

{% macro snapshot_timestamp_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
    {%- set updated_at = config.get('updated_at') -%}
    {%- set changed = '(' ~ snapshotted_rel ~ '.' ~ __history_columns()['dbt_valid_from'] ~ ' < ' ~ current_rel ~ '.' ~ updated_at ~ ')' -%}
    {{ return(__strategy(updated_at, changed)) }}
{% endmacro %}

{# Whether a column that is compared is new, and those that both the query and the history have, in quotes. #}
{% macro snapshot_check_all_get_existing_columns(node, target_exists, check_cols_config) %}
    {%- if not target_exists -%}{{ return((false, [])) }}{%- endif -%}
    {%- if check_cols_config == 'all' -%}
        {%- set asked = node['compiled_code'] -%}
    {%- elif check_cols_config is iterable and check_cols_config is not string and check_cols_config | length > 0 -%}
        {%- set asked = 'select ' ~ check_cols_config | join(', ') ~ ' from (\n' ~ node['compiled_code'] ~ '\n) subq' -%}
    {%- else -%}
        {{ exceptions.raise_compiler_error('check_cols is all or a list of columns, not ' ~ check_cols_config) }}
    {%- endif -%}
    {%- set history = adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias) -%}
    {%- set there = adapter.get_columns_in_relation(history) | map(attribute='name') | list -%}
    {%- set names = get_columns_in_query(asked) -%}
    {%- set both = [] -%}
    {%- for name in names if name in there -%}{%- do both.append(adapter.quote(name)) -%}{%- endfor -%}
    {{ return((both | length < names | length, both)) }}
{% endmacro %}

{% macro snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
    {%- set updated_at = config.get('updated_at') or snapshot_get_time() -%}
    {%- set is_new, compared = snapshot_check_all_get_existing_columns(node, target_exists, config.get('check_cols')) -%}
    {%- set differs = [] -%}
    {%- for column in compared -%}
        {%- set old = snapshotted_rel ~ '.' ~ column -%}
        {%- set new = current_rel ~ '.' ~ column -%}
        {%- do differs.append(old ~ ' != ' ~ new ~ ' or (' ~ old ~ ' is null and ' ~ new ~ ' is not null) or (' ~ old ~ ' is not null and ' ~ new ~ ' is null)') -%}
    {%- endfor -%}
    {{ return(__strategy(updated_at, '(' ~ (get_true_sql() if is_new or not differs else differs | join('\n or ')) ~ ')')) }}
{% endmacro %}

{% macro get_dbt_valid_to_current(strategy, columns) -%}
    coalesce(nullif({{ strategy.updated_at }}, {{ strategy.updated_at }}), {{ config.get('dbt_valid_to_current') or 'null' }}) as {{ columns.dbt_valid_to }}
{%- endmacro %}

{# The parts of the key under names of their own. #}

{% macro unique_key_fields(unique_key) -%}
    {%- if unique_key is string -%}
        {{ unique_key }} as dbt_unique_key
    {%- else -%}
        {%- for key in unique_key -%}{{ key }} as dbt_unique_key_{{ loop.index }}{{ ', ' if not loop.last }}{%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro unique_key_join_on(unique_key, identifier, from_identifier) -%}
    {%- if unique_key is string -%}
        {{ equals(identifier ~ '.dbt_unique_key', from_identifier ~ '.dbt_unique_key') }}
    {%- else -%}
        {%- for key in unique_key -%}
            {%- set name = '.dbt_unique_key_' ~ loop.index -%}
            {{ equals(identifier ~ name, from_identifier ~ name) }}{{ ' and ' if not loop.last }}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro unique_key_is_null(unique_key, identifier) -%}
    {{ identifier }}.dbt_unique_key{{ '' if unique_key is string else '_1' }} is null
{%- endmacro %}

{% macro unique_key_is_not_null(unique_key, identifier) -%}
    {{ identifier }}.dbt_unique_key{{ '' if unique_key is string else '_1' }} is not null
{%- endmacro %}

{% macro get_snapshot_get_time_data_type() %}
    {{ return(get_column_schema_from_query('select ' ~ snapshot_get_time() ~ ' as time_column')[0].dtype) }}
{% endmacro %}

{% macro snapshot_string_as_time(timestamp) -%}
    {{ adapter.dispatch('snapshot_string_as_time', 'dbt')(timestamp) }}
{%- endmacro %}
{% macro default__snapshot_string_as_time(timestamp) -%}
    {{ return("'" ~ timestamp ~ "'::timestamp without time zone") }}
{%- endmacro %}

{% macro create_columns(relation, columns) %}{{ adapter.dispatch('create_columns', 'dbt')(relation, columns) }}{% endmacro %}
{% macro default__create_columns(relation, columns) %}
    {%- for column in columns -%}
        {%- call statement() -%}alter table {{ relation }} add column {{ adapter.quote(column.name) }} {{ column.data_type }}{%- endcall -%}
    {%- endfor -%}
{% endmacro %}

{# The condition under which a row of the history still holds; `of` stands before its columns. #}
{% macro __holds(columns, of='') -%}
    {%- set valid_to = of ~ columns.dbt_valid_to -%}
    {%- set current = config.get('dbt_valid_to_current') -%}
    {%- if current -%}({{ equals(valid_to, current) }} or {{ valid_to }} is null){%- else -%}{{ valid_to }} is null{%- endif -%}
{%- endmacro %}

{# The query of a history that begins. #}
{% macro build_snapshot_table(strategy, sql) -%}
    {{ adapter.dispatch('build_snapshot_table', 'dbt')(strategy, sql) }}
{%- endmacro %}
{% macro default__build_snapshot_table(strategy, sql) -%}
    {%- set columns = __history_columns() -%}
    select *,
        {{ strategy.scd_id }} as {{ columns.dbt_scd_id }},
        {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
        {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
        {{ get_dbt_valid_to_current(strategy, columns) }}
        {%- if strategy.hard_deletes == 'new_record' %}, 'False' as {{ columns.dbt_is_deleted }}{% endif %}
    from (
        {{ sql }}
    ) as sbq
{%- endmacro %}

{# The query of the changes: what is inserted, and which rows of the history end when. #}
{% macro snapshot_staging_table(strategy, source_sql, target_relation) -%}
    {{ adapter.dispatch('snapshot_staging_table', 'dbt')(strategy, source_sql, target_relation) }}
{%- endmacro %}
{% macro default__snapshot_staging_table(strategy, source_sql, target_relation) -%}
    {%- set columns = __history_columns() -%}
    {%- set key = strategy.unique_key -%}
    {%- set same = unique_key_join_on(key, 'snapshotted_data', 'source_data') -%}
    {%- set marks = strategy.hard_deletes == 'new_record' -%}
    {%- set is_deleted = 'snapshotted_data.' ~ columns.dbt_is_deleted -%}
    {%- set changed -%}({{ strategy.row_changed }}{{ ' or ' ~ is_deleted ~ " = 'True'" if marks }}){%- endset -%}
    with snapshot_query as (
        {{ source_sql }}
    ),
    snapshotted_data as (
        select *, {{ unique_key_fields(key) }}
        from {{ target_relation }}
        where {{ __holds(columns) }}
    ),
    keyed_data as (
        select *, {{ unique_key_fields(key) }}
        from snapshot_query
    ),
    new_data as (
        select *, {{ unique_key_fields(key) }},
            {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
            {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
            {{ get_dbt_valid_to_current(strategy, columns) }},
            {{ strategy.scd_id }} as {{ columns.dbt_scd_id }}
        from snapshot_query
    ),
    ended_data as (
        select *, {{ unique_key_fields(key) }},
            {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
            {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
            {{ strategy.updated_at }} as {{ columns.dbt_valid_to }}
        from snapshot_query
    )
    select 'insert' as dbt_change_type, source_data.*{{ ", 'False' as " ~ columns.dbt_is_deleted if marks }}
    from new_data as source_data
    left join snapshotted_data on {{ same }}
    where {{ unique_key_is_null(key, 'snapshotted_data') }}
        or ({{ unique_key_is_not_null(key, 'snapshotted_data') }} and {{ changed }})
    union all
    select 'update' as dbt_change_type, source_data.*, snapshotted_data.{{ columns.dbt_scd_id }}{{ ', ' ~ is_deleted if marks }}
    from ended_data as source_data
    join snapshotted_data on {{ same }}
    where {{ changed }}
    {%- if strategy.hard_deletes in ['invalidate', 'new_record'] %}
        {%- set now = snapshot_get_time() %}
        {%- set gone %}
    from snapshotted_data
    left join keyed_data as source_data on {{ same }}
    where {{ unique_key_is_null(key, 'source_data') }}
            {%- if marks %}
        and not ({{ is_deleted }} = 'True' and {{ __holds(columns, 'snapshotted_data.') }})
            {%- endif %}
        {%- endset %}
    union all
    select 'delete' as dbt_change_type, source_data.*, {{ now }}, {{ now }}, {{ now }}, snapshotted_data.{{ columns.dbt_scd_id }}{{ ', ' ~ is_deleted if marks }}
    {{- gone }}
        {%- if marks %}
            {%- set there = adapter.get_columns_in_relation(target_relation) | map(attribute='name') | list %}
    union all
    select 'insert' as dbt_change_type,
            {%- for name in get_columns_in_query(source_sql) %}
        {{ 'snapshotted_data' if name in there else 'source_data' }}.{{ adapter.quote(name) }},
            {%- endfor %}
            {%- for part in ([''] if key is string else range(1, key | length + 1)) %}
        snapshotted_data.dbt_unique_key{{ '_' ~ part if key is not string }},
            {%- endfor %}
        {{ now }}, {{ now }}, snapshotted_data.{{ columns.dbt_valid_to }},
        {{ snapshot_hash_arguments([columns.dbt_scd_id, now]) }}, 'True'
    {{- gone }}
        {%- endif %}
    {%- endif %}
{%- endmacro %}

{% macro build_snapshot_staging_table(strategy, sql, target_relation) %}
    {%- set temporary = make_temp_relation(target_relation).incorporate(type='table') -%}
    {%- set changes = snapshot_staging_table(strategy, sql, target_relation) -%}
    {#- Outside the transaction, in which Redshift would not make the texts of the history longer. -#}
    {%- call statement('build_snapshot_staging_relation', auto_begin=false) -%}{{ create_table_as(true, temporary, changes) }}{%- endcall -%}
    {{ return(temporary) }}
{% endmacro %}

{% macro snapshot_merge_sql(target, source, insert_cols) -%}
    {{ adapter.dispatch('snapshot_merge_sql', 'dbt')(target, source, insert_cols) }}
{%- endmacro %}
{% macro default__snapshot_merge_sql(target, source, insert_cols) -%}
    {%- set columns = __history_columns() -%}
    update {{ target }}
    set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
    from {{ source }} as DBT_INTERNAL_SOURCE
    where DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }} = {{ target }}.{{ columns.dbt_scd_id }}
        and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
        and {{ __holds(columns, target ~ '.') }};

    insert into {{ target }} ({{ insert_cols | join(', ') }})
    select {{ insert_cols | join(', ') }}
    from {{ source }}
    where dbt_change_type = 'insert';
{%- endmacro %}
{% macro postgres__snapshot_merge_sql(target, source, insert_cols) -%}
    {{ default__snapshot_merge_sql(target, source, insert_cols) }}
{%- endmacro %}

{% macro get_updated_at_column_data_type(snapshot_sql) %}
    {%- set found = [] -%}
    {%- for column in get_column_schema_from_query(snapshot_sql) if column.name | lower == 'dbt_updated_at' -%}
        {%- do found.append(column.dtype) -%}
    {%- endfor -%}
    {{ return(found[0] if found else none) }}
{% endmacro %}

{# Nothing is worth a word here but where a project says so. #}
{% macro check_time_data_types(sql) %}{% endmacro %}

{% macro post_snapshot(staging_relation) %}{{ adapter.dispatch('post_snapshot', 'dbt')(staging_relation) }}{% endmacro %}
{% macro default__post_snapshot(staging_relation) %}{%- do drop_relation_if_exists(staging_relation) -%}{% endmacro %}

{% materialization snapshot, default %}
    {%- set exists, target_relation = get_or_create_relation(database=model.database, schema=model.schema, identifier=model.alias or model.name, type='table') -%}
    {%- if not target_relation.is_table -%}{%- do exceptions.relation_wrong_type(target_relation, 'table') -%}{%- endif -%}
    {{- run_hooks(pre_hooks, inside_transaction=false) -}}
    {{- run_hooks(pre_hooks, inside_transaction=true) -}}
    {%- set strategy = strategy_dispatch(config.get('strategy'))(model, 'snapshotted_data', 'source_data', model['config'], exists) -%}
    {%- set staging = none -%}
    {%- if not exists -%}
        {%- set query = build_snapshot_table(strategy, sql) -%}
        {%- set final_sql = create_table_as(false, target_relation, query) -%}
    {%- else -%}
        {%- do adapter.assert_valid_snapshot_target_given_strategy(target_relation, __history_columns(), strategy) -%}
        {%- set query = snapshot_staging_table(strategy, sql, target_relation) -%}
        {%- set staging = build_snapshot_staging_table(strategy, sql, target_relation) -%}
        {%- do adapter.expand_target_column_types(from_relation=staging, to_relation=target_relation) -%}
        {%- set own = ['dbt_change_type', 'dbt_unique_key'] -%}
        {%- if strategy.unique_key is not string -%}
            {%- for key in strategy.unique_key -%}{%- do own.append('dbt_unique_key_' ~ loop.index) -%}{%- endfor -%}
        {%- endif -%}
        {%- set missing = [] -%}
        {%- for column in adapter.get_missing_columns(staging, target_relation) if column.name | lower not in own -%}{%- do missing.append(column) -%}{%- endfor -%}
        {%- do create_columns(target_relation, missing) -%}
        {%- set filled = [] -%}
        {%- for column in adapter.get_columns_in_relation(staging) if column.name | lower not in own -%}{%- do filled.append(adapter.quote(column.name)) -%}{%- endfor -%}
        {%- set final_sql = snapshot_merge_sql(target=target_relation, source=staging, insert_cols=filled) -%}
    {%- endif -%}
    {{- check_time_data_types(query) -}}
    {%- call statement('main') -%}{{ final_sql }}{%- endcall -%}
    {%- do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(exists, full_refresh_mode=false)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {%- if not exists -%}{%- do create_indexes(target_relation) -%}{%- endif -%}
    {{- run_hooks(post_hooks, inside_transaction=true) -}}
    {%- do adapter.commit() -%}
    {%- if staging is not none -%}{%- do post_snapshot(staging) -%}{%- do adapter.commit() -%}{%- endif -%}
    {{- run_hooks(post_hooks, inside_transaction=false) -}}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
