//! A unit test as queries: the given rows, and the question whether the model's query answers what is expected.
//!
//! In: rows as declared, and the columns of what they stand for. Out: SQL in the words that every dialect has.
//! A value takes the type of its column; a text that is longer than its column has room for is not cut.

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::manifest::unit_test::{Fixture, FixtureRow, FixtureRows, FixtureValue};
use crate::relation::KnownColumn;

/// The column that tells what the model answered from what was expected.
pub const SIDE: &str = "actual_or_expected";
/// What it says of the model's answer.
pub const ACTUAL: &str = "actual";

/// The query that answers the given rows in the place of a relation with these columns.
///
/// # Errors
/// Every column of a row that the relation does not have.
pub fn given(
    fixture: &Fixture,
    columns: &[KnownColumn],
    of: &str,
) -> Result<String, Vec<Diagnostic>> {
    match &fixture.rows {
        FixtureRows::Sql { text, .. } => Ok(text.clone()),
        FixtureRows::Values(rows) => {
            let wrong = unknown_columns(rows, columns, of);
            if wrong.is_empty() {
                Ok(select(rows, columns))
            } else {
                Err(wrong)
            }
        }
    }
}

/// Rows, to look for values that do not fit their columns: all at once, one row, one value.
#[derive(Clone, Debug)]
pub struct Suspects {
    /// The query of all rows.
    pub all: String,
    /// The query of each row, and its values.
    pub rows: Vec<(String, Vec<Cell>)>,
}

/// A value of a row, and the query that turns it alone into the type of its column.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The column.
    pub column: String,
    /// Its type.
    pub data_type: String,
    /// Where the value's column is named.
    pub span: Span,
    /// The query.
    pub query: String,
}

/// The rows of a fixture as suspects; none of one that is a query.
pub fn suspects(fixture: &Fixture, columns: &[KnownColumn]) -> Option<Suspects> {
    let FixtureRows::Values(rows) = &fixture.rows else {
        return None;
    };
    let of_row = |row: &FixtureRow| {
        let cells = columns.iter().filter_map(|column| {
            let value = cell(row, &column.name).filter(|value| !value.value.is_null())?;
            Some(Cell {
                column: column.name.clone(),
                data_type: column.data_type.clone()?,
                span: value.span.clone(),
                query: format!("select {} as fits", typed(Some(value), column)),
            })
        });
        (select(std::slice::from_ref(row), columns), cells.collect())
    };
    Some(Suspects {
        all: select(rows, columns),
        rows: rows.iter().map(of_row).collect(),
    })
}

/// A query with these columns and no rows.
pub fn nothing(columns: &[KnownColumn]) -> String {
    select(&[], columns)
}

/// The columns that are compared: those that the expected rows name, else all of the answer; in the order of the expectation.
///
/// # Errors
/// Columns that the answer does not have, and rows that do not name the same columns.
pub fn compared(
    expect: &Fixture,
    answer: &[KnownColumn],
    of: &str,
) -> Result<Vec<KnownColumn>, Vec<Diagnostic>> {
    let FixtureRows::Values(rows) = &expect.rows else {
        return Ok(answer.to_vec());
    };
    let Some(first) = rows.first() else {
        return Ok(answer.to_vec());
    };
    let mut wrong = unknown_columns(rows, answer, of);
    for row in rows.iter().skip(1) {
        for name in first.values.keys() {
            if !row.values.contains_key(name) {
                wrong.push(uneven(row, name, first));
            }
        }
        for (name, value) in &row.values {
            if !first.values.contains_key(name) && find(answer, name).is_some() {
                wrong.push(
                    Diagnostic::error(
                        "bad-unit-test",
                        format!("the first expected row does not have `{name}`"),
                    )
                    .at(value.span.clone())
                    .related("the first row", first.span.clone())
                    .help("every row of `expect` names the same columns; `null` is a value too"),
                );
            }
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let named = first.values.keys();
    Ok(named
        .filter_map(|name| find(answer, name).cloned())
        .collect())
}

fn uneven(row: &FixtureRow, name: &str, first: &FixtureRow) -> Diagnostic {
    Diagnostic::error(
        "bad-unit-test",
        format!("this expected row does not say what `{name}` is"),
    )
    .at(row.span.clone())
    .related("the first row does", first.span.clone())
    .help(format!("add `{name}` to the row (`{name}: null` for NULL)"))
}

/// The question: the rows of the model's query, and the expected rows, told apart by [`SIDE`].
pub fn question(actual: &str, expect: &Fixture, compared: &[KnownColumn]) -> String {
    let names = compared
        .iter()
        .map(|column| quoted(&column.name))
        .collect::<Vec<_>>()
        .join(", ");
    let expected = match &expect.rows {
        FixtureRows::Sql { text, .. } => text.clone(),
        FixtureRows::Values(rows) => select(rows, compared),
    };
    let side = |side: &str, query: &str| {
        format!(
            "select {names}, '{side}' as {}\nfrom (\n{query}\n) as dbt_{side}",
            quoted(SIDE)
        )
    };
    format!(
        "{}\nunion all\n{}",
        side(ACTUAL, actual.trim_end().trim_end_matches(';')),
        side("expected", &expected)
    )
}

fn find<'c>(columns: &'c [KnownColumn], name: &str) -> Option<&'c KnownColumn> {
    columns
        .iter()
        .find(|column| column.name.eq_ignore_ascii_case(name))
}

fn unknown_columns(rows: &[FixtureRow], columns: &[KnownColumn], of: &str) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    let mut told = Vec::new();
    for (name, value) in rows.iter().flat_map(|row| &row.values) {
        if find(columns, name).is_some() || told.contains(&name) {
            continue;
        }
        told.push(name);
        let names = || columns.iter().map(|column| column.name.as_str());
        let problem = Diagnostic::error("unknown-column", format!("{of} has no column `{name}`"))
            .at(value.span.clone())
            .label(format!("not among its {} columns", columns.len()));
        wrong.push(match nearest(name, names()) {
            Some(_) => problem.did_you_mean(name, names()),
            None => problem.help(format!(
                "its columns are {}",
                names()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
        });
    }
    wrong
}

/// The rows as one query; without rows, a query that answers none.
fn select(rows: &[FixtureRow], columns: &[KnownColumn]) -> String {
    let line = |row: Option<&FixtureRow>| {
        let cells = columns.iter().map(|column| {
            let value = row.and_then(|row| cell(row, &column.name));
            format!("{} as {}", typed(value, column), quoted(&column.name))
        });
        format!("select {}", cells.collect::<Vec<_>>().join(", "))
    };
    if rows.is_empty() {
        return format!("{}\nlimit 0", line(None));
    }
    let lines: Vec<String> = rows.iter().map(|row| line(Some(row))).collect();
    lines.join("\nunion all\n")
}

fn cell<'r>(row: &'r FixtureRow, column: &str) -> Option<&'r FixtureValue> {
    row.values.get(&column.to_lowercase())
}

fn typed(value: Option<&FixtureValue>, column: &KnownColumn) -> String {
    let value = value.map_or(&Value::Null, |value| &value.value);
    let Some(data_type) = &column.data_type else {
        return literal(value);
    };
    if data_type.eq_ignore_ascii_case("super") && !value.is_null() {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        return format!("json_parse({})", quoted_text(&text));
    }
    format!("cast({} as {})", literal(value), roomy(data_type, value))
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => quoted_text(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(_) => quoted_text(&value.to_string()),
        other => other.to_string(),
    }
}

fn quoted_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The type of a text with room for the value: a cast would cut it without a word.
fn roomy(data_type: &str, value: &Value) -> String {
    let Value::String(text) = value else {
        return data_type.to_owned();
    };
    let lower = data_type.to_lowercase();
    let room = lower
        .find('(')
        .filter(|_| lower.contains("char"))
        .and_then(|at| {
            let number = lower[at + 1..].split(')').next()?.trim();
            Some((at, number.parse::<usize>().ok()?))
        });
    match room {
        Some((at, length)) if text.len() > length => {
            let close = lower[at..]
                .find(')')
                .map_or(lower.len(), |close| at + close);
            format!("{}({}{}", &data_type[..at], text.len(), &data_type[close..])
        }
        _ => data_type.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, data_type: &str) -> KnownColumn {
        KnownColumn {
            name: name.to_owned(),
            data_type: (!data_type.is_empty()).then(|| data_type.to_owned()),
        }
    }

    #[test]
    fn a_text_is_never_cut_to_the_length_of_its_column() {
        let text = Value::from("alice");
        assert_eq!(roomy("character varying(1)", &text), "character varying(5)");
        assert_eq!(roomy("varchar(256)", &text), "varchar(256)");
        assert_eq!(roomy("numeric(1,0)", &text), "numeric(1,0)");
        assert_eq!(roomy("varchar(1)", &Value::Null), "varchar(1)");
    }

    #[test]
    fn no_rows_are_a_query_with_the_columns() {
        let columns = [column("id", "integer"), column("n\"o", "")];
        assert_eq!(
            nothing(&columns),
            "select cast(null as integer) as \"id\", null as \"n\"\"o\"\nlimit 0"
        );
    }
}
