//! Rows of a query as values that print as Redshift prints them.
//!
//! In: a [`Prepared`] query. Out: a [`Table`].

use duckdb::types::{TimeUnit, ValueRef};

use super::connection::Session;
use super::error;
use super::sql::quote;
use crate::adapter::{Error, Prepared, Table, Value, emulating};
use crate::relation::Column;
use crate::sql::comments::from_first_word;

/// Runs a query and keeps at most `limit` of its rows.
pub(super) fn run(
    session: &Session,
    prepared: &Prepared,
    limit: Option<usize>,
) -> Result<Table, Error> {
    let Some((query, first)) = prepared.sql.split_last() else {
        return Ok(Table::default());
    };
    for sql in first {
        session.run(sql)?;
    }
    // A semicolon at the end would end the query inside the one that is sent.
    let query = query.trim_end_matches(|letter: char| letter == ';' || letter.is_whitespace());
    if !reads(query) {
        return fetch(&session.connection, query, None, limit, session)
            .map_err(|cause| error::in_query(&cause, prepared, 0));
    }
    if prepared.values_only {
        return fetch(&session.connection, query, None, limit, session)
            .map_err(|cause| error::plain(&session.connection, query, cause))
            .map_err(|cause| error::in_query(&cause, prepared, 0));
    }
    let columns = describe(&session.connection, query)
        .map_err(|cause| error::plain(&session.connection, query, cause))
        .map_err(|cause| error::in_query(&cause, prepared, DESCRIBE.len()))?;
    let (wrapped, start) = wrap(query, &columns, limit);
    fetch(
        &session.connection,
        &wrapped,
        Some(&columns),
        limit,
        session,
    )
    .map_err(|cause| error::in_query(&cause, prepared, start))
}

/// What asks for the columns of the query after it.
pub(super) const DESCRIBE: &str = "describe ";

/// The names and DuckDB's types of a query's columns.
pub(super) fn describe(
    connection: &duckdb::Connection,
    query: &str,
) -> Result<Vec<(String, String)>, duckdb::Error> {
    let mut statement = connection.prepare(&format!("{DESCRIBE}{query}"))?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Whether it is a query that can stand in a `from`.
fn reads(query: &str) -> bool {
    let start = from_first_word(query)
        .trim_start_matches(|letter: char| letter == '(' || letter.is_whitespace());
    ["select", "with", "from", "values"].iter().any(|word| {
        start
            .get(..word.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(word))
    })
}

/// The query inside one that keeps the first rows and prints nested values, and where it stands in there.
fn wrap(query: &str, columns: &[(String, String)], limit: Option<usize>) -> (String, usize) {
    let plain = columns.iter().all(|(_, kind)| prints(kind));
    if plain && limit.is_none() {
        return (query.to_owned(), 0);
    }
    let aliases = (0..columns.len())
        .map(|column| format!("c{column}"))
        .collect::<Vec<_>>();
    let selected = columns
        .iter()
        .zip(&aliases)
        .map(|((name, kind), alias)| {
            let cast = if prints(kind) { "" } else { "::varchar" };
            format!("{alias}{cast} as {}", quote(name))
        })
        .collect::<Vec<_>>();
    let mut sql = format!("select {} from (\n", selected.join(", "));
    let start = sql.len();
    sql.push_str(query);
    sql.push_str(&format!("\n) as q({})", aliases.join(", ")));
    if let Some(limit) = limit {
        sql.push_str(&format!(" limit {}", limit.saturating_add(1)));
    }
    (sql, start)
}

/// Whether values of a type are printed here; DuckDB prints the others.
fn prints(kind: &str) -> bool {
    kind.starts_with("DECIMAL") && !kind.ends_with(']')
        || matches!(
            kind,
            "BOOLEAN"
                | "TINYINT"
                | "SMALLINT"
                | "INTEGER"
                | "BIGINT"
                | "HUGEINT"
                | "UTINYINT"
                | "USMALLINT"
                | "UINTEGER"
                | "UBIGINT"
                | "FLOAT"
                | "DOUBLE"
                | "VARCHAR"
                | "BLOB"
                | "DATE"
                | "TIME"
                | "TIMESTAMP"
                | "TIMESTAMP WITH TIME ZONE"
        )
}

fn fetch(
    connection: &duckdb::Connection,
    sql: &str,
    columns: Option<&[(String, String)]>,
    limit: Option<usize>,
    session: &Session,
) -> Result<Table, duckdb::Error> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut table = Table::default();
    let names = rows
        .as_ref()
        .map(duckdb::Statement::column_names)
        .unwrap_or_default();
    let kinds = columns
        .map(|columns| {
            columns
                .iter()
                .map(|(_, kind)| kind.clone())
                .collect::<Vec<_>>()
        })
        .unwrap_or_default();
    let zoned = kinds
        .iter()
        .map(|kind| kind == "TIMESTAMP WITH TIME ZONE")
        .collect::<Vec<_>>();
    while let Some(row) = rows.next()? {
        if limit == Some(table.rows.len()) {
            table.truncated = true;
            break;
        }
        let values = (0..names.len())
            .map(|column| {
                let zoned = zoned.get(column).copied().unwrap_or(false);
                Ok(value(row.get_ref(column)?, zoned))
            })
            .collect::<Result<Vec<_>, duckdb::Error>>()?;
        table.rows.push(values);
    }
    table.columns = names
        .into_iter()
        .enumerate()
        .map(|(column, name)| Column {
            name,
            data_type: match kinds.get(column) {
                Some(kind) if session.config.emulates_redshift => emulating::redshift_type(kind),
                Some(kind) => kind.clone(),
                None => String::new(),
            },
            nullable: true,
        })
        .collect();
    Ok(table)
}

fn value(value: ValueRef<'_>, zoned: bool) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Boolean(value) => Value::Bool(value),
        ValueRef::TinyInt(value) => Value::Int(value.into()),
        ValueRef::SmallInt(value) => Value::Int(value.into()),
        ValueRef::Int(value) => Value::Int(value.into()),
        ValueRef::BigInt(value) => Value::Int(value.into()),
        ValueRef::HugeInt(value) => Value::Int(value),
        ValueRef::UTinyInt(value) => Value::Int(value.into()),
        ValueRef::USmallInt(value) => Value::Int(value.into()),
        ValueRef::UInt(value) => Value::Int(value.into()),
        ValueRef::UBigInt(value) => Value::Int(value.into()),
        // Through its digits: 0.1 stays 0.1.
        ValueRef::Float(value) => {
            Value::Float(value.to_string().parse().unwrap_or_else(|_| value.into()))
        }
        ValueRef::Double(value) => Value::Float(value),
        ValueRef::Decimal(value) => Value::Decimal(value.to_string()),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Date32(days) => Value::Text(date(days.into())),
        ValueRef::Time64(unit, value) => Value::Text(time(micros(unit, value))),
        ValueRef::Timestamp(unit, value) => {
            let micros = micros(unit, value);
            let (days, rest) = (
                micros.div_euclid(86_400_000_000),
                micros.rem_euclid(86_400_000_000),
            );
            let zone = if zoned { "+00" } else { "" };
            Value::Text(format!("{} {}{zone}", date(days), time(rest)))
        }
        // In hexadecimal digits, as Redshift prints a `varbyte`.
        ValueRef::Blob(bytes) => {
            Value::Text(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
        }
        other => Value::Text(format!("{:?}", other.to_owned())),
    }
}

fn micros(unit: TimeUnit, value: i64) -> i64 {
    match unit {
        TimeUnit::Second => value * 1_000_000,
        TimeUnit::Millisecond => value * 1_000,
        TimeUnit::Microsecond => value,
        TimeUnit::Nanosecond => value / 1_000,
    }
}

/// A day counted from 1970-01-01, by the civil calendar; years before 1 as `BC`.
fn date(days: i64) -> String {
    // Count from 0000-03-01, so that the leap day ends a year.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if year > 0 {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{:04}-{month:02}-{day:02} BC", 1 - year)
    }
}

fn time(micros: i64) -> String {
    let seconds = micros / 1_000_000;
    let whole = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    );
    match micros % 1_000_000 {
        0 => whole,
        fraction => format!("{whole}.{fraction:06}")
            .trim_end_matches('0')
            .to_owned(),
    }
}
