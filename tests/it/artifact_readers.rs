//! Programs of others that read dbt's artifacts read ours: dbt-colibri, dbt-coverage, docglow and dbdocs, and dbt's own docs page.

use std::process::{Command, Output};

use insta::assert_snapshot;

use crate::project::TestProject;

/// The Python that has the programs, if any; `make test` puts it where `REDSTART_TEST_READERS` points.
#[expect(clippy::print_stderr, reason = "a test says why it proves nothing")]
fn python() -> Option<String> {
    let python = std::env::var("REDSTART_TEST_READERS").unwrap_or_else(|_| "python3".into());
    let mut found = Command::new(&python);
    found.args(["-c", "import dbt_colibri, dbt_coverage"]);
    if found.output().is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    eprintln!("skipped: {python} has no dbt-colibri and dbt-coverage (`make test` installs them)");
    None
}

fn run(python: &str, project: &TestProject, arguments: &[&str]) -> Output {
    let output = Command::new(python)
        .args(arguments)
        .current_dir(project.path())
        .env("DO_NOT_TRACK", "1")
        .output()
        .expect("a Python that was just asked");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    output
}

/// Two models, of which one is half described and half tested.
fn shop() -> TestProject {
    let project = TestProject::new()
        .file("seeds/raw.csv", "id,amount\n1,10\n2,20\n")
        .file(
            "models/orders.sql",
            "select id as order_id, amount * 2 as doubled from {{ ref('raw') }}",
        )
        .file(
            "models/totals.sql",
            "with o as (select * from {{ ref('orders') }}) select order_id, doubled + 1 as total from o",
        )
        .file(
            "models/shop.yml",
            "models:\n  - name: orders\n    columns:\n      - {name: order_id, description: the number, data_tests: [unique]}\n",
        )
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: project\nmodels: {+materialized: table}\n",
        );
    project.redstart("build").success();
    project.redstart("docs generate").success();
    project
}

#[test]
fn dbt_colibri_follows_columns_through_our_artifacts() {
    let Some(python) = python() else { return };
    let project = shop();
    let command = "import sys; from dbt_colibri.cli.cli import cli; sys.argv = ['colibri', 'generate', '--output-dir', 'colibri']; cli()";
    run(&python, &project, &["-c", command]);
    let report = project.read("colibri/colibri-manifest.json");
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let edges = report["lineage"]["edges"].as_array().unwrap();
    let mut said: Vec<String> = edges
        .iter()
        .filter(|edge| {
            edge["sourceColumn"]
                .as_str()
                .is_some_and(|column| !column.is_empty())
        })
        .map(|edge| {
            let of = |key: &str| edge[key].as_str().unwrap_or_default().to_owned();
            let (from, to) = (of("source"), of("target"));
            format!(
                "{from}.{} -> {to}.{}\n",
                of("sourceColumn"),
                of("targetColumn")
            )
        })
        .collect();
    said.sort();
    assert_snapshot!(said.concat(), @"
    model.shop.orders.doubled -> model.shop.totals.total
    model.shop.orders.order_id -> model.shop.totals.order_id
    seed.shop.raw.amount -> model.shop.orders.doubled
    seed.shop.raw.id -> model.shop.orders.order_id
    ");
}

#[test]
fn dbt_coverage_counts_what_our_artifacts_describe_and_test() {
    let Some(python) = python() else { return };
    let project = shop();
    let counted = |what: &str| {
        let command = format!(
            "import sys; from dbt_coverage import app; sys.argv = ['dbt-coverage', 'compute', '{what}', '--cov-report', '{what}.json']; app()"
        );
        run(&python, &project, &["-c", &command]);
        let report = project.read(format!("{what}.json"));
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let tables = report["tables"].as_array().unwrap();
        tables
            .iter()
            .map(|table| {
                let name = table["name"].as_str().unwrap_or_default();
                format!("{name}: {} of {}\n", table["covered"], table["total"])
            })
            .collect::<String>()
    };
    assert_snapshot!(counted("doc"), @"
    main.orders: 1 of 2
    main.totals: 0 of 2
    main.raw: 0 of 2
    ");
    assert_snapshot!(counted("test"), @"
    main.orders: 1 of 2
    main.totals: 0 of 2
    main.raw: 0 of 2
    ");
}

/// The Python that has docglow and dbdocs, if any; `make test` puts it where `REDSTART_TEST_SITES` points.
#[expect(clippy::print_stderr, reason = "a test says why it proves nothing")]
fn python_of_sites() -> Option<String> {
    let python = std::env::var("REDSTART_TEST_SITES").unwrap_or_else(|_| "python3".into());
    let mut found = Command::new(&python);
    found.args(["-c", "import docglow, dbdocs"]);
    if found.output().is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    eprintln!("skipped: {python} has no docglow and dbdocs (`make test` installs them)");
    None
}

fn json(project: &TestProject, file: &str) -> serde_json::Value {
    serde_json::from_str(&project.read(file)).unwrap()
}

#[test]
fn docglow_shows_our_columns_tests_and_lineage() {
    let Some(python) = python_of_sites() else {
        return;
    };
    let project = shop();
    let command = "import sys; from docglow.cli import cli; sys.argv = ['docglow', 'generate', '--output-dir', 'docglow']; cli()";
    run(&python, &project, &["-c", command]);
    let site = json(&project, "docglow/docglow-data.json");
    let column = &site["models"]["model.shop.orders"]["columns"][0];
    assert_snapshot!(
        format!(
            "{} {} {}: {} ({}, {})",
            column["name"], column["data_type"], column["description"], column["tests"][0]["test_type"],
            column["tests"][0]["status"], site["models"]["model.shop.orders"]["materialization"]
        ),
        @r#""order_id" "integer" "the number": "unique" ("pass", "table")"#
    );
    assert_snapshot!(site["column_lineage"]["model.shop.totals"], @r#"{"order_id":[{"source_model":"model.shop.orders","source_column":"order_id","transformation":"passthrough"}],"total":[{"source_model":"model.shop.orders","source_column":"doubled","transformation":"derived"}]}"#);
}

#[test]
fn dbdocs_shows_our_nodes_and_lineage() {
    let Some(python) = python_of_sites() else {
        return;
    };
    let project = shop();
    let command = "import sys; from dbdocs.main import main; sys.argv = ['dbdocs', 'generate', '--output-dir', 'dbdocs']; main()";
    run(&python, &project, &["-c", command]);
    let site = json(&project, "dbdocs/dbdocs-data.json");
    assert_snapshot!(site["nodes"]["model.shop.orders"]["columns"], @r#"[{"description":"the number","name":"order_id","tags":[],"tests":["unique"],"type":"integer"},{"description":"","name":"doubled","tags":[],"tests":[],"type":"integer"}]"#);
    assert_snapshot!(site["lineage"]["edges"], @r#"[{"source":"seed.shop.raw","target":"model.shop.orders"},{"source":"model.shop.orders","target":"model.shop.totals"}]"#);
}

/// dbt's own page, of the dbt-core that `make test` installs with dbt-redshift.
fn dbt_docs_page() -> Option<std::path::PathBuf> {
    let python = std::env::var("REDSTART_TEST_DBT_REDSHIFT").ok()?;
    let find = "import importlib.util as it; print(list(it.find_spec('dbt.task.docs').submodule_search_locations)[0])";
    let found = Command::new(python).args(["-c", find]).output().ok()?;
    let folder = String::from_utf8(found.stdout).ok()?;
    let page = std::path::Path::new(folder.trim()).join("index.html");
    page.is_file().then_some(page)
}

#[test]
#[expect(clippy::print_stderr, reason = "a test says why it proves nothing")]
fn the_docs_page_of_dbt_shows_our_artifacts() {
    let (Some(page), Some((modules, chromium))) = (dbt_docs_page(), crate::site::browser_tools())
    else {
        eprintln!("skipped: no dbt-core or no browser (`make test` installs them)");
        return;
    };
    let project = shop();
    let folder = project.path().join("target");
    std::fs::copy(page, folder.join("index.html")).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/site/dbt_docs.mjs");
    let seen = Command::new("node")
        .arg(script)
        .args([&modules, &chromium, &folder])
        .arg("model.shop.orders")
        .output()
        .expect("node runs");
    let text =
        String::from_utf8_lossy(&seen.stdout).into_owned() + &String::from_utf8_lossy(&seen.stderr);
    assert_snapshot!(text, @"
    title: orders table | 3 search results
    row: order_id integer the number U
    row: Details Description the number Constraints Generic Data Tests Unique
    row: doubled integer
    row: Details Constraints Generic Data Tests
    trouble: []
    ");
}
