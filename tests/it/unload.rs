//! `unload`, as a command and after a build, and COPY in hooks.

use insta::assert_snapshot;

use crate::project::TestProject;

const PROFILES: &str = "\
project:
  target: dev
  outputs:
    dev: {type: duckdb, path: project.duckdb, schema: main, emulate: redshift, s3: {'s3://b/': files/}}
    pure: {type: duckdb, path: pure.duckdb, schema: main, s3: {'s3://b/': files/}}
";

fn project() -> TestProject {
    TestProject::empty()
        .file("profiles.yml", PROFILES)
        .file(
            "models/orders.sql",
            "{{ config(materialized='table') }}\nselect 1 as id, 'a' as name union all select 2, 'b'",
        )
        .file("models/totals.sql", "select count(*) as orders from {{ ref('orders') }}")
}

#[test]
fn relations_go_to_files() {
    let project = project();
    project.redstart("build --quiet").success();
    assert_snapshot!(project.redstart("unload -s orders --to s3://b/out/orders_ --format csv --header --order-by id --manifest"), @"");
    assert_snapshot!(project.read("files/out/orders_0000_part_00"), @"");
    assert_snapshot!(project.read("files/out/orders_manifest"), @"");
    assert_snapshot!(project.redstart("unload -s orders --to s3://b/out/orders_ --format csv"), @"");
    assert_snapshot!(project.redstart("unload -s orders totals --to s3://b/out/ --format csv"), @"");
    assert_snapshot!(project.redstart("unload -s orders totals --to s3://b/all/{name}/ --format json"), @"");
    assert_snapshot!(project.read("files/all/totals/0000_part_00"), @"");
    assert_snapshot!(project.redstart("unload -s orders --to s3://b --format parqet --header"), @"");
}

#[test]
fn a_model_goes_to_files_when_its_tests_pass() {
    let project = project().file(
        "models/models.yml",
        "models:
  - name: orders
    config:
      unload: {to: 's3://b/{name}_', format: csv, allow_overwrite: true}
    columns:
      - {name: id, data_tests: [unique]}
",
    );
    assert_snapshot!(project.redstart("build"), @"");
    assert_snapshot!(project.read("files/orders_0000_part_00"), @"");
    project.write(
        "models/orders.sql",
        "{{ config(materialized='table') }}\nselect 1 as id, 'new' as name union all select 1, 'b'",
    );
    let output = project.redstart("build --quiet");
    assert!(output.text().starts_with("exit 1"), "{output}");
    assert_snapshot!(project.read("files/orders_0000_part_00"), @"");
    let project = project.file(
        "models/models.yml",
        "models:
  - name: orders
    config:
      unload: {to: 's3://b/{name}_', format: parquet, heder: true, delimiter: ';'}
",
    );
    assert_snapshot!(project.redstart("build --quiet"), @"");
}

#[test]
fn a_copy_in_a_hook_loads_as_redshift_does() {
    let project = project()
        .file(
            "models/raw.sql",
            "{{ config(materialized='table', post_hook=[\"copy {{ this }} (id, name) from 's3://b/in/orders' iam_role default delimiter ';' ignoreheader 1 emptyasnull\"]) }}
select 1 as id, cast('a' as varchar(5)) as name",
        )
        .file("files/in/orders.csv", "id;name\n2;b\n3;\n");
    project.redstart("build -s raw --quiet").success();
    assert_snapshot!(project.query("select id, name from raw order by id"), @"");
    project.write("files/in/orders.csv", "id;name\n2;toolong\n");
    assert_snapshot!(project.redstart("build -s raw --quiet"), @"");
    let project = project.file(
        "models/raw.sql",
        "{{ config(materialized='table', post_hook=[\"copy {{ this }} from 's3://b/in/orders' iam_role default format parquet\"]) }}\nselect 1 as id",
    );
    assert_snapshot!(project.redstart("build -s raw --quiet"), @"");
}

#[test]
fn keys_in_a_load_are_seen_nowhere() {
    let load = |more: &str| {
        format!(
            "sources:
  - name: raw
    schema: main
    tables:
      - name: events
        external:
          location: 's3://b/in/events'
          file_format: csv
          copy: {{access_key_id: AKIAIOSFODNN7EXAMPLE, secret_access_key: wJalrXUtnFEMI{more}}}
        columns: [{{name: id, data_type: integer}}]
"
        )
    };
    let project = project()
        .file("models/raw.yml", load(""))
        .file("files/in/events", "1\n");
    assert_snapshot!(project.redstart("load"), @"");
    project.write("models/raw.yml", load(", allow_keys: true"));
    let mut told = project.redstart("build").success().text();
    told += &project
        .redstart("compile --statements -s source:raw.events")
        .text();
    for entry in walkdir::WalkDir::new(project.path().join("target")) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            told += &String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap());
        }
    }
    assert!(told.contains("secret_access_key '*****'"), "{told}");
    assert!(!told.contains("AKIAIOSFODNN7EXAMPLE") && !told.contains("wJalrXUtnFEMI"));
}

#[test]
fn a_load_may_only_check_its_files() {
    let project = project()
        .file(
            "models/raw.yml",
            "sources:
  - name: raw
    schema: main
    tables:
      - name: events
        external: {location: 's3://b/in/events', file_format: text, copy: {noload: \"{{ var('check', false) }}\"}}
        columns: [{name: id, data_type: integer}]
",
        )
        .file("files/in/events", "1\n2\n");
    project.redstart("load --quiet").success();
    project.write("files/in/events", "3\n");
    project
        .redstart("load --quiet --vars '{check: true}'")
        .success();
    assert_snapshot!(project.query("select id from events order by id"), @"");
    project.write("files/in/events", "x\n");
    let output = project.redstart("load --quiet --vars '{check: true}'");
    assert!(
        output.text().contains("Invalid digit, Value 'x'"),
        "{output}"
    );
}
