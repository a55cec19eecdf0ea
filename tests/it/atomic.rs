//! `build --atomic`: a whole selection is published in one transaction, or nothing of it, on every warehouse alike.

use insta::assert_snapshot;

use crate::loads::{Everywhere, TARGETS};
use crate::output::Output;
use crate::postgres;
use crate::project::TestProject;

const PROPERTIES: &str = "sources:
  - name: raw
    schema: SCHEMA
    tables:
      - name: sales
        external: {location: 's3://lake/sales_*.csv', file_format: csv, load_mode: append, copy: {iam_role: default, ignoreheader: 1}}
        columns: [{name: id, data_type: integer}, {name: words, data_type: varchar(20)}]
models:
  - name: orders
    description: All orders.
    config: {persist_docs: {relation: true, columns: true}}
    columns: [{name: id, description: its number, data_tests: [unique, not_null]}]
  - name: totals
    columns: [{name: n, data_tests: [{accepted_range: {arguments: {min_value: 1}}}]}]
  - name: grown
    columns: [{name: id, data_tests: [unique]}]
  - name: good
    columns: [{name: id, data_tests: [not_null]}]
  - name: promised
    config: {contract: {enforced: true}, on_schema_change: append_new_columns}
    columns: [{name: id, data_type: integer, constraints: [{type: not_null}]}, {name: words, data_type: varchar(20)}]
snapshots:
  - name: kept
    relation: ref('orders')
    config: {schema: SCHEMA, unique_key: id, strategy: check, check_cols: all}
";

/// A node of every kind that can be published with others.
fn shop(schema: &str) -> Everywhere {
    let all = Everywhere::new(schema);
    let project = &all.project;
    project.write("models/all.yml", PROPERTIES.replace("SCHEMA", schema));
    project.write(
        "macros/names.sql",
        "{% macro generate_schema_name(custom, node) %}{{ target.schema }}{% endmacro %}",
    );
    project.write("bucket/sales_1.csv", "id,words\n1,a\n2,b\n");
    project.write("seeds/colours.csv", "id,colour\n1,red\n2,blue\n");
    for (name, sql) in [
        (
            "inlined",
            "{{ config(materialized='ephemeral') }} select id, words from {{ source('raw', 'sales') }}",
        ),
        (
            "orders",
            "{{ config(materialized='table', post_hook=\"insert into {{ this }} select 100, 'hook', 'none' where not exists (select 1 from {{ this }} where id = 100)\") }}
select s.id, s.words, cast(c.colour as varchar(10)) as colour from {{ ref('inlined') }} as s left join {{ ref('colours') }} as c on c.id = s.id
{% if var('twice', false) %} union all select 1, 'z', 'z' {% endif %}",
        ),
        (
            "totals",
            "{{ config(bind=false) }} select count(*) as n from {{ ref('orders') }}",
        ),
        (
            "listed",
            "select {% for column in adapter.get_columns_in_relation(ref('orders')) %}{{ column.name }}{{ ', ' if not loop.last }}{% endfor %} from {{ ref('orders') }}",
        ),
        ("on_view", "select n + 1 as n from {{ ref('totals') }}"),
        (
            "grown",
            "{{ config(materialized='incremental', unique_key='id') }} select id, words from {{ ref('orders') }}
{% if is_incremental() %} where id > (select min(id) from {{ this }}) {% endif %}",
        ),
        (
            "added",
            "{{ config(materialized='incremental', on_schema_change='append_new_columns') }} select id {% if var('more', false) %}, words {% endif %} from {{ ref('orders') }}
{% if is_incremental() %} where id > (select count(*) from {{ this }}) {% endif %}",
        ),
        (
            "good",
            "{{ config(materialized='incremental', unique_key='words', rejects=true) }} select case when id = 2 then null else id end as id, words from {{ ref('orders') }}",
        ),
        (
            "promised",
            "{{ config(materialized='incremental', unique_key='id') }} select id, words from {{ source('raw', 'sales') }}",
        ),
    ] {
        project.write(format!("models/{name}.sql"), sql);
    }
    all
}

/// The relations, each with its rows as texts.
const RELATIONS: [(&str, &str); 13] = [
    ("sales", "id || ' ' || words"),
    ("sales__loaded_files", "cast(size as varchar(20))"),
    ("colours", "id || ' ' || colour"),
    (
        "orders",
        "id || ' ' || words || ' ' || coalesce(colour, '-')",
    ),
    ("totals", "cast(n as varchar(20))"),
    (
        "listed",
        "id || ' ' || words || ' ' || coalesce(colour, '-')",
    ),
    ("on_view", "cast(n as varchar(20))"),
    ("grown", "id || ' ' || words"),
    ("added", "cast(id as varchar(20))"),
    ("good", "id || ' ' || words"),
    ("good__rejects", "words || ' ' || rejected_because"),
    ("promised", "id || ' ' || words"),
    (
        "kept",
        "id || ' ' || colour || case when dbt_valid_to is null then ' holds' else '' end",
    ),
];

/// What was told of eight steps, these in the order of their words: which comes first is for the durations of the last run to say.
fn in_any_order(told: &Output) -> String {
    let text = told.to_string();
    let (mut before, mut steps, mut after) = (Vec::new(), Vec::<String>::new(), Vec::new());
    for line in text.lines() {
        match (line.split_once(" of 8  "), steps.last_mut()) {
            (Some((_, step)), _) => steps.push(step.to_owned()),
            (None, None) => before.push(line.to_owned()),
            (None, Some(step)) if after.is_empty() && line.starts_with("      error[") => {
                step.push('\n');
                step.push_str(line);
            }
            (None, Some(_)) => after.push(line.to_owned()),
        }
    }
    steps.sort();
    [before, steps, after].concat().join("\n")
}

/// The rows of all of them.
fn rows(all: &Everywhere, schema: &str) -> String {
    let each = RELATIONS.iter().map(|(name, text)| {
        let text = text.replace("id ||", "cast(id as varchar(20)) ||");
        format!("select '{name}' as relation, {text} as row_of_it from {schema}.{name}")
    });
    let each: Vec<String> = each.collect();
    all.rows(&format!("{} order by 1, 2", each.join(" union all ")))
}

#[test]
fn everything_is_published_at_once_with_the_rows_of_a_build_of_each() {
    let all = shop("atomic_all");
    assert_snapshot!(all.run("build --atomic"), @"
    exit 0
    Running 16 nodes on 1 thread (target `dev.atomic_all`)
     1 of 16  OK    loaded seed file atomic_all.colours                   [2 rows in [time]]
     2 of 16  OK    loaded source table atomic_all.sales                  [2 rows from 1 file in [time]]
     3 of 16  OK    created sql table model atomic_all.orders             [2 rows in [time]]
     4 of 16  PASS  test not_null_orders_id                               [[time]]
     5 of 16  PASS  test unique_orders_id                                 [[time]]
     6 of 16  OK    created sql view model atomic_all.totals              [[time]]
     7 of 16  OK    created sql incremental model atomic_all.good         [2 rows, 1 rejected in [time]]
     8 of 16  OK    created sql incremental model atomic_all.grown        [3 rows in [time]]
     9 of 16  PASS  test accepted_range_totals_n__1                       [[time]]
    10 of 16  OK    created sql incremental model atomic_all.promised     [2 rows in [time]]
    11 of 16  OK    created sql incremental model atomic_all.added        [3 rows in [time]]
    12 of 16  OK    created sql view model atomic_all.listed              [[time]]
    13 of 16  OK    snapshotted atomic_all.kept                           [3 rows in [time]]
    14 of 16  OK    created sql view model atomic_all.on_view             [[time]]
    15 of 16  PASS  test not_null_good_id                                 [[time]]
    16 of 16  PASS  test unique_grown_id                                  [[time]]
    Published 11 relations in one transaction ([time])

    Finished 5 data tests, 4 incremental models, 1 load, 1 seed, 1 snapshot, 1 table model, 3 view models in [time]
    Done. PASS=16 WARN=0 ERROR=0 SKIP=0 TOTAL=16
    The data dictionary is in [project]/target/index.html
    ");
    let each = shop("atomic_each");
    each.run("build").success();
    let same = || assert_eq!(rows(&all, "atomic_all"), rows(&each, "atomic_each"));
    same();
    // What goes on goes on with a copy.
    for shop in [&all, &each] {
        shop.project.write("bucket/sales_2.csv", "id,words\n3,c\n");
        shop.project
            .write("seeds/colours.csv", "id,colour\n1,green\n2,blue\n3,pink\n");
    }
    all.run("build --atomic --vars '{more: true}'").success();
    each.run("build --vars '{more: true}'").success();
    same();
    all.run("build --atomic --full-refresh").success();
    each.run("build --full-refresh").success();
    same();
    assert_eq!(all.left_beside("atomic_all"), "");
    // The artifacts and the SQL for readers know nothing of the names in between.
    for file in [
        "manifest.json",
        "run_results.json",
        "compiled/project/models/listed.sql",
    ] {
        assert!(
            !all.project
                .read(format!("target/{file}"))
                .contains("__rs_next"),
            "{file}"
        );
    }
}

#[test]
fn a_failed_test_holds_everything_back_and_retry_builds_all_of_it() {
    let all = shop("atomic_held");
    all.run("build --atomic").success();
    all.project.write("bucket/sales_2.csv", "id,words\n3,c\n");
    let held = all.run(
        "build --atomic --vars '{twice: true}' --select source:raw+ --exclude kept good added promised grown",
    );
    assert_snapshot!(in_any_order(&held), @"
    exit 1
    Running 8 nodes on 1 thread (target `dev.atomic_held`)
    FAIL  test unique_orders_id                                   [1 failure in [time]]
          error[test-failed]: test `unique_orders_id` found 1 row (models/all.yml:12:64)
    OK    created sql table model atomic_held.orders              [4 rows in [time]]
    OK    loaded source table atomic_held.sales                   [1 new row from 1 file, 3 in all in [time]]
    PASS  test not_null_orders_id                                 [[time]]
    SKIP  sql view model atomic_held.listed                       [`unique_orders_id` failed]
    SKIP  sql view model atomic_held.on_view                      [`unique_orders_id` failed]
    SKIP  sql view model atomic_held.totals                       [`unique_orders_id` failed]
    SKIP  test accepted_range_totals_n__1                         [`unique_orders_id` failed]
    error[not-published]: nothing is published: `unique_orders_id` failed (models/all.yml:12:64)

    error[not-published]: nothing is published: `unique_orders_id` failed
      --> models/all.yml:12:64
       |
    12 |     columns: [{name: id, description: its number, data_tests: [unique, not_null]}]
       |                                                                ^^^^^^
       |
       = help: every table and view is as it was before, and what was built aside is dropped
       = help: the rows of `orders` that were tested: `redstart show --failed orders --vars '{twice: true}'`
       = help: `redstart retry` builds all of it again

    error[test-failed]: test `unique_orders_id` found 1 row
      --> models/all.yml:12:64
       |
    12 |     columns: [{name: id, description: its number, data_tests: [unique, not_null]}]
       |                                                                ^^^^^^ Got 1 result, configured to fail if != 0
       |
       = note: the row:
               unique_field | n_records
               -------------+----------
                          1 |         2
       = help: `redstart show --select unique_orders_id --limit -1 --vars '{twice: true}'` shows all that it finds, `redstart compile --select unique_orders_id --vars '{twice: true}'` its query

    Finished 3 data tests, 1 load, 1 table model, 3 view models in [time]
    Done. PASS=1 WARN=0 ERROR=1 SKIP=6 TOTAL=8
    The data dictionary is in [project]/target/index.html
    ");
    assert_snapshot!(all.rows("select * from {{ ref('orders') }} order by id"), @"
    id  | words | colour
    ----+-------+-------
      1 | a     | red
      2 | b     | blue
    100 | hook  | none
    ");
    assert_snapshot!(all.rows("select count(*) as n from {{ source('raw', 'sales') }}"), @"
    n
    -
    2
    ");
    for target in TARGETS {
        let shown = all
            .project
            .redstart(&format!("show --failed orders --target {target}"));
        assert!(shown.success().stdout.contains("z"), "{target}");
    }
    let results: serde_json::Value =
        serde_json::from_str(&all.project.read("target/run_results.json")).expect("JSON");
    let mut statuses: Vec<String> = results["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|result| {
            let id = result["unique_id"].as_str().unwrap_or_default();
            let id = id.split('.').take(3).collect::<Vec<_>>().join(".");
            format!("{id}: {} ({})", result["status"], result["message"])
        })
        .collect();
    // Tests of one node run side by side.
    statuses.sort();
    assert_snapshot!(statuses.join("\n"), @r#"
    model.project.listed: "skipped" ("`unique_orders_id` failed")
    model.project.on_view: "skipped" ("`unique_orders_id` failed")
    model.project.orders: "skipped" ("built, not published: `unique_orders_id` failed")
    model.project.totals: "skipped" ("`unique_orders_id` failed")
    source.project.raw: "skipped" ("built, not published: `unique_orders_id` failed")
    test.project.accepted_range_totals_n__1: "skipped" ("`unique_orders_id` failed")
    test.project.not_null_orders_id: "pass" (null)
    test.project.unique_orders_id: "fail" ("Got 1 result, configured to fail if != 0")
    "#);
    // The mistake is mended: all of the selection is built again, not only what failed.
    let orders = all
        .project
        .read("models/orders.sql")
        .replace("var('twice', false)", "false");
    all.project.write("models/orders.sql", orders);
    let again = all.project.redstart("retry");
    assert_snapshot!(in_any_order(&again), @"
    exit 0
    Trying build again for 8 nodes
    Running 8 nodes on 1 thread (target `prod.atomic_held`)
    OK    created sql table model atomic_held.orders              [4 rows in [time]]
    OK    created sql view model atomic_held.listed               [[time]]
    OK    created sql view model atomic_held.on_view              [[time]]
    OK    created sql view model atomic_held.totals               [[time]]
    OK    loaded source table atomic_held.sales                   [1 new row from 1 file, 3 in all in [time]]
    PASS  test accepted_range_totals_n__1                         [[time]]
    PASS  test not_null_orders_id                                 [[time]]
    PASS  test unique_orders_id                                   [[time]]
    Published 5 relations in one transaction ([time])

    Finished 3 data tests, 1 load, 1 table model, 3 view models in [time]
    Done. PASS=8 WARN=0 ERROR=0 SKIP=0 TOTAL=8
    The data dictionary is in [project]/target/index.html
    ");
}

#[test]
fn what_warns_or_has_nothing_to_do_with_it_holds_nothing_back() {
    let all = shop("atomic_warns");
    all.project.write(
        "models/warned.yml",
        "models:\n  - name: warned\n    columns: [{name: id, data_tests: [{unique: {config: {severity: warn, store_failures: true}}}]}]\n",
    );
    all.project
        .write("models/warned.sql", "select 1 as id union all select 1");
    let told = all.run("build --atomic --select warned").success();
    assert!(
        told.stdout
            .contains("Published 1 relation in one transaction"),
        "{told}"
    );
    assert_snapshot!(all.rows("select count(*) as n from {{ ref('warned') }}"), @"
    n
    -
    2
    ");
    // Nothing is built: nothing is published, and nothing is said.
    let tests = all
        .run("build --atomic --select warned --resource-type test")
        .success();
    assert!(!tests.text().contains("ublished"), "{tests}");
}

#[test]
fn what_a_killed_build_left_is_removed_by_any_other() {
    let all = shop("atomic_left");
    all.run("build --select +totals").success();
    for target in TARGETS {
        for build in [
            "build --select orders totals",
            "build --atomic --select orders totals",
        ] {
            all.project.write(
                "macros/leave.sql",
                "{% macro leave() %}{% do run_query('create table atomic_left.orders__rs_next as select 7 as id') %}{% do run_query('create view atomic_left.totals__rs_next as select id from atomic_left.orders__rs_next') %}{% endmacro %}",
            );
            all.project
                .redstart(&format!("run-operation leave --target {target}"))
                .success();
            all.project
                .redstart(&format!("{build} --target {target}"))
                .success();
        }
    }
    assert_eq!(all.left_beside("atomic_left"), "");
}

#[test]
fn an_incremental_table_keeps_who_may_read_it() {
    let server = postgres::server();
    let _ = server.psql("create role atomic_reader");
    let project = postgres::project("atomic_grants").file(
        "models/grown.sql",
        "{{ config(materialized='incremental', indexes=[{'columns': ['id']}]) }} select {{ var('id', 1) }} as id",
    );
    project.redstart("build").success();
    server
        .psql("grant select, insert on atomic_grants.grown to atomic_reader")
        .expect("a grant");
    project
        .redstart("build --atomic --vars '{id: 2}'")
        .success();
    let granted = "select string_agg(privilege_type, ', ' order by privilege_type) as granted, (select count(*) from pg_indexes where schemaname = 'atomic_grants' and tablename = 'grown') as indexes, (select count(*) from atomic_grants.grown) as n from information_schema.role_table_grants where grantee = 'atomic_reader' and table_schema = 'atomic_grants' and table_name = 'grown'";
    assert_snapshot!(server.psql(granted).expect("an answer"), @"
    granted | indexes | n
    INSERT, SELECT | 1 | 2
    ");
    // A view of somebody else stands on the table that would be replaced.
    server
        .psql("create view atomic_grants.others as select id from atomic_grants.grown")
        .expect("a view");
    let refused = project.redstart("build --atomic");
    assert_snapshot!(refused, @"
    exit 2
    error[bound-dependents]: `atomic_grants.grown` cannot be replaced: `atomic_grants.others` is bound to it
     --> models/grown.sql:1:1
      |
    1 | {{ config(materialized='incremental', indexes=[{'columns': ['id']}]) }} select {{ var('id', 1) }} as id
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: build it together with what stands on it: `--select grown+`
      = help: on Redshift a view with `bind: false` is bound to nothing; PostgreSQL binds every view
      = help: without `--atomic` its table stays, and nothing needs to make room

    1 error
    ");
    // One that stays takes the rows as ever.
    project.redstart("build --vars '{id: 3}'").success();
}

#[test]
fn hooks_of_a_view_run_when_it_is_published_and_unloads_behind_that() {
    let project = TestProject::empty()
        .file("profiles.yml", "project:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: project.duckdb, schema: main, emulate: redshift, s3: {'s3://b/': out/}}\n")
        .file("models/orders.sql", "{{ config(materialized='table', unload={'to': 's3://b/orders_', 'format': 'csv'}) }} select 1 as id")
        .file("tests_sql/none.sql", "select 1 from {{ ref('orders') }} where {{ var('fails', false) }}")
        .file(
            "models/shown.sql",
            "{{ config(pre_hook='create table if not exists main.log (said varchar)', post_hook=\"insert into main.log select '{{ this.identifier }}: ' || cast(count(*) as varchar(9)) from {{ this }}\") }} select id from {{ ref('orders') }}",
        );
    let held = project.redstart("build --atomic --vars '{fails: true}'");
    assert_eq!(held.code, 1, "{held}");
    assert!(!project.path().join("out").exists(), "{held}");
    project.redstart("build --atomic").success();
    assert_snapshot!(project.query("select * from main.log"), @"
    said
    shown: 1
    ");
    assert!(project.path().join("out").exists());
}

#[test]
fn a_table_that_reads_itself_reads_its_rows_while_it_stands_aside() {
    let all = Everywhere::new("atomic_itself");
    all.project.write(
        "models/counted.sql",
        "{{ config(materialized='table') }} select 1 as id {% if load_relation(this) %} union all select id + 1 from {{ this }} {% endif %}",
    );
    for _ in 0..3 {
        all.run("build --atomic").success();
    }
    assert_snapshot!(all.rows("select * from {{ ref('counted') }} order by id"), @"
    id
    --
     1
     2
     3
    ");
    assert_eq!(all.left_beside("atomic_itself"), "");
}

#[test]
fn names_that_are_too_long_for_an_ending_are_published_too() {
    let all = Everywhere::new("atomic_long");
    let name = format!("a_model_with_{}", "a_long_name_".repeat(4));
    all.project.write(
        format!("models/{name}.sql"),
        "{{ config(materialized='incremental') }} select {{ var('id', 1) }} as id",
    );
    all.project.write(
        "models/listed.sql",
        format!("select {{% for column in adapter.get_columns_in_relation(ref('{name}')) %}}{{{{ column.name }}}}{{% endfor %}} from {{{{ ref('{name}') }}}}"),
    );
    all.run("build --atomic").success();
    all.run("build --atomic --vars '{id: 2}'").success();
    assert_snapshot!(all.rows("select * from {{ ref('listed') }} order by id"), @"
    id
    --
     1
     2
    ");
    assert_eq!(all.left_beside("atomic_long"), "");
    let results = all.project.read("target/run_results.json");
    assert!(!results.contains("__rs_next"), "{results}");
}

#[test]
fn the_statements_on_redshift_swap_all_names_in_one_transaction() {
    let all = shop("atomic_plan");
    all.run("build --select +totals +grown").success();
    all.project
        .redstart("build --atomic --select +totals +grown --target prod")
        .success();
    let sent = |model: &str| {
        all.project
            .read(format!("target/run/project/models/{model}.sql"))
    };
    assert_snapshot!(sent("grown"), @r#"
    begin;

    drop table if exists "atomic_plan"."grown__rs_next";

    create table "atomic_plan"."grown__rs_next"
    as (
    select * from "dev"."atomic_plan"."grown"
    );

    commit;

    create temporary table "grown__rs_next__rs_tmp"
    as (
     select id, words from "dev"."atomic_plan"."orders__rs_next"
     where id > (select min(id) from "dev"."atomic_plan"."grown__rs_next") 
    );

    begin;

    delete from "atomic_plan"."grown__rs_next"
    where ("id") in (
      select "id" from "grown__rs_next__rs_tmp"
    );

    insert into "atomic_plan"."grown__rs_next" ("id", "words") (
      select "id", "words" from "grown__rs_next__rs_tmp"
    );

    commit;

    drop table if exists "grown__rs_next__rs_tmp";

    alter table "dev"."atomic_plan"."grown" rename to "grown__rs_old";

    alter table "atomic_plan"."grown__rs_next" rename to "grown";
    "#);
    assert_snapshot!(sent("totals"), @r#"
    create view "atomic_plan"."totals__rs_next" as (
     select count(*) as n from "dev"."atomic_plan"."orders__rs_next"
    ) with no schema binding;

    alter table "dev"."atomic_plan"."totals" rename to "totals__rs_old";

    create view "atomic_plan"."totals" as (
     select count(*) as n from "dev"."atomic_plan"."orders"
    ) with no schema binding;

    commit;
    "#);
}

#[test]
fn rows_that_somebody_writes_meanwhile_are_not_lost_on_postgres() {
    let all = Everywhere::new("atomic_written");
    let project = &all.project;
    project.write(
        "models/grown.sql",
        "{{ config(materialized='incremental') }} select {{ var('id') }} as id",
    );
    // A hook that names the table that is shown stands for somebody else: it runs after the copy was made.
    project.write(
        "models/later.sql",
        "{{ config(materialized='table', post_hook=var('other')) }} select id from {{ ref('grown') }}",
    );
    let build = |id: u32, other: &str, how: &str| {
        project.redstart(&format!(
            "build {how} --target ci --vars '{{id: {id}, other: \"{other}\"}}'"
        ))
    };
    build(1, "select 1", "").success();
    build(2, "select 1", "--atomic").success();
    let rows = || {
        let rows = postgres::server().psql("select id from atomic_written.grown order by id");
        rows.expect("rows")
            .lines()
            .skip(1)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(rows(), "1 2");
    let mut there = "1 2".to_owned();
    for (written, after) in [
        ("insert into atomic_written.grown values (100)", "1 2 100"),
        (
            "update atomic_written.grown set id = 101 where id = 100",
            "1 2 101",
        ),
        (
            "delete from atomic_written.grown where id = 101; insert into atomic_written.grown values (102)",
            "1 2 102",
        ),
        ("delete from atomic_written.grown where id = 102", "1 2"),
    ] {
        let held = build(3, written, "--atomic");
        assert_eq!(held.code, 1, "{held}");
        assert!(!held.text().contains("the database"), "{held}");
        let text = held.text();
        let said: Vec<&str> = text
            .split("\n\n")
            .filter(|part| part.starts_with("error[written-meanwhile]"))
            .collect();
        insta::allow_duplicates! { assert_snapshot!(said.join("\n\n"), @"
        error[written-meanwhile]: somebody wrote into `atomic_written.grown` while it was built aside
         --> models/grown.sql:1:1
          |
        1 | {{ config(materialized='incremental') }} select {{ var('id') }} as id
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = note: what was built began with the rows of before, so the new ones would be lost
          = help: run it again, it begins with the rows that are there now; what other programs write into goes on without `--atomic`
        "); }
        there = after.to_owned();
        assert_eq!(rows(), there);
        let left = "select table_name from information_schema.tables where table_schema = 'atomic_written' and table_name like '%rs!_%' escape '!'";
        let left = postgres::server().psql(left).expect("names");
        assert_eq!(left.lines().count(), 1, "{left}");
    }
    // What comes before the copy is in it.
    let before = "insert into atomic_written.grown values (100)";
    postgres::server().psql(before).expect("a row");
    build(3, "select 1", "--atomic").success();
    assert_eq!(rows(), format!("{there} 3 100"));
}
