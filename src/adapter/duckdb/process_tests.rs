//! Several processes and one file: the test binary starts itself again, and the child does the part that a variable names.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::tests::lines;
use super::*;
use crate::adapter::copy::Folders;
use crate::adapter::statement::{ColumnDefinition, Rows, TableAttributes};
use crate::relation::{NothingKnown, Relation, RelationKind};

/// The variable that makes a test a child: the path of the database.
const CHILD: &str = "REDSTART_TEST_DATABASE";

fn config(path: PathBuf) -> Config {
    Config {
        path: Some(path),
        database: "dev".to_owned(),
        emulates_redshift: true,
        settings: Vec::new(),
        places: Default::default(),
        s3: Folders::default(),
    }
}

/// Starts this test again as a child.
fn child(test: &str, database: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .arg(format!("adapter::duckdb::process_tests::{test}"))
        .env(CHILD, database)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until the child says the word.
fn wait_for(child: &mut Child, word: &str) {
    let output = child.stdout.take().unwrap();
    let said = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .any(|line| line.contains(word));
    assert!(said, "the child ended without a word");
}

#[expect(clippy::print_stdout, reason = "the parent waits for the word")]
fn say(word: &str) {
    println!("\n{word}");
}

#[test]
fn a_second_process_is_told_who_has_the_file() {
    if let Some(path) = std::env::var_os(CHILD) {
        let held = DuckDb::new(&config(path.into()));
        let _session = held.connect().unwrap();
        say("open");
        std::thread::sleep(std::time::Duration::from_secs(60));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("held.duckdb");
    let mut child = child("a_second_process_is_told_who_has_the_file", &path);
    wait_for(&mut child, "open");
    let error = DuckDb::new(&config(path.clone())).connect().err();
    child.kill().unwrap();
    child.wait().unwrap();
    let error = error.unwrap();
    assert!(
        error
            .message
            .starts_with(&format!("`{}` is in use by the process ", path.display())),
        "{error}"
    );
    assert!(
        error.message.contains(&format!("(PID {})", child.id())),
        "{error}"
    );
    assert!(error.help.unwrap().contains("only one process at a time"));
    DuckDb::new(&config(path)).connect().unwrap();
}

fn drop_table(name: &str) -> Statement {
    Statement::Drop {
        kind: RelationKind::Table,
        relation: Relation::new("main", name),
        if_exists: true,
    }
}

/// A table with all that DuckDB could stumble over: a sequence behind a default, a check, a column that is not null.
fn create() -> Statement {
    Statement::CreateTable {
        relation: Relation::new("main", "t__rs_tmp"),
        columns: vec![
            ColumnDefinition {
                identity: Some((1, 1)),
                ..ColumnDefinition::new("id", "bigint")
            },
            ColumnDefinition {
                not_null: true,
                ..ColumnDefinition::new("round", "varchar(20)")
            },
        ],
        constraints: Vec::new(),
        attributes: TableAttributes::default(),
        temporary: false,
    }
}

/// Builds and swaps the table again and again; all rows of a table have the number of its round.
fn swap_forever(path: PathBuf) {
    let adapter = DuckDb::new(&config(path));
    let mut connection = adapter.connect().unwrap();
    let rename = |from: &str, to: &str| Statement::Rename {
        kind: RelationKind::Table,
        from: Relation::new("main", from),
        to: to.to_owned(),
    };
    let mut run = |statement: &Statement| {
        let prepared = adapter.prepare(statement, &NothingKnown).unwrap();
        connection.execute(&prepared).unwrap();
    };
    for round in 0_u64.. {
        run(&drop_table("t__rs_tmp"));
        run(&drop_table("t__rs_old"));
        run(&Statement::Begin);
        run(&create());
        let numbers = "select 1 as n union all select 2 union all select 3 union all select 4 union all select 5";
        run(&Statement::Insert {
            into: Relation::new("main", "t__rs_tmp"),
            columns: vec!["round".to_owned()],
            from: Rows::Query(format!(
                "with n as ({numbers}) select '{round}' from n a, n b, n c, n d, n e, n f"
            )),
        });
        run(&Statement::Commit);
        run(&Statement::Begin);
        if round > 0 {
            run(&rename("t", "t__rs_old"));
        }
        run(&rename("t__rs_tmp", "t"));
        run(&Statement::Comment {
            kind: RelationKind::Table,
            relation: Relation::new("main", "t"),
            column: Some("round".to_owned()),
            is_there: true,
            text: "the round".to_owned(),
        });
        run(&Statement::Commit);
        run(&drop_table("t__rs_old"));
        if round == 0 {
            say("built");
        }
    }
}

#[test]
fn a_killed_build_leaves_the_table_whole() {
    if let Some(path) = std::env::var_os(CHILD) {
        swap_forever(path.into());
        return;
    }
    for turn in 0..6 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dev.duckdb");
        let mut child = child("a_killed_build_leaves_the_table_whole", &path);
        wait_for(&mut child, "built");
        // Spread over the build, the swap and the drop of a round.
        std::thread::sleep(std::time::Duration::from_millis(3 + turn * 7));
        child.kill().unwrap();
        child.wait().unwrap();
        let adapter = DuckDb::new(&config(path));
        let mut connection = adapter.connect().unwrap();
        let query = "select count(*) as a, count(distinct round) as b from main.t";
        let prepared = adapter.prepare_query(query, &NothingKnown).unwrap();
        let whole = lines(&connection.query(&prepared, None).unwrap());
        assert_eq!(whole, "15625|1", "turn {turn}");
        for statement in [drop_table("t__rs_tmp"), drop_table("t__rs_old"), create()] {
            connection
                .execute(&adapter.prepare(&statement, &NothingKnown).unwrap())
                .unwrap();
        }
    }
}
