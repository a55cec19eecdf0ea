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

#[test]
fn a_name_without_a_value_in_config_is_told() {
    let project = TestProject::new()
        .file(
            "models/inc.sql",
            "{{ config(materialized='incremental', unique_key=id) }} select 1 as id",
        )
        .file(
            "models/some.sql",
            "{{ config(materialized='table', sort=('id' if target.name == 'other')) }} select 1 as id",
        );
    assert_snapshot!(project.redstart("parse"), @"
    exit 2
    error[bad-config]: `unique_key` is given a name that has no value
     --> models/inc.sql:1:4
      |
    1 | {{ config(materialized='incremental', unique_key=id) }} select 1 as id
      |    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: a text stands in quotes: `unique_key='…'`; a variable needs a value first: `{% set … %}`, `var('…')`

    1 error
    ");
}

#[test]
fn a_query_may_end_in_a_semicolon_wherever_it_is_put() {
    let project = TestProject::new()
        .file("models/a.sql", "{{ config(materialized='ephemeral') }} select 1 as id;\n-- all of it\n")
        .file("models/b.sql", "{{ config(materialized='table') }} select id, ';' as sign from {{ ref('a') }} ;")
        .file("models/c.sql", "select id from {{ ref('b') }};")
        .file("tests/t.sql", "select * from {{ ref('c') }} where id > 1;")
        .file(
            "snapshots/s.sql",
            "{% snapshot s %}{{ config(unique_key='id', strategy='check', check_cols='all', target_schema='main') }} select id from {{ ref('c') }};{% endsnapshot %}",
        );
    project.redstart("build").success();
    let table = project.redstart("compile --statements -s b").success();
    assert!(!table.stdout.contains(" ;\n"), "{table}");
}

#[test]
fn a_reference_without_braces_is_told() {
    let project = TestProject::new().file("models/a.sql", "select * from ref('b')");
    let built = project.redstart("build");
    assert!(
        built.text().contains("write it in braces: `{{ ref(…) }}`"),
        "{built}"
    );
}

#[test]
fn a_load_with_personal_columns_tells_the_place_that_is_not_there() {
    let project = TestProject::new()
        .file(
            "profiles.yml",
            "project:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: project.duckdb, emulate: redshift, s3: {'s3://lake/': files/}}\n",
        )
        .file("files/other/people.csv", "1,ann@x.org\n")
        .file(
            "models/sources.yml",
            "\
version: 2
sources:
  - name: raw
    schema: raw
    tables:
      - name: people
        external: {location: 's3://lake/people/', file_format: csv, copy: {}}
        columns: [{name: id, data_type: integer}, {name: email, data_type: varchar(50), meta: {pii: true}}]
",
        );
    let loaded = project.redstart("load");
    assert!(
        loaded.text().contains("'people/' does not exist"),
        "{loaded}"
    );
    assert!(loaded.text().contains("stands for"), "{loaded}");
    assert!(!loaded.text().contains("*****"), "{loaded}");
}

#[test]
fn show_says_when_there_are_more_rows() {
    let project = TestProject::new().file(
        "models/m.sql",
        "select 1 as n union all select 2 union all select 3 union all select 4 union all select 5 union all select 6",
    );
    let more = "The first 5 rows; `--limit -1` shows all";
    assert!(
        project
            .redstart("show -s m")
            .success()
            .stderr
            .contains(more)
    );
    assert!(
        !project
            .redstart("show -s m --limit 2")
            .success()
            .text()
            .contains("The first")
    );
    assert!(
        !project
            .redstart("show -s m --limit -1")
            .success()
            .text()
            .contains("The first")
    );
}

#[test]
fn a_secret_among_variables_is_not_said_again() {
    for secret in ["pa$$w0rd", "p'a$w", "pa w0rd"] {
        let project = TestProject::new()
            .file("models/m.sql", "select 1 as id having")
            .env("DBT_ENV_SECRET_X", secret);
        let vars = serde_json::json!({"pw": secret, "it": "it's"}).to_string();
        let built = project
            .command("build")
            .args(["--vars", &vars])
            .output()
            .unwrap();
        let text = [built.stdout, built.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert!(
            text.contains("`redstart compile --select m --vars"),
            "{text}"
        );
        for part in [secret, "$w", "0rd"] {
            assert!(!text.contains(part), "{text}");
        }
    }
}

#[test]
fn what_a_config_asks_for_that_is_known_later_is_no_mistake() {
    let project = TestProject::new().file(
        "models/m.sql",
        "{% if not execute %}{% set x = 'a' %}{% endif %}{{ config(tags=x, alias=model.access) }} select 1 as id",
    );
    project.redstart("build").success();
}
