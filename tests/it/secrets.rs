//! No byte that the program writes holds a secret: terminal, logs, target folder, database, whatever the command and its fate.

use std::fmt::Write as _;
use std::fs;

use redstart::endpoint::{Auth, Options, Server};

#[cfg(unix)]
use crate::postgres;
use crate::project::TestProject;

const PASSWORD: &str = "Pa55-w0rd-of-nobody";
const KEY_ID: &str = "AKIAQQQQQQQQQQQQQQQQ";
const KEY: &str = "sEcReT/aCcEsS+kEy";
const TOKEN: &str = "t0ken-of-a-session==";
const VARIABLE: &str = "v4lue-of-a-variable";

/// Whatever the project may hold of them.
const SECRETS: [&str; 5] = [PASSWORD, KEY_ID, KEY, TOKEN, VARIABLE];

/// What is asked of the program, in this order.
const COMMANDS: [&str; 13] = [
    "debug",
    "parse",
    "ls --output json",
    "compile",
    "compile --statements",
    "build --no-check",
    "run -s good",
    "test",
    "seed",
    "load",
    "show -s good",
    "unload -s good --to s3://bucket/out/ --format csv",
    "docs generate",
];

/// A project whose sources, hooks and models speak of secrets as far as they may, and fail in several ways.
fn files(project: TestProject) -> TestProject {
    project
        .env("DBT_ENV_SECRET_PASSWORD", PASSWORD)
        .env("DBT_ENV_SECRET_VARIABLE", VARIABLE)
        .env("AWS_SECRET_ACCESS_KEY", KEY)
        .env("AWS_SESSION_TOKEN", TOKEN)
        .env("AWS_ACCESS_KEY_ID", KEY_ID)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .file("seeds/numbers.csv", "id\n1\n")
        .file(
            "models/good.sql",
            "{{ config(materialized='table') }}\nselect id from {{ ref('numbers') }}",
        )
        .file(
            "models/bad.sql",
            "{{ config(materialized='table') }}\nselect nope from {{ ref('numbers') }}",
        )
        .file(
            "models/raw.yml",
            "sources:
  - name: raw
    schema: secrets
    tables:
      - name: events
        external:
          location: 's3://bucket/events'
          file_format: csv
          copy:
            allow_keys: true
            access_key_id: \"{{ env_var('AWS_ACCESS_KEY_ID') }}\"
            secret_access_key: \"{{ env_var('AWS_SECRET_ACCESS_KEY') }}\"
            session_token: \"{{ env_var('AWS_SESSION_TOKEN') }}\"
        columns: [{name: id, data_type: integer}]
",
        )
        .file("data/events", "1\nx\n")
}

/// Runs every command, quietly and loudly, as text and as JSON, and looks through all that was written.
fn searched(project: &TestProject, commands: &[&str]) -> String {
    let mut found = String::new();
    for command in commands {
        // All that is said, as JSON; and what one command says at every level.
        let hows: &[&str] = match *command {
            "build --no-check" => &[
                "",
                "--debug",
                "--log-level warn",
                "--log-level error",
                "--quiet --use-colors",
                "--log-format json --debug",
            ],
            _ => &["--log-format json --debug"],
        };
        for how in hows {
            let line = format!("{command} {how}");
            let output = project.command(&line).output().expect("the program starts");
            for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
                search(&mut found, &format!("`{line}`: {stream}"), bytes);
            }
        }
    }
    let home = project.path().join("../home");
    for folder in [project.path(), home] {
        for entry in walkdir::WalkDir::new(&folder).into_iter().flatten() {
            // What the user wrote himself.
            let own = entry.path().ends_with("profiles.yml");
            if entry.file_type().is_file() && !own {
                let bytes = fs::read(entry.path()).expect("a readable file");
                search(&mut found, &entry.path().display().to_string(), &bytes);
            }
        }
    }
    found
}

fn search(found: &mut String, place: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for secret in SECRETS {
        // As it is, as JSON and as URLs write it, and its first half, where a line was cut.
        let percent: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let half = &secret[..secret.len() / 2 + 1];
        for form in [secret, percent.as_str(), half] {
            if text.contains(form) {
                let line = text
                    .lines()
                    .find(|line| line.contains(form))
                    .unwrap_or_default();
                let _ = writeln!(found, "{place} has {form}: {line}");
                break;
            }
        }
    }
}

#[test]
fn nothing_that_is_written_on_duckdb_holds_a_secret() {
    let project = files(TestProject::empty()).file(
        "profiles.yml",
        "project:
  target: dev
  outputs:
    dev: {type: duckdb, path: project.duckdb, schema: main, emulate: redshift, s3: {'s3://bucket/': data/}}
",
    );
    assert_eq!(searched(&project, &COMMANDS), "");
}

#[cfg(unix)]
#[test]
fn nothing_that_is_written_on_postgres_holds_a_secret() {
    postgres::query(&format!(
        "drop schema if exists secrets cascade; drop role if exists secretive; create role secretive login superuser password '{PASSWORD}'"
    ));
    let profile = |more: &[(&str, &str)]| {
        let password = "\"{{ env_var('DBT_ENV_SECRET_PASSWORD') }}\"";
        let mut keys = vec![
            ("user", "secretive"),
            ("password", password),
            ("s3", "{'s3://bucket/': data/}"),
        ];
        keys.retain(|(key, _)| more.iter().all(|(other, _)| other != key));
        keys.extend(more);
        postgres::profile("secrets", &keys)
    };
    let project = files(TestProject::empty()).file("profiles.yml", profile(&[]));
    assert_eq!(searched(&project, &COMMANDS), "");
    // A password that is wrong, a server that is not there, a key that nobody knows, a value of the wrong kind.
    let tries = [
        profile(&[("user", "nobody")]),
        profile(&[("port", "1")]),
        profile(&[("host", VARIABLE)]).replace("host", "hots"),
        profile(&[("passwort", PASSWORD)]),
        profile(&[("threads", "none")]),
        profile(&[("sslmode", "never")]),
        profile(&[]).replace("type: postgres", "type: postgre"),
        profile(&[("password", &format!("[{PASSWORD}]"))]),
        format!(
            "project:\n  target: dev\n  outputs:\n    dev: {{type: postgres, host: h, prot: 1, user: u, password: '{PASSWORD}', dbname: d, schema: s}}\n"
        ),
        format!(
            "project:\n  target: dev\n  outputs:\n    dev: {{type: postgres, host: h, user: u, password: '{PASSWORD}\n"
        ),
    ];
    for text in tries {
        project.write("profiles.yml", text);
        assert_eq!(searched(&project, &["debug", "run"]), "");
    }
}

#[test]
fn nothing_that_is_written_on_redshift_holds_a_secret() {
    let project = files(TestProject::empty());
    let server = Server::start(Options {
        auth: Auth::Sha256,
        user: "ann".to_owned(),
        password: PASSWORD.to_owned(),
        s3: vec![("s3://bucket/".to_owned(), project.path().join("data"))],
        ..Options::default()
    })
    .expect("the endpoint starts");
    let port = server.address().port();
    let profile = |more: &str| {
        format!(
            "project:
  target: prod
  outputs:
    prod: {{type: redshift, host: 127.0.0.1, port: {port}, user: ann, dbname: dev, schema: public, sslmode: disable, {more}}}
"
        )
    };
    let login = "password: \"{{ env_var('DBT_ENV_SECRET_PASSWORD') }}\"";
    project.write("profiles.yml", profile(login));
    assert_eq!(searched(&project, &COMMANDS), "");
    let iam = format!(
        "method: iam, cluster_id: c, region: eu-central-1, connect_timeout: 2, access_key_id: {KEY_ID}, secret_access_key: \"{KEY}\""
    );
    for text in [
        profile(&format!("password: '{PASSWORD}x'")),
        profile(&format!("{iam}, s3: {{}}")),
        profile(&format!("password: '{PASSWORD}', token: '{TOKEN}'")),
        profile(&iam),
    ] {
        project.write("profiles.yml", text);
        assert_eq!(searched(&project, &["debug"]), "");
    }
    // The endpoint's own log of statements.
    let logged: String = server
        .log()
        .iter()
        .map(|logged| logged.text.clone())
        .collect();
    assert!(
        logged.contains("secret_access_key"),
        "the keys went to the server: {logged}"
    );
}

#[test]
fn a_password_that_is_a_word_of_the_sql_changes_no_sql() {
    let project = TestProject::empty()
        .file(
            "profiles.yml",
            "project: {target: prod, outputs: {prod: {type: redshift, host: h, port: 1, user: postgres, password: postgres, dbname: d, schema: s}}}\n",
        )
        .file("models/a.sql", "select 'postgres' as db, 1 as postgres_id");
    let output = project.redstart("compile -s a").success();
    assert!(
        output.stdout.contains("select 'postgres' as db"),
        "{output}"
    );
    assert!(output.text().contains("is not masked"), "{output}");
    assert!(
        project
            .read("target/manifest.json")
            .contains("1 as postgres_id")
    );
}

#[test]
fn a_password_that_is_the_name_of_the_database_leaves_every_name_as_it_is() {
    let project = TestProject::empty()
        .file(
            "profiles.yml",
            "project: {target: prod, outputs: {prod: {type: redshift, host: h, port: 1, user: redshift, password: redshift, dbname: redshift, schema: shop}, other: {type: redshift, host: h, port: 1, user: u, password: lake, dbname: d, schema: s}}}\n",
        )
        .file("models/a.sql", "select id from {{ source('raw', 'b') }}")
        .file("models/raw.yml", "sources: [{name: raw, schema: datalake, tables: [{name: b}]}]\n");
    let output = project.redstart("parse").success();
    assert!(output.text().contains("is not masked"), "{output}");
    let manifest = project.read("target/manifest.json");
    assert!(manifest.contains(r#""relation_name":"\"redshift\".\"shop\".\"a\"""#));
    project
        .redstart("compile -s a --target other --no-introspect")
        .success();
    let manifest = project.read("target/manifest.json");
    assert!(manifest.contains(r#""schema":"datalake""#));
    assert!(
        project
            .read("target/compiled/project/models/a.sql")
            .contains("datalake")
    );
}
