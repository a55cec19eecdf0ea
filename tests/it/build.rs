//! `build`, on models that go wrong in a way of their own.

use insta::assert_snapshot;

use crate::project::TestProject;

#[test]
fn a_column_that_is_not_there_is_named_with_the_nearest_that_is() {
    let project = TestProject::new()
        .file("models/orders.sql", "select 1 as order_id, 20 as amount")
        .file(
            "models/sales.sql",
            "select order_id, amont\nfrom {{ ref('orders') }}",
        )
        .file(
            "models/totals.sql",
            "{{ config(materialized='table') }}\nselect amont from {{ ref('orders') }}",
        );

    assert_snapshot!(project.redstart("build --no-check --quiet --threads 1"), @r#"
    exit 1
    2 of 3  ERROR creating sql view model main.sales                      [[time]]
          error[unknown-column]: there is no column `amont` in what is read here (models/sales.sql:1:18)
    3 of 3  ERROR creating sql table model main.totals                    [[time]]
          error[unknown-column]: there is no column `amont` in what is read here (models/totals.sql:2:8)
    error[unknown-column]: there is no column `amont` in what is read here
     --> models/sales.sql:1:18
      |
    1 | select order_id, amont
      |                  ^^^^^
      |
      = note: the database said: Binder Error: Referenced column "amont" not found in FROM clause!
              Candidate bindings: "amount"
      = help: did you mean `amount`?

    error[unknown-column]: there is no column `amont` in what is read here
     --> models/totals.sql:2:8
      |
    2 | select amont from {{ ref('orders') }}
      |        ^^^^^
      |
      = note: the database said: Binder Error: Referenced column "amont" not found in FROM clause!
              Candidate bindings: "amount"
      = help: did you mean `amount`?
    "#);
    assert_snapshot!(project.redstart("show --inline \"select amont from {{ ref('orders') }}\""), @r#"
    exit 2
    error[unknown-column]: there is no column `amont` in what is read here
     --> --inline:1:8
      |
    1 | select amont from {{ ref('orders') }}
      |        ^^^^^
      |
      = note: the database said: Binder Error: Referenced column "amont" not found in FROM clause!
              Candidate bindings: "amount"
      = help: did you mean `amount`?

    1 error
    "#);
}

#[test]
fn a_merge_of_rows_with_one_key_fails_as_on_redshift() {
    let project = TestProject::new().file(
        "models/latest.sql",
        "{{ config(materialized='incremental', incremental_strategy='merge', unique_key='id') }}
select 1 as id, 10 as amount
{% if is_incremental() %}union all select 1, {{ var('second', 11) }}{% endif %}",
    );
    project.redstart("build").success();

    assert_snapshot!(project.redstart("build --quiet --threads 1"), @"
    exit 1
    1 of 1  ERROR creating sql incremental model main.latest              [[time]]
          error[repeated-key]: the new rows of `latest` have a `unique_key` more than once (models/latest.sql:1:80)
    error[repeated-key]: the new rows of `latest` have a `unique_key` more than once
     --> models/latest.sql:1:80
      |
    1 | {{ config(materialized='incremental', incremental_strategy='merge', unique_key='id') }}
      |                                                                                ^^^^
      |
      = note: the database said: Invalid Input Error: Found multiple matches to update the same tuple
      = help: have the query give one row a key, such as with `qualify row_number() over (partition by … order by …) = 1`
    ");
    assert_eq!(
        project.query("select id, amount from main.latest"),
        "id | amount\n1 | 10\n"
    );
}

#[test]
fn a_hook_at_the_end_of_a_run_counts_its_results() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\non-run-start: create table if not exists runs (nodes int)\non-run-end: insert into runs values ({{ results | length }})\n",
        )
        .file("models/a.sql", "select 1 as id");

    project.redstart("build").success();
    assert_eq!(project.query("select nodes from main.runs"), "nodes\n1\n");
}

#[test]
fn a_hook_at_the_end_of_a_run_sees_what_dbt_shows_it() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\non-run-start: select 1\non-run-end: [\"{{ told() }}\", \"{% for s in schemas %}create table if not exists {{ s }}.seen (n int);{% endfor %}\"]\n",
        )
        .file("models/a.sql", "{{ config(tags=['nightly']) }} select 1 as id")
        .file("models/b.sql", "{{ config(schema='other') }} select cast('x' as integer) as id")
        .file("models/a.yml", "models: [{name: a, columns: [{name: id, data_tests: [unique]}]}]\n")
        .file(
            "macros/told.sql",
            "{% macro told() %}{% for r in results | sort(attribute='unique_id') %}
{{ log(r.unique_id ~ ' ' ~ r.status ~ ' ' ~ r.message[:2] ~ ' ' ~ r.timing | length ~ ' ' ~ r.node.relation_name ~ ' ' ~ r.node.tags ~ ' ' ~ r.to_dict().failures, info=true) }}
{% endfor %}{{ log(schemas, info=true) }}{{ log(database_schemas, info=true) }}{% endmacro %}",
        );
    let output = project.redstart("build --no-check --threads 1");
    assert_eq!(output.code, 1, "{output}");
    let told: Vec<&str> = output
        .stdout
        .lines()
        .filter(|line| {
            line.starts_with("model.") || line.starts_with("test.") || line.starts_with('[')
        })
        .collect();
    assert_snapshot!(told.join("\n"), @r#"
    model.shop.a success SU 2 "project"."main"."a" ['nightly'] None
    model.shop.b error `x 2 "project"."main_other"."b" [] None
    test.shop.unique_a_id.f6a5f640da pass [] 2 None [] 0
    ['main']
    [['project', 'main']]
    "#);
    assert_eq!(
        project.query("select count(*) as n from main.seen"),
        "n\n0\n"
    );
}

#[test]
fn a_star_over_a_join_with_using_has_the_merged_column_once() {
    let project = TestProject::new().file(
        "models/joined.sql",
        "{{ config(materialized='table') }}
with a as (select 1 as k, 'x' as name), b as (select 1 as k, 3 as amount)
select * from a join b using (k)",
    );

    project.redstart("build").success();

    assert_snapshot!(project.query("select * from main.joined"), @"
    k | name | amount
    1 | x | 3
    ");
}

#[test]
fn a_schema_may_have_the_name_of_its_database_file() {
    for emulate in ["emulate: redshift", "threads: 1"] {
        let project = TestProject::empty()
            .file(
                "profiles.yml",
                format!(
                    "project: {{target: dev, outputs: {{dev: {{type: duckdb, path: shop.duckdb, schema: shop, {emulate}}}}}}}\n"
                ),
            )
            .file(
                "models/orders.sql",
                "{{ config(materialized='table', post_hook='insert into shop.log select max(id) from {{ this }}') }} select 1 as id",
            )
            .file("models/days.sql", "select id from {{ ref('orders') }} where shop.orders.id = 1")
            .file(
                "models/sales.sql",
                "{{ config(materialized='incremental', unique_key='id') }} select id from {{ ref('days') }}",
            )
            .file(
                "dbt_project.yml",
                "name: project\nprofile: project\non-run-start: create table if not exists {{ target.schema }}.log (id int)\n",
            )
            .file(
                "models/models.yml",
                "models: [{name: sales, columns: [{name: id, data_tests: [unique, not_null]}]}]\n",
            );
        let project = if emulate.starts_with("emulate") {
            project
        } else {
            // There the project's own SQL is DuckDB's, and must say which of the two it means.
            project
                .file(
                    "models/orders.sql",
                    "{{ config(materialized='table') }} select 1 as id",
                )
                .file("models/days.sql", "select id from {{ ref('orders') }}")
                .file("dbt_project.yml", "name: project\nprofile: project\n")
        };

        project.redstart("build").success();
        project.redstart("build").success();
        let shown = project
            .redstart("show --select sales --output json")
            .success();
        assert!(shown.stdout.contains(r#""id": 1"#), "{shown}");
    }
}

#[test]
fn a_query_of_what_is_not_built_says_how_to_build_it() {
    let project = TestProject::new()
        .file("models/orders.sql", "select 1 as id")
        .file("models/sales.sql", "select id from {{ ref('orders') }}")
        .file(
            "models/sources.yml",
            "sources:
  - name: raw
    schema: staging
    tables:
      - name: events
        external: {location: 's3://bucket/events', file_format: csv, copy: {}}
        columns: [{name: id, data_type: int}]
      - name: theirs
",
        );

    for (command, help) in [
        (
            "show --select sales",
            "= help: `orders` is not built yet: `redstart build --select +orders`",
        ),
        (
            "show --select source:raw.events",
            "= help: `raw.events` is not loaded yet: `redstart load --select source:raw.events`",
        ),
        (
            "show --inline \"select * from {{ source('raw', 'theirs') }}\"",
            "= help: `raw.theirs` is a source that nothing here loads: does it stand in another schema or database?",
        ),
    ] {
        let told = project.redstart(command);
        assert_eq!(told.code, 2, "{told}");
        assert!(told.stderr.contains(help), "{told}");
    }
}

#[test]
fn a_hook_can_make_a_table_with_the_time_as_default() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: project
profile: project
on-run-start:
  - create table if not exists main.runs (id int identity(1,1), kind varchar(9), at timestamp default getdate(), until timestamp default dateadd(day, 1, sysdate))
  - insert into main.runs (kind) values ('build')
",
        )
        .file("models/orders.sql", "select 1 as id");

    project.redstart("build").success();
    let rows = "select kind, datediff(minute, at, getdate()) < 5 as now, datediff(hour, at, until) as hours from main.runs";
    assert_snapshot!(project.redstart(&format!("show --inline '{rows}'")), @"
    exit 0
    kind  | now  | hours
    ------+------+------
    build | true |    24
    ");
}

#[test]
fn nodes_that_do_not_wait_for_each_other_are_built_at_the_same_time() {
    let rows: String = (1..=700).map(|number| format!("{number}\n")).collect();
    let work = "{{ config(materialized='table') }} select count(*) as n from {{ ref('s') }} a cross join {{ ref('s') }} b cross join {{ ref('s') }} c where a.id + b.id > c.id";
    let project = TestProject::new()
        .file("seeds/s.csv", format!("id\n{rows}"))
        .file("models/a.sql", work)
        .file("models/b.sql", work);
    project.redstart("build").success();
    let results: serde_json::Value =
        serde_json::from_str(&project.read("target/run_results.json")).unwrap();
    let stretch = |id: &str| {
        let all = results["results"].as_array().unwrap();
        let result = all.iter().find(|result| result["unique_id"] == id).unwrap();
        let timing = result["timing"].as_array().unwrap();
        let execute = timing.iter().find(|it| it["name"] == "execute").unwrap();
        let text = |key: &str| execute[key].as_str().unwrap().to_owned();
        (text("started_at"), text("completed_at"))
    };
    let (a, b) = (stretch("model.project.a"), stretch("model.project.b"));
    assert!(a.0 < b.1 && b.0 < a.1, "{a:?} {b:?}");
}
