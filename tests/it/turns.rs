//! Two builds at once into one schema of Redshift take turns, by locks that the endpoint holds as a cluster does.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use redstart::endpoint::{Fault, Mishap, Options, Server};

use crate::output::stable;
use crate::project::TestProject;
use crate::{endpoint, postgres};

fn project(server: &Server) -> TestProject {
    let port = server.address().port();
    TestProject::empty().file(
        "profiles.yml",
        format!(
            "project:\n  target: prod\n  outputs:\n    prod: {{type: redshift, host: 127.0.0.1, port: {port}, user: awsuser, password: secret, dbname: dev, schema: shop, threads: 2, sslmode: disable}}\n"
        ),
    )
}

fn start(project: &TestProject, arguments: &str) -> Child {
    project
        .command(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

fn end(build: Child) -> (Option<i32>, String) {
    let output = build.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), said)
}

/// Waits until a statement with some words is being run.
fn wait_for(server: &Server, words: &str) {
    let begun = Instant::now();
    while !server.running().iter().any(|text| text.contains(words)) {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "`{words}` never came"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn builds_into_one_schema_of_redshift_take_turns_and_lose_nothing() {
    let server = Server::start(Options::default()).expect("the endpoint starts");
    let table = "{{ config(materialized='table') }}\nselect id, {{ var('by') }} as made_by from ";
    let project = project(&server)
        .file("seeds/numbers.csv", "id\n1\n2\n3\n")
        .file("models/first.sql", format!("{table}{{{{ ref('numbers') }}}}"))
        .file("models/between.sql", "select * from {{ ref('first') }}")
        .file("models/second.sql", format!("{table}{{{{ ref('between') }}}}"))
        .file(
            "models/elsewhere.sql",
            "{{ config(materialized='table', schema='other') }}\nselect * from {{ ref('second') }}",
        )
        .file(
            "models/growing.sql",
            "{{ config(materialized='incremental', unique_key='id') }}\nselect id, made_by from {{ ref('second') }}",
        );
    let client = endpoint::connect(&server, "awsuser", "secret").expect("a session");
    for round in 0..2 {
        let builds: Vec<Child> = (0..3)
            .map(|build| {
                let by = round * 10 + build;
                let arguments = format!("build --target-path target{build} --vars '{{by: {by}}}'");
                start(&project, &arguments)
            })
            .collect();
        for build in builds {
            let (code, said) = end(build);
            assert_eq!(code, Some(0), "round {round}:\n{said}");
        }
        let rows = client.ask(
            "select count(*), count(distinct made_by) from (select * from shop.second union all select * from shop.growing union all select * from shop_other.elsewhere) x",
        );
        assert_eq!(rows, "9|1\n(1)", "round {round}: the rows of one build");
    }
    let relations = client.ask(
        "select table_schema, table_name from svv_tables where table_schema like 'shop%' order by 1, 2",
    );
    assert!(!relations.contains("__rs_"), "{relations}");
    assert!(relations.contains("shop_other|elsewhere"), "{relations}");
}

#[test]
fn a_build_that_was_killed_holds_nobody_up() {
    let delay = Mishap::Delay(Duration::from_secs(300));
    let server = Server::start(Options {
        faults: vec![Fault::matching("lasting", Some(1), delay).expect("a pattern")],
        ..Options::default()
    })
    .expect("the endpoint starts");
    let project = project(&server).file(
        "models/slow.sql",
        "{{ config(materialized='table') }}\nselect 'lasting' as words",
    );
    let mut killed = start(&project, "build --target-path first");
    wait_for(&server, "lasting");
    let waiting = start(&project, "build --target-path second");
    wait_for(&server, "lock table");
    killed.kill().expect("it can be killed");
    killed.wait().expect("an end");
    let (code, said) = end(waiting);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_build_that_waits_for_its_turn_stops_on_request() {
    let server = Server::start(Options::default()).expect("the endpoint starts");
    let project = project(&server).file("models/one.sql", "select 1 as id");
    project.redstart("build").success();
    let client = endpoint::connect(&server, "awsuser", "secret").expect("a session");
    assert_snapshot!(client.ask("begin; lock table shop.redstart_lease"), @r"
    (0)
    (0)
    ");
    let mut waiting = start(&project, "build");
    let told = told_to_wait(&mut waiting, &project);
    assert_snapshot!(told, @"Waiting for another build into the schema `shop` (user `awsuser`, process [pid], since [timestamp] UTC)");
    let pid = waiting.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status();
    assert!(sent.expect("kill starts").success());
    let (code, said) = end(waiting);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("cancelled while another build had its turn"),
        "{said}"
    );
    client.ask("rollback");
    project.redstart("build").success();
}

/// The line by which a build says that it waits.
fn told_to_wait(waiting: &mut Child, project: &TestProject) -> String {
    let mut lines = BufReader::new(waiting.stdout.take().expect("its words")).lines();
    let told = lines.find_map(|line| line.ok().filter(|line| line.contains("Waiting")));
    stable(&told.expect("a line"), &project.path())
        .trim_end()
        .to_owned()
}

#[test]
fn a_build_waits_as_long_as_it_is_told_and_says_who_has_its_turn() {
    let server = Server::start(Options::default()).expect("the endpoint starts");
    let project = project(&server).file("models/one.sql", "select 1 as id");
    project.redstart("build").success();
    let client = endpoint::connect(&server, "awsuser", "secret").expect("a session");
    client.ask("begin; lock table shop.redstart_lease");
    assert_snapshot!(project.redstart("build --wait 0"), @"
    exit 2
    error[warehouse]: another build is at work in the schema `shop`: user `awsuser`, process [pid], since [timestamp] UTC
     |
     = help: wait for it with `--wait 10m`

    1 error
    ");
    let mut waiting = start(&project, "build --wait 10m");
    told_to_wait(&mut waiting, &project);
    client.ask("rollback");
    assert_eq!(end(waiting).0, Some(0));
}

#[test]
fn a_slow_server_is_not_another_build() {
    let delay = Mishap::Delay(Duration::from_secs(3));
    let server = Server::start(Options {
        faults: vec![Fault::matching("lock table", None, delay).expect("a pattern")],
        ..Options::default()
    })
    .expect("the endpoint starts");
    let project = project(&server).file("models/one.sql", "select 1 as id");
    let built = project.redstart("build --wait 0").success();
    assert!(!built.text().contains("Waiting"), "{built}");
}

#[test]
fn on_postgres_a_build_waits_as_long_as_its_variable_says() {
    let project = postgres::project("waited").file("models/one.sql", "select 1 as id");
    let server = postgres::server();
    let mut holder = std::process::Command::new(postgres::binary("psql"))
        .args(["-X", "-q", "-c"])
        .arg("select pg_advisory_lock(hashtextextended('redstart build into waited', 0)); select pg_sleep(600)")
        .env("PGHOST", &server.host)
        .env("PGPORT", server.port.to_string())
        .env("PGUSER", &server.user)
        .env("PGPASSWORD", &server.password)
        .env("PGDATABASE", &server.database)
        .stdout(Stdio::null())
        .spawn()
        .expect("psql starts");
    let held = "select count(*) from pg_locks where locktype = 'advisory' and granted and ((classid::bigint << 32) | objid::bigint) = hashtextextended('redstart build into waited', 0)";
    while !postgres::query(held).contains('1') {
        std::thread::sleep(Duration::from_millis(20));
    }
    let project = project.env("DBT_WAIT", "1s");
    assert_snapshot!(project.redstart("build"), @"
    exit 2
    Waiting for another build into the schema `waited` (user `redstart`, process [pid], since [timestamp] UTC)
    --- stderr
    error[warehouse]: another build is at work in the schema `waited`: user `redstart`, process [pid], since [timestamp] UTC
     |
     = help: it was waited for [time]: `--wait` takes a longer time

    1 error
    ");
    holder.kill().expect("it can be killed");
    holder.wait().expect("an end");
    postgres::query(
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and ((classid::bigint << 32) | objid::bigint) = hashtextextended('redstart build into waited', 0)",
    );
    project.redstart("build --wait 10m").success();
}

#[test]
fn a_build_waits_for_the_process_that_has_its_duckdb_file() {
    let project = TestProject::new().file("models/one.sql", "select 1 as id");
    let held = duckdb::Connection::open(project.path().join("project.duckdb")).expect("a database");
    let mut waiting = start(&project, "build --wait 10m");
    let told = told_to_wait(&mut waiting, &project);
    assert_snapshot!(told, @"Waiting: `[project]/project.duckdb` is in use by the process [test program] (PID [pid]), since [timestamp] UTC");
    drop(held);
    assert_eq!(end(waiting).0, Some(0));
    assert!(project.query("select id from one").contains('1'));
}

#[test]
fn a_build_whose_claim_is_lost_stops_before_it_changes_anything_more() {
    let delay = Mishap::Delay(Duration::from_secs(5));
    let server = Server::start(Options {
        faults: vec![Fault::matching("lasting", Some(1), delay).expect("a pattern")],
        ..Options::default()
    })
    .expect("the endpoint starts");
    let project = project(&server)
        .file(
            "models/slow.sql",
            "{{ config(materialized='table') }}\nselect 'lasting' as words",
        )
        .file("models/later.sql", "select * from {{ ref('slow') }}");
    let build = start(&project, "build");
    wait_for(&server, "lasting");
    let locked = server
        .log()
        .into_iter()
        .find(|logged| logged.text.contains("lock table"))
        .expect("a lock");
    let client = endpoint::connect(&server, "awsuser", "secret").expect("a session");
    client.ask(&format!("select pg_terminate_backend({})", locked.pid));
    let (code, said) = end(build);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains(
            "the connection that kept other builds out of the project's schemas was lost"
        ),
        "{said}"
    );
    assert!(
        !said.contains("OK created sql view model shop.later"),
        "{said}"
    );
    project.redstart("build").success();
}

#[test]
fn a_lock_of_the_endpoint_waits_for_the_transaction_that_has_it() {
    let server = Server::start(Options::default()).expect("the endpoint starts");
    let one = endpoint::connect(&server, "awsuser", "").expect("a session");
    let two = endpoint::connect(&server, "awsuser", "").expect("a session");
    one.ask("create table a (i int); create table b (i int)");
    assert_snapshot!(one.ask("begin; lock a, public.b"), @r"
    (0)
    (0)
    ");
    assert_snapshot!(two.ask("set statement_timeout to 2000; begin; lock table b"), @"57014 Query cancelled on user's request");
    // What follows has all the time that a busy machine takes.
    two.ask("rollback; set statement_timeout to 0");
    assert_snapshot!(two.ask("lock table nothing"), @r#"42P01 Cannot find table "nothing""#);
    one.ask("commit");
    assert_snapshot!(two.ask("begin; lock table b; lock table a; commit"), @r"
    (0)
    (0)
    (0)
    (0)
    ");
}
