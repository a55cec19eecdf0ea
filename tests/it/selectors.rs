//! `selectors.yml` on a small project. What each selector lists is what `dbt ls` of dbt-core 1.11 lists there.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::project::TestProject;

const SELECTORS: &str = r#"version: 2
selectors:
  - name: word
    description: one word
    definition: "+tag:finance"
  - name: short
    definition: {tag: daily}
  - name: dotted
    definition: {config.materialized: table}
  - name: written
    definition:
      method: fqn
      value: orders
      parents: true
      parents_depth: 1
      children: "{{ 1 == 1 }}"
      indirect_selection: empty
  - name: at
    definition: {method: fqn, value: stg_customers, childrens_parents: true}
  - name: less
    definition:
      method: path
      value: models/marts
      exclude:
        - "tag:daily"
        - {method: test_name, value: unique}
  - name: unions
    definition:
      union:
        - tag:daily
        - intersection:
            - "path:models/marts"
            - "config.materialized:table"
        - method: selector
          value: short
        - exclude:
            - method: fqn
              value: customers
  - name: inherits
    definition: {method: selector, value: less}
  - name: cautious
    definition:
      union:
        - {method: fqn, value: orders, indirect_selection: cautious}
        - {method: fqn, value: customers, indirect_selection: cautious}
  - name: buildable
    definition: {method: fqn, value: sales, indirect_selection: buildable}
  - name: opened
    definition: access:public
  - name: models_only
    definition:
      intersection:
        - "resource_type:model"
        - "+sales"
        - exclude: ["stg_*"]
"#;

const USUAL: &str = r#"  - name: usual
    default: "{{ target.name == 'dev' }}"
    definition: stg_customers+
"#;

fn shop() -> TestProject {
    TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: project\nmodels: {shop: {staging: {+tags: [nightly]}}}\n",
        )
        .file("seeds/countries.csv", "id\n1\n")
        .file("models/staging/stg_orders.sql", "select 1 as id from {{ source('raw', 'orders') }}")
        .file("models/staging/stg_customers.sql", "select 1 as id")
        .file("models/marts/orders.sql", "{{ config(tags=['finance'], materialized='table', access='public') }} select id from {{ ref('stg_orders') }} join {{ ref('countries') }} using (id)")
        .file("models/marts/customers.sql", "{{ config(materialized='table') }} select id from {{ ref('stg_customers') }}")
        .file("models/marts/sales.sql", "{{ config(tags=['finance', 'daily']) }} select id from {{ ref('orders') }} join {{ ref('customers') }} using (id)")
        .file("models/schema.yml", r#"sources:
  - name: raw
    tables: [{name: orders}]
models:
  - name: orders
    columns:
      - name: id
        data_tests:
          - unique
          - relationships:
              arguments:
                to: ref('customers')
                field: id
  - name: customers
    columns: [{name: id, data_tests: [not_null]}]
  - name: sales
    columns: [{name: id, data_tests: [not_null]}]
"#)
}

fn with(selectors: &str) -> TestProject {
    shop().file("selectors.yml", selectors)
}

/// The names that `ls` lists, in order.
fn listed(project: &TestProject, flags: &str) -> String {
    let output = project.redstart(&format!("-q ls --output name {flags}"));
    assert_eq!(output.code, 0, "{output}");
    let mut names: Vec<&str> = output.stdout.lines().collect();
    names.sort_unstable();
    names.join(" ")
}

#[rustfmt::skip]
const LISTED_BY_DBT: &[(&str, &str)] = &[
    ("word", "countries customers not_null_customers_id not_null_sales_id orders raw.orders relationships_orders_id__id__ref_customers_ sales stg_customers stg_orders unique_orders_id"),
    ("short", "not_null_sales_id sales"),
    ("dotted", "customers not_null_customers_id orders relationships_orders_id__id__ref_customers_ unique_orders_id"),
    ("written", "countries not_null_sales_id orders relationships_orders_id__id__ref_customers_ sales stg_orders unique_orders_id"),
    ("at", "countries customers not_null_customers_id not_null_sales_id orders raw.orders relationships_orders_id__id__ref_customers_ sales stg_customers stg_orders unique_orders_id"),
    ("less", "customers not_null_customers_id orders relationships_orders_id__id__ref_customers_"),
    ("unions", "not_null_sales_id orders sales unique_orders_id"),
    ("unions --indirect-selection cautious", "not_null_sales_id orders relationships_orders_id__id__ref_customers_ sales unique_orders_id"),
    ("inherits", "customers not_null_customers_id orders relationships_orders_id__id__ref_customers_"),
    ("cautious", "customers not_null_customers_id orders unique_orders_id"),
    ("buildable", "not_null_sales_id sales"),
    ("opened", "orders relationships_orders_id__id__ref_customers_ unique_orders_id"),
    ("opened --indirect-selection cautious", "orders unique_orders_id"),
    ("models_only", "customers not_null_customers_id not_null_sales_id orders relationships_orders_id__id__ref_customers_ sales unique_orders_id"),
];

#[test]
fn a_selector_selects_what_it_does_in_dbt() {
    let project = with(SELECTORS);
    for (flags, names) in LISTED_BY_DBT {
        assert_eq!(
            listed(&project, &format!("--selector {flags}")),
            *names,
            "{flags}"
        );
    }
}

#[test]
fn the_default_selector_holds_where_nothing_else_is_asked() {
    let project = with(&format!("selectors:\n{USUAL}"));
    let usual = "customers not_null_customers_id not_null_sales_id relationships_orders_id__id__ref_customers_ sales stg_customers";
    assert_eq!(listed(&project, ""), usual);
    assert_eq!(
        listed(&project, "--select orders"),
        "orders relationships_orders_id__id__ref_customers_ unique_orders_id"
    );

    let another = with(&format!("selectors:\n{USUAL}").replace("'dev'", "'prod'"));
    assert!(listed(&another, "").contains("countries"));
}

#[test]
fn tests_come_along_as_the_flag_the_variable_and_the_project_say() {
    let unique = "not_null_customers_id";
    let related = "relationships_orders_id__id__ref_customers_";
    let flags = "name: shop\nprofile: project\nflags: {indirect_selection: cautious}\n";
    assert_eq!(
        listed(&shop(), "-s customers"),
        format!("customers {unique} {related}")
    );
    let project = shop().file("dbt_project.yml", flags);
    assert_eq!(
        listed(&project, "-s customers"),
        format!("customers {unique}")
    );
    let project = project.env("DBT_INDIRECT_SELECTION", "empty");
    assert_eq!(listed(&project, "-s customers"), "customers");
    assert_eq!(
        listed(&project, "-s customers --indirect-selection eager"),
        format!("customers {unique} {related}")
    );
    let wrong = shop().file("dbt_project.yml", flags.replace("cautious", "shy"));
    assert_snapshot!(wrong.redstart("ls"));
}

#[test]
fn the_manifest_has_the_selectors_taken_apart() {
    let project = with(SELECTORS);
    project.redstart("parse").success();
    let manifest: Value = serde_json::from_str(&project.read("target/manifest.json")).unwrap();
    let selectors = &manifest["selectors"];
    assert_eq!(
        selectors["word"],
        json!({
            "name": "word",
            "description": "one word",
            "definition": {"parents": true, "method": "tag", "value": "finance"},
        })
    );
    assert_eq!(
        selectors["short"]["definition"],
        json!({"method": "tag", "value": "daily"})
    );
    assert_eq!(
        selectors["inherits"]["definition"],
        selectors["less"]["definition"]
    );
    assert_eq!(
        selectors["models_only"]["definition"]["intersection"][2],
        json!({"exclude": [{"method": "fqn", "value": "stg_*"}]})
    );
}

#[test]
fn what_is_wrong_in_a_selector_is_told_where_it_stands() {
    let project = with(
        "selectors:
  - name: unknown_method
    definition: tga:nightly
  - name: short
    definition: {stat: modified}
  - name: blank
    definition: tag:a tag:b
  - name: comma
    definition: tag:a,tag:b
  - name: key
    definition: {method: tag, value: a, parent: true}
  - name: no_value
    definition: {method: tag, parents: true}
  - name: mode
    definition: {method: tag, value: a, indirect_selection: gready}
  - name: both
    definition: {method: tag, value: a, children: true, childrens_parents: true}
  - name: list
    definition: [tag:a]
  - name: items
    definition: {union: tag:a}
  - name: beside
    definition: {union: [tag:a], exclude: [tag:b]}
  - name: twice
    definition: {union: [tag:a, {exclude: [tag:b]}, {exclude: [tag:c]}]}
  - name: inside
    definition: {union: [tag:a, {method: tag, value: b, exclude: [tag:c]}]}
  - name: nothing
    definition: {exclude: [tag:a]}
  - name: later
    definition: {method: selector, value: latter}
  - name: deaf
    definition: {method: selector, value: whole, children: true}
  - name: whole
    definition: '*'
    default: true
  - name: other
    definition: '*'
    default: true
  - name: whole
    definition: '*'
  - name: mistyped
    definition: '*'
    descripton: x
",
    );
    assert_snapshot!(project.redstart("parse"));
}

#[test]
fn a_selector_of_the_command_line_must_be_defined_and_stand_alone() {
    assert_snapshot!(with(SELECTORS).redstart("ls --selector shrot"));
    assert_snapshot!(shop().redstart("ls --selector nightly"));
    // A selector that needs `--state` is only in the way of who uses it.
    let changed =
        "selectors: [{name: changed, definition: 'state:modified'}, {name: all, definition: '*'}]";
    assert_eq!(with(changed).redstart("ls --selector all").code, 0);
    assert_snapshot!(with(changed).redstart("ls --selector changed"));
    assert_eq!(
        with(SELECTORS)
            .redstart("ls --selector short --select orders")
            .code,
        2
    );
}

#[test]
fn access_and_version_select_models_and_the_rest_is_refused_with_its_reason() {
    let project = shop();
    assert_eq!(
        listed(&project, "-s access:public --resource-type model"),
        "orders"
    );
    assert_eq!(
        listed(&project, "-s access:protected --resource-type model"),
        "customers sales stg_customers stg_orders"
    );
    assert_eq!(
        listed(&project, "-s version:none,marts --resource-type model"),
        "customers orders sales"
    );
    assert_eq!(listed(&project, "-s version:old"), "");
    assert_snapshot!(
        project.redstart("ls -s access:pubic version:new state:modified result:error source_status:fresher metric:m saved_query:q semantic_model:s")
    );
}
