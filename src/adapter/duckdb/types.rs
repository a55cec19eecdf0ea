//! The types of columns that Redshift would have, kept by DuckDB: in its own types, and the length of a text in a check.
//!
//! In: a [`Type`] of Redshift. Out: DuckDB's type and a check, and from the check the type again.

use super::sql::quote;
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

/// The columns of a table made from a query: as Redshift types them where that is known, else as DuckDB does, short of the types
/// that Redshift does not have.
pub(super) fn made(columns: Vec<(String, String)>, known: Option<&[KnownColumn]>) -> Vec<Made> {
    let known = known.filter(|known| known.len() == columns.len());
    let mut all = Vec::with_capacity(columns.len());
    for (at, (name, kind)) in columns.into_iter().enumerate() {
        let told = known.and_then(|known| known[at].data_type.as_deref());
        let redshift = told
            .and_then(emulating::catalog_type)
            .filter(|redshift| holds(*redshift, &kind));
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

/// The check that holds text to its length in bytes. DuckDB forgets the length of a `varchar(n)`, so the check is also
/// where the declared type is read from again: `strlen(c) <= n` is a `varchar`, `n >= strlen(c)` a `char`.
pub(super) fn length_check(kind: Type, column: &str) -> Option<String> {
    match kind {
        Type::Varchar(bytes) => Some(format!("check (strlen({column}) <= {bytes})")),
        Type::Char(bytes) => Some(format!("check ({bytes} >= strlen({column}))")),
        _ => None,
    }
}

/// The type that a check made by [`length_check`] stands for.
pub(super) fn of_check(check: &str) -> Option<Type> {
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
        assert_eq!(of_check("CHECK((a <= 12))"), None);
    }
}
