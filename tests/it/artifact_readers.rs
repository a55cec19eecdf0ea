//! Programs of others that read dbt's artifacts read ours: dbt-colibri and dbt-coverage, from PyPI.

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
