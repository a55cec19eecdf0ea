//! Every message of a build meets every fault: what was built before stays whole, and the next build comes to its end.
//!
//! The same project on PostgreSQL and on the endpoint, behind a wire that breaks where it is told to. Each build brings a new
//! version of every row, so that a relation whose rows are of one version and all there is the old one or the new one, whole.
//! `REDSTART_TEST_FAULTS=all` tries every case, `REDSTART_TEST_FAULTS=2/8` the second of eight parts of them; without it each test takes a
//! share, spread over all messages and faults. With it and `--nocapture`, each test says what
//! goes wrong as it goes wrong, and how many cases it tried.

mod wire;

use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use redstart::endpoint::{Fault as Planned, Mishap, Options, Server};

use self::wire::{Aim, Fault, Sent, Wire, Words};
use crate::endpoint;
use crate::postgres;
use crate::project::TestProject;

/// How the tests ask a server without the program.
type Ask = Box<dyn Fn(&str) -> Result<String, String>>;

struct Place {
    project: TestProject,
    wire: Wire,
    schema: &'static str,
    /// Whether everything is published together.
    together: bool,
    ask: Ask,
    /// What ends with the test.
    _server: Option<Server>,
}

/// What is built; `past` is a snapshot, of which the rows that hold now are looked at.
const RELATIONS: [&str; 9] = [
    "numbers", "events", "plain", "growing", "merged", "looked", "hooked", "past", "kept",
];

/// A node of every kind; published together, none that cannot be.
fn files(project: TestProject, schema: &str, together: bool) -> TestProject {
    let project = match together {
        true => project,
        false => project.file(
            "models/kept.sql",
            "{{ config(materialized='materialized_view') }}\nselect id, version from {{ source('raw', 'events') }}",
        ),
    };
    let grows = |strategy: &str| {
        format!(
            "{{{{ config(materialized='incremental', unique_key='id', incremental_strategy='{strategy}') }}}}\n\
             select id, version from {{{{ ref('plain') }}}}"
        )
    };
    project
        .file(
            "models/raw.yml",
            format!(
                "sources:
  - name: raw
    schema: {schema}
    tables:
      - name: events
        external: {{location: 's3://bucket/events', file_format: csv, copy: {{iam_role: default}}}}
        columns: [{{name: id, data_type: integer}}, {{name: version, data_type: integer}}]
models:
  - name: plain
    description: All of them.
    config: {{persist_docs: {{relation: true}}}}
    columns: [{{name: id, data_tests: [unique]}}]
"
            ),
        )
        .file(
            "models/plain.sql",
            "{{ config(materialized='table') }}\nselect id, version from {{ ref('numbers') }}",
        )
        .file("models/growing.sql", grows("delete+insert"))
        .file("models/merged.sql", grows("merge"))
        .file(
            "models/looked.sql",
            "select id, {{ var('version') }} as version from {{ ref('numbers') }}",
        )
        .file("models/hooked.sql", hooked())
        .file(
            "snapshots/past.yml",
            "snapshots:
  - name: past
    relation: ref('plain')
    config: {unique_key: id, strategy: check, check_cols: [version]}
",
        )
}

/// A table with a hook at each of the four places, all of which write to one log.
fn hooked() -> String {
    let log = |place: &str| {
        format!(
            "insert into {{{{ this.schema }}}}.hook_log values ('{place}', {{{{ var('version') }}}})"
        )
    };
    format!(
        r#"{{{{ config(
    materialized='table',
    pre_hook=[
        {{"sql": "create table if not exists {{{{ this.schema }}}}.hook_log (place varchar(10), version int)", "transaction": false}},
        "{}",
    ],
    post_hook=["{}", {{"sql": "{}", "transaction": false}}]
) }}}}
select id, version from {{{{ ref('plain') }}}}"#,
        log("before"),
        log("within"),
        log("after"),
    )
}

impl Place {
    /// The program at its next version of everything.
    fn start(&self, version: usize) -> Child {
        // The times of the last run would decide which node goes first.
        let _ = fs::remove_dir_all(self.project.path().join("target"));
        let rows = (1..=3).fold("id,version\n".to_owned(), |csv, id| {
            csv + &format!("{id},{version}\n")
        });
        self.project.write("seeds/numbers.csv", &rows);
        self.project
            .write("data/events", rows.split_once('\n').expect("a header").1);
        self.project
            .command(&format!(
                "build --threads 1 --vars '{{version: {version}}}'{}",
                if self.together { " --atomic" } else { "" }
            ))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts")
    }

    fn build(&self, version: usize) -> Output {
        self.wire.arm(None);
        let output = self.start(version).wait_with_output();
        output.expect("an end")
    }

    /// The relations that are looked at.
    fn relations(&self) -> &'static [&'static str] {
        match self.together {
            true => &RELATIONS[..RELATIONS.len() - 1],
            false => &RELATIONS,
        }
    }

    /// Rows, least and greatest version of every relation.
    fn versions(&self) -> Result<Vec<(usize, usize)>, String> {
        let asked = self.relations().iter().map(|relation| {
            let now = if *relation == "past" { " where dbt_valid_to is null" } else { "" };
            format!(
                "select '{relation}' as relation, count(*) as n, min(version) as least, max(version) as most from {}.{relation}{now}",
                self.schema
            )
        });
        let answer = (self.ask)(&asked.collect::<Vec<_>>().join(" union all "))?;
        self.relations()
            .iter()
            .map(|relation| {
                let line = answer
                    .lines()
                    .find(|line| line.split('|').next().map(str::trim) == Some(relation));
                let numbers: Vec<usize> = line
                    .unwrap_or_default()
                    .split('|')
                    .skip(1)
                    .filter_map(|number| number.trim().parse().ok())
                    .collect();
                match numbers[..] {
                    [3, least, most] => Ok((least, most)),
                    _ => Err(format!("`{relation}` is not whole: {answer}")),
                }
            })
            .collect()
    }

    /// Whether what the hooks in the transaction of `hooked` wrote, and what they did not, goes with its rows.
    fn hooks(&self, hooked: usize) -> Result<(), String> {
        let answer = (self.ask)(&format!(
            "select place, max(version) as most from {}.hook_log where place <> 'after' group by place order by place",
            self.schema
        ))?;
        let numbers: Vec<usize> = answer
            .lines()
            .filter_map(|line| line.split('|').nth(1)?.trim().parse().ok())
            .collect();
        match numbers[..] {
            [before, within] if before == hooked && within == hooked => Ok(()),
            _ => Err(format!(
                "`hooked` is at {hooked}, and its log is not: {answer}"
            )),
        }
    }

    fn leftovers(&self) -> String {
        (self.ask)(&format!(
            "select table_name from information_schema.tables where table_schema = '{}' and strpos(table_name, '__rs_') > 0",
            self.schema
        ))
        .unwrap_or_else(|error| error)
    }
}

fn said(output: &Output) -> String {
    format!(
        "exit {:?}\n{}{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// One build that meets a fault, and what is there afterwards.
fn case(place: &Place, aim: Aim, version: usize) -> Result<(), String> {
    let fault = aim.fault;
    place.wire.arm(Some(aim));
    let mut child = place.start(version);
    let begun = Instant::now();
    while fault.cancels() && !place.wire.reached() {
        if child.try_wait().expect("a child").is_some() || begun.elapsed() > Duration::from_secs(60)
        {
            break;
        }
        thread::sleep(Duration::from_millis(2));
    }
    if fault.cancels() {
        let pid = child.id().to_string();
        let killed = std::process::Command::new("kill")
            .args(["-INT", &pid])
            .status();
        assert!(killed.expect("kill starts").success());
        place.wire.interrupted();
    }
    let output = child.wait_with_output().expect("an end");
    let said = said(&output);
    if !place.wire.reached() {
        return Err(format!("the fault was not met:\n{said}"));
    }
    let versions = place
        .versions()
        .map_err(|error| format!("{error}\n{said}"))?;
    for ((least, most), relation) in versions.iter().zip(place.relations()) {
        if least != most || (*least != version && *least != version - 1) {
            return Err(format!(
                "`{relation}` has versions {least} to {most}, at {version}\n{said}"
            ));
        }
    }
    // What is published together had its hooks while it was built aside.
    if !place.together {
        let hooked = place.relations().iter().position(|it| *it == "hooked");
        place
            .hooks(versions[hooked.expect("a relation")].0)
            .map_err(|error| format!("{error}\n{said}"))?;
    }
    if place.together && versions.iter().any(|found| *found != versions[0]) {
        return Err(format!("not all are of one version: {versions:?}\n{said}"));
    }
    let told = match output.status.code() {
        Some(0) => {
            // Ctrl-C that comes when all is built, and the dictionary about to be written, stops nothing any more.
            let stopped = fault.cancels() && !said.contains("The data dictionary is in");
            !stopped && versions.iter().all(|(least, _)| *least == version)
        }
        Some(1) => match fault {
            Fault::Serialization => said.contains("could not serialize") || said.contains("1023"),
            _ => said.contains("connection was lost") || said.contains("cannot connect"),
        },
        // When everything is built, only the run is stopped.
        Some(2) if fault.cancels() => {
            let built = versions.iter().all(|(least, _)| *least == version);
            let before = said.contains("error[cancelled]: the run was cancelled");
            let within =
                said.contains("stopped before its end") && !said.contains("error[warehouse]");
            before || within && (built || said.contains("ancelled"))
        }
        Some(2) => {
            said.contains("connection") || said.contains("serialize") || said.contains("1023")
        }
        _ => false,
    };
    if !told || said.contains("panicked") {
        return Err(format!("what was said is not what happened:\n{said}"));
    }
    let again = match output.status.code() {
        // What could not be dropped at the end is told, and stays until the next build.
        Some(0) if !said.contains("stays until the next build") => Vec::new(),
        _ => {
            let again = place.build(version);
            if !again.status.success() {
                return Err(format!(
                    "the next build failed:\n{}\nafter {said}",
                    self::said(&again)
                ));
            }
            place.versions()?
        }
    };
    if again
        .iter()
        .any(|(least, most)| (*least, *most) != (version, version))
    {
        return Err(format!(
            "the next build left {again:?}, at {version}\n{said}"
        ));
    }
    let left = place.leftovers();
    if left.contains("rs_") {
        return Err(format!("left behind: {left}\n{said}"));
    }
    Ok(())
}

/// Nothing is serialized by preparing a statement, and nobody waits for the settings of a new session.
fn can_happen(fault: Fault, message: &Sent) -> bool {
    match fault {
        Fault::Serialization => message.tag != b'P',
        Fault::CancelRunning => {
            let of_a_new_session = [
                "set datestyle",
                "show server_version_num",
                "select pg_backend_pid",
                "show enable_case_sensitive_identifier",
            ];
            !of_a_new_session
                .iter()
                .any(|words| message.sql.starts_with(words))
        }
        _ => true,
    }
}

/// The message with this number, by its words.
fn aim(messages: &[Sent], at: usize, fault: Fault) -> Aim {
    let words = messages[at].words();
    let before = messages[..at].iter().filter(|it| it.words() == words);
    Aim {
        before: before.count(),
        words,
        fault,
    }
}

/// Tries a share of the cases, one after the other on one place; `offset` says which. `tell` hears how many there are, and of each
/// that goes wrong.
fn matrix(place: &Place, share: usize, offset: usize, tell: &dyn Fn(&str)) -> (usize, Vec<String>) {
    let mut version = 1;
    for _ in 0..2 {
        version += 1;
        let output = place.build(version);
        assert!(output.status.success(), "{}", said(&output));
    }
    let messages = place.wire.sent();
    let cases: Vec<_> = messages
        .iter()
        .enumerate()
        .flat_map(|(at, message)| {
            Fault::ALL
                .into_iter()
                .filter(|fault| can_happen(*fault, message))
                .map(|fault| (at, message, aim(&messages, at, fault)))
                .collect::<Vec<_>>()
        })
        .collect();
    let shown = std::env::var_os("REDSTART_TEST_FAULTS_SHOWN").is_some();
    if shown {
        for (at, message) in messages.iter().enumerate() {
            tell(&format!("{at:3} {}", message.sql.trim()));
        }
    }
    tell(&format!(
        "{} messages, {} cases",
        messages.len(),
        cases.len()
    ));
    let mut tried = 0;
    let mut wrong = Vec::new();
    for (number, (at, message, aim)) in cases.into_iter().enumerate() {
        if number % share != offset {
            continue;
        }
        tried += 1;
        version += 1;
        let (fault, begun) = (aim.fault, Instant::now());
        let outcome = case(place, aim, version);
        if shown {
            let took = begun.elapsed().as_secs_f32();
            tell(&format!(
                "{number:3} {fault:?} at message {at}: {took:.1} s"
            ));
        }
        if let Err(what) = outcome {
            let what = format!("{fault:?} at message {at}, {}: {what}", message.sql.trim());
            tell(&what);
            wrong.push(what);
            // The next case begins with everything of one version.
            version += 1;
            let output = place.build(version);
            if !output.status.success() {
                wrong.push(format!("and it does not get well:\n{}", said(&output)));
                break;
            }
        }
    }
    (tried, wrong)
}

/// Into how many parts the cases go, and which of them is tried; `of` says so for an ordinary run of the tests.
fn share(wanted: Option<&str>, of: usize) -> (usize, usize) {
    match wanted {
        None => (of, 0),
        Some("all") => (1, 0),
        Some(part) => {
            let (number, parts) = part.split_once('/').expect("`all`, or a part such as 2/8");
            let [number, parts] = [number, parts].map(|it| it.parse::<usize>().expect("a number"));
            assert!((1..=parts).contains(&number), "{part} is no part");
            (parts, number - 1)
        }
    }
}

fn on_postgres(schema: &'static str, together: bool) -> Place {
    let server = postgres::server();
    let wire = Wire::to(
        SocketAddr::new(server.host.parse().expect("an address"), server.port),
        Words {
            fails: "do $$ begin raise exception 'could not serialize access' using errcode = '40001'; end $$",
            hangs: "select pg_sleep(60)",
        },
    );
    let port = wire.port.to_string();
    let keys = [
        ("port", port.as_str()),
        ("sslmode", "disable"),
        ("retries", "0"),
        ("s3", "{'s3://bucket/': data/}"),
    ];
    Place {
        project: files(
            postgres::project(schema).file("profiles.yml", postgres::profile(schema, &keys)),
            schema,
            together,
        ),
        wire,
        schema,
        together,
        ask: Box::new(|sql| server.psql(sql)),
        _server: None,
    }
}

fn on_the_endpoint(together: bool) -> Place {
    let project = TestProject::empty();
    let on = |words: &str, what| Planned::matching(words, None, what).expect("a pattern");
    let server = Server::start(Options {
        s3: vec![("s3://bucket/".to_owned(), project.path().join("data"))],
        faults: vec![
            on("'fails' as fault", Planned::serialization()),
            on("'hangs' as fault", Mishap::Delay(Duration::from_secs(60))),
        ],
        ..Options::default()
    })
    .expect("the endpoint starts");
    let wire = Wire::to(
        server.address(),
        Words {
            fails: "select 'fails' as fault",
            hangs: "select 'hangs' as fault",
        },
    );
    let port = wire.port;
    let client = endpoint::connect(&server, "awsuser", "").expect("a session");
    Place {
        project: files(project, "faults", together).file(
            "profiles.yml",
            format!(
                "project:
  target: prod
  outputs:
    prod: {{type: redshift, host: 127.0.0.1, port: {port}, user: awsuser, password: none, dbname: dev, schema: faults, sslmode: disable, retries: 0}}
"
            ),
        ),
        wire,
        schema: "faults",
        together,
        ask: Box::new(move |sql| Ok(client.ask(sql))),
        _server: Some(server),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "who asked for cases wants to know how many there were"
)]
fn prove(place: &Place, of: usize) {
    let wanted = std::env::var("REDSTART_TEST_FAULTS").ok();
    let (parts, part) = share(wanted.as_deref(), of);
    let tell = |words: &str| {
        if wanted.is_some() {
            eprintln!("{words}");
        }
    };
    let (tried, wrong) = matrix(place, parts, part, &tell);
    tell(&format!(
        "{tried} cases tried, {} of them wrong",
        wrong.len()
    ));
    assert!(
        wrong.is_empty(),
        "{} of {tried} cases:\n\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}

/// One fault at the message that is found among those of a build.
fn at_one_message(place: &Place, find: impl Fn(&[Sent]) -> usize, fault: Fault) {
    for version in [2, 3] {
        assert!(place.build(version).status.success());
    }
    let messages = place.wire.sent();
    let at = find(&messages);
    case(place, aim(&messages, at, fault), 4).expect("what was said");
}

/// Where a message with these words stands.
fn stands(messages: &[Sent], words: &str) -> usize {
    let at = messages.iter().position(|it| it.sql.starts_with(words));
    at.expect("a message")
}

/// Before there is a run that could tell it.
#[test]
fn ctrl_c_while_the_catalog_is_read_is_told_as_ctrl_c() {
    let catalog = |words: &'static str| move |all: &[Sent]| stands(all, words);
    let places = [
        (on_postgres("faults_catalog", false), "with recursive edges"),
        (on_the_endpoint(false), "select distinct bn.nspname"),
    ];
    for (place, words) in places {
        at_one_message(&place, catalog(words), Fault::CancelRunning);
    }
}

/// The question for the number of the session stands in the transaction of the load, and undoes it when it fails.
#[test]
fn a_load_whose_transaction_fails_behind_it_is_not_taken_for_done() {
    let question = |all: &[Sent]| {
        let behind = stands(all, "select source_file_count");
        assert_eq!(all[behind - 1].sql, "select pg_backend_pid()");
        behind - 1
    };
    at_one_message(&on_the_endpoint(false), question, Fault::Serialization);
}

#[test]
fn every_fault_at_every_message_leaves_a_postgres_whole() {
    prove(&on_postgres("faults", false), 40);
}

#[test]
fn every_fault_at_every_message_leaves_a_redshift_whole() {
    prove(&on_the_endpoint(false), 40);
}

#[test]
fn every_fault_leaves_a_postgres_of_one_version_that_is_published_together() {
    prove(&on_postgres("faults_together", true), 60);
}

#[test]
fn every_fault_leaves_a_redshift_of_one_version_that_is_published_together() {
    prove(&on_the_endpoint(true), 60);
}
