//! The site and its Markdown, of a project that has what the example does not: an exposure, tags, several targets, a diff.

use std::process::Command;

use insta::assert_snapshot;

use crate::project::TestProject;
use crate::site::{browser_tools, skipped};

/// Pages by their addresses, in light, dark and on a phone: what is wrong with them, and what was asked of a network.
fn looked_at(project: &TestProject, pages: &[&str]) -> Option<String> {
    let (modules, chromium) = browser_tools()?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/site/pages.mjs");
    let seen = Command::new("node")
        .arg(script)
        .args([modules, chromium, project.path().to_owned()])
        .args(pages)
        .output()
        .expect("node runs");
    let said = [seen.stdout, seen.stderr];
    let said = said.map(|text| String::from_utf8_lossy(&text).into_owned());
    Some(said.concat())
}

/// A project with all that the example does not have: an exposure, tags, a group, access, a contract, a logo, two targets, a diff.
fn gallery() -> TestProject {
    TestProject::empty()
        .file(
            "profiles.yml",
            "project:
  target: dev
  outputs:
    dev: {type: duckdb, path: project.duckdb, schema: main, emulate: redshift}
    prod: {type: duckdb, path: prod.duckdb, schema: marts, emulate: redshift}
    cloud: {type: redshift, host: \"{{ env_var('NOT_SET') }}\", schema: marts, dbname: d, user: u, password: p}
",
        )
        .file(
            "dbt_project.yml",
            "name: project\nprofile: project\nmodels: {+materialized: table, +schema: \"{{ 'x' if target.name == 'prod' else 'y' }}\"}\nanalysis-paths: [analyses]\nflags: {docs: {title: The Gallery, logo: assets/logo.svg}}\n",
        )
        .file(
            "assets/logo.svg",
            "<svg xmlns='http://www.w3.org/2000/svg' width='24' height='24'><circle cx='12' cy='12' r='9'/></svg>",
        )
        .file(
            "models/base.sql",
            "{{ config(tags=['daily']) }} select {{ cents(1) }} as user_id, 'a' as note union all select 2, 'b' where {{ var('more', false) }}",
        )
        .file("models/middle.sql", "select user_id from {{ ref('base') }}")
        .file(
            "models/report.sql",
            "{{ config(tags=['daily']) }} select user_id as id from {{ ref('middle') }}",
        )
        .file("models/secret.sql", "{{ config(docs={'show': false}) }} select 1 as id")
        .file("macros/cents.sql", "{% macro cents(amount) %}{{ amount }}{% endmacro %}")
        .file("analyses/many.sql", "select count(*) as n from {{ ref('base') }} -- not secret\n")
        .file("tests/never.sql", "select 1 as a from {{ ref('base') }} where false")
        .file(
            "models/notes.md",
            "{% docs __overview__ %}\n# Welcome\n<script>alert(1)</script>\n{% enddocs %}\n{% docs note %}\nA *note*.\n{% enddocs %}\n",
        )
        .file(
            "models/shop.yml",
            "models:
  - name: base
    meta: {owner: Ann}
    config: {group: crew, access: public, contract: {enforced: true}}
    columns: [{name: user_id, data_type: integer, data_tests: [unique, not_null]}, {name: note, data_type: varchar, description: \"{{ doc('note') }}\"}]
groups: [{name: crew, owner: {name: The crew, email: c@x.y}}]
exposures:
  - {name: board, label: The Board, type: dashboard, owner: {name: Bo, email: b@x.y}, tags: [daily], depends_on: [ref('report')]}
macros:
  - {name: cents, description: Whole ones., arguments: [{name: amount, type: integer, description: How much}]}
",
        )
}

#[test]
fn markdown_tells_what_is_no_table_rows_of_builds_and_other_targets() {
    let project = gallery();
    project.redstart("build --quiet").success();
    project
        .redstart("build --quiet --vars '{more: true}'")
        .success();
    project.redstart("docs generate --format md,json").success();
    let file = |name: &str| project.read(format!("target/dictionary/{name}"));
    let start = file("README.md");
    for wanted in [
        "# Data dictionary of The Gallery",
        "Also: [Tests](tests.md), [Macros](macros.md), [Glossary](glossary.md), [Analyses](analyses.md), [Last build](last-build.md)",
        "## About\n\n# Welcome\n&lt;script>alert(1)&lt;/script>",
        "- Target: dev (duckdb)",
        "- Tests: 3 pass",
        "1 of 3 tables have an owner (33%).",
    ] {
        assert!(start.contains(wanted), "no {wanted:?} in {start}");
    }
    let base = file("model.project.base.md");
    let stable = |text: &str| {
        let mut kept = String::new();
        for (at, part) in text.split(" UTC").enumerate() {
            let cut = part.len().saturating_sub("2026-11-30 13:13".len());
            let is_time = part[cut..].starts_with("20");
            kept.push_str(if at > 0 { " UTC" } else { "" });
            kept.push_str(if is_time { &part[..cut] } else { part });
        }
        kept
    };
    let facts: Vec<&str> = base
        .lines()
        .take_while(|line| !line.starts_with('|'))
        .collect();
    assert_snapshot!(stable(&facts.join("\n")), @"
    # base

    - `main_y.base` (table model)
    - In the target prod: `prod.marts_x.base`
    - Owner: Ann
    - Group: crew (The crew, c@x.y)
    - Access: public
    - Contract: enforced
    - Grain: one row per user_id
    - Rows: 2
    - Last built:  UTC
    - Rows after builds: 1 ( UTC), 2 ( UTC)
    - Tags: daily
    - Downstream: [middle](model.project.middle.md)
    - Tests: never (pass)
    - File: `models/base.sql`
    - Declared: `models/shop.yml:2`
    ");
    assert_snapshot!(file("tests.md"), @r#"
    # Tests

    | Test | Of | Last result | Rows |
    | --- | --- | --- | --- |
    | not_null | base.user_id | pass |  |
    | unique | base.user_id | pass |  |
    | never |  | pass |  |

    ## never

    - Reads: [base](model.project.base.md)

    As written:

    ```sql
    select 1 as a from {{ ref('base') }} where false
    ```

    As compiled:

    ```sql
    select 1 as a from "project"."main_y"."base" where false
    ```

    - File: `tests/never.sql`
    "#);
    assert_snapshot!(file("macros.md"), @"
    # Macros

    ## cents

    Whole ones.

    | Argument | Type | Description |
    | --- | --- | --- |
    | amount | integer | How much |

    ```jinja
    {% macro cents(amount) %}{{ amount }}{% endmacro %}
    ```

    - File: `macros/cents.sql`
    ");
    assert_snapshot!(file("glossary.md"), @"
    # Glossary

    ## note

    A *note*.

    - File: `models/notes.md`
    ");
    assert_snapshot!(file("analyses.md"), @r#"
    # Analyses

    ## many

    - Reads: [base](model.project.base.md)

    As written:

    ```sql
    select count(*) as n from {{ ref('base') }} -- not (not shown)
    ```

    As compiled:

    ```sql
    select count(*) as n from "project"."main_y"."base" -- not (not shown)
    ```

    - File: `analyses/many.sql`
    "#);
    let build = file("last-build.md");
    assert!(build.contains("| report | success | "), "{build}");
    assert!(build.contains("longest path"), "{build}");
    // The one file says what the folder says, below other headings and with other links.
    let whole = project.read("target/dictionary.md");
    let squeezed = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim_start_matches('#').trim());
        let lines = lines.filter(|line| !line.is_empty());
        lines
            .map(|line| line.replace("](#", "](").replace(".md)", ")"))
            .collect()
    };
    let told = squeezed(&whole);
    let files = std::fs::read_dir(project.path().join("target/dictionary")).expect("a folder");
    let mut looked = 0;
    for page in files {
        let page = std::fs::read_to_string(page.expect("a file").path()).expect("a text");
        looked += 1;
        for line in squeezed(&page) {
            let is_navigation = line.starts_with("- Also: ");
            assert!(
                is_navigation || told.contains(&line),
                "no {line:?} in {whole}"
            );
        }
    }
    assert_eq!(looked, 9, "three tables, five others, and the start");
    std::fs::remove_file(project.path().join("analyses/many.sql")).expect("it was there");
    project.redstart("docs generate --format md").success();
    assert!(
        !project
            .path()
            .join("target/dictionary/analyses.md")
            .exists()
    );
}

#[test]
fn a_browser_shows_what_changed_exposures_and_rows_of_builds() {
    let project = gallery();
    project.redstart("build --quiet").success();
    project
        .redstart("docs generate --target-path before")
        .success();
    let project = project.file(
        "models/report.sql",
        "{{ config(tags=['daily']) }} select user_id as number, 'x' as more from {{ ref('middle') }}",
    );
    project
        .redstart("build --quiet --vars '{more: true}'")
        .success();
    project.redstart("docs diff --state before").success();
    let page = project.read("target/changes.html");
    assert!(
        page.contains("compared with before of 20") && page.contains("site/index.html#/changes"),
        "{page}"
    );
    // A new site keeps what was compared; one page that holds everything is told as well.
    project.redstart("docs generate").success();
    project
        .redstart("docs generate --single-file --target-path single")
        .success();
    project
        .redstart("docs diff --state before --target-path single")
        .success();
    let Some(seen) = looked_at(
        &project,
        &[
            "target/changes.html",
            "single/index.html#/",
            "single/index.html#/changes",
            "target/site/index.html#/",
            "target/site/index.html#/changes",
            "target/site/index.html#/folders",
            "target/site/index.html#/exposure.project.board",
            "target/site/index.html#/model.project.base",
            "target/site/index.html#/model.project.report/column/number",
            "target/site/index.html#/lineage?only=daily",
            "target/site/index.html#/lineage/model.project.report?only=daily",
            "target/site/index.html#/lineage/model.project.base/user_id",
            "target/site/index.html#/list/tag/daily",
            "target/site/index.html#/list/kind/exposure",
        ],
    ) else {
        skipped();
        return;
    };
    assert_snapshot!(seen);
}

#[test]
fn what_changed_is_forgotten_where_it_tells_of_what_is_hidden_since() {
    let project = gallery();
    project
        .redstart("docs generate --target-path before")
        .success();
    project.redstart("docs generate").success();
    let changes = |project: &TestProject| project.read("target/site/data/changes.js");
    let nothing = changes(&project);
    let project = project.file("models/later.sql", "select 1 as id");
    project.redstart("docs diff --state before").success();
    let found = changes(&project);
    assert_ne!(found, nothing);
    project.redstart("docs generate").success();
    assert_eq!(changes(&project), found, "a new site keeps what was found");
    let project = project.file(
        "models/later.sql",
        "{{ config(docs={'show': false}) }} select 1 as id",
    );
    project.redstart("docs generate").success();
    assert_eq!(changes(&project), nothing);
}
