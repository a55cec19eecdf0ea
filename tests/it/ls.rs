//! `ls` on a small project. What it prints is what `dbt ls` of dbt-core 1.11 prints there, byte for byte.

use insta::assert_snapshot;

use crate::project::TestProject;

fn shop() -> TestProject {
    TestProject::new()
        .file(
            "dbt_project.yml",
            "\
name: shop
version: \"1.0\"
profile: project
test-paths: [tests]
models:
  shop:
    staging: {+materialized: view, +tags: [nightly]}
    marts: {+materialized: table, +meta: {owner: {team: sales}}}
",
        )
        .file("models/staging/stg_orders.sql", "select * from {{ source('raw', 'orders') }}")
        .file("models/marts/orders.sql", "select * from {{ ref('stg_orders') }} join {{ ref('countries') }} using (id)")
        .file("models/marts/core/fct_sales.sql", "{{ config(tags=['finance'], unique_key=['a', 'b'], materialized='incremental') }} select * from {{ ref('orders') }}")
        .file("seeds/countries.csv", "id,name\n1,a\n")
        .file("tests/sales_are_positive.sql", "select * from {{ ref('fct_sales') }} where 1 = 0")
        .file("analyses/look.sql", "select * from {{ ref('orders') }}")
        .file(
            "models/staging/sources.yml",
            "\
version: 2
sources:
  - name: raw
    tables:
      - name: orders
        columns: [{name: id, data_tests: [not_null]}]
",
        )
        .file(
            "models/schema.yml",
            "\
version: 2
models:
  - name: stg_orders
    columns:
      - name: id
        data_tests: [unique, {not_null: {config: {severity: warn}}}]
exposures:
  - name: dashboard
    type: dashboard
    owner: {name: Sales, email: sales@example.com}
    depends_on: [ref('fct_sales')]
",
        )
}

#[test]
fn ls_prints_selectors_names_paths_and_json_as_dbt_does() {
    let project = shop();

    assert_snapshot!(project.redstart("ls"), @r"
    exit 0
    exposure:shop.dashboard
    shop.marts.core.fct_sales
    shop.marts.orders
    shop.staging.stg_orders
    shop.countries
    source:shop.raw.orders
    shop.not_null_stg_orders_id
    shop.sales_are_positive
    shop.staging.source_not_null_raw_orders_id
    shop.unique_stg_orders_id
    ");
    assert_snapshot!(project.redstart("list --output name"), @r"
    exit 0
    dashboard
    fct_sales
    orders
    stg_orders
    countries
    raw.orders
    not_null_stg_orders_id
    sales_are_positive
    source_not_null_raw_orders_id
    unique_stg_orders_id
    ");
    assert_snapshot!(project.redstart("ls --output path"), @r"
    exit 0
    models/schema.yml
    models/marts/core/fct_sales.sql
    models/marts/orders.sql
    models/staging/stg_orders.sql
    seeds/countries.csv
    models/staging/sources.yml
    models/schema.yml
    tests/sales_are_positive.sql
    models/staging/sources.yml
    models/schema.yml
    ");
    assert_snapshot!(project.redstart("ls -s look fct_sales --resource-type all --exclude test_type:data --output json"), @r#"
    exit 0
    {"name": "look", "resource_type": "analysis", "package_name": "shop", "original_file_path": "analyses/look.sql", "unique_id": "analysis.shop.look", "alias": "look", "config": {"enabled": true, "alias": null, "schema": null, "database": null, "tags": [], "meta": {}, "group": null, "static_analysis": null, "materialized": "view", "incremental_strategy": null, "batch_size": null, "lookback": 1, "begin": null, "persist_docs": {}, "post-hook": [], "pre-hook": [], "quoting": {}, "column_types": {}, "full_refresh": null, "unique_key": null, "on_schema_change": "ignore", "on_configuration_change": "apply", "grants": {}, "packages": [], "docs": {"show": true, "node_color": null}, "contract": {"enforced": false, "alias_types": true}, "event_time": null, "concurrent_batches": null}, "tags": [], "depends_on": {"macros": [], "nodes": ["model.shop.orders"]}}
    {"name": "fct_sales", "resource_type": "model", "package_name": "shop", "original_file_path": "models/marts/core/fct_sales.sql", "unique_id": "model.shop.fct_sales", "alias": "fct_sales", "config": {"enabled": true, "alias": null, "schema": null, "database": null, "tags": ["finance"], "meta": {"owner": {"team": "sales"}}, "group": null, "static_analysis": null, "materialized": "incremental", "incremental_strategy": null, "batch_size": null, "lookback": 1, "begin": null, "persist_docs": {}, "post-hook": [], "pre-hook": [], "quoting": {}, "column_types": {}, "full_refresh": null, "unique_key": ["a", "b"], "on_schema_change": "ignore", "on_configuration_change": "apply", "grants": {}, "packages": [], "docs": {"show": true, "node_color": null}, "contract": {"enforced": false, "alias_types": true}, "event_time": null, "concurrent_batches": null, "access": "protected", "freshness": null}, "tags": ["finance"], "depends_on": {"macros": [], "nodes": ["model.shop.orders"]}}
    "#);
    assert_snapshot!(
        project.redstart("ls --output json --output-keys unique_id,config.materialized config.meta.owner nothing"),
        @r#"
    exit 0
    {"unique_id": "exposure.shop.dashboard"}
    {"unique_id": "model.shop.fct_sales", "config.materialized": "incremental", "config.meta.owner": {"team": "sales"}}
    {"unique_id": "model.shop.orders", "config.materialized": "table", "config.meta.owner": {"team": "sales"}}
    {"unique_id": "model.shop.stg_orders", "config.materialized": "view"}
    {"unique_id": "seed.shop.countries", "config.materialized": "seed"}
    {"unique_id": "source.shop.raw.orders"}
    {"unique_id": "test.shop.not_null_stg_orders_id.8cf5724805", "config.materialized": "test"}
    {"unique_id": "test.shop.sales_are_positive", "config.materialized": "test"}
    {"unique_id": "test.shop.source_not_null_raw_orders_id.f232a64478", "config.materialized": "test"}
    {"unique_id": "test.shop.unique_stg_orders_id.beb6e97f2f", "config.materialized": "test"}
    "#
    );
}

#[test]
fn ls_lists_what_is_selected() {
    let project = shop();
    let names = |flags: &str| {
        let output = project.redstart(&format!("--quiet ls --output name {flags}"));
        output
            .success()
            .stdout
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };

    assert_snapshot!(names("-s +orders"), @"orders stg_orders countries raw.orders not_null_stg_orders_id source_not_null_raw_orders_id unique_stg_orders_id");
    assert_snapshot!(names("-s source:raw.orders+ --resource-type model seed"), @"fct_sales orders stg_orders");
    assert_snapshot!(names("-s config.meta.owner.team:sales,tag:finance"), @"fct_sales sales_are_positive");
    assert_snapshot!(names("--models @stg_orders"), @"fct_sales orders stg_orders");
    assert_snapshot!(names("-s tag:nightly stg_orders --indirect-selection empty"), @"stg_orders");
    assert_snapshot!(names("--exclude fct_sales+ --exclude-resource-type test source"), @"orders stg_orders countries");
}

#[test]
fn a_selection_that_is_wrong_stops_and_one_that_is_empty_warns() {
    let project = shop();

    assert_snapshot!(project.redstart("ls -s stg_order tag:nigtly"), @r"
    exit 0
    warning[selector-matches-nothing]: the selection criterion `stg_order` does not match any enabled nodes
     --> --select:1:1
      |
    1 | stg_order
      | ^^^^^^^^^
      |
      = help: did you mean `stg_orders`?

    warning[selector-matches-nothing]: the selection criterion `tag:nigtly` does not match any enabled nodes
     --> --select:1:1
      |
    1 | tag:nigtly
      | ^^^^^^^^^^
      |
      = help: did you mean `tag:nightly`?

    2 warnings
    no nodes selected
    ");
    assert_snapshot!(project.redstart("ls -s orders,tga:x --exclude state:new"), @"
    exit 2
    error[unknown-selector-method]: there is no selector method `tga`
     --> --select:1:8
      |
    1 | orders,tga:x
      |        ^^^ not one of fqn, tag, group, source, exposure, metric, semantic_model, saved_query, path, file, package, config, resource_type, test_type, test_name, access, version, unit_test, state, result, source_status, column
      |
      = help: did you mean `tag`?

    error[state-needed]: `state:` compares with an earlier state
     --> --exclude:1:1
      |
    1 | state:new
      | ^^^^^
      |
      = help: name the folder with its artifacts: --state path/to/artifacts

    2 errors
    ");
}

#[test]
fn compile_prints_what_was_asked_for_and_not_the_tests_that_come_along() {
    let project = shop();

    assert_snapshot!(project.redstart("compile -s fct_sales"), @r#"
    exit 0
    select * from "project"."main"."orders"
    "#);
    assert_snapshot!(project.redstart("compile -s sales_are_positive"), @r#"
    exit 0
    select * from "project"."main"."fct_sales" where 1 = 0
    "#);
}

#[test]
fn ls_leaves_a_manifest() {
    let project = TestProject::new().file("models/a.sql", "select 1 as id");
    assert_snapshot!(project.redstart("ls"), @"
    exit 0
    project.a
    ");
    assert!(
        project
            .read("target/manifest.json")
            .contains("model.project.a")
    );
}
