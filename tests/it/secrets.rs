//! No byte that the program writes holds a secret: terminal, logs, target folder, database, whatever the command and its fate.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use redstart::endpoint::{Auth, Options, Server};

#[cfg(unix)]
use crate::postgres;
use crate::project::TestProject;

const PASSWORD: &str = "Pa55-w0rd-of-nobody";
const KEY_ID: &str = "AKIAQQQQQQQQQQQQQQQQ";
const KEY: &str = "sEcReT/aCcEsS+kEy";
const TOKEN: &str = "t0ken-of-a-session==";
const VARIABLE: &str = "v4lue-of-a-variable";

/// What AWS lends for a while: a password of the database, and keys of whoever asks for it.
const LENT_PASSWORD: &str = "Lent-Pa55word-by-aws";
const LENT_KEY_ID: &str = "ASIAWWWWWWWWWWWWWWWW";
const LENT_KEY: &str = "l3nt/SeCrEt+of+a+container";
const LENT_TOKEN: &str = "lent-t0ken-of-a-container==";

/// Whatever the project may hold of them, and what is lent to it.
const SECRETS: [&str; 9] = [
    PASSWORD,
    KEY_ID,
    KEY,
    TOKEN,
    VARIABLE,
    LENT_PASSWORD,
    LENT_KEY_ID,
    LENT_KEY,
    LENT_TOKEN,
];

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

/// What the stand-in of AWS answers: keys to a container, and a password to who shows them.
#[derive(Clone)]
struct Lends {
    keys: String,
    password: String,
}

impl Lends {
    fn well() -> Self {
        Self {
            keys: format!(
                r#"{{"AccessKeyId": "{LENT_KEY_ID}", "SecretAccessKey": "{LENT_KEY}", "Token": "{LENT_TOKEN}", "Expiration": "2999-01-01T00:00:00Z"}}"#
            ),
            password: format!(
                "<GetClusterCredentialsResponse><GetClusterCredentialsResult><DbUser>IAM:ann</DbUser><DbPassword>{LENT_PASSWORD}</DbPassword><Expiration>2999-01-01T00:00:00Z</Expiration></GetClusterCredentialsResult></GetClusterCredentialsResponse>"
            ),
        }
    }

    /// The address of a service that answers what is lent at the time; its thread ends with the tests.
    fn serve(lends: &Arc<Mutex<Self>>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let lends = Arc::clone(lends);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut asked = BufReader::new(stream);
                let (mut first, mut length) = (String::new(), 0);
                asked.read_line(&mut first).expect("a request");
                loop {
                    let mut line = String::new();
                    asked.read_line(&mut line).expect("a header");
                    let line = line.trim().to_lowercase();
                    if let Some(said) = line.strip_prefix("content-length: ") {
                        length = said.parse().expect("a number");
                    }
                    if line.is_empty() {
                        break;
                    }
                }
                asked
                    .read_exact(&mut vec![0; length])
                    .expect("what was asked");
                let lends = lends.lock().expect("unbroken").clone();
                let answer = match first.starts_with("GET /keys") {
                    true => lends.keys,
                    false => lends.password,
                };
                write!(
                    asked.get_mut(),
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
                    answer.len()
                )
                .expect("a client");
            }
        });
        format!("http://{address}")
    }
}

#[test]
fn nothing_that_is_written_holds_what_aws_lends() {
    let lends = Arc::new(Mutex::new(Lends::well()));
    let aws = Lends::serve(&lends);
    let server = Server::start(Options {
        auth: Auth::Sha256,
        user: "IAM:ann".to_owned(),
        password: LENT_PASSWORD.to_owned(),
        ..Options::default()
    })
    .expect("the endpoint starts");
    let project = TestProject::empty()
        .env("AWS_ENDPOINT_URL_REDSHIFT", &aws)
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{aws}/keys"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .file(
            "profiles.yml",
            format!(
                "project:
  target: prod
  outputs:
    prod: {{type: redshift, method: iam, cluster_id: c, region: eu-west-1, user: ann, host: 127.0.0.1, port: {}, dbname: dev, schema: public, sslmode: disable, connect_timeout: 2, retries: 0}}
",
                server.address().port()
            ),
        )
        .file("seeds/numbers.csv", "id\n1\n")
        .file("models/good.sql", "select id from {{ ref('numbers') }}")
        .file("models/bad.sql", "select nope from {{ ref('numbers') }}");
    project.redstart("build -s numbers good").success();
    let commands = ["debug", "build --no-check", "show -s good", "docs generate"];
    assert_eq!(searched(&project, &commands), "");
    // An answer that is cut short, one without an end, one that is none, a password that the database does not take.
    let well = Lends::well();
    let cut = |text: &str, end: &str| text.split_once(end).expect("a part").0.to_owned();
    for (keys, password) in [
        (well.keys.clone(), cut(&well.password, "</DbPassword>")),
        (well.keys.clone(), well.password.replace("2999-", "")),
        (well.keys.clone(), well.keys.clone()),
        (
            well.keys.clone(),
            well.password
                .replace(LENT_PASSWORD, &format!("{LENT_PASSWORD}x")),
        ),
        (cut(&well.keys, "Expiration"), well.password.clone()),
        (well.keys.replace("2999-", ""), well.password.clone()),
    ] {
        *lends.lock().expect("unbroken") = Lends { keys, password };
        let output = project.redstart("debug");
        assert_ne!(output.code, 0, "{output}");
        assert_eq!(searched(&project, &["debug", "build --no-check"]), "");
    }
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
