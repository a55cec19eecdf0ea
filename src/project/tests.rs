//! Projects read from a folder: what is found, and what is said when something is wrong.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Environment, Invocation, Options, Project};
use crate::diagnostic::{Diagnostic, Diagnostics};

const PROFILES: &str = "shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}\n";

struct Folder {
    folder: tempfile::TempDir,
    options: Options,
}

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join("shop").join(path);
            fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
            fs::write(path, text).unwrap();
        }
        let options = Options {
            root: folder.path().join("shop"),
            here: folder.path().join("shop"),
            ..Options::default()
        };
        Self { folder, options }
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.options.environment = Environment(
            [(name.to_owned(), value.to_owned())].into(),
            Invocation::default(),
        );
        self
    }

    fn load(&self) -> Result<(Project, Diagnostics), Diagnostics> {
        Project::load(&self.options)
    }

    fn project(&self) -> Project {
        self.load()
            .unwrap_or_else(|problems| panic!("{problems:#?}"))
            .0
    }

    /// Errors, or else warnings.
    fn told(&self) -> String {
        let problems = match self.load() {
            Ok((_, warnings)) => warnings,
            Err(problems) => problems,
        };
        let line = |problem: Diagnostic| {
            let mut line = problem.to_string();
            problem
                .notes
                .iter()
                .for_each(|note| line += &format!("\n  note: {note}"));
            problem
                .help
                .iter()
                .for_each(|help| line += &format!("\n  help: {help}"));
            line
        };
        let told = problems
            .into_iter()
            .map(line)
            .collect::<Vec<_>>()
            .join("\n");
        told.replace(&*self.folder.path().to_string_lossy(), "[tmp]")
    }
}

fn told(files: &[(&str, &str)]) -> String {
    Folder::new(files).told()
}

#[test]
fn a_folder_without_a_project_file_is_a_project() {
    let project = Folder::new(&[
        ("profiles.yml", PROFILES),
        ("models/a/one.sql", "select 1"),
        ("models/a/.hidden.sql", "select 1"),
        ("models/old/two.sql", "select 1"),
        (".dbtignore", "old/\n"),
        ("seeds/s.csv", "id\n"),
        ("tests/fixtures/f.sql", "select 1"),
        ("tests/generic/g.sql", "{% test g(model) %}{% endtest %}"),
        ("tests/single.sql", "select 1"),
        ("macros/m.sql", ""),
        ("models/docs.md", "{% docs x %}y{% enddocs %}"),
    ])
    .project();
    let paths = |files: &[super::File]| {
        files
            .iter()
            .map(|file| format!("{} ({})", file.source.path, file.path))
            .collect::<Vec<_>>()
    };
    insta::assert_snapshot!(format!(
        "{} {}\n{:?}\n{:?}\n{:?}\n{:?} {:?}",
        project.own.name, project.target.schema, paths(&project.own.models), paths(&project.own.macros), paths(&project.own.singular_tests),
        project.own.seeds[0].original_file_path, project.own.docs.keys()
    ), @r#"
    shop main
    ["models/a/one.sql (a/one.sql)"]
    ["macros/m.sql (m.sql)", "tests/generic/g.sql (generic/g.sql)"]
    ["tests/single.sql (single.sql)"]
    "seeds/s.csv" ["x"]
    "#);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_can_be_left_out() {
    let folder = Folder::new(&[
        ("profiles.yml", PROFILES),
        ("models/one.sql", "select 1"),
        (".dbtignore", "gone.sql\nloop\n"),
    ]);
    let models = folder.options.root.join("models");
    std::os::unix::fs::symlink("nowhere.sql", models.join("gone.sql")).unwrap();
    std::os::unix::fs::symlink("../models", models.join("loop")).unwrap();
    assert_eq!(folder.project().own.models.len(), 1);
}

#[test]
fn a_target_is_chosen_and_its_values_are_rendered() {
    let files = [(
        "profiles.yml",
        "shop:\n  target: \"{{ env_var('WHERE', 'dev') }}\"\n  outputs:\n    dev: {type: duckdb, path: dev.duckdb}\n    prod:\n      type: redshift\n      host: h\n      dbname: shop\n      schema: analytics\n      port: \"{{ env_var('PORT', '5439') | int }}\"\n      threads: 4\n      password: \"{{ env_var('DBT_ENV_SECRET_PASSWORD', 'x1y2') }}\"\n",
    )];
    let dev = Folder::new(&files).project().target;
    assert_eq!(
        (dev.name.as_str(), dev.dialect(), dev.database.as_str()),
        ("dev", "duckdb", "dev")
    );
    let prod = Folder::new(&files).env("WHERE", "prod").project().target;
    assert_eq!(
        (prod.threads, prod.get("port"), prod.schema.as_str()),
        (4, Some(&Value::from(5439)), "analytics")
    );
    assert!(!prod.to_jinja().contains_key("password"));
    assert!(prod.secrets.iter().any(|secret| secret == "x1y2"));
}

#[test]
fn a_missing_profile_or_target_says_where_it_looked_and_what_there_is() {
    insta::assert_snapshot!(told(&[("models/a.sql", "")]), @"
    error[missing-profiles]: there is no `profiles.yml`
      note: looked for profiles.yml
      help: write one, or name its folder with --profiles-dir; `redstart init` writes a project that has one
      help: this folder has no dbt_project.yml: if the project is elsewhere, name its folder with --project-dir
    ");
    insta::assert_snapshot!(told(&[("dbt_project.yml", "name: shop\nprofile: shpo\n"), ("profiles.yml", PROFILES)]), @r"
    error[missing-profile]: there is no profile `shpo` in profiles.yml (dbt_project.yml:2:10)
      help: did you mean `shop`?
      help: the profiles are `shop`
    ");
    insta::assert_snapshot!(told(&[("profiles.yml", "a: {}\nb: {}\n")]), @"
    error[missing-profile]: there is no profile `shop` for this project (profiles.yml:1:1)
      help: choose one with --profile, or with `profile:` in dbt_project.yml; the profiles are `a`, `b`
      help: this folder has no dbt_project.yml: if the project is elsewhere, name its folder with --project-dir
    ");
    insta::assert_snapshot!(told(&[("profiles.yml", "shop: {target: prd, outputs: {prod: {type: duckdb}}}\n")]), @r"
    error[missing-target]: the profile `shop` has no target `prd` (profiles.yml:1:16)
      help: did you mean `prod`?
      help: the targets are `prod`
    ");
    insta::assert_snapshot!(told(&[("profiles.yml", "shop: {outputs: {dev: {type: duckdb}}}\n")]), @"
    error[missing-target]: the profile `shop` has no target `default` (profiles.yml:1:18)
      help: the targets are `dev`
    ");
}

#[test]
fn every_wrong_value_of_a_target_is_told() {
    insta::assert_snapshot!(told(&[("profiles.yml", "shop:\n  target: dev\n  outputs:\n    dev:\n      type: redshift\n      pasword: x\n      threads: many\n      emulate: snowflake\n")]), @"
    error[unknown-key]: a `redshift` target has no key `pasword` (profiles.yml:6:7)
      help: did you mean `password`?
    error[unknown-key]: a `redshift` target has no key `emulate` (profiles.yml:8:7)
      help: take it out: it is for targets of type `duckdb` and `postgres`
    error[unknown-value]: `snowflake` cannot be emulated (profiles.yml:8:16)
      help: only `emulate: redshift` is known; leave the key out to speak the engine's own SQL
    error[yaml-type]: expected a number of threads, at least 1, found the text `many` (profiles.yml:7:16)
      help: write digits alone, without quotes or a unit
    error[missing-key]: the target `dev` has no `schema` (profiles.yml:5:7)
      help: write the schema that models are built in
    ");
    insta::assert_snapshot!(told(&[("profiles.yml", "shop: {target: dev, outputs: {dev: {type: redshift, schema: s, keepalives_idle: 240, search_path: a, colour: blue}}}\n")]), @"
    error[unknown-key]: a `redshift` target has no key `keepalives_idle` (profiles.yml:1:64)
      help: write `tcp_keepalive_idle`
    error[unknown-key]: a `redshift` target has no key `search_path` (profiles.yml:1:86)
      help: set it for the user: `alter user … set search_path to …`
    error[unknown-key]: a `redshift` target has no key `colour` (profiles.yml:1:102)
      help: take it out: the keys of a `redshift` target are `host`, `user`, `pass`, `password`, `port`, `dbname`, `database`, `method`, `cluster_id`, `iam_profile`, `region`, `access_key_id`, `secret_access_key`, `autocreate`, `db_groups`, `ra3_node`, `role`, `sslmode`, `sslrootcert`, `connect_timeout`, `retries`, `retry_all`, `autocommit`, `token_endpoint`, `idc_region`, `issuer_url`, `idp_listen_port`, `idc_client_display_name`, `idp_response_timeout`, `is_serverless`, `serverless_work_group`, `serverless_acct_id`, `query_group`, `s3`, `datasharing`, `tcp_keepalive`, `tcp_keepalive_idle`, `tcp_keepalive_interval`, `tcp_keepalive_count`, `allow_concurrent_drops`, `drop_without_cascade`, `application_name`, `staging`, `type`, `schema`, `threads`, `run_history`
    ");
    insta::assert_snapshot!(told(&[("profiles.yml", "shop: {target: dev, outputs: {dev: {type: snowflake}}}\n")]), @r"
    error[unknown-adapter]: there is no adapter `snowflake` (profiles.yml:1:43)
      help: the adapters are `duckdb`, `postgres` and `redshift`
    ");
}

#[test]
fn a_missing_or_secret_variable_is_told_where_it_is_asked_for() {
    insta::assert_snapshot!(told(&[("profiles.yml", "shop:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: \"{{ env_var('NOT_SET') }}\"\n")]), @r"
    error[undefined-env-var]: environment variable `NOT_SET` is not set (profiles.yml:6:17)
      help: set it, or give a default: `env_var('NOT_SET', '…')`
    ");
    insta::assert_snapshot!(Folder::new(&[
        ("profiles.yml", PROFILES),
        ("dbt_project.yml", "name: shop\nmodels:\n  +schema: \"{{ env_var('DBT_ENV_SECRET_X') }}\"\n"),
    ]).env("DBT_ENV_SECRET_X", "hush").told(), @r"
    error[secret-env-var]: the secret `DBT_ENV_SECRET_X` cannot be read here (dbt_project.yml:3:16)
      help: secret environment variables are for `profiles.yml` only; give another variable a name without `DBT_ENV_SECRET`
    ");
}

#[test]
fn a_project_file_is_checked_key_by_key() {
    let with = |text: &str| told(&[("profiles.yml", PROFILES), ("dbt_project.yml", text)]);
    insta::assert_snapshot!(with("name: shop\nmodel-path: [models]\n"), @r"
    error[unknown-key]: there is no key `model-path` here (dbt_project.yml:2:1)
      help: did you mean `model-paths`?
    ");
    insta::assert_snapshot!(with("name: my-shop\n"), @r"
    error[bad-project-name]: `my-shop` cannot be the name of a project (dbt_project.yml:1:7)
      help: use letters, digits and `_`, starting with a letter
    ");
    insta::assert_snapshot!(with("name: shop\nmodel-paths: models\n"), @"
    error[yaml-type]: expected a list, found the text `models` (dbt_project.yml:2:14)
      help: write `[models]`, or each entry on a line of its own behind `- `
    ");
    insta::assert_snapshot!(with("name: shop\nconfig-version: 1\non-run-start: [{a: b}]\n"), @"
    error[not-supported]: `config-version: 1` is not supported (dbt_project.yml:2:17)
      help: write `config-version: 2`, the only one since dbt 1.0
    error[yaml-type]: expected a text of SQL, found a mapping (dbt_project.yml:3:16)
      help: write one text, in quotes where it looks like something else
    ");
    insta::assert_snapshot!(with("name: shop\nconfig-version: x\n"), @"
    error[yaml-type]: expected a whole number, found the text `x` (dbt_project.yml:2:17)
      help: write digits alone, without quotes or a unit
    ");
    insta::assert_snapshot!(with("name: shop\nvars: [a]\n"), @"
    error[yaml-type]: expected a mapping of variables, found a list (dbt_project.yml:2:7)
      help: write `key: value`, each on a line of its own and indented, or `{key: value}`
    ");
    assert_eq!(
        with(
            "name: shop\nsource-paths: [models]\ndata-paths: [seeds]\nquery-comment: null\nrequire-dbt-version: '>=1.0'\n"
        ),
        ""
    );
}

#[test]
fn variables_of_the_command_line_win() {
    let mut folder = Folder::new(&[
        ("profiles.yml", PROFILES),
        (
            "dbt_project.yml",
            "name: shop\nvars: {a: 1, b: 2, shop: {b: 3}}\nmodels: {+enabled: \"{{ var('on', true) }}\", +schema: \"x_{{ var('a') }}\"}\n",
        ),
    ]);
    folder.options.vars = Some("{a: 5, on: no}".to_owned());
    let project = folder.project();
    let vars = &project.vars;
    assert_eq!(
        [
            vars.get("shop", "a"),
            vars.get("shop", "b"),
            vars.get("other", "b")
        ],
        [
            Some(&Value::from(5)),
            Some(&Value::from(3)),
            Some(&Value::from(2))
        ]
    );
    let models = project
        .own
        .file
        .configs
        .models
        .rendered
        .map(|tree| tree.to_json());
    insta::assert_snapshot!(models.unwrap_or_default(), @r#"{"+enabled":true,"+schema":"x_5"}"#);
    folder.options.vars = Some("a: [".to_owned());
    insta::assert_snapshot!(folder.told(), @r"
    error[yaml-syntax]: this is not YAML: while parsing a node, did not find expected node content (--vars:1:5)
      help: check the indentation and the quotes around this line
    ");
    folder.options.vars = Some("5".to_owned());
    insta::assert_snapshot!(folder.told(), @"
    error[yaml-type]: expected a mapping, found the number `5` (--vars:1:1)
      help: write `key: value`, each on a line of its own and indented, or `{key: value}`
      help: write --vars '{name: value}'
    ");
}

#[test]
fn a_file_that_is_not_utf8_is_told_with_the_byte() {
    let folder = Folder::new(&[("profiles.yml", PROFILES), ("models/a.sql", "")]);
    fs::write(
        folder.options.root.join("models/a.sql"),
        b"select 'caf\xe9'",
    )
    .unwrap();
    insta::assert_snapshot!(folder.told(), @r"
    error[not-utf8]: `models/a.sql` is not UTF-8 (models/a.sql:1:12)
      help: save the file as UTF-8
    ");
}

#[test]
fn jinja_of_property_files_is_rendered_but_not_what_waits() {
    let project = Folder::new(&[
        ("profiles.yml", PROFILES),
        ("models/s.yml", "models:\n  - name: a\n    description: \"{{ doc('x') }}\"\n    config: {enabled: \"{{ target.name == 'dev' }}\", pre_hook: \"{{ this }}\"}\n    data_tests: [unique: {arguments: {column_name: \"{{ var('nope') }}\"}}]\n"),
    ])
    .project();
    let model = &project.own.properties.models[0];
    insta::assert_snapshot!(format!("{:?} {} {}", model.description.as_ref().map(|text| &text.value), model.config.as_ref().unwrap().to_json(), model.data_tests[0].arguments[0].1.to_json()), @r#"Some("{{ doc('x') }}") {"enabled":true,"pre_hook":"{{ this }}"} "{{ var('nope') }}""#);
}
