//! Templates that go wrong when they are compiled for a run: their node fails alone. And hooks that ask the warehouse: they do so when
//! their node is built.

use insta::assert_snapshot;

use crate::project::{PROFILES, TestProject};

/// A project in which some templates can be parsed and not compiled.
fn with_wrong_templates() -> TestProject {
    TestProject::new()
        .file("profiles.yml", PROFILES.replace("threads: 2", "threads: 1"))
        .file("models/good.sql", "select 1 as id")
        .file("models/bad.sql", "select {{ no_macro('a') }} as id")
        .file("models/after_bad.sql", "select * from {{ ref('bad') }}")
        .file(
            "models/raising.sql",
            "{% if execute %}{{ exceptions.raise_compiler_error('not today') }}{% endif %}
            select * from {{ ref('good') }}",
        )
        .file(
            "models/inner_part.sql",
            "{{ config(materialized='ephemeral') }} select {{ var('not_given') }} as id",
        )
        .file(
            "models/outer_part.sql",
            "select * from {{ ref('inner_part') }}",
        )
        .file(
            "models/schema.yml",
            "models: [{name: good, columns: [{name: id, data_tests: [unique]}]}]",
        )
}

#[test]
fn a_template_that_cannot_be_compiled_fails_its_node_and_the_rest_is_built() {
    let project = with_wrong_templates();

    assert_snapshot!(project.redstart("build"), @"
    exit 1
    Running 6 nodes on 1 thread (target `dev.main`)
    1 of 6  ERROR creating sql view model main.bad                        [[time]]
          error[undefined-macro]: there is no macro `no_macro` (models/bad.sql:1:11)
    2 of 6  SKIP  sql view model main.after_bad                           [`bad` failed]
    3 of 6  ERROR creating sql view model main.outer_part                 [[time]]
          error[undefined-var]: variable `not_given` has no value (models/inner_part.sql:1:50)
    4 of 6  ERROR creating sql view model main.raising                    [[time]]
          error[compiler-error]: not today (models/raising.sql:1:20)
    5 of 6  OK    created sql view model main.good                        [[time]]
    6 of 6  PASS  test unique_good_id                                     [[time]]

    error[undefined-macro]: there is no macro `no_macro`
     --> models/bad.sql:1:11
      |
    1 | select {{ no_macro('a') }} as id
      |           ^^^^^^^^^^^^^
      |
      = help: write it in macros/, or name the package that has it in packages.yml and run `redstart deps`

    error[undefined-var]: variable `not_given` has no value
     --> models/inner_part.sql:1:50
      |
    1 | {{ config(materialized='ephemeral') }} select {{ var('not_given') }} as id
      |                                                  ^^^^^^^^^^^^^^^^
      |
      = help: set it under `vars:` in dbt_project.yml, pass `--vars 'not_given: …'`, or give a default: `var('not_given', …)`

    error[compiler-error]: not today
     --> models/raising.sql:1:20
      |
    1 | {% if execute %}{{ exceptions.raise_compiler_error('not today') }}{% endif %}
      |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: a macro raised this with `exceptions`: give the call what its words ask for, or change the macro's condition

    Finished 1 data test, 5 view models in [time]
    Done. PASS=2 WARN=0 ERROR=3 SKIP=1 TOTAL=6
    The data dictionary is in [project]/target/index.html
    ");
    assert_snapshot!(project.query("select * from good"), @"
    id
    1
    ");
    let results = project.read("target/run_results.json");
    let results: serde_json::Value = serde_json::from_str(&results).unwrap();
    let mut told: Vec<String> = results["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| format!("{} {}", result["unique_id"], result["status"]))
        .collect();
    told.sort();
    assert_snapshot!(told.join("\n"), @r#"
    "model.project.after_bad" "skipped"
    "model.project.bad" "error"
    "model.project.good" "success"
    "model.project.outer_part" "error"
    "model.project.raising" "error"
    "test.project.unique_good_id.c91342c84f" "pass"
    "#);
}

#[test]
fn a_template_that_cannot_be_compiled_is_in_the_way_of_nobody_else() {
    let project = with_wrong_templates();

    assert_snapshot!(project.redstart("run -s good --quiet"), @"exit 0");
    assert_snapshot!(project.redstart("parse --quiet"), @"exit 0");
    assert_snapshot!(project.redstart("ls -s +outer_part --quiet"), @"
    exit 0
    project.inner_part
    project.outer_part
    ");
    assert_snapshot!(project.redstart("compile -s good --quiet"), @"
    exit 0
    select 1 as id
    ");
    assert_snapshot!(project.redstart("compile -s raising bad"), @"
    exit 2
    error[undefined-macro]: there is no macro `no_macro`
     --> models/bad.sql:1:11
      |
    1 | select {{ no_macro('a') }} as id
      |           ^^^^^^^^^^^^^
      |
      = help: write it in macros/, or name the package that has it in packages.yml and run `redstart deps`

    error[compiler-error]: not today
     --> models/raising.sql:1:20
      |
    1 | {% if execute %}{{ exceptions.raise_compiler_error('not today') }}{% endif %}
      |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: a macro raised this with `exceptions`: give the call what its words ask for, or change the macro's condition

    2 errors
    ");
}

#[test]
fn what_a_template_reads_is_known_though_a_macro_of_it_is_missing() {
    let project = TestProject::new()
        .file("models/first.sql", "select 1 as id")
        .file("models/second.sql", "select 1 as id")
        .file("macros/mine.sql", "{% macro mine() %}{{ no_macro() }}{{ other_macro() }}{% endmacro %}")
        .file(
            "models/reader.sql",
            "select * from {{ ref('first') }} {{ mine() }} {{ dbt.no_macro() }} {{ config(tags='late') }}
            join {{ ref('second') }} using (id)",
        );

    assert_snapshot!(project.redstart("ls -s +tag:late --quiet"), @"
    exit 0
    project.first
    project.reader
    project.second
    ");
    assert_snapshot!(project.redstart("run -s reader"), @"
    exit 1
    Running 1 node on 2 threads (target `dev.main`)
    1 of 1  ERROR creating sql view model main.reader                     [[time]]
          error[undefined-macro]: there is no macro `no_macro` (macros/mine.sql:1:22)
          error[undefined-macro]: there is no macro `other_macro` (macros/mine.sql:1:38)
          error[undefined-macro]: package `dbt` has no macro `no_macro` (models/reader.sql:1:50)

    error[undefined-macro]: there is no macro `no_macro`
     --> macros/mine.sql:1:22
      |
    1 | {% macro mine() %}{{ no_macro() }}{{ other_macro() }}{% endmacro %}
      |                      ^^^^^^^^^^
      |
      = help: write it in macros/, or name the package that has it in packages.yml and run `redstart deps`
    note: macro `mine` is called here
     --> models/reader.sql:1:37
      |
    1 | select * from {{ ref('first') }} {{ mine() }} {{ dbt.no_macro() }} {{ config(tags='late') }}
      |                                     ^^^^^^

    error[undefined-macro]: there is no macro `other_macro`
     --> macros/mine.sql:1:38
      |
    1 | {% macro mine() %}{{ no_macro() }}{{ other_macro() }}{% endmacro %}
      |                                      ^^^^^^^^^^^^^
      |
      = help: write it in macros/, or name the package that has it in packages.yml and run `redstart deps`
    note: macro `mine` is called here
     --> models/reader.sql:1:37
      |
    1 | select * from {{ ref('first') }} {{ mine() }} {{ dbt.no_macro() }} {{ config(tags='late') }}
      |                                     ^^^^^^

    error[undefined-macro]: package `dbt` has no macro `no_macro`
     --> models/reader.sql:1:50
      |
    1 | select * from {{ ref('first') }} {{ mine() }} {{ dbt.no_macro() }} {{ config(tags='late') }}
      |                                                  ^^^^^^^^^^^^^^
      |
      = help: write it in macros/, or name the package that has it in packages.yml and run `redstart deps`

    Finished 1 view model in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    ");
}

/// A table of what hooks saw, and one hook that asks for the rows of its node.
fn with_asking_hooks() -> TestProject {
    TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop
version: '1.0'
profile: project
flags: {send_anonymous_usage_stats: false}
on-run-start: create table if not exists seen (who varchar, n_rows int)
models: {+post-hook: \"{{ note_rows() }}\"}
seeds: {+post-hook: {sql: \"{{ note_rows() }}\", transaction: false}}
snapshots: {+post-hook: \"{{ note_rows() }}\"}
",
        )
        .file(
            "macros/note_rows.sql",
            "{% macro note_rows() %}
              {% set n = run_query('select count(*) from ' ~ this).columns[0].values()[0] %}
              {% set is_there = load_relation(this) is not none %}
              insert into seen values ('{{ this.identifier }} {{ is_there }}', {{ n }})
            {% endmacro %}",
        )
        .file("seeds/few.csv", "id\n1\n2\n")
        .file("models/v.sql", "select * from {{ ref('few') }}")
        .file(
            "models/t.sql",
            "{{ config(materialized='table') }} select * from {{ ref('v') }} union all select 3",
        )
        .file(
            "models/i.sql",
            "{{ config(materialized='incremental') }} select {{ 9 if is_incremental() else 8 }} as id",
        )
        .file(
            "snapshots/s.sql",
            "{% snapshot s %}{{ config(strategy='check', check_cols='all', unique_key='id') }}
            select * from {{ ref('few') }}{% endsnapshot %}",
        )
}

#[test]
fn a_hook_that_asks_the_warehouse_sees_the_rows_that_its_node_was_given() {
    let project = with_asking_hooks();

    for _ in 0..2 {
        project.redstart("build").success();
    }
    assert_snapshot!(
        project.query("select who, n_rows, count(*) from seen group by all order by all"),
        @"
        who | n_rows | count_star()
        few True | 2 | 2
        i True | 1 | 1
        i True | 2 | 1
        s True | 2 | 2
        t True | 3 | 2
        v True | 2 | 2
        "
    );
}

#[test]
fn a_hook_that_fails_when_it_is_rendered_takes_back_what_its_node_was_given() {
    let project = with_asking_hooks();
    project.redstart("build -s +t").success();
    project.write(
        "models/t.sql",
        "{{ config(materialized='table', post_hook=\"{% do run_query('select * from nowhere') %}\") }} select 7 as id",
    );

    assert_snapshot!(project.redstart("run -s t --threads 1"), @r#"
    exit 1
    Running 2 nodes on 1 thread (target `dev.main`)
    1 of 2  OK    hook shop-on-run-start-0                                [[time]]
    2 of 2  ERROR creating sql table model main.t                         [[time]]
          error[database-error]: `run_query` failed (models/t.sql:1:50)

    error[database-error]: `run_query` failed
     --> models/t.sql:1:50
      |
    1 | {{ config(materialized='table', post_hook="{% do run_query('select * from nowhere') %}") }} select 7 as id
      |                                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: Catalog Error: Table with name nowhere does not exist!
      = help: mend the query: the words of the database, above, say what is wrong with it

    Finished 1 project hook, 1 table model in [time]
    Done. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2
    "#);
    assert_snapshot!(project.query("select * from t order by 1"), @"
    id
    1
    2
    3
    ");
    assert_snapshot!(
        project.query("select table_name from information_schema.tables where table_name like '%__rs%'"),
        @"table_name"
    );
}

#[test]
fn a_hook_that_only_acts_while_it_is_rendered_does_so_once_after_its_node() {
    let project = TestProject::new().file(
        "models/t.sql",
        "{{ config(materialized='table', post_hook=[
            \"{% do run_query('insert into ' ~ this ~ ' select max(id) + 1 from ' ~ this) %}\",
            \"insert into {{ this }} select max(id) * 10 from {{ this }}\",
        ]) }} select 1 as id",
    );

    assert_snapshot!(project.redstart("run --quiet"), @"exit 0");
    assert_snapshot!(project.query("select * from t order by 1"), @"
    id
    1
    2
    20
    ");
    assert_snapshot!(project.redstart("compile -s t --statements"), @r#"
    exit 0
    -- model.project.t
    begin;

    create table "main"."t"
    as (
     select 1 as id
    );

    -- a post-hook that asks the warehouse: it is rendered when it is due;

    insert into "project"."main"."t" select max(id) * 10 from "project"."main"."t";

    commit;
    "#);
}

#[test]
fn a_materialization_in_jinja_renders_the_hooks_that_ask_when_it_runs_them() {
    let project = with_asking_hooks().file(
        "macros/create_table_as.sql",
        "{% macro create_table_as(temporary, relation, sql) %}create {{ 'temporary ' if temporary }}table {{ relation }} as {{ sql }}{% endmacro %}",
    );

    assert_snapshot!(project.redstart("build -s +t i --quiet"), @"exit 0");
    assert_snapshot!(
        project.query("select who, n_rows, count(*) from seen group by all order by all"),
        @"
        who | n_rows | count_star()
        few True | 2 | 1
        i True | 1 | 1
        t True | 3 | 1
        v True | 2 | 1
        "
    );
}

#[test]
fn a_python_model_is_known_and_fails_alone_when_it_is_to_be_built() {
    let project = TestProject::new()
        .file("profiles.yml", PROFILES.replace("threads: 2", "threads: 1"))
        .file(
            "models/scores.py",
            "def model(dbt, session):\n    dbt.config(tags=['ml'], packages=['numpy'])\n    return dbt.ref('orders')\n",
        )
        .file("models/orders.sql", "select 1 as id")
        .file("models/best.sql", "select * from {{ ref('scores') }}")
        .file(
            "models/schema.yml",
            "models: [{name: scores, columns: [{name: id, data_tests: [unique]}]}]",
        );

    assert_snapshot!(project.redstart("ls -s tag:ml+ --quiet"), @"
    exit 0
    project.best
    project.scores
    project.unique_scores_id
    ");
    assert_snapshot!(project.redstart("run"), @"
    exit 1
    Running 3 nodes on 1 thread (target `dev.main`)
    1 of 3  ERROR creating sql table model main.scores                    [[time]]
          error[python-model]: Python models are not supported: `scores` is not built (models/scores.py:1:1)
    2 of 3  SKIP  sql view model main.best                                [`scores` failed]
    3 of 3  OK    created sql view model main.orders                      [[time]]

    warning[python-model]: Python models are not supported: `scores` is not built
     --> models/scores.py:1:1
      |
    1 | def model(dbt, session):
      | ^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write the model in SQL, or leave it out with .dbtignore

    error[python-model]: Python models are not supported: `scores` is not built
     --> models/scores.py:1:1
      |
    1 | def model(dbt, session):
      | ^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write the model in SQL, or leave it out with .dbtignore

    Finished 1 table model, 2 view models in [time]
    Done. PASS=1 WARN=0 ERROR=1 SKIP=1 TOTAL=3
    --- stderr
    warning[python-model]: Python models are not supported: `scores` is not built
     --> models/scores.py:1:1
      |
    1 | def model(dbt, session):
      | ^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write the model in SQL, or leave it out with .dbtignore

    1 warning
    ");
    assert_snapshot!(project.redstart("compile -s best --quiet"), @r#"
    exit 0
    select * from "project"."main"."scores"
    "#);
    assert_snapshot!(project.redstart("show -s scores --quiet"), @"
    exit 2
    error[python-model]: Python models are not supported: `scores` is not built
     --> models/scores.py:1:1
      |
    1 | def model(dbt, session):
      | ^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write the model in SQL, or leave it out with .dbtignore

    1 error
    ");
    let manifest = project.read("target/manifest.json");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let scores = &manifest["nodes"]["model.project.scores"];
    assert_eq!(scores["language"], "python");
    assert_eq!(scores["config"]["materialized"], "table");
    assert_eq!(scores["config"]["packages"], serde_json::json!(["numpy"]));
    assert_eq!(
        scores["depends_on"],
        serde_json::json!({"macros": ["macro.dbt.py_script_postfix"], "nodes": ["model.project.orders"]})
    );
}

#[test]
fn a_wrong_template_is_told_first_also_where_what_it_reads_fails() {
    let project = TestProject::new()
        .file(
            "models/first.sql",
            "{{ config(materialized='table') }} select 1 / (length('x') - 1) as id",
        )
        .file(
            "models/second.sql",
            "select {{ no_macro('a') }} as id from {{ ref('first') }}",
        );

    assert_snapshot!(project.redstart("run --threads 1"), @"
    exit 1
    Running 2 nodes on 1 thread (target `dev.main`)
    1 of 2  ERROR creating sql view model main.second                     [[time]]
          error[undefined-macro]: there is no macro `no_macro` (models/second.sql:1:11)
    2 of 2  ERROR creating sql table model main.first                     [[time]]
          error[division-by-zero]: a number is divided by zero (models/first.sql:1:45)

    error[undefined-macro]: there is no macro `no_macro`
     --> models/second.sql:1:11
      |
    1 | select {{ no_macro('a') }} as id from {{ ref('first') }}
      |           ^^^^^^^^^^^^^
      |
      = help: write it in macros/, or name the package that has it in packages.yml and run `redstart deps`

    error[division-by-zero]: a number is divided by zero
     --> models/first.sql:1:45
      |
    1 | {{ config(materialized='table') }} select 1 / (length('x') - 1) as id
      |                                             ^
      |
      = note: the database said: Invalid Input Error: division by zero
      = help: a divisor that can be 0 becomes NULL with `nullif(…, 0)`, and then the result is NULL

    Finished 1 table model, 1 view model in [time]
    Done. PASS=0 WARN=0 ERROR=2 SKIP=0 TOTAL=2
    ");
}

#[test]
fn a_test_of_an_ephemeral_model_says_which_model_is_to_be_built_first() {
    let project = TestProject::new()
        .file("models/orders.sql", "select 1 as id")
        .file(
            "models/inner.sql",
            "{{ config(materialized='ephemeral') }} select id from {{ ref('orders') }}",
        )
        .file(
            "models/all.yml",
            "models: [{name: inner, columns: [{name: id, data_tests: [unique]}]}]\n",
        );
    let output = project.redstart("test --select inner");
    assert_eq!(output.code, 1, "{output}");
    assert!(
        output.text().contains(
            "`orders` is not there yet: build it first, or with this: `--select +unique_inner_id`"
        ) && !output.text().contains("{{ ref('orders') }}`"),
        "{output}"
    );
}

#[test]
fn a_model_that_is_read_without_ref_is_told_so() {
    let project = TestProject::new()
        .file("models/base.sql", "select 1 as id")
        .file("models/last.sql", "select * from base");
    assert_snapshot!(project.redstart("run -s last"), @"
    exit 1
    Running 1 node on 2 threads (target `dev.main`)
    1 of 1  ERROR creating sql view model main.last                       [[time]]
          error[unknown-relation]: there is no table or view `base` (models/last.sql:1:15)

    error[unknown-relation]: there is no table or view `base`
     --> models/last.sql:1:15
      |
    1 | select * from base
      |               ^^^^
      |
      = note: the database said: Catalog Error: Table with name base does not exist!
      = help: `base` is a model of the project: write `{{ ref('base') }}`, so that it is built first and found in its schema

    Finished 1 view model in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    ");
}

#[test]
fn a_hook_of_the_project_is_not_told_to_be_compiled() {
    let project = TestProject::new()
        .file("dbt_project.yml", "name: shop\nprofile: project\non-run-start: \"selct 1\"\n")
        .file(
            "profiles.yml",
            "project: {target: dev, outputs: {dev: {type: duckdb, path: own.duckdb, schema: main}}}\n",
        )
        .file("models/base.sql", "select 1 as id");
    let said = project.redstart("build");
    assert!(!said.text().contains("redstart compile"), "{said}");
}
