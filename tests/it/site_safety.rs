//! No word of a project runs as a script, in a real browser that follows every link of a site.

use std::path::Path;
use std::process::Command;

use crate::project::TestProject;
use crate::site::{browser_tools, skipped};

/// What a script would begin with, wherever it is taken for markup, for an attribute or for an address.
const HOSTILE: &str =
    r#""><img/src=x/onerror=alert(1)><script>alert(2)</script>[a](javascript:alert(3))"#;

/// Every page that a link leads to: how many there are, and what is wrong with them. `policy` says whether the page's own policy holds.
fn crawled(page: &Path, policy: bool) -> Option<String> {
    let (modules, chromium) = browser_tools()?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/site/crawl.mjs");
    let seen = Command::new("node")
        .arg(script)
        .args([&modules, &chromium, page])
        .args(policy.then_some("--csp"))
        .output()
        .expect("node runs");
    let said = [seen.stdout, seen.stderr];
    let said = said.map(|text| String::from_utf8_lossy(&text).into_owned());
    Some(said.concat())
}

/// Of some pages at least.
fn nothing_wrong(seen: &str, least: usize) {
    let pages = seen
        .strip_prefix("pages: ")
        .and_then(|rest| rest.lines().next());
    let pages = pages.and_then(|pages| pages.parse().ok());
    assert!(pages.is_some_and(|pages: usize| pages >= least), "{seen}");
    assert!(seen.ends_with("trouble: []\n"), "{seen}");
}

/// A project that is hostile wherever it says a word.
fn hostile() -> TestProject {
    let yaml = "version: 2
groups:
  - {name: team, owner: {name: 'HOSTILE', email: 'HOSTILE'}}
sources:
  - name: raw
    description: 'HOSTILE'
    meta: {owner: 'HOSTILE'}
    tables: [{name: 'HOSTILE', description: 'HOSTILE', loaded_at_field: 'HOSTILE', columns: [{name: 'HOSTILE', description: 'HOSTILE'}]}]
models:
  - name: base
    description: 'HOSTILE'
    config: {group: team, tags: ['HOSTILE']}
    meta: {owner: 'HOSTILE', layer: 'HOSTILE', grain: 'HOSTILE', more: 'HOSTILE'}
    constraints: [{type: check, expression: 'HOSTILE', columns: [id]}]
    columns:
      - name: id
        description: 'HOSTILE'
        data_type: 'HOSTILE'
        tags: ['HOSTILE']
        meta: {classification: 'HOSTILE'}
        data_tests: [not_null, accepted_values: {name: 'HOSTILE', description: 'HOSTILE', arguments: {values: ['HOSTILE']}}]
      - {name: 'HOSTILE', description: 'HOSTILE'}
seeds: [{name: words, description: 'HOSTILE', columns: [{name: word, description: 'HOSTILE'}]}]
unit_tests:
  - {name: small, description: 'HOSTILE', model: base, given: [], expect: {rows: [{note: 'HOSTILE'}]}}
exposures:
  - {name: board, label: 'HOSTILE', type: dashboard, description: 'HOSTILE', url: 'javascript:alert(4)', maturity: low, owner: {name: 'HOSTILE', email: 'HOSTILE'}, tags: ['HOSTILE'], depends_on: [ref('base')]}
macros:
  - {name: cents, description: 'HOSTILE', arguments: [{name: amount, type: 'HOSTILE', description: 'HOSTILE'}]}
";
    let sql = "select 1 as id, 'HOSTILE' as note, 2 as \"</script><img/src=x/onerror=alert(5)>\" -- HOSTILE\n";
    let said = |text: &str| text.replace("HOSTILE", HOSTILE);
    TestProject::new()
        .file(
            "dbt_project.yml",
            said("name: project\nprofile: project\nflags: {docs: {title: 'HOSTILE'}}\nmodels: {+materialized: table}\n"),
        )
        .file("models/base.sql", said(sql))
        .file("models/words.yml", said(yaml))
        .file("models/words.md", said("{% docs __overview__ %}HOSTILE{% enddocs %}{% docs note %}HOSTILE{% enddocs %}"))
        .file("macros/cents.sql", said("{% macro cents(amount) %}{{ amount }} -- HOSTILE\n{% endmacro %}"))
        .file("seeds/words.csv", "word\n\"<img/src=x/onerror=alert(6)>\"\n")
        .file("analyses/<script>alert(7).sql", said("select 1 as a -- HOSTILE"))
        .file("tests/<script>alert(8).sql", said("select 1 as a -- HOSTILE"))
}

#[test]
fn no_word_of_a_project_runs_in_a_browser() {
    let project = hostile();
    project.redstart("build --quiet");
    let before = project.path().join("before");
    std::fs::create_dir(&before).expect("a folder to make");
    std::fs::copy(
        project.path().join("target/manifest.json"),
        before.join("manifest.json"),
    )
    .expect("a manifest to copy");
    let project = project.file("models/base.yml", "");
    std::fs::remove_file(project.path().join("seeds/words.csv")).expect("a seed to remove");
    project.redstart("docs diff --state before");
    let Some(seen) = crawled(&project.path().join("target/site/index.html"), false) else {
        skipped();
        return;
    };
    nothing_wrong(&seen, 30);
}

#[test]
fn the_policy_of_a_page_lets_its_own_scripts_run_alone() {
    let project = hostile();
    project.redstart("build --quiet");
    let folder = crawled(&project.path().join("target/site/index.html"), true);
    project.redstart("docs generate --single-file");
    let single = crawled(&project.path().join("target/index.html"), true);
    let (Some(folder), Some(single)) = (folder, single) else {
        skipped();
        return;
    };
    nothing_wrong(&folder, 30);
    nothing_wrong(&single, 30);
}

#[test]
fn every_link_of_the_example_leads_to_a_page_without_a_network() {
    let project = TestProject::example();
    project.redstart("build --quiet").success();
    let Some(seen) = crawled(&project.path().join("target/site/index.html"), true) else {
        skipped();
        return;
    };
    nothing_wrong(&seen, 400);
}
