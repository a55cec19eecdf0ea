//! The four pipelines, killed at any moment: every table is the old or the new one, whole, and the next build comes to its end.
//!
//! Each case begins with what a build of the old files left. The files are replaced, and builds are killed after a part of the time
//! that one takes, drawn at random from a fixed seed; one to three times in a row, so that a build also meets what two killed ones left.
//! After each kill every table has the rows of the old files or those of the new, a table of rejected rows and the memory of a load
//! those of the table that they belong to, and after the build that is let through all have the new ones and nothing is left beside them.
//! A build that publishes everything together ends on every target with the rows of one that publishes each node by itself.
//!
//! `REDSTART_TEST_KILLS=102` kills so many builds of each example, a third on each target; an ordinary run takes a few on one target.

mod examples;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use redstart::endpoint::{Options, Server};

use examples::{CAFE, GINVENTORY, HIRES, Pipeline, SPARKIFY};

use crate::postgres;
use crate::project::TestProject;

const TARGETS: [&str; 3] = ["dev", "ci", "endpoint"];

/// Where a pipeline is built, and what was there after the old files.
struct Place<'a> {
    pipeline: &'a Pipeline,
    project: &'a TestProject,
    target: &'a str,
    /// Whether everything is published together.
    together: bool,
    database: String,
    server: Option<Server>,
    cases: u32,
}

/// The rows of each table, sorted.
type Rows = BTreeMap<&'static str, Vec<String>>;

impl Place<'_> {
    fn tables(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.pipeline.groups.iter().copied().flatten().copied()
    }

    fn duckdb_file(&self) -> PathBuf {
        let name = format!("{}.duckdb", self.pipeline.name);
        self.project.path().join(name)
    }

    /// A copy of the file with the log that a killed process left beside it, which the program itself is to replay: opened as any client of
    /// DuckDB opens it.
    fn opened(&self) -> duckdb::Connection {
        let folder = self.project.path().join("copy");
        fs::create_dir_all(&folder).expect("a folder");
        let copy = folder.join(format!("{}.duckdb", self.pipeline.name));
        copied(&self.duckdb_file(), &copy);
        duckdb::Connection::open(copy).expect("a database that opens")
    }

    fn endpoint_file(&self, case: u32) -> PathBuf {
        self.project.path().join(format!("endpoint-{case}.duckdb"))
    }

    fn serve(&mut self) {
        let pipeline = self.pipeline;
        let bucket = self.project.path().join(pipeline.bucket);
        let server = Server::start(Options {
            file: Some(self.endpoint_file(self.cases)),
            s3: vec![(format!("s3://{}/", pipeline.name), bucket)],
            ..Options::default()
        });
        self.server = Some(server.expect("the endpoint starts"));
    }

    /// An empty warehouse.
    fn begin(&mut self) {
        match self.target {
            "dev" => {}
            "ci" => {
                postgres::query(&format!(
                    "create database {} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'",
                    self.database
                ));
            }
            _ => self.serve(),
        }
    }

    /// Remembers what is there.
    fn keep(&mut self) {
        match self.target {
            "dev" => {
                let file = self.duckdb_file();
                copied(&file, &file.with_extension("kept"));
            }
            "ci" => {
                let database = &self.database;
                postgres::query(&format!(
                    "create database {database}_kept template {database}"
                ));
            }
            _ => self.server = None,
        }
    }

    /// The warehouse as it was when it was remembered.
    fn again(&mut self) {
        let (before, kept) = (self.duckdb_file(), self.endpoint_file(0));
        match self.target {
            "dev" => {
                copied(&before.with_extension("kept"), &before);
            }
            "ci" => {
                let database = &self.database;
                postgres::query(&format!("drop database {database} with (force)"));
                postgres::query(&format!(
                    "create database {database} template {database}_kept"
                ));
            }
            _ => {
                self.server = None;
                if self.cases > 0 {
                    let _ = fs::remove_file(self.endpoint_file(self.cases));
                }
                self.cases += 1;
                copied(&kept, &self.endpoint_file(self.cases));
                self.serve();
            }
        }
    }

    /// A build without its tests, which change nothing: so that more of the kills meet something that is being made.
    fn command(&self) -> std::process::Command {
        let server = postgres::server();
        let arguments = format!(
            "build --target {}{} --exclude-resource-type test --exclude-resource-type unit_test",
            self.target,
            if self.together { " --atomic" } else { "" }
        );
        let mut command = self.project.command(&arguments);
        command
            .env("PGHOST", &server.host)
            .env("PGPORT", server.port.to_string())
            .env("PGUSER", &server.user)
            .env("PGPASSWORD", &server.password)
            .env("PGDATABASE", &self.database);
        if let Some(server) = &self.server {
            command.env(
                "REDSTART_EMULATOR_PORT",
                server.address().port().to_string(),
            );
        }
        command
    }

    /// A build that is let through, and how long it takes.
    #[track_caller]
    fn build(&self) -> Duration {
        let begun = Instant::now();
        let output = self.command().output().expect("the program starts");
        assert!(
            output.status.success(),
            "{} on {}:\n{}{}",
            self.pipeline.name,
            self.target,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        begun.elapsed()
    }

    /// A build that is killed after some time; whether it was still at work.
    fn killed(&self, after: Duration) -> bool {
        let mut child = self
            .command()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        sleep(after);
        let at_work = child.try_wait().expect("a process").is_none();
        child.kill().expect("a process to kill");
        child.wait().expect("a killed process");
        at_work
    }

    /// What a reader finds; of the tables of one group at one moment.
    fn read(&self) -> Rows {
        let texts = |table: &str, columns: &str| match columns {
            "*" => format!("select cast(t as varchar) as shown from {table} as t"),
            _ => format!(
                "select cast(t as varchar) as shown from (select {columns} from {table}) as t"
            ),
        };
        match self.target {
            "dev" => {
                let connection = self.opened();
                self.tables()
                    .map(|(table, columns)| {
                        let mut statement = connection
                            .prepare(&texts(table, columns))
                            .unwrap_or_else(|error| panic!("{table}: {error}"));
                        let rows = statement.query_map([], |row| row.get::<_, String>(0));
                        let rows = rows.expect("rows").map(|row| row.expect("a row"));
                        (table, sorted(rows.collect()))
                    })
                    .collect()
            }
            "ci" => {
                let all = self.tables().map(|(table, columns)| {
                    let texts = texts(table, columns);
                    format!("select '{table}', to_json(array_agg(shown)) from ({texts}) as texts")
                });
                let all: Vec<String> = all.collect();
                let told = postgres::server()
                    .psql_in(&self.database, &all.join(" union all "))
                    .unwrap_or_else(|error| panic!("{error}"));
                self.tables()
                    .map(|(table, _)| {
                        let mut lines = told.lines();
                        let line = lines.find_map(|line| line.strip_prefix(&format!("{table} | ")));
                        let line = line.unwrap_or_else(|| panic!("{table}: {told}"));
                        let rows: Vec<String> = match line {
                            "NULL" => Vec::new(),
                            line => serde_json::from_str(line).expect("an array"),
                        };
                        (table, sorted(rows))
                    })
                    .collect()
            }
            _ => self.read_endpoint(),
        }
    }

    /// Every table has these rows, and nothing is left beside them.
    #[track_caller]
    fn holds(&self, expected: &Rows, after: &str) {
        let rows = self.read();
        for (table, _) in self.tables() {
            assert_eq!(rows[table], expected[table], "{table} after {after}");
        }
        let left = self.left_beside();
        assert!(left.is_empty(), "after {after}: {left}");
    }

    /// A session of a killed client ends when the server finds out; until then its statement goes on.
    fn read_endpoint(&self) -> Rows {
        let server = self.server.as_ref().expect("a server");
        while !server.running().is_empty() {
            sleep(Duration::from_millis(5));
        }
        let client = crate::endpoint::connect(server, "awsuser", "").expect("a session");
        self.tables()
            .map(|(table, columns)| {
                let told = client.ask(&format!("select {columns} from {table}"));
                let mut lines: Vec<String> = told.lines().map(str::to_owned).collect();
                let count = lines.pop().unwrap_or_default();
                assert!(count.starts_with('('), "{table}: {told}");
                (table, sorted(lines))
            })
            .collect()
    }

    /// What stands beside the tables that is only for a while.
    fn left_beside(&self) -> String {
        let names = "select table_schema, table_name from information_schema.tables where table_name like '%\\_\\_rs\\_%'";
        match self.target {
            "dev" => {
                let connection = self.opened();
                let sql = format!("select count(*) from ({names} escape '\\')");
                let left: u64 = connection
                    .query_row(&sql, [], |row| row.get(0))
                    .expect("a number");
                if left == 0 {
                    String::new()
                } else {
                    format!("{left} tables")
                }
            }
            "ci" => {
                let told = postgres::server().psql_in(&self.database, names);
                let told = told.expect("names");
                told.lines().skip(1).collect::<Vec<_>>().join("\n")
            }
            _ => {
                let server = self.server.as_ref().expect("a server");
                let client = crate::endpoint::connect(server, "awsuser", "").expect("a session");
                let told = client.ask("select table_schema, table_name from svv_tables");
                let left = told.lines().filter(|line| line.contains("__rs_"));
                left.collect::<Vec<_>>().join("\n")
            }
        }
    }
}

/// Copies a DuckDB file and the log beside it.
fn copied(from: &Path, to: &Path) {
    let log = |file: &Path| PathBuf::from(format!("{}.wal", file.display()));
    let _ = fs::remove_file(log(to));
    fs::copy(from, to).expect("a copy");
    if log(from).is_file() {
        fs::copy(log(from), log(to)).expect("a copy");
    }
}

fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort_unstable();
    rows
}

/// What the kills of a pipeline on a target found.
#[derive(Default)]
struct Found {
    over: u32,
    nothing_new: u32,
    some_new: u32,
    all_new: u32,
    builds: u32,
}

impl Found {
    /// Looks at the rows after a kill.
    fn note(&mut self, place: &Place<'_>, [rows, old, new]: [&Rows; 3], case: &str) {
        let (pipeline, together) = (place.pipeline, place.together);
        let (mut olds, mut news) = (0, 0);
        for group in pipeline.groups {
            let all_of = |of: &Rows| group.iter().all(|(table, _)| rows[table] == of[table]);
            let (is_old, is_new) = (all_of(old), all_of(new));
            assert!(
                is_old || is_new,
                "{case}: {} is neither the old nor the new one: {:#?}",
                group[0].0,
                group
                    .iter()
                    .map(|(table, _)| &rows[table])
                    .collect::<Vec<_>>()
            );
            olds += u32::from(is_old && !is_new);
            news += u32::from(is_new);
        }
        let at_once = olds == 0 || news == stay_groups(pipeline, old, new);
        assert!(
            !together || at_once,
            "{case}: {olds} are the old ones and {news} the new ones"
        );
        match (olds, news) {
            (_, 0) => self.nothing_new += 1,
            (0, _) => self.all_new += 1,
            _ => self.some_new += 1,
        }
    }
}

/// How many groups are the same before and after.
fn stay_groups(pipeline: &Pipeline, old: &Rows, new: &Rows) -> u32 {
    let same = |group: &&&[(&str, &str)]| group.iter().all(|(table, _)| old[table] == new[table]);
    pipeline.groups.iter().filter(same).count() as u32
}

/// Numbers from 0 to 1 that look random and are the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn killed_at_any_moment(pipeline: &Pipeline, together: bool) {
    let wanted: Option<u32> = std::env::var("REDSTART_TEST_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok());
    for target in TARGETS {
        let sample = if target == pipeline.usual { 4 } else { 0 };
        let on_each = wanted.map_or(sample, |kills| kills.div_ceil(TARGETS.len() as u32));
        // Without kills there is still to see that publishing together ends with the same rows.
        if on_each > 0 || together {
            let found = kill(pipeline, target, together, on_each);
            let how = if together {
                " (published together)"
            } else {
                ""
            };
            told(&format!("{}{how}", pipeline.name), target, &found);
        }
    }
}

fn kill(pipeline: &Pipeline, target: &str, together: bool, kills: u32) -> Found {
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    let project = (pipeline.project)();
    let mut place = Place {
        pipeline,
        project: &project,
        target,
        together: false,
        database: format!("redstart_killed_{}_{number}", std::process::id()),
        server: None,
        cases: 0,
    };
    place.begin();
    place.build();
    let old = place.read();
    place.keep();
    (pipeline.change)(&project);
    place.again();
    let mut duration = place.build();
    let new = place.read();
    for (table, _) in place.tables() {
        assert!(!new[table].is_empty(), "{table} has rows");
        let stays = pipeline.stays.contains(&table);
        assert_eq!(old[table] == new[table], stays, "{table} changes");
    }
    place.together = together;
    if together {
        place.again();
        duration = place.build();
        place.holds(&new, "a build of all together");
    }
    let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ u64::from(number));
    let mut found = Found::default();
    let mut done = 0;
    while done < kills {
        place.again();
        let in_a_row = 1 + (random.next() * 3.0) as u32;
        for _ in 0..in_a_row.min(kills - done) {
            done += 1;
            let after = duration.mul_f64(random.next());
            let at_work = place.killed(after);
            found.over += u32::from(!at_work);
            let case = format!("{} on {target}, kill {done} after {after:?}", pipeline.name);
            found.note(&place, [&place.read(), &old, &new], &case);
        }
        duration = place.build();
        found.builds += 1;
        place.holds(&new, &format!("kill {done}"));
    }
    found
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests is to see it")]
fn told(name: &str, target: &str, found: &Found) {
    let kills = found.nothing_new + found.some_new + found.all_new;
    eprintln!(
        "{name} on {target}: {kills} kills, {} of them of builds that were over; {} left all tables old, {} some old and some new, {} all new; {} builds after them came to their end",
        found.over, found.nothing_new, found.some_new, found.all_new, found.builds
    );
}

#[test]
fn the_cafe_survives_kills_at_any_moment() {
    killed_at_any_moment(&CAFE, false);
}

#[test]
fn the_hires_survive_kills_at_any_moment() {
    killed_at_any_moment(&HIRES, false);
}

#[test]
fn the_ginventory_survives_kills_at_any_moment() {
    killed_at_any_moment(&GINVENTORY, false);
}

#[test]
fn sparkify_survives_kills_at_any_moment() {
    killed_at_any_moment(&SPARKIFY, false);
}

#[test]
fn the_cafe_published_together_is_old_or_new_as_a_whole() {
    killed_at_any_moment(&CAFE, true);
}

#[test]
fn the_hires_published_together_are_old_or_new_as_a_whole() {
    killed_at_any_moment(&HIRES, true);
}

#[test]
fn the_ginventory_published_together_is_old_or_new_as_a_whole() {
    killed_at_any_moment(&GINVENTORY, true);
}

#[test]
fn sparkify_published_together_is_old_or_new_as_a_whole() {
    killed_at_any_moment(&SPARKIFY, true);
}
