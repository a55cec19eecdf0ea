//! The types of columns that Redshift would have, kept by DuckDB: in its own types, and the length of a text in a check.
//!
//! In: a [`Type`] of Redshift. Out: DuckDB's type and a check, and from the check the type again.

use super::sql::{literal, quote};
use crate::adapter::emulating::{self, Type};
use crate::relation::KnownColumn;

/// A column of a table that is made from a query.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) name: String,
    /// DuckDB's type.
    pub(super) kind: String,
    /// Whether the query gives another type, which must be cast.
    pub(super) cast: bool,
    /// What holds a text to its length.
    pub(super) check: Option<String>,
}

impl Made {
    /// The column in a `create table`.
    pub(super) fn declaration(&self) -> String {
        let check = self.check.as_deref().unwrap_or_default();
        let declared = format!("{} {} {check}", quote(&self.name), self.kind);
        declared.trim_end().to_owned()
    }
}

/// A query with what must be cast around it, and the bytes before the query in that.
pub(super) fn cast(query: &str, columns: &[Made]) -> (String, usize) {
    if columns.iter().all(|column| !column.cast) {
        return (query.to_owned(), 0);
    }
    let selected: Vec<String> = columns
        .iter()
        .map(|column| {
            let name = quote(&column.name);
            if column.cast {
                format!("cast({name} as {}) as {name}", column.kind)
            } else {
                name
            }
        })
        .collect();
    let select = format!("select {} from (\n", selected.join(", "));
    (format!("{select}{query}\n)"), select.len())
}

/// The name of the expression that a view carries its types in: DuckDB keeps the text of a view, and drops what nothing reads.
const CARRIER: &str = "__rs_types";

/// A `create view` that carries the types of its columns, where one of them is more than DuckDB can tell.
pub(super) fn with_types(create: &str, query: &str, columns: &[KnownColumn]) -> String {
    let types: Vec<&str> = columns
        .iter()
        .map(|column| column.data_type.as_deref().unwrap_or_default())
        .collect();
    let told = |name: &str| {
        let ty = emulating::catalog_type(name);
        ty.is_some_and(|ty| {
            ty.is_text() && ty.length().is_some() || matches!(ty, Type::Decimal(..))
        })
    };
    match create.find(query) {
        Some(at) if types.iter().any(|name| told(name)) => format!(
            "{}with \"{CARRIER}\" as (select {}) select * from (\n{query}\n){}",
            &create[..at],
            literal(&types.join(";")),
            &create[at + query.len()..]
        ),
        _ => create.to_owned(),
    }
}

/// SQL that reads from the text of a view what [`with_types`] put into it.
pub(super) fn carried(sql: &str) -> String {
    let pattern = format!("{CARRIER}\"? AS \\(SELECT ''([^'']*)''");
    format!("regexp_extract({sql}, '{pattern}', 1, 'i')")
}

/// The columns of a table made from a query: as Redshift types them where that is known, else as DuckDB does, short of the types
/// that Redshift does not have.
pub(super) fn made(columns: Vec<(String, String)>, known: Option<&[KnownColumn]>) -> Vec<Made> {
    let known = known.filter(|known| known.len() == columns.len());
    let mut all = Vec::with_capacity(columns.len());
    for (at, (name, kind)) in columns.into_iter().enumerate() {
        let told = known.and_then(|known| known[at].data_type.as_deref());
        let redshift = told
            .and_then(emulating::catalog_type)
            .filter(|redshift| holds(*redshift, &kind))
            .map(|redshift| match redshift {
                // The type that Redshift's `create table as` gives a column of which it knows nothing but NULL.
                Type::Null => Type::Varchar(1),
                other => other,
            });
        let wanted = match redshift {
            Some(redshift) => redshift.duckdb(),
            None => emulating::fix_type(&kind).unwrap_or(&kind).to_owned(),
        };
        all.push(Made {
            cast: !same(&wanted, &kind),
            check: redshift.and_then(|redshift| length_check(redshift, &quote(&name))),
            kind: wanted,
            name,
        });
    }
    all
}

/// Whether DuckDB writes both names of a type for the same type.
fn same(left: &str, right: &str) -> bool {
    let letters = |name: &str| name.replace(' ', "").to_uppercase();
    letters(left) == letters(right)
}

/// Whether a column that DuckDB types so can be what Redshift would make of it, without a change of its values.
fn holds(redshift: Type, kind: &str) -> bool {
    const INTEGERS: [&str; 9] = [
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
    ];
    let integer = INTEGERS.contains(&kind);
    match redshift {
        // Whatever it is, it is NULL.
        Type::Null => true,
        _ if kind == "\"NULL\"" => true,
        Type::Int2 | Type::Int4 | Type::Int8 => integer,
        Type::Decimal(_, scale) => {
            let given = kind
                .strip_prefix("DECIMAL(")
                .and_then(|rest| rest.strip_suffix(')')?.split_once(','))
                .and_then(|(_, given)| given.trim().parse::<u8>().ok());
            integer || given.is_some_and(|given| given <= scale)
        }
        Type::Float4 | Type::Float8 => matches!(kind, "FLOAT" | "DOUBLE"),
        Type::Timestamp => matches!(
            kind,
            "TIMESTAMP" | "DATE" | "TIMESTAMP_S" | "TIMESTAMP_MS" | "TIMESTAMP_NS"
        ),
        _ => same(&redshift.duckdb(), kind),
    }
}

/// What DuckDB writes before the name of a function whose whole name was given.
pub(super) const WHOLE_NAME: &str = "\"system\".main.";

/// The check that holds text to its length in bytes. DuckDB forgets the length of a `varchar(n)`, so the check is also
/// where the declared type is read from again: `strlen(c) <= n` is a `varchar`, `n >= strlen(c)` a `char`. The functions have their whole
/// names: DuckDB 1.5 finds no others while it replays the log of a process that was killed, where a column got a comment.
pub(super) fn length_check(kind: Type, column: &str) -> Option<String> {
    match kind {
        Type::Varchar(bytes) => Some(format!("check (system.main.strlen({column}) <= {bytes})")),
        // Its characters have one byte each.
        Type::Char(bytes) => Some(format!(
            "check ({bytes} >= system.main.strlen({column})) check (system.main.length({column}) >= system.main.strlen({column}))"
        )),
        _ => None,
    }
}

/// The type that a check made by [`length_check`] stands for.
pub(super) fn of_check(check: &str) -> Option<Type> {
    // As DuckDB writes the whole name; tables of earlier days have the bare one.
    let check = check.replace(WHOLE_NAME, "");
    let inner = check.trim_start_matches("CHECK").trim_matches(['(', ')']);
    if let Some((left, right)) = inner.split_once(" <= ") {
        left.starts_with("strlen(").then_some(())?;
        right.trim().parse().ok().map(Type::Varchar)
    } else {
        let (left, right) = inner.split_once(" >= ")?;
        right.starts_with("strlen(").then_some(())?;
        left.trim().parse().ok().map(Type::Char)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_text_column_is_read_from_its_check() {
        assert_eq!(
            of_check("CHECK((strlen(v) <= 12))"),
            Some(Type::Varchar(12))
        );
        assert_eq!(
            of_check("CHECK((3 >= strlen(\"a b\")))"),
            Some(Type::Char(3))
        );
        assert_eq!(
            of_check("CHECK((\"system\".main.strlen(v) <= 12))"),
            Some(Type::Varchar(12))
        );
        assert_eq!(
            of_check("CHECK((3 >= \"system\".main.strlen(v)))"),
            Some(Type::Char(3))
        );
        assert_eq!(
            of_check("CHECK((\"system\".main.length(v) >= \"system\".main.strlen(v)))"),
            None
        );
        assert_eq!(of_check("CHECK((a <= 12))"), None);
    }

    #[test]
    fn any_client_opens_what_a_killed_process_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let connection = duckdb::Connection::open(path("a.duckdb")).unwrap();
        let of = |kind, column| length_check(kind, column).unwrap();
        let (text, letter) = (of(Type::Varchar(3), "v"), of(Type::Char(3), "c"));
        connection
            .execute_batch(&format!(
                "create table t (v varchar {text}, c varchar {letter}); checkpoint; comment on column t.v is 'x'"
            ))
            .unwrap();
        // The file and its log as they are while the process lives.
        for (from, to) in [("a.duckdb", "b.duckdb"), ("a.duckdb.wal", "b.duckdb.wal")] {
            std::fs::copy(path(from), path(to)).unwrap();
        }
        let opened = duckdb::Connection::open(path("b.duckdb")).unwrap();
        let refused = |sql: &str| opened.execute(sql, []).is_err();
        assert!(!refused("insert into t values ('abc', 'abc')"));
        assert!(refused("insert into t values ('abcd', 'abc')"));
        assert!(refused("insert into t values ('abc', 'äb')"));
    }
}
