//! Enforced contracts.

use insta::assert_snapshot;

use crate::project::TestProject;

const SCHEMA: &str = "\
models:
  - name: orders
    config: {materialized: table, contract: {enforced: true}}
    columns:
      - {name: id, data_type: integer}
      - {name: status, data_type: varchar(8)}
      - {name: amount, data_type: \"numeric(10,2)\"}
      - {name: ordered_at, data_type: timestamp}
";

const KEPT: &str = "\
select 1 as id, cast('new' as varchar(3)) as status, cast(1.5 as numeric(18,4)) as amount, cast('2024-01-01' as timestamp) as ordered_at";

fn project() -> TestProject {
    TestProject::new()
        .file("models/orders.sql", KEPT)
        .file("models/schema.yml", SCHEMA)
}

#[test]
fn a_query_that_breaks_its_contract_is_told_column_by_column_and_the_table_stays() {
    let project = project();
    project.redstart("build").success();

    project.write(
        "models/orders.sql",
        "select cast(2 as bigint) as id, cast('new' as varchar(3)) as status, cast(1.5 as double precision) as amount, cast('2024-01-01' as timestamp) as ordered_at",
    );

    assert_snapshot!(project.redstart("build"), @r#"
    exit 1
    Running 1 node on 2 threads (target `dev.main`)
    1 of 1  ERROR creating sql table model main.orders                    [[time]]
          error[contract-broken]: the query of `orders` does not keep its contract (models/schema.yml:7:35)

    error[contract-broken]: the query of `orders` does not keep its contract
     --> models/schema.yml:7:35
      |
    7 |       - {name: amount, data_type: "numeric(10,2)"}
      |                                   ^^^^^^^^^^^^^^^
      |
      = note: | column_name | definition_type  | contract_type | mismatch_reason    |
              | ----------- | ---------------- | ------------- | ------------------ |
              | amount      | double precision | numeric(10,2) | data type mismatch |
              | id          | bigint           | integer       | data type mismatch |
      = help: name, type and number of the columns must be those of the contract; nothing was replaced

    Finished 1 table model in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    The data dictionary is in [project]/target/index.html
    "#);
    assert_snapshot!(project.query("select * from orders"), @r"
    id | status | amount | ordered_at
    1 | new | 1.50 | 2024-01-01 00:00:00
    ");
}

#[test]
fn a_contract_with_fewer_digits_than_its_query_is_told_to_round() {
    let project = project();
    assert_snapshot!(project.redstart("build"), @r#"
    exit 0
    Running 1 node on 2 threads (target `dev.main`)
    1 of 1  OK    created sql table model main.orders                     [1 row in [time]]
          warning[contract-rounds]: the contract of `orders` says that `amount` is numeric(10,2), its query gives numeric(18,4): values are rounded (models/schema.yml:7:35)

    warning[contract-rounds]: the contract of `orders` says that `amount` is numeric(10,2), its query gives numeric(18,4): values are rounded
     --> models/schema.yml:7:35
      |
    7 |       - {name: amount, data_type: "numeric(10,2)"}
      |                                   ^^^^^^^^^^^^^^^ 2 digits behind the point
      |
      = help: declare `data_type: "numeric(18,4)"`, or round in the query

    Finished 1 table model in [time]
    Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1
    The data dictionary is in [project]/target/index.html
    "#);
    project.write(
        "models/orders.sql",
        KEPT.replace("numeric(18,4)", "numeric(18,2)"),
    );
    let built = project.redstart("build").success().text();
    assert!(!built.contains("warning"), "{built}");
}

#[test]
fn a_query_may_read_what_its_pre_hook_makes() {
    let project = project()
        .file(
            "models/orders.sql",
            "{{ config(pre_hook=['drop table if exists made', 'create table made as select 7 as id']) }}
            select id, cast('new' as varchar(3)) as status, cast(1.5 as numeric(18,4)) as amount, cast('2024-01-01' as timestamp) as ordered_at from made",
        );

    project.redstart("build").success();
    assert_snapshot!(project.query("select id from orders"), @r"
    id
    7
    ");
}

#[test]
fn a_column_may_be_named_with_quotes_of_its_own() {
    let project = TestProject::new()
        .file("models/a.sql", "select 1::bigint as \"Object Id\", 2 as b")
        .file(
            "models/a.yml",
            r#"
models:
  - name: a
    config: {materialized: table, contract: {enforced: true}}
    columns:
      - {name: '"Object Id"', data_type: bigint, description: its number, tests: [unique, not_null]}
      - {name: b, data_type: integer}
"#,
        );
    let output = project.redstart("build").success();
    assert!(
        output.stdout.contains("test unique_a__Object_Id_"),
        "{output}"
    );
    let dictionary = project.read("target/dictionary.md");
    assert!(dictionary.contains("its number"), "{dictionary}");
    assert!(!dictionary.contains("Undescribed"), "{dictionary}");
    let manifest: serde_json::Value =
        serde_json::from_str(&project.read("target/manifest.json")).expect("JSON");
    let columns = &manifest["nodes"]["model.project.a"]["columns"];
    assert_eq!(columns["\"Object Id\""]["name"], "\"Object Id\"");
}
