//! Work that a template does itself: materializations written in Jinja, macros of dbt that a project replaces, operations.

use insta::assert_snapshot;

use crate::project::TestProject;

/// A materialization that keeps the rows of every run.
const LOGBOOK: &str = "
{% materialization logbook, default, supported_languages=['sql'] %}
  {% set target_relation = this.incorporate(type='table') %}
  {{ run_hooks(pre_hooks, inside_transaction=false) }}
  {{ run_hooks(pre_hooks, inside_transaction=true) }}
  {% call statement('main') %}
    {% if load_cached_relation(this) is none %}
      {{ get_create_table_as_sql(false, target_relation, sql) }}
    {% else %}
      insert into {{ target_relation }} {{ sql }}
    {% endif %}
  {% endcall %}
  {{ run_hooks(post_hooks, inside_transaction=true) }}
  {{ adapter.commit() }}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
";

#[test]
fn a_model_is_built_by_a_materialization_of_the_project() {
    let project = TestProject::new().file("macros/logbook.sql", LOGBOOK).file(
        "models/visits.sql",
        "{{ config(materialized='logbook', post_hook='insert into {{ this }} values (9)') }} select 1 as id",
    );

    assert_snapshot!(project.redstart("run --quiet"), @"exit 0");
    assert_snapshot!(project.redstart("run --quiet"), @"exit 0");
    assert_snapshot!(project.query("select id, count(*) from visits group by 1 order by 1"), @"
    id | count_star()
    1 | 2
    9 | 2
    ");
}

#[test]
fn what_a_materialization_does_not_commit_is_rolled_back_with_a_word() {
    let project = TestProject::new()
        .file(
            "macros/m.sql",
            LOGBOOK.replace("{{ adapter.commit() }}", ""),
        )
        .file(
            "models/visits.sql",
            "{{ config(materialized='logbook') }} select 1 as id",
        );

    let output = project.redstart("run").to_string();
    assert!(output.contains("warning[rolled-back]"), "{output}");
    assert_snapshot!(
        project.query("select count(*) from information_schema.tables where table_name = 'visits'"),
        @"
    count_star()
    0
    "
    );
}

#[test]
fn a_materialization_must_tell_its_relations() {
    let project = TestProject::new()
        .file(
            "macros/m.sql",
            "{% materialization odd, default %}{% call statement('main') %}select 1{% endcall %}{% endmaterialization %}",
        )
        .file("models/a.sql", "{{ config(materialized='odd') }} select 1 as id");

    let output = project.redstart("run --quiet").to_string();
    assert!(output.contains("error[bad-materialization]"), "{output}");
    assert!(output.starts_with("exit 1"), "{output}");
}

#[test]
fn a_macro_of_dbt_that_the_project_replaces_is_taken_when_a_table_is_built() {
    let project = TestProject::new()
        .file(
            "macros/m.sql",
            "{% macro create_table_as(temporary, relation, compiled_code, language='sql') %}
               create table {{ relation }} as select *, 'mine' as made_by from ({{ compiled_code }}) as x
             {% endmacro %}",
        )
        .file("models/a.sql", "{{ config(materialized='table') }} select 1 as id");

    assert_snapshot!(project.redstart("run --quiet"), @"exit 0");
    assert_snapshot!(project.redstart("run --quiet"), @"exit 0");
    assert_snapshot!(project.query("select id, made_by from a"), @"
    id | made_by
    1 | mine
    ");
}

#[test]
fn an_incremental_strategy_of_the_project_is_taken() {
    let project = TestProject::new()
        .file(
            "macros/m.sql",
            "{% macro get_incremental_newest_sql(arg_dict) %}
               delete from {{ arg_dict['target_relation'] }};
               insert into {{ arg_dict['target_relation'] }} ({{ get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) }})
               select * from {{ arg_dict['temp_relation'] }}
             {% endmacro %}",
        )
        .file(
            "models/a.sql",
            "{{ config(materialized='incremental', incremental_strategy='newest') }}
             select {% if is_incremental() %}2{% else %}1{% endif %} as id",
        );

    assert_snapshot!(project.redstart("run --quiet"), @"exit 0");
    assert_snapshot!(project.query("select id from a"), @"
    id
    1
    ");
    assert_snapshot!(project.redstart("run --quiet"), @"exit 0");
    assert_snapshot!(project.query("select id from a"), @"
    id
    2
    ");
}

#[test]
fn an_operation_runs_a_macro_with_its_arguments() {
    let project = TestProject::new().file("models/a.sql", "select 1 as id").file(
        "macros/m.sql",
        "{% macro keep(name, rows=1) %}
           {% do run_query('create table ' ~ name ~ ' as select ' ~ rows ~ ' as n') %}
           {% set kept = run_query('select n from ' ~ name) %}
           {{ log('kept ' ~ kept.columns[0].values()[0] ~ ' for ' ~ ref('a').identifier, info=true) }}
         {% endmacro %}",
    );

    assert_snapshot!(project.redstart("run-operation keep --args '{name: box, rows: 3}'"), @"
    exit 0
    kept 3 for a
    ");
    assert_snapshot!(project.query("select n from box"), @"
    n
    3
    ");
    assert_snapshot!(project.redstart("run-operation kep"), @"
    exit 2
    error[undefined-macro]: there is no macro `kep` to run
     |
     = help: did you mean `keep`?

    1 error
    ");
}

#[test]
fn a_hook_that_asks_the_warehouse_runs_once_its_node_is_built() {
    let project = TestProject::empty()
        .file(
            "profiles.yml",
            "shop: {target: dev, outputs: {dev: {type: duckdb, path: project.duckdb, schema: main}}}\n",
        )
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: shop\non-run-start: \"create table if not exists seen (n integer, word varchar)\"\n\
             seeds: {+post-hook: \"{% do adapter.drop_relation(this.incorporate(type='table')) %}\"}\n",
        )
        .file("seeds/gone.csv", "id\n1\n")
        .file(
            "macros/noted.sql",
            "{% macro noted(of) %}{% set rows = run_query('select count(*) from ' ~ of) %}\
             insert into seen values ({{ rows.columns[0].values()[0] }}, 'rendered'){% endmacro %}",
        )
        .file(
            "models/a.sql",
            "{{ config(materialized='table', post_hook=['{{ noted(this) }}', \"insert into seen select count(*), 'plain' from {{ this }}\"]) }}\n\
             select 1 as id union all select 2",
        );
    project.redstart("build").success();
    assert_eq!(
        project.query("select n, word from seen order by word"),
        "n | word\n2 | plain\n2 | rendered\n"
    );
    assert_eq!(
        project.query("select count(*) as n from duckdb_tables() where table_name = 'gone'"),
        "n\n0\n"
    );
}

#[test]
fn numbers_and_sets_print_as_in_python() {
    let project = TestProject::new();

    let shown = |text: &str| {
        let output = project.redstart(&format!("compile --inline \"{text}\""));
        output.success().stdout
    };
    assert_snapshot!(
        shown("{{ 1e16 }} {{ -1.5e300 }} {{ 0.00001 }} {{ 0.0001 }} {{ 1e15 }} {{ 2e22 | string }} {{ 0.0 }}"),
        @"1e+16 -1.5e+300 1e-05 0.0001 1000000000000000.0 2e+22 0.0"
    );
    assert_snapshot!(
        shown("{{ set([]) }} {{ set([2, 1, 2]) }} {{ [set(['a'])] }} {{ set([1]).union([3]) | list }} {{ set([1, 2]) | length }}"),
        @"set() {1, 2} [{'a'}] [1, 3] 2"
    );
}

#[test]
fn a_header_of_the_statement_is_set_by_a_call_block() {
    let project = TestProject::new().file(
        "models/m.sql",
        "{{ config(materialized='table') }}
{% call set_sql_header(config) %}create temporary table seven as select 7 as n;{% endcall %}
select n from seven",
    );
    project.redstart("run --no-check").success();
    assert_eq!(project.query("select n from m"), "n\n7\n");
}

#[test]
fn a_key_of_dbt_duckdb_that_is_not_taken_is_told_at_its_place() {
    let project = TestProject::empty()
        .file(
            "profiles.yml",
            "project:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: a.duckdb, schema: main, keep_open: true}\n",
        )
        .file("models/m.sql", "select 1 as id");
    assert_snapshot!(project.redstart("run"), @"
    exit 2
    error[unsupported-target-key]: `keep_open` of dbt-duckdb is not supported
     --> profiles.yml:4:66
      |
    4 |     dev: {type: duckdb, path: a.duckdb, schema: main, keep_open: true}
      |                                                                  ^^^^
      |
      = help: take it out of the target: Redstart opens one file by itself

    1 error
    ");
}

#[test]
fn what_a_hook_reads_is_built_before_its_node() {
    let project = TestProject::new()
        .file("macros/m.sql", "{% macro filled(name) %}insert into {{ this }} select id from {{ ref(name) }}{% endmacro %}")
        .file(
            "models/a.sql",
            "{{ config(materialized='table', post_hook=[\"{{ filled('b') }}\", \"insert into {{ this }} select id from {{ ref('c') }}\"]) }} select 1 as id",
        )
        .file("models/b.sql", "select 2 as id")
        .file("models/c.sql", "select 3 as id");
    project.redstart("build").success();
    assert_eq!(
        project.query("select id from a order by id"),
        "id\n1\n2\n3\n"
    );
    assert_snapshot!(project.redstart("ls -q -s +a --resource-type model --output name"), @"
    exit 0
    a
    b
    c
    ");
}

#[test]
fn the_graph_can_be_changed_behind_a_filter() {
    let project = TestProject::new()
        .file(
            "models/a.sql",
            "{% if execute %}
            {% for node in graph.nodes.values() | selectattr('name', 'equalto', 'a') %}
            {% do node.update({'alias': 'other'}) %}{% do node.config.tags.append('new') %}
            {% endfor %}
            select '{{ graph.nodes['model.project.a'].alias }}' as alias, '{{ graph.nodes['model.project.a'].config.tags | join }}' as tags
            {% endif %}",
        );
    project.redstart("run --quiet").success();
    assert_eq!(
        project.query("select * from a"),
        "alias | tags\nother | new\n"
    );
}

#[test]
fn what_a_hook_puts_into_the_graph_is_there_when_a_template_is_rendered() {
    let project = TestProject::new()
        .file("dbt_project.yml", "name: project\non-run-start: '{{ begin() }}'\n")
        .file(
            "macros/cache.sql",
            "{% macro begin() %}{% if execute %}{% do graph.setdefault('kept', {'rows': {}}) %}{% endif %}{% endmacro %}
{% macro keep(key, value) %}{% if execute %}{% do graph.setdefault('kept', {}).get('rows').update({key: value}) %}{% endif %}{% endmacro %}
{% macro kept(key) %}{% if execute %}{{ graph['kept']['rows'][key] }}{% endif %}{% endmacro %}",
        )
        .file("models/a.sql", "{% do keep('a', 1) %}select 1 as id")
        .file("models/b.sql", "select '{{ kept('a') }}' as of_a from {{ ref('a') }}")
        .file("models/c.sql", "select {{ graph.nodes | length }} as nodes")
        .file(
            "models/d.sql",
            "-- depends_on: {{ ref('a') }}
select '{{ 'kept' in graph }} {{ 'nothing' in graph }} {{ 'kept' in graph.keys() | list }} {{ graph.nosuch is defined }}' as found",
        );
    project.redstart("build --quiet").success();
    assert_eq!(
        project.query("select of_a, nodes, found from b, c, d"),
        "of_a | nodes | found\n1 | 5 | True False True False\n"
    );
    assert_snapshot!(project.redstart("compile --quiet -s c"), @"
    exit 0
    select 5 as nodes
    ");
}

/// A view, a table put in another's place, and a seed, by the parts that dbt has for them.
const PARTS: &str = "
{% materialization shown, default %}
  {% set made = create_or_replace_view() %}
  {{ adapter.commit() }}
  {{ return(made) }}
{% endmaterialization %}

{% materialization swapped, default %}
  {% set target_relation = this.incorporate(type='table') %}
  {% set existing = load_cached_relation(this) %}
  {% call statement('main') %}
    {% if existing is none %}{{ get_create_sql(target_relation, sql) }}{% else %}{{ get_replace_sql(existing, target_relation, sql) }}{% endif %}
  {% endcall %}
  {{ adapter.commit() }}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% materialization filled, default %}
  {% set rows = run_query(sql) %}
  {% set made = create_csv_table(model, rows) %}
  {% set put = load_csv_rows(model, rows) %}
  {% call noop_statement('main', 'INSERT', 'INSERT', rows | length, none) %}{{ get_csv_sql(made, put) }}{% endcall %}
  {{ adapter.commit() }}
  {{ return({'relations': [this.incorporate(type='table')]}) }}
{% endmaterialization %}
";

#[test]
fn dbts_parts_of_materializations_make_views_tables_and_rows() {
    let project = TestProject::new()
        .file("macros/parts.sql", PARTS)
        .file(
            "models/seen.sql",
            "{{ config(materialized='shown') }} select 1 as id",
        )
        .file(
            "models/changed.sql",
            "{{ config(materialized='swapped') }} select {{ var('n', 1) }} as n",
        )
        .file(
            "models/filled.sql",
            "{{ config(materialized='filled') }} select 1 as id, 'it''s' as word union all select 2, null",
        );

    assert_snapshot!(project.redstart("run --quiet"), @"exit 0");
    assert_snapshot!(project.redstart("run --quiet --exclude filled --vars 'n: 2'"), @"exit 0");
    assert_snapshot!(
        project.query("select table_name, table_type from information_schema.tables order by 1"),
        @"
    table_name | table_type
    changed | BASE TABLE
    filled | BASE TABLE
    seen | VIEW
    "
    );
    assert_snapshot!(project.query("select n from changed"), @"
    n
    2
    ");
    assert_snapshot!(project.query("select id, word from filled order by id"), @"
    id | word
    1 | it's
    2 | NULL
    ");
}

#[test]
fn a_macro_of_dbt_that_is_not_here_is_refused_by_name_with_a_reason() {
    let project = TestProject::new().file(
        "macros/m.sql",
        "{% macro look() %}{{ get_catalog('x', []) }}{% endmacro %}\n{% macro make() %}{{ dbt.get_replace_table_sql('a', 'select 1') }}{% endmacro %}\n",
    );

    assert_snapshot!(project.redstart("run-operation look"), @"
    exit 1
    error[undefined-macro]: there is no macro `get_catalog`
     --> macros/m.sql:1:22
      |
    1 | {% macro look() %}{{ get_catalog('x', []) }}{% endmacro %}
      |                      ^^^^^^^^^^^^^^^^^^^^
      |
      = note: dbt has this macro, Redstart has not: the catalog is read without macros
      = help: ask `information_schema` with `run_query`, or read target/catalog.json after `docs generate`
    note: macro `project.look` is called here
     --> run-operation:1:1
      |
    1 | project.look
      | ^^^^^^^^^^^^

    1 error
    ");
    assert_snapshot!(project.redstart("run-operation make"), @"
    exit 1
    error[undefined-macro]: package `dbt` has no macro `get_replace_table_sql`
     --> macros/m.sql:2:22
      |
    2 | {% macro make() %}{{ dbt.get_replace_table_sql('a', 'select 1') }}{% endmacro %}
      |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: dbt has this macro, Redstart has not: tables and materialized views are replaced without macros
      = help: use `materialized='materialized_view'`, or `get_replace_sql` in a materialization of your own
    note: macro `project.make` is called here
     --> run-operation:1:1
      |
    1 | project.make
      | ^^^^^^^^^^^^

    1 error
    ");
}

#[test]
fn the_type_of_a_column_that_was_asked_for_makes_data_of_its_values() {
    let project = TestProject::new().file(
        "models/a.sql",
        "{% if execute %}{% set columns = run_query(\"select 1 as n, cast('2024-01-02 03:04:05' as timestamp) as at, 'x' as word\").columns %}
         select {{ columns.get('n').data_type.jsonify(columns.get('n')[0]) }} as n, '{{ columns.at.data_type.jsonify(columns.at[0]) }}' as at_,
           '{{ columns.word.data_type.jsonify(none) }} {{ columns.word.data_type }}' as word {% endif %}",
    );
    project.redstart("build --quiet").success();
    assert_snapshot!(project.query("select * from a"), @"
    n | at_ | word
    1 | 2024-01-02T03:04:05 | None Text
    ");
}

#[test]
fn a_query_that_is_no_file_has_a_name_for_itself() {
    let project = TestProject::new();
    assert_snapshot!(project.redstart("compile --quiet --inline \"select '{{ this }}', '{{ this.identifier }}'\""), @r#"
    exit 0
    select '"project"."main"."inline_query"', 'inline_query'
    "#);
}

#[test]
fn white_space_of_other_kinds_is_a_blank_in_a_tag() {
    let project = TestProject::new().file(
        "models/a.sql",
        "{%\u{a0}set x =\u{a0}'a\u{a0}b' %}select '{{\u{3000}x }}\u{a0}' as x",
    );
    project.redstart("run --quiet").success();
    assert_eq!(project.query("select x from a"), "x\na\u{a0}b\u{a0}\n");
}

#[test]
fn the_moment_of_the_run_is_known_in_the_project_file() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: project\nmodels:\n  +schema: \"s_{{ (run_started_at - modules.datetime.timedelta(0)).strftime('%Y') | length }}_{{ invocation_id | length }}\"\n",
        )
        .file("models/a.sql", "select 1 as id");
    assert_snapshot!(
        project.redstart("ls --quiet --output json --output-keys name schema"),
        @r#"
    exit 0
    {"name": "a", "schema": "main_s_4_36"}
    "#
    );
}
