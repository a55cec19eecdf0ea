//! Ctrl-C while the dictionary is read, when the server hears nothing of it at first: a request that comes between two statements is lost.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::postgres::{binary, profile, project, query, server};

/// The first bytes of a request to cancel.
const CANCEL: [u8; 8] = [0, 0, 0, 16, 4, 210, 22, 46];

/// How many requests came to stop each process of the server.
type Came = Arc<Mutex<BTreeMap<u32, usize>>>;

/// What stands between the program and the server and swallows the first requests to stop each of its processes.
struct Between {
    port: u16,
    came: Came,
}

impl Between {
    fn swallowing(lost: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let came = Came::default();
        let counted = Arc::clone(&came);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                std::thread::spawn(move || pass(client, &counted, lost));
            }
        });
        Self { port, came }
    }

    fn wait_for(&self, requests: usize, process: u32) {
        until("a request to cancel", || {
            let came = self.came.lock().expect("a count");
            came.get(&process).is_some_and(|count| *count >= requests)
        });
    }
}

fn pass(mut client: TcpStream, came: &Came, lost: usize) -> Option<()> {
    let mut first = vec![0; 8];
    client.read_exact(&mut first).ok()?;
    if first == CANCEL {
        let mut process = [0; 4];
        client.read_exact(&mut process).ok()?;
        first.extend(process);
        let mut came = came.lock().expect("a count");
        let count = came.entry(u32::from_be_bytes(process)).or_default();
        *count += 1;
        if *count <= lost {
            return None;
        }
    }
    let mut server = TcpStream::connect((server().host.as_str(), server().port)).ok()?;
    server.write_all(&first).ok()?;
    let (mut from, mut to) = (client.try_clone().ok()?, server.try_clone().ok()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Both);
    Some(())
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "no {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A session that locks a table until its input ends.
fn locked(table: &str) -> (Child, ChildStdin) {
    let mut session = Command::new(binary("psql"))
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1"])
        .env("PGHOST", &server().host)
        .env("PGPORT", server().port.to_string())
        .env("PGUSER", &server().user)
        .env("PGPASSWORD", &server().password)
        .env("PGDATABASE", &server().database)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("psql starts");
    let mut words = session.stdin.take().expect("its input");
    writeln!(words, "begin; lock table {table} in access exclusive mode;").expect("a lock");
    let held = format!(
        "select count(*) from pg_locks where relation = '{table}'::regclass and mode = 'AccessExclusiveLock' and granted"
    );
    until("lock", || query(&held) == "count\n1\n");
    (session, words)
}

/// A source that no model reads: only the dictionary counts its rows, and waits for whoever has it locked.
fn stopped(schema: &str, lost: usize, opened: bool) {
    let between = Between::swallowing(lost);
    let port = between.port.to_string();
    let project = project(schema)
        .file(
            "profiles.yml",
            profile(
                schema,
                &[
                    ("host", "127.0.0.1"),
                    ("port", &port),
                    ("sslmode", "disable"),
                ],
            ),
        )
        .file(
            "models/one.sql",
            "{{ config(materialized='table') }}\nselect 1 as id",
        )
        .file(
            "models/sources.yml",
            format!("sources: [{{name: raw, schema: {schema}, tables: [{{name: events}}]}}]\n"),
        );
    query(&format!(
        "create schema {schema}; create table {schema}.events as select 1 as id"
    ));
    project.redstart("build").success();
    let files = ["target/catalog.json", "target/index.html"];
    let before = files.map(|file| project.read(file));
    query(&format!("alter table {schema}.events add column more int"));

    let (mut locking, words) = locked(&format!("{schema}.events"));
    let build = project
        .command("build")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let counting = format!(
        "select count(*) from pg_stat_activity where query like '%count(*) as n from%{schema}%events%' and wait_event_type = 'Lock'"
    );
    until("count of rows", || query(&counting) == "count\n1\n");
    let process = query(&counting.replace("count(*) from", "pid from"));
    let process = process.lines().nth(1).expect("a row").parse();
    let process = process.expect("a number");
    let pid = build.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status();
    assert!(sent.expect("kill starts").success());
    between.wait_for(1, process);
    if opened {
        drop(words);
        locking.wait().expect("an end");
    } else {
        between.wait_for(lost + 1, process);
    }
    let output = build.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);

    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("cancelled"), "{said}");
    assert!(!said.contains("The data dictionary is in"), "{said}");
    assert_eq!(files.map(|file| project.read(file)), before, "{said}");
    if !opened {
        assert_eq!(query(&counting), "count\n0\n");
        locking.kill().expect("an end");
        locking.wait().expect("an end");
    }
}

#[test]
fn a_request_to_cancel_that_was_lost_is_repeated() {
    stopped("late_cancel_repeated", 2, false);
}

#[test]
fn what_is_answered_after_a_request_to_cancel_is_not_taken_for_the_truth() {
    stopped("late_cancel_answered", usize::MAX, true);
}
