//! What a project says and nothing heeds: told with its place, and passed over as dbt does.

use insta::assert_snapshot;

use crate::project::TestProject;

#[test]
fn folders_of_the_project_file_that_are_nowhere_are_told() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: project\nprofile: project\nmodel-paths: [modles]\ntarget-path: ''\n",
        )
        .file("models/orders.sql", "select 1 as id");
    assert_snapshot!(project.redstart("parse"), @"
    exit 0
    project: 0 nodes, no errors
    --- stderr
    warning[missing-folder]: there is no folder `modles`, so the project has no models
     --> dbt_project.yml:3:14
      |
    3 | model-paths: [modles]
      |              ^^^^^^^^
      |
      = help: name the folders that hold the models, from the project's folder: `model-paths: [models]`

    warning[missing-folder]: `target-path` names no folder: artifacts are written beside dbt_project.yml
     --> dbt_project.yml:4:14
      |
    4 | target-path: ''
      |              ^^
      |
      = help: name one, such as `target-path: target`

    2 warnings
    ");
}

#[test]
fn what_the_config_of_a_source_says_in_vain_is_told_once() {
    let project = TestProject::new().file(
        "models/raw.yml",
        "sources:
  - name: raw
    config: {schema: other, materialized: view, enabled: true}
    tables:
      - name: events
        config: {alias: event}
      - name: visits
",
    );
    assert_snapshot!(project.redstart("parse"), @"
    exit 0
    project: 2 nodes, no errors
    --- stderr
    warning[no-effect]: `schema` in the `config` of a source has no effect
     --> models/raw.yml:3:14
      |
    3 |     config: {schema: other, materialized: view, enabled: true}
      |              ^^^^^^
      |
      = help: write `schema:` beside the `name` of the source

    warning[no-effect]: `materialized` in the `config` of a source has no effect
     --> models/raw.yml:3:29
      |
    3 |     config: {schema: other, materialized: view, enabled: true}
      |                             ^^^^^^^^^^^^
      |
      = help: take it out: a source is read as it is there, or loaded where it has `external:`

    warning[no-effect]: `alias` in the `config` of a source has no effect
     --> models/raw.yml:6:18
      |
    6 |         config: {alias: event}
      |                  ^^^^^
      |
      = help: write `identifier:` beside the `name` of the table

    3 warnings
    ");
}

#[test]
fn each_version_of_a_model_has_a_date_of_its_own_or_none() {
    let project = TestProject::new()
        .file("models/m_v1.sql", "select 1 as id")
        .file("models/m_v2.sql", "select 1 as id")
        .file("models/words.md", "{% docs two %}Two words{% enddocs %}\n")
        .file(
            "models/m.yml",
            "models:
  - name: m
    description: \"{{ doc('project', 'two') }}\"
    deprecation_date: 2090-01-01
    versions: [{v: 1}, {v: 2, deprecation_date: 2091-01-01}]
",
        );
    project.redstart("parse").success();
    let manifest: serde_json::Value =
        serde_json::from_str(&project.read("target/manifest.json")).unwrap();
    let of = |version: &str, key: &str| {
        manifest["nodes"][format!("model.project.m.{version}")][key].clone()
    };
    assert_eq!(of("v1", "deprecation_date"), serde_json::Value::Null);
    assert_eq!(of("v2", "deprecation_date"), "2091-01-01T00:00:00+00:00");
    assert_eq!(of("v1", "description"), "Two words");
    assert_eq!(
        of("v1", "doc_blocks"),
        serde_json::json!(["doc.project.two"])
    );
}

#[test]
fn keys_of_a_login_that_its_method_does_not_heed_are_told() {
    let project = TestProject::empty()
        .file(
            "profiles.yml",
            "project:
  target: prod
  outputs:
    prod:
      type: redshift
      host: wg.123456789012.eu-west-1.redshift-serverless.amazonaws.com
      dbname: dev
      schema: shop
      method: iam
      db_groups: [etl]
      idp_listen_port: abc
",
        )
        .file("dbt_project.yml", "name: project\nprofile: project\n")
        .file("models/orders.sql", "select 1 as id");
    assert_snapshot!(project.redstart("parse"), @"
    exit 0
    project: 1 node, no errors
    --- stderr
    warning[no-effect]: `db_groups` has no effect with `method: iam`: on a workgroup the user is that of the identity of AWS, whoever `user` names
      --> profiles.yml:10:18
       |
    10 |       db_groups: [etl]
       |                  ^^^^^
       |
       = help: take it out, or choose another `method`

    warning[no-effect]: `idp_listen_port` has no effect with `method: iam`: it is for a login through an identity centre
      --> profiles.yml:11:24
       |
    11 |       idp_listen_port: abc
       |                        ^^^
       |
       = help: take it out: such a login is not supported

    2 warnings
    ");
    let output = project.redstart("compile --statements");
    assert_eq!(output.code, 0, "no `user` is needed: {output}");
}
