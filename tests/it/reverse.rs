//! What Redshift refuses is refused here too, though DuckDB or PostgreSQL would take it: by name, with the place.

use std::fmt::Write as _;

use redstart::adapter::Refusal;
use redstart::adapter::emulating::{
    Catalog, NoCatalog, Type, translate_query_with, translate_statements,
};

/// Tables whose columns are known.
struct Tables;

impl Catalog for Tables {
    fn columns(&self, _: Option<&str>, table: &str) -> Option<Vec<(String, Option<Type>)>> {
        let columns = match table {
            "t" => vec![
                ("id", Type::Int4),
                ("n", Type::Int2),
                ("name", Type::Varchar(20)),
                ("d", Type::Date),
                ("ok", Type::Bool),
            ],
            "u" => vec![
                ("id", Type::Int4),
                ("t_id", Type::Int4),
                ("x", Type::Float8),
            ],
            _ => return None,
        };
        let named = |(name, ty): (&str, Type)| (name.to_owned(), Some(ty));
        Some(columns.into_iter().map(named).collect())
    }
}

fn told(refusal: &Refusal) -> String {
    let parts = [
        Some(&refusal.message),
        refusal.reason.as_ref(),
        refusal.help.as_ref(),
    ];
    let words: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    words.join(" | ")
}

/// The lines of a part of the list, read when the tests run.
fn lines(part: &str) -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/refused.txt");
    let list = std::fs::read_to_string(path).expect("the list");
    let lines = list.lines().skip_while(|line| *line != part).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("# "));
    lines.map(str::to_owned).collect()
}

#[test]
fn what_redshift_refuses_is_refused_by_name_and_place() {
    let mut failures = String::new();
    let (queries, statements) = (lines("[queries]"), lines("[statements]"));
    assert!(queries.len() > 80 && statements.len() > 20);
    for (at, line) in queries.iter().chain(&statements).enumerate() {
        let (sql, words) = line.split_once(" =>").expect("an arrow");
        let words = words.trim();
        let refused = match at < queries.len() {
            true => translate_query_with(sql, &Tables).err(),
            false => translate_statements(sql, &Tables).err(),
        };
        match refused {
            None => writeln!(failures, "{sql}\n    is taken").unwrap(),
            Some(refused) if !told(&refused).contains(words) => {
                writeln!(failures, "{sql}\n    {}", told(&refused)).unwrap();
            }
            Some(refused) if refused.range.is_none() => {
                writeln!(failures, "{sql}\n    no place: {}", told(&refused)).unwrap();
            }
            Some(_) => {}
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn what_redshift_takes_is_not_refused_with_it() {
    let taken = lines("[taken]");
    assert!(taken.len() > 8);
    for sql in taken {
        let translated = translate_query_with(&sql, &Tables);
        assert!(translated.is_ok(), "{sql}\n    {translated:?}");
    }
    let taken = lines("[taken statements]");
    assert!(taken.len() > 8);
    for sql in taken {
        let translated = translate_statements(&sql, &Tables);
        assert!(translated.is_ok(), "{sql}\n    {translated:?}");
    }
}

#[test]
fn limits_of_redshift_are_limits_here() {
    let refused = |sql: &str| translate_statements(sql, &NoCatalog).unwrap_err().code;
    let name = "n".repeat(128);
    assert_eq!(
        refused(&format!("create table {name} (a int)")),
        "sql-syntax"
    );
    let query = translate_query_with(&format!("select 1 as {name}"), &NoCatalog);
    assert_eq!(query.unwrap_err().code, "sql-syntax");
    let columns: Vec<String> = (0..1601).map(|at| format!("c{at} int")).collect();
    let create = format!("create table wide ({})", columns.join(", "));
    assert_eq!(refused(&create), "too-many-columns");
    let items: Vec<String> = (0..1601).map(|at| format!("{at} as c{at}")).collect();
    let create = format!("create table wide as select {}", items.join(", "));
    assert_eq!(refused(&create), "too-many-columns");
    let text = "x".repeat(1024);
    let long = vec![format!("'{text}'"); 16_500].join(",");
    assert_eq!(
        refused(&format!("select 1 where 'a' in ({long})")),
        "statement-too-long"
    );
}
