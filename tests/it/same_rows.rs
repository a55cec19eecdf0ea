//! The example project gives the same rows in every relation, wherever it is built.
//!
//! [`same_rows`] serves any two targets of a project: the rows are read by `redstart show`, so that each value is printed as
//! Redshift prints it.

use std::path::Path;

use redstart::endpoint::{Options, Server};

use crate::postgres::{query, server};
use crate::project::TestProject;

/// Every relation of the example.
const RELATIONS: [&str; 14] = [
    "staging.events",
    "staging.songs",
    "staging.stg_events",
    "staging.stg_songs",
    "warehouse.dim_users",
    "warehouse.dim_songs",
    "warehouse.dim_artists",
    "warehouse.dim_time",
    "warehouse.fct_songplays",
    "warehouse.levels",
    "warehouse.weekdays",
    "analytics.plays_by_weekday",
    "analytics.top_songs",
    "analytics.users_by_level",
];

/// The rows of a relation of a target, sorted.
pub fn rows(project: &TestProject, target: &str, relation: &str) -> Vec<String> {
    let output = project
        .redstart(&format!(
            "show --target {target} --inline \"select * from {relation}\" --output json --limit -1"
        ))
        .success();
    let mut rows: Vec<String> = output
        .stdout
        .lines()
        .map(|line| line.trim_end_matches(',').to_owned())
        .collect();
    rows.sort();
    rows
}

/// Fails with the rows that one of two targets has and the other has not.
#[track_caller]
pub fn same_rows(project: &TestProject, one: &str, other: &str, relations: &[&str]) {
    for relation in relations {
        let (left, right) = (rows(project, one, relation), rows(project, other, relation));
        let only = |of: &[String], not_in: &[String]| -> Vec<String> {
            let mut rows = of.iter().filter(|row| !not_in.contains(row));
            rows.by_ref().take(5).cloned().collect()
        };
        if left != right {
            panic!(
                "`{relation}` differs.\n{one} alone: {:#?}\n{other} alone: {:#?}",
                only(&left, &right),
                only(&right, &left)
            );
        }
        assert!(left.len() > 4, "`{relation}` has rows");
    }
}

/// The example, whose target `ci` is a database of its own on the tests' server.
fn example(database: &str) -> TestProject {
    let server = server();
    query(&format!("drop database if exists {database}"));
    query(&format!(
        "create database {database} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'"
    ));
    TestProject::example()
        .env("PGHOST", &server.host)
        .env("PGPORT", server.port.to_string())
        .env("PGUSER", &server.user)
        .env("PGPASSWORD", &server.password)
        .env("PGDATABASE", database)
}

#[test]
fn the_example_has_the_same_rows_on_duckdb_and_on_postgres() {
    let project = example("redstart_example");
    let first = project.redstart("build --target ci").success();
    assert!(first.text().contains("PASS=187 WARN=0 ERROR=0"), "{first}");
    // Once more, into what is there.
    project.redstart("build --target ci").success();
    project.redstart("build --target dev").success();
    same_rows(&project, "ci", "dev", &RELATIONS);
}

#[test]
#[ignore = "takes minutes: `make test-data DATA=folder` asks for it"]
fn the_whole_data_set_has_the_same_rows_on_duckdb_on_postgres_and_on_the_endpoint() {
    let Some(data) = crate::project::real_data("sparkify") else {
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let numbers =
        std::fs::read_to_string(root.join("scripts/sparkify.yml")).expect("the expected numbers");
    let numbers: Vec<&str> = numbers
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let vars = format!("--vars '{{{}}}'", numbers.join(", "));
    let cluster = Server::start(Options {
        s3: vec![("s3://sparkify/".to_owned(), data.clone())],
        ..Options::default()
    });
    let cluster = cluster.expect("the endpoint starts");
    let project = example("redstart_example_whole").env("SPARKIFY_DATA", data.to_string_lossy());
    let targets = project.read("profiles.yml");
    let port = cluster.address().port();
    project.write(
        "profiles.yml",
        format!(
            "{targets}
    cluster: {{type: redshift, host: 127.0.0.1, port: {port}, user: awsuser, password: of-no-song, dbname: dev, schema: analytics, threads: 4, sslmode: disable}}
"
        ),
    );
    for target in ["ci", "dev", "cluster"] {
        let built = project.redstart(&format!("build --target {target} {vars}"));
        let built = built.success();
        assert!(built.text().contains("PASS=187 WARN=0 ERROR=0"), "{built}");
    }
    same_rows(&project, "ci", "dev", &RELATIONS);
    same_rows(&project, "cluster", "dev", &RELATIONS);
}
