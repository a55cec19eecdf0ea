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

#[test]
fn a_database_held_by_another_process_is_named_with_that_process() {
    let project = project();
    let _held =
        duckdb::Connection::open(project.path().join("project.duckdb")).expect("a database");

    insta::assert_snapshot!(project.redstart(&build(1)), @r#"
    exit 2
    error[warehouse]: `[project]/project.duckdb` is in use by the process [test program] (PID [pid])
     |
     = note: IO Error: Could not set lock on file "[project]/project.duckdb": Conflicting lock is held in [test program] (PID [pid]). See also https://duckdb.org/docs/stable/connect/concurrency
     = help: only one process at a time can open a DuckDB file for writing: wait for the other, or end it

    1 error
    "#);
}
