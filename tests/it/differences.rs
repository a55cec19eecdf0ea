//! The places where DuckDB answers a query of Redshift otherwise without a word, by the numbers of our list of them: each gives
//! Redshift's value here, or is refused. Every query runs twice, with the types of its tables known and not known.

use std::fmt::Write as _;

use duckdb::Connection;
use redstart::adapter::emulating::{
    Catalog, NoCatalog, Translated, Type, Work, catalog_type, prelude, redshift_type,
    translate_statements,
};

use crate::project::TestProject;

/// The list, read when the tests run.
fn list() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/differences.txt");
    std::fs::read_to_string(path).expect("the list")
}

#[test]
fn every_difference_is_answered_as_on_redshift_or_refused() {
    let list = list();
    let connection = Connection::open_in_memory().unwrap();
    prelude(&connection).unwrap();
    let (mut asked, mut failures) = (0, String::new());
    let mut heading = "";
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let Some((sql, says)) = line.split_once(" => ") else {
            heading = line;
            continue;
        };
        for known in [true, false] {
            asked += 1;
            connection.execute_batch("begin").unwrap();
            let given = ask(&connection, sql, known, says);
            connection.execute_batch("rollback").unwrap();
            let right = match says.strip_prefix("TYPE ").unwrap_or(says) {
                "ERROR" => given.is_err(),
                wanted => given.as_deref() == Ok(wanted),
            };
            if !right {
                let types = if known { "known" } else { "unknown" };
                writeln!(failures, "{heading}; types {types}: {sql}\n    {given:?}").unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(asked > 180, "{asked}");
}

#[test]
fn every_difference_has_a_number_and_a_test() {
    let list = list();
    let parts: Vec<&str> = list.split("\n\n").skip(1).collect();
    for (at, part) in parts.iter().enumerate() {
        assert!(part.starts_with(&format!("{}. ", at + 1)), "{part}");
        // A query of its own, or the name of a test below.
        assert!(
            part.contains(" => ") || part.trim_end().ends_with('`'),
            "{part}"
        );
    }
    assert_eq!(parts.len(), 40);
}

#[test]
fn an_empty_field_of_a_copy_is_null_for_a_number_and_stays_empty_for_a_text() {
    let project = TestProject::new()
        .file("profiles.yml", "project:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: project.duckdb, schema: main, emulate: redshift, s3: {'s3://lake/': lake/}}\n")
        .file("lake/rows.csv", "1,,x\n2,5,\n3,@,   \n")
        .file(
            "dbt_project.yml",
            "on-run-start:
  - create table plain (id int, n int, s varchar(9))
  - create table blanks (id int, n varchar(9), s varchar(9))
  - copy plain from 's3://lake/rows.csv' iam_role default csv null as '@'
  - copy blanks from 's3://lake/rows.csv' iam_role default csv emptyasnull blanksasnull
",
        )
        .file("models/one.sql", "select 1 as a");
    let run = project.redstart("build");
    assert_eq!(run.code, 0, "{}", run.stderr);
    let shown = |table: &str| {
        project.query(&format!(
            "select string_agg(id || ':' || coalesce(n::varchar, 'NULL') || ':' || coalesce('(' || s || ')', 'NULL'), ' ' order by id) as rows from {table}"
        ))
    };
    assert_eq!(shown("plain"), "rows\n1:NULL:(x) 2:5:() 3:NULL:(   )\n");
    assert_eq!(shown("blanks"), "rows\n1:NULL:(x) 2:5:NULL 3:@:NULL\n");
}

#[test]
fn a_truncate_tells_that_it_does_not_commit_here() {
    let translated = translate_statements("truncate table t", &NoCatalog).unwrap();
    assert_eq!(
        translated[0].work,
        Work::Sql(vec!["DELETE FROM \"t\"".into()])
    );
    assert_eq!(translated[0].dropped, ["the commit that `truncate` makes"]);
}

#[test]
fn an_alias_may_be_called_as_the_database_is() {
    let project = TestProject::new()
        .file("models/people.sql", "select 1 as id, 'ann' as name")
        .file("models/items.sql", "select 1 as person, 7 as n")
        .file(
            "models/joined.sql",
            "{{ config(materialized='table') }} select project.name, other.n from {{ ref('people') }} as project join {{ ref('items') }} as other on other.person = project.id",
        )
        .file(
            "models/late.sql",
            "{{ config(materialized='view', bind=false) }} select main.name, o.n from {{ ref('people') }} as main, {{ ref('items') }} o where o.person = main.id",
        )
        .file(
            "models/read_late.sql",
            "{{ config(materialized='table') }} select * from {{ ref('late') }}",
        );
    let run = project.redstart("build");
    assert_eq!(run.code, 0, "{}", run.stderr);
    for model in ["joined", "read_late"] {
        let rows = project.query(&format!("select name, n from {model}"));
        assert_eq!(rows, "name | n\nann | 7\n");
    }
}

#[test]
fn a_model_whose_name_is_longer_than_redshift_takes_is_refused() {
    let name = "m".repeat(128);
    let project = TestProject::new().file(format!("models/{name}.sql"), "select 1 as a");
    let run = project.redstart("build");
    let told = run.to_string().replace(&name, "[m]");
    assert_eq!(run.code, 2, "{told}");
    assert!(
        told.contains(
            "error[name-too-long]: the alias of `[m]` takes 128 bytes, and a name on Redshift has at most 127"
        ),
        "{told}"
    );
}

/// The tables that there are.
struct Tables(Vec<(String, Columns)>);

type Columns = Vec<(String, Option<Type>)>;

impl Tables {
    fn of(connection: &Connection) -> Self {
        let mut statement = connection
            .prepare("select table_name, column_name, data_type from duckdb_columns() where not internal and database_name = 'memory' order by table_name, column_index")
            .unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut tables: Vec<(String, Vec<_>)> = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let (table, column, kind): (String, String, String) = (
                row.get(0).unwrap(),
                row.get(1).unwrap(),
                row.get(2).unwrap(),
            );
            let typed = (column, catalog_type(&redshift_type(&kind)));
            match tables.last_mut().filter(|(name, _)| *name == table) {
                Some((_, columns)) => columns.push(typed),
                None => tables.push((table, vec![typed])),
            }
        }
        Self(tables)
    }
}

impl Catalog for Tables {
    fn columns(&self, _: Option<&str>, table: &str) -> Option<Vec<(String, Option<Type>)>> {
        let found = self.0.iter().find(|(name, _)| name == table)?;
        Some(found.1.clone())
    }
}

/// Runs statements, and tells what the last of them gives.
fn ask(connection: &Connection, sql: &str, known: bool, says: &str) -> Result<String, String> {
    let mut told = String::new();
    for one in sql.split("; ") {
        let tables = Tables::of(connection);
        let catalog: &dyn Catalog = if known { &tables } else { &NoCatalog };
        let translated = translate_statements(one, catalog)
            .map_err(|refusal| format!("refused: {}", refusal.message))?;
        for part in translated {
            match part.work {
                Work::Query(query) => told = answer(connection, &query, says)?,
                Work::Sql(all) => connection
                    .execute_batch(&all.join(";"))
                    .map_err(|error| error.to_string())?,
                other => panic!("{one}: {other:?}"),
            }
        }
    }
    Ok(told)
}

fn answer(connection: &Connection, query: &Translated, says: &str) -> Result<String, String> {
    if says.starts_with("TYPE ") {
        let columns = query.columns.as_ref().ok_or("the columns are not known")?;
        return Ok(columns[0].data_type.clone().unwrap_or_default());
    }
    let sql = format!(
        "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({}) AS q",
        query.sql
    );
    let failed = |error: duckdb::Error| format!("{error}\n    in {}", query.sql);
    let mut statement = connection.prepare(&sql).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let count = row.as_ref().column_count();
        let value = |at| row.get::<_, Option<String>>(at).unwrap();
        let values: Vec<String> = (0..count)
            .map(|at| value(at).unwrap_or_else(|| "null".into()))
            .collect();
        all.push(values.join("|"));
    }
    Ok(all.join(", "))
}
