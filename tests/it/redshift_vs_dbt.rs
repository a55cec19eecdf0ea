//! What Redstart sends to Redshift for a project, beside what dbt-redshift 1.11 sends for the same one, both recorded at the endpoint.
//!
//! dbt's statements are kept in `tests/cases/redshift_vs_dbt/dbt.txt`, so that the page is checked where dbt is not installed too.
//! `INSTA_UPDATE=always cargo test --test it redshift_vs_dbt` records them and writes `docs/redshift-vs-dbt.md` anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use redstart::endpoint::{Logged, Options, Server};

use crate::endpoint_clients::{both_streams, python};
use crate::project::TestProject;

/// The runs, in order: what they are called on the page, and what stands on the command line beside `build`.
const RUNS: [(&str, &[&str]); 4] = [
    ("first run", &[]),
    ("second run", &[]),
    ("full refresh", &["--full-refresh"]),
    ("changed", &["--vars", "{situation: changed}"]),
];

/// Of which days both tools build the batches of a microbatch model.
const DAYS: [&str; 4] = [
    "--event-time-start",
    "2024-01-01",
    "--event-time-end",
    "2024-01-03",
];

/// What is told of a node: its title, what `changed` means for it, and why the statements differ.
struct Shown {
    node: &'static str,
    title: &'static str,
    changed: &'static str,
    why: &'static str,
}

const fn shown(
    node: &'static str,
    title: &'static str,
    changed: &'static str,
    why: &'static str,
) -> Shown {
    Shown {
        node,
        title,
        changed,
        why,
    }
}

/// The nodes in the order of the page. Where `changed` is empty, nothing changes for it in that run.
const SHOWN: [Shown; 19] = [
    shown(
        "a_view",
        "View",
        "",
        "The same swap. On the first run Redstart makes the view under its own name, as nobody can be reading it. Later it is made and committed before its swap, as a table is: one commit more, and whatever the view reads holds up no swap of its schema.",
    ),
    shown(
        "a_late_binding_view",
        "Late-binding view",
        "",
        "As for a view.",
    ),
    shown(
        "a_table",
        "Table",
        "",
        "Redstart commits the new table before it swaps: one commit more, and in exchange the transaction that takes locks holds two renames, may be \
         tried again by itself when it lost against somebody else's (1023), and takes turns with the other swaps of its schema while builds do not wait. \
         dbt's transaction lasts as long as the query.",
    ),
    shown(
        "contracted",
        "Table with a contract",
        "",
        "dbt asks for the columns with two empty queries to compare them with the contract. Redstart compares them without the warehouse, and what it \
         cannot tell the `create table` refuses.",
    ),
    shown(
        "described",
        "Table with hooks, grants and comments",
        "",
        "The same, in the same order and in one transaction with the hooks. dbt asks the catalog for the table's columns in between, to comment on those alone. Grantees \
         are quoted.",
    ),
    shown(
        "asking",
        "Table with a hook that asks",
        "",
        "The same: what the hook asks while it is rendered is answered inside of the transaction, before anybody else sees the rows.",
    ),
    shown(
        "table_becomes_view",
        "Table that becomes a view",
        "the model is a view now",
        "The same swap; dropped is what was there, as what it was.",
    ),
    shown(
        "view_becomes_table",
        "View that becomes a table",
        "the model is a table now",
        "The same swap; dropped is what was there, as what it was.",
    ),
    shown(
        "by_append",
        "Incremental, append",
        "",
        "dbt reads the columns of both tables from the catalog, inside the transaction and several times; Redstart reads those of the batch once, outside. \
         The temporary table is dropped, so that a later model of the session may use its name.",
    ),
    shown(
        "by_delete_insert",
        "Incremental, delete+insert",
        "",
        "As for append. `distinct` in the `in` changes nothing.",
    ),
    shown(
        "by_merge",
        "Incremental, merge",
        "",
        "As for append. One `merge` is its own transaction.",
    ),
    shown(
        "by_microbatch",
        "Incremental, microbatch",
        "",
        "One transaction a batch, as with dbt: the rows of its stretch of time go, and its own come. dbt opens a session for each batch and asks the catalog inside of its \
         transaction. With `--full-refresh` both swap a table with the first batch in, and the others follow.",
    ),
    shown(
        "appended_columns",
        "Incremental, append_new_columns",
        "the query has a column more",
        "As for append.",
    ),
    shown(
        "synced_columns",
        "Incremental, sync_all_columns",
        "the query has a column more, one less, and one of another type",
        "Both change a type in the same four steps, in the transaction of the batch: nobody sees the table half changed. dbt drops the old column with \
         `cascade`, and with it every view that is bound to the table; Redstart is refused there, and the table stays as it was.",
    ),
    shown(
        "longer_text",
        "Incremental, with longer texts",
        "the texts of the query are longer",
        "dbt gives a longer `varchar` a new column, copies every row into it and drops the old one, with `cascade`. Redstart says `alter column … type`, which \
         rewrites nothing and harms no view; Redshift takes it only outside of a transaction, so it stands before it. A longer column without the rows that \
         need it harms nobody.",
    ),
    shown(
        "a_materialized_view",
        "Materialized view",
        "its distribution is another",
        "Both make it anew in one transaction, dbt with `cascade`; then dbt drops a `__dbt_backup` and a `__dbt_tmp` that are not there, each in a transaction of its \
         own. dbt asks the catalog for each view how it was made, Redstart once for all of them, at the start. dbt says `backup yes`, which is the default.",
    ),
    shown(
        "history",
        "Snapshot",
        "a row of the query is another",
        "Both close the versions that have changed and add the new ones in one transaction, by the same two statements; no run, not even `--full-refresh`, \
         forgets a row. Redstart runs the query once, before the transaction, into a temporary table; dbt runs it inside of the transaction, and asks for \
         columns with empty queries. Redstart asks whether a key stands in several rows of the query, of which no true history can be kept, and warns.",
    ),
    shown(
        "dear_prices",
        "Test that keeps its failures",
        "",
        "dbt drops the table of the failures and makes it anew, in two transactions between which there is none. Redstart makes it beside and swaps it in, as any \
         table: who looks at the failures finds those of the last run or of this one. The question of the test is left out here, as it is the same; a few of \
         the rows are read for the report.",
    ),
    shown(
        "prices",
        "Seed",
        "",
        "dbt empties the table with `truncate`, which commits at once on Redshift: readers see it empty, and when a row is refused it stays so. With \
         `--full-refresh` it first drops the table, with everything that is bound to it, in a transaction of its own. Redstart deletes the rows and loads the new ones \
         in one transaction: readers see the old ones until its commit, and views and privileges stay, as with dbt. Where columns have changed, and with \
         `--full-refresh`, which a change of `dist`, `sort` or `encode` needs, it fills a table beside and swaps it in. Values are texts that Redshift converts by the type of the column; dbt sends its own conversion.",
    ),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/redshift_vs_dbt")
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/redshift-vs-dbt.md")
}

fn updates() -> bool {
    std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always")
}

/// Statements by run and node.
type Recorded = BTreeMap<(usize, String), Vec<String>>;

fn project(server: &Server) -> TestProject {
    let project = TestProject::copy_of(&folder(), &["dbt.txt"]);
    project.write(
        "profiles.yml",
        format!(
            "shop: {{target: dev, outputs: {{dev: {{type: redshift, host: 127.0.0.1, port: {}, user: awsuser, password: x, dbname: dev, schema: analytics, threads: 1, sslmode: disable}}}}}}\n",
            server.address().port()
        ),
    );
    project
}

fn start() -> Server {
    let server = Server::start(Options::default()).expect("the endpoint starts");
    let client = crate::endpoint::connect(&server, "awsuser", "").expect("a session");
    client.ask("create user reader password 'Abcdefg1'");
    server
}

/// A statement on one line, without dbt's comment and without what differs from run to run.
fn line(text: &str) -> String {
    let mut text = text.to_owned();
    while let (Some(open), Some(close)) = (text.find("/*"), text.find("*/")) {
        text.replace_range(open..close + 2, "");
    }
    let kept = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"));
    let line = kept
        .flat_map(str::split_whitespace)
        .collect::<Vec<_>>()
        .join(" ");
    let line = line.trim_end_matches([';', ' ']);
    let mut parts = line.split("__dbt_tmp");
    let mut stable = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // Of a batch its day stands before the time.
        let part = match part.strip_prefix('_') {
            Some(rest) if rest.starts_with("20") => rest,
            _ => part,
        };
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let time = if digits > 6 { "<time>" } else { "" };
        let _ = write!(
            stable,
            "__dbt_tmp{time}{}",
            &part[if digits > 6 { digits } else { 0 }..]
        );
    }
    match stable.to_lowercase().as_str() {
        "begin" | "commit" | "rollback" => stable.to_lowercase(),
        _ => stable,
    }
}

fn reads_the_catalog(line: &str) -> bool {
    ["pg_", "information_schema", "svv_"]
        .iter()
        .any(|word| line.contains(word))
}

/// The statements of a node as the page shows them: questions to the catalog are counted, transactions without a statement left out.
fn tidy(lines: Vec<String>) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    let mut questions = 0;
    for line in lines {
        if line.contains("pg_backend_pid") {
            continue;
        }
        if reads_the_catalog(&line) {
            questions += 1;
            continue;
        }
        if questions > 0 {
            told.push(asked(questions));
            questions = 0;
        }
        let ends = line == "commit" || line == "rollback";
        if ends && told.last().is_some_and(|last| last == "begin") {
            told.pop();
        } else {
            told.push(line);
        }
    }
    if questions > 0 {
        told.push(asked(questions));
    }
    told
}

fn asked(questions: usize) -> String {
    match questions {
        1 => "-- asks the catalog".to_owned(),
        more => format!("-- asks the catalog, {more} times"),
    }
}

/// dbt's statements: every node has a session of its own, in which the comments name it.
fn of_dbt(run: usize, log: &[Logged], recorded: &mut Recorded) {
    let mut sessions: BTreeMap<i32, (Option<String>, Vec<String>)> = BTreeMap::new();
    for logged in log {
        assert!(logged.error.is_none(), "dbt: {logged:?}");
        let session = sessions.entry(logged.pid).or_default();
        if let Some((_, rest)) = logged.text.split_once("\"node_id\": \"") {
            let id = rest.split('"').next().unwrap_or_default();
            let name = id.split('.').nth(2).unwrap_or_default();
            session.0 = Some(name.to_owned());
        }
        session.1.push(line(&logged.text));
    }
    for (node, lines) in sessions.into_values() {
        // Batches of a node have sessions of their own.
        if let Some(node) = node {
            recorded.entry((run, node)).or_default().extend(tidy(lines));
        }
    }
}

/// Redstart's statements: one session, in which a transaction belongs to one node, and a statement to the node that it names.
fn of_redstart(run: usize, log: &[Logged], recorded: &mut Recorded) {
    let mut block: Vec<String> = Vec::new();
    let mut by_node: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for logged in log {
        assert!(logged.error.is_none(), "redstart: {logged:?}");
        let line = line(&logged.text);
        let begins = line == "begin";
        let ends = line == "commit" || line == "rollback";
        block.push(line);
        if begins || (block[0] == "begin" && !ends) {
            continue;
        }
        let named = SHOWN.iter().find(|shown| {
            let quoted = [
                shown.node.to_owned(),
                format!("{}__rs_tmp", shown.node),
                format!("{}__rs_old", shown.node),
            ];
            block.iter().any(|line| {
                let names = |name: &String| line.contains(&format!("\"{name}\""));
                !line.starts_with("select failures") && quoted.iter().any(names)
            })
        });
        let done = std::mem::take(&mut block);
        // The question of a data test belongs to no node of the page, and the catalog's of the start to none at all.
        let asks = done.iter().all(|line| line.contains("dbt_internal_test"));
        if let (Some(shown), false) = (named, asks) {
            by_node
                .entry(shown.node.to_owned())
                .or_default()
                .extend(done);
        } else if let [only] = done.as_slice()
            && reads_the_catalog(only)
            && let Some(shown) = SHOWN
                .iter()
                .find(|shown| only.contains(&format!("'{}__rs_tmp'", shown.node)))
        {
            by_node
                .entry(shown.node.to_owned())
                .or_default()
                .extend(done);
        }
    }
    for (node, lines) in by_node {
        recorded.insert((run, node), tidy(lines));
    }
}

/// Runs all of [`RUNS`] with a program and keeps what it sent.
fn record(
    server: &Server,
    mut build: impl FnMut(&[&str]),
    keep: fn(usize, &[Logged], &mut Recorded),
) -> Recorded {
    let mut recorded = Recorded::new();
    for (number, (_, arguments)) in RUNS.iter().enumerate() {
        let before = server.log().len();
        build(arguments);
        // What holds the claim of the build is told in words.
        let log = server.log();
        let holds = |pid| {
            let mut of = log.iter().filter(move |logged| logged.pid == pid);
            of.any(|logged| logged.text.starts_with("lock table"))
        };
        let told: Vec<Logged> = log[before..]
            .iter()
            .filter(|logged| !holds(logged.pid))
            .cloned()
            .collect();
        keep(number, &told, &mut recorded);
    }
    recorded
}

fn record_redstart() -> Recorded {
    let server = start();
    let project = project(&server);
    let build = |arguments: &[&str]| {
        let all = DAYS.iter().chain(arguments);
        let quoted: Vec<String> = all.map(|word| format!("'{word}'")).collect();
        project
            .redstart(&format!("build {}", quoted.join(" ")))
            .success();
    };
    record(&server, build, of_redstart)
}

fn record_dbt(python: &str) -> Recorded {
    let server = start();
    let project = project(&server);
    let build = |arguments: &[&str]| {
        let output = Command::new(python)
            .args(["-m", "dbt.cli.main", "build"])
            .args(DAYS)
            .args(arguments)
            .current_dir(project.path())
            .env("DBT_PROFILES_DIR", project.path())
            .output()
            .expect("dbt runs");
        assert!(output.status.success(), "{}", both_streams(&output));
    };
    record(&server, build, of_dbt)
}

fn written(recorded: &Recorded) -> String {
    let mut text = String::new();
    for ((run, node), lines) in recorded {
        let _ = writeln!(text, "== {}: {node}\n{}", RUNS[*run].0, lines.join("\n"));
    }
    text
}

fn read(text: &str) -> Recorded {
    let mut recorded = Recorded::new();
    for part in text.split("== ").filter(|part| !part.is_empty()) {
        let mut lines = part.lines();
        let (run, node) = lines
            .next()
            .and_then(|head| head.split_once(": "))
            .expect("a head");
        let run = RUNS
            .iter()
            .position(|(name, _)| *name == run)
            .expect("a run");
        recorded.insert((run, node.to_owned()), lines.map(str::to_owned).collect());
    }
    recorded
}

fn kept() -> Recorded {
    read(&fs::read_to_string(folder().join("dbt.txt")).expect("what dbt sent"))
}

/// How often something is committed: transactions, and statements outside of one.
fn commits(lines: &[String]) -> usize {
    let mut open = false;
    let mut commits = 0;
    for line in lines {
        match line.as_str() {
            "begin" => open = true,
            "commit" => {
                open = false;
                commits += 1;
            }
            "rollback" => open = false,
            // It commits by itself, and with it what came before.
            line if line.contains("truncate table") => commits += 1,
            line if open || line.starts_with("--") || line.starts_with("select") => {}
            line if line.contains("temporary table")
                || line.starts_with("drop table if exists \"") && !line.contains('.') => {}
            _ => commits += 1,
        }
    }
    commits
}

#[test]
fn the_recorded_statements_are_those_of_dbt_redshift() {
    let Some(python) = python() else { return };
    let recorded = record_dbt(&python);
    if updates() {
        fs::write(folder().join("dbt.txt"), written(&recorded)).expect("a file");
    }
    assert_eq!(written(&recorded), written(&kept()));
}

#[test]
fn the_page_shows_what_is_sent_and_that_it_is_as_safe_as_dbts() {
    let (dbt, redstart) = (kept(), record_redstart());
    let text = told(&dbt, &redstart);
    if updates() {
        fs::write(page(), &text).expect("a file");
    }
    for ((run, node), lines) in &redstart {
        let said = lines.join("\n");
        let here = format!("{node}, {}: {said}", RUNS[*run].0);
        for word in ["cascade", "truncate"] {
            assert!(!said.contains(word), "{here}");
        }
        let of_dbt = commits(&dbt[&(*run, node.clone())]);
        // What is made beside is committed before its swap, and a text column grows before the transaction that needs it.
        let more =
            usize::from(said.contains("__rs_old")) + usize::from(said.contains("alter column"));
        assert!(commits(lines) <= of_dbt + more, "{here}");
        let dropped = said.find("__rs_old\"").filter(|_| said.contains("drop "));
        let last_commit = said.rfind("commit");
        let drop = said
            .rfind("drop ")
            .filter(|_| said.contains("rename to \"") && dropped.is_some());
        assert!(
            drop.is_none() || drop > last_commit,
            "dropped before the commit: {here}"
        );
    }
    assert_eq!(
        fs::read_to_string(page()).unwrap_or_default(),
        text,
        "INSTA_UPDATE=always writes the page anew"
    );
}

const HEAD: &str = "# What is sent to Redshift, beside dbt-redshift 1.11

Both tools build the project in `tests/cases/redshift_vs_dbt` four times against the [emulator](emulator.md), with one thread: at first, once more, with
`--full-refresh`, and after its models changed. The statements are the emulator's log, put on one line each; questions to the catalog are counted, and dbt's comments and
`select pg_backend_pid()` left out. `tests/it/redshift_vs_dbt.rs` writes this page and fails when it is no longer true:

    INSTA_UPDATE=always cargo test --test it redshift_vs_dbt

## What differs everywhere

- **No `cascade`.** dbt drops what it replaced with `drop … cascade`, and with it every view that anybody bound to it. Redstart knows what is bound, makes it anew when it
  is of the run, and stops before it changes anything when it is not.
- **No needless drops.** dbt drops `…__dbt_backup` also when there is none. Redstart read at the start what exists.
- **Drops come after the commit**, each by itself, as in dbt; what was replaced is dropped once nobody can be sent to it any more.
- **Sessions.** dbt opens a session for every node. Redstart keeps one for each thread, and one whose transaction locks `redstart_lease` in every schema that is
  built in, as long as the build lasts: two builds into one schema take turns.
- **Rows are counted** (`select count(*)`) after a table was made, where Redshift's answer does not tell how many they are: they stand in the results.
- **Names** are quoted always; dbt quotes relations and not the columns of keys. The names of things that live for a moment end in `__rs_tmp` and `__rs_old` instead of
  `__dbt_tmp` and `__dbt_backup`.
- **Staged loads** are not here: dbt-redshift has none. Redstart makes the table beside, copies into it in the same transaction, and swaps it in as a seed.
- **Data tests** ask the same question, without dbt's transaction around it.
";

fn told(dbt: &Recorded, redstart: &Recorded) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("\n## Commits\n\nOf one node, temporary tables not counted: dbt, then Redstart.\n\n| | first run | second run | full refresh | changed |\n|--|--|--|--|--|\n");
    for shown in &SHOWN {
        let _ = write!(text, "| {} |", shown.title);
        for run in 0..RUNS.len() {
            let key = (run, shown.node.to_owned());
            let count = |of: &Recorded| of.get(&key).map_or(0, |lines| commits(lines));
            if run == 3 && shown.changed.is_empty() {
                text.push_str(" |");
            } else {
                let _ = write!(text, " {}, {} |", count(dbt), count(redstart));
            }
        }
        text.push('\n');
    }
    for shown in &SHOWN {
        let _ = write!(text, "\n## {}\n\n{}\n", shown.title, shown.why);
        // Runs in which both tools do the same as in another stand together.
        let mut groups: Vec<(Vec<String>, [&[String]; 2])> = Vec::new();
        for (run, (name, _)) in RUNS.iter().enumerate() {
            if run == 3 && shown.changed.is_empty() {
                continue;
            }
            let key = (run, shown.node.to_owned());
            let both = [dbt, redstart].map(|of| of.get(&key).map_or(&[][..], Vec::as_slice));
            let name = match run {
                3 => format!("changed: {}", shown.changed),
                _ => (*name).to_owned(),
            };
            match groups.iter_mut().find(|(_, same)| *same == both) {
                Some((names, _)) => names.push(name),
                None => groups.push((vec![name], both)),
            }
        }
        for (names, [dbt, redstart]) in groups {
            let _ = write!(
                text,
                "\n### {}: {}\n\ndbt-redshift\n\n```sql\n{}\n```\n\nRedstart\n\n```sql\n{}\n```\n",
                shown.title,
                names.join("; "),
                dbt.join("\n"),
                redstart.join("\n")
            );
        }
    }
    text
}
