//! What a reader finds when a build is killed or another process is there first.

use std::thread::sleep;
use std::time::Instant;

use crate::project::TestProject;

const ROWS: usize = 200;
const KILLS: u32 = 40;

/// A seed and three shapes of table on it; every row carries the version of its build.
fn project() -> TestProject {
    let numbers = (0..ROWS).fold("id\n".to_owned(), |csv, id| csv + &format!("{id}\n"));
    TestProject::new()
        .file("seeds/numbers.csv", numbers)
        .file(
            "models/first.sql",
            "{{ config(materialized='table') }}\nselect id, {{ var('version') }} as version from {{ ref('numbers') }}",
        )
        .file(
            "models/second.sql",
            "{{ config(materialized='table') }}\nselect id, version from {{ ref('first') }}",
        )
        .file(
            "models/growing.sql",
            "{{ config(materialized='incremental', unique_key='id') }}\nselect id, version from {{ ref('second') }}",
        )
}

fn build(version: u32) -> String {
    format!("build --vars '{{version: {version}}}'")
}

/// Rows, least and greatest version of a table. A process that was killed leaves a write-ahead log, which opening replays.
fn state(project: &TestProject, table: &str) -> (usize, u32, u32) {
    let database = project.path().join("project.duckdb");
    let connection = duckdb::Connection::open(database).expect("a database that opens");
    connection
        .query_row(
            &format!("select count(*), min(version), max(version) from {table}"),
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap_or_else(|error| panic!("{table}: {error}"))
}

#[test]
fn a_killed_build_leaves_every_table_whole_and_the_next_one_succeeds() {
    let project = project();
    project.redstart(&build(0)).success();
    let started = Instant::now();
    project.redstart(&build(1)).success();
    let duration = started.elapsed();

    for kill in 1..=KILLS {
        let version = kill + 1;
        let mut child = project
            .command(&build(version))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("the program starts");
        // From the start of the process to a little after its usual end.
        sleep(duration * kill * 11 / (KILLS * 10));
        child.kill().expect("a process to kill");
        child.wait().expect("a killed process");

        for table in ["first", "second", "growing"] {
            let (rows, least, greatest) = state(&project, table);
            assert_eq!(rows, ROWS, "{table} after kill {kill} of {KILLS}");
            assert_eq!(
                least, greatest,
                "{table} holds rows of two builds after kill {kill} of {KILLS}"
            );
        }
    }

    project.redstart(&build(1000)).success();
    for table in ["first", "second", "growing"] {
        assert_eq!(state(&project, table), (ROWS, 1000, 1000), "{table}");
    }
    insta::assert_snapshot!(
        project.query("select table_name from information_schema.tables order by 1"),
        @r"
    table_name
    first
    growing
    numbers
    second
    "
    );
}

/// An authority and a certificate that it signed for `localhost`, as files.
fn certificates(folder: &std::path::Path) {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key"))
        .expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(["localhost".to_owned()])
        .and_then(|wanted| wanted.signed_by(&key, &authority))
        .expect("a certificate");
    for (name, text) in [
        ("ca.pem", authority.pem()),
        ("server.pem", certificate.pem()),
        ("server.key", key.serialize_pem()),
    ] {
        std::fs::write(folder.join(name), text).expect("a file");
    }
}

/// The request to cancel goes over a connection of its own, which is encrypted as the first is.
#[cfg(unix)]
#[test]
fn ctrl_c_stops_a_statement_on_redshift_over_tls() {
    use redstart::endpoint::{Auth, Fault, Mishap, Options, Server};
    let project = TestProject::empty().file(
        "models/slow.sql",
        "{{ config(materialized='table') }}\nselect 'stopped on request' as words",
    );
    certificates(&project.path());
    let waits = Mishap::Delay(std::time::Duration::from_secs(300));
    let server = Server::start(Options {
        auth: Auth::Sha256,
        user: "ann".to_owned(),
        password: "Passw0rd".to_owned(),
        tls: Some((
            project.path().join("server.pem"),
            project.path().join("server.key"),
        )),
        faults: vec![Fault::matching("stopped on request", None, waits).expect("a pattern")],
        ..Options::default()
    })
    .expect("the endpoint starts");
    let port = server.address().port();
    project.write(
        "profiles.yml",
        format!(
            "project:
  target: prod
  outputs:
    prod: {{type: redshift, host: localhost, port: {port}, user: ann, password: Passw0rd, dbname: dev, schema: s, sslmode: verify-full, sslrootcert: ca.pem}}
"
        ),
    );
    let started = Instant::now();
    let child = project
        .command("build")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    while !server
        .running()
        .iter()
        .any(|text| text.contains("stopped on request"))
    {
        assert!(
            started.elapsed().as_secs() < 120,
            "the statement never came"
        );
        sleep(std::time::Duration::from_millis(20));
    }
    let pid = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status();
    assert!(sent.expect("kill starts").success());
    let output = child.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let stopped = server.log().into_iter().find(|logged| {
        logged.text.contains("stopped on request") && logged.text.starts_with("create table")
    });
    let error = stopped.and_then(|logged| logged.error);
    assert_eq!(
        error,
        Some((
            "57014".to_owned(),
            "Query cancelled on user's request".to_owned()
        )),
        "{said}"
    );
}

#[test]
fn a_database_held_by_another_process_is_named_with_that_process() {
    let project = project();
    let _held =
        duckdb::Connection::open(project.path().join("project.duckdb")).expect("a database");

    insta::assert_snapshot!(project.redstart(&build(1)), @r#"
    exit 2
    error[warehouse]: `[project]/project.duckdb` is in use by the process [test program] (PID [pid]), since [timestamp] UTC
     --> profiles.yml:6:13
      |
    6 |       path: project.duckdb
      |             ^^^^^^^^^^^^^^
      |
      = note: IO Error: Could not set lock on file "[project]/project.duckdb": Conflicting lock is held in [test program] (PID [pid]). See also https://duckdb.org/docs/stable/connect/concurrency
      = help: only one process at a time can open a DuckDB file for writing: wait for the other, or end it; wait for it with `--wait 10m`

    1 error
    "#);
}
