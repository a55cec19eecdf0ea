//! What a person is told to do next: it works as it stands.

use insta::assert_snapshot;

use crate::project::TestProject;

#[test]
fn a_command_that_is_advised_has_the_flags_of_the_one_at_hand() {
    let project = TestProject::new()
        .file(
            "models/m.sql",
            "{{ config(enabled=var('on', false)) }} select 1 as id union all select 1",
        )
        .file(
            "models/m.yml",
            "version: 2\nmodels: [{name: m, columns: [{name: id, data_tests: [unique]}]}]\n",
        );
    let built = project.redstart("build --vars '{\"on\": true}'");
    let advice = "`redstart show --select unique_m_id --limit -1 --vars '{\"on\": true}'` shows all that it finds";
    assert!(built.text().contains(advice), "{built}");
    let shown = project.redstart("show --select unique_m_id --limit -1 --vars '{\"on\": true}'");
    assert!(shown.success().text().contains('2'));
}

#[test]
fn a_command_that_is_advised_names_the_node() {
    let project = TestProject::new().file("models/m.sql", "select 1 as id having");
    let built = project.redstart("build");
    assert!(
        built
            .text()
            .contains("`redstart compile --select m` shows the whole SQL"),
        "{built}"
    );
}

#[test]
fn a_misspelt_level_of_a_path_is_marked_where_it_stands() {
    let project = TestProject::new()
        .file("models/staging/a.sql", "select 1 as id")
        .file("models/marts/b.sql", "select 1 as id")
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: project\nmodels:\n  shpo:\n    staging: {+materialized: table}\n    marts: {+materialized: table}\n",
        );
    assert_snapshot!(project.redstart("parse"), @"
    exit 0
    shop: 2 nodes, no errors
    --- stderr
    warning[unused-key]: the configuration of `models.shpo` applies to nothing
     --> dbt_project.yml:4:3
      |
    4 |   shpo:
      |   ^^^^ no folder, file or package has this name
      |
      = help: did you mean `shop`?

    1 warning
    ");
}

#[test]
fn a_seed_that_looks_like_another_delimiter_is_told() {
    let project = TestProject::new()
        .file("seeds/s.csv", "id;name\n1;x\n")
        .file("seeds/one.csv", "id\n1\n");
    assert_snapshot!(project.redstart("seed --threads 1"), @r#"
    exit 0
    Running 2 nodes on 1 thread (target `dev.main`)
    warning[bad-seed-header]: the seed has one column, `id;name` (seeds/s.csv:1:1)
    1 of 2  OK    loaded seed file main.one                               [1 row in [time]]
    2 of 2  OK    loaded seed file main.s                                 [1 row in [time]]

    warning[bad-seed-header]: the seed has one column, `id;name`
     --> seeds/s.csv:1:1
      |
    1 | id;name
      | ^^^^^^^
      |
      = help: where `;` stands between its cells, configure it: `delimiter: ";"`

    Finished 2 seeds in [time]
    Done. PASS=2 WARN=0 ERROR=0 SKIP=0 TOTAL=2
    "#);
}

#[test]
fn documentation_of_what_is_not_built_says_so() {
    let project = TestProject::new().file("models/m.sql", "select 1 as id");
    let said = "Nothing of it is in the warehouse of `dev` yet";
    let before = project.redstart("docs generate").success();
    assert!(before.text().contains(said), "{before}");
    project.redstart("build").success();
    let after = project.redstart("docs generate").success();
    assert!(!after.text().contains("Nothing"), "{after}");
}

#[test]
fn a_secret_that_is_not_set_needs_no_default() {
    let project = TestProject::new().file("models/m.sql", "select 1 as id").file(
        "profiles.yml",
        "project:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: \"{{ env_var('DBT_ENV_SECRET_NOT_SET') }}\"}\n",
    );
    assert_snapshot!(project.redstart("parse"), @r#"
    exit 2
    error[undefined-env-var]: environment variable `DBT_ENV_SECRET_NOT_SET` is not set
     --> profiles.yml:4:35
      |
    4 |     dev: {type: duckdb, path: "{{ env_var('DBT_ENV_SECRET_NOT_SET') }}"}
      |                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: set it before the run: `export DBT_ENV_SECRET_NOT_SET=…`

    1 error
    "#);
}
