//! `source freshness`: how old sources are, told and written down.

use insta::assert_snapshot;
use serde_json::Value;

use crate::project::TestProject;

fn sources() -> TestProject {
    TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: project\non-run-start:\n\
             \x20 - drop table if exists main.young; create table main.young as select 1 as id, getdate() as loaded_at\n\
             \x20 - drop table if exists main.old; create table main.old as select 1 as id, cast('2024-01-01' as timestamp) as loaded_at\n\
             \x20 - drop table if exists main.bare; create table main.bare as select 1 as id, getdate() as loaded_at where false\n",
        )
        .file(
            "models/sources.yml",
            "
sources:
  - name: raw
    schema: main
    loaded_at_field: loaded_at
    freshness: {warn_after: {count: 1, period: day}}
    tables:
      - {name: young}
      - {name: old}
      - {name: older, identifier: old, config: {freshness: {error_after: {count: 2, period: day}}}}
      - {name: bare, freshness: {error_after: {count: 1, period: minute}, filter: id > 0}}
      - {name: asked, loaded_at_query: \"select max(loaded_at) from {{ source('raw', 'young') }}\"}
      - {name: gone, identifier: nowhere}
      - {name: never, freshness: null}
  - name: silent
    schema: main
    tables: [{name: young, freshness: {warn_after: {count: 1, period: hour}}}]
",
        )
}

/// What `sources.json` says, without what is another at each run.
fn written(project: &TestProject, path: &str) -> Vec<String> {
    let json: Value = serde_json::from_str(&project.read(path)).unwrap();
    assert_eq!(
        json["metadata"]["dbt_schema_version"],
        "https://schemas.getdbt.com/dbt/sources/v3.json"
    );
    let results = json["results"].as_array().unwrap();
    let mut lines: Vec<String> = results
        .iter()
        .map(|result| {
            let (id, status) = (&result["unique_id"], &result["status"]);
            format!("{id} {status} {} {}", result["criteria"], result["error"])
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn sources_are_measured_against_their_limits() {
    let project = sources();
    let output = project.redstart("source freshness");
    assert!(output.to_string().starts_with("exit 1"), "{output}");
    assert_snapshot!(written(&project, "target/sources.json").join("\n"), @r#"
    "source.shop.raw.asked" "pass" {"warn_after":{"count":1,"period":"day"},"error_after":{"count":null,"period":null},"filter":null} null
    "source.shop.raw.bare" "error" {"warn_after":{"count":1,"period":"day"},"error_after":{"count":1,"period":"minute"},"filter":"id > 0"} null
    "source.shop.raw.old" "warn" {"warn_after":{"count":1,"period":"day"},"error_after":{"count":null,"period":null},"filter":null} null
    "source.shop.raw.older" "error" {"warn_after":{"count":1,"period":"day"},"error_after":{"count":2,"period":"day"},"filter":null} null
    "source.shop.raw.young" "pass" {"warn_after":{"count":1,"period":"day"},"error_after":{"count":null,"period":null},"filter":null} null
    "#);
    for line in [
        "PASS  freshness of raw.young",
        "WARN  freshness of raw.old ",
        "ERROR STALE freshness of raw.older",
    ] {
        assert!(output.text().contains(line), "{line}\n{}", output.text());
    }
}

#[test]
fn one_source_is_selected_and_written_elsewhere() {
    let project = sources();
    project
        .redstart("source freshness -s source:raw.young -o ages.json")
        .success();
    assert_eq!(written(&project, "ages.json").len(), 1);
    assert!(!project.path().join("target/sources.json").exists());
    assert_snapshot!(project.redstart("source freshness -s source:raw.never"), @"
    exit 0
    Nothing to do: no source with `freshness` is selected
    ");
}

#[test]
fn a_source_with_an_external_location_is_read_from_its_files() {
    let project = TestProject::empty()
        .file(
            "profiles.yml",
            "shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb, schema: main}}}\n",
        )
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: shop\non-run-start: \"{{ register_upstream_external_models() }}\"\n",
        )
        .file("files/orders_v2.csv", "id,loaded_at\n1,2024-01-01 00:00:00\n2,2024-01-02 00:00:00\n")
        .file("files/people.csv", "name\nann\n")
        .file(
            "models/s.yml",
            "
sources:
  - name: raw
    meta: {version: v2, external_location: 'files/{name}_{version}.csv'}
    tables:
      - name: orders
        loaded_at_field: loaded_at
        freshness: {warn_after: {count: 1, period: day}}
        columns: [{name: id, data_tests: [unique, not_null]}]
      - {name: people, meta: {external_location: \"read_csv('files/{identifier}.csv')\"}}
",
        )
        .file(
            "models/joined.sql",
            "{{ config(materialized='table') }}select o.id, p.name from {{ source('raw', 'orders') }} as o cross join {{ source('raw', 'people') }} p",
        );
    let built = project.redstart("build").to_string();
    assert!(built.starts_with("exit 0"), "{built}");
    let compiled = project.read("target/compiled/shop/models/joined.sql");
    assert_eq!(
        compiled.trim(),
        "select o.id, p.name from 'files/orders_v2.csv' as o cross join read_csv('files/people.csv') p"
    );
    let rows = project.query_file("shop.duckdb", "select count(*), max(name) from main.joined");
    assert!(rows.contains('2') && rows.contains("ann"), "{rows}");
    let manifest: Value = serde_json::from_str(&project.read("target/manifest.json")).unwrap();
    let source = &manifest["sources"]["source.shop.raw.orders"];
    assert_eq!(source["relation_name"], "'files/orders_v2.csv'");
    let aged = project.redstart("source freshness").to_string();
    assert!(aged.contains("raw.orders"), "{aged}");
    assert!(
        written(&project, "target/sources.json")[0].contains("warn"),
        "{aged}"
    );

    let project = project.file(
        "models/t.yml",
        "sources: [{name: more, tables: [{name: t, meta: {external_location: 'x/{nam}.csv'}}]}]\n",
    );
    let refused = project.redstart("parse").to_string();
    assert!(
        refused.contains(
            "error[bad-external-location]: `{nam}` in `external_location` of `t` names nothing"
        ) && refused.contains("--> models/t.yml:1:"),
        "{refused}"
    );
}
