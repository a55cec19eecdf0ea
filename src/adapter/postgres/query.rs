//! Rows of a query as values typed by the description of its columns.
//!
//! In: a [`Prepared`] query. Out: a [`Table`]. The server prints the values, so that every type has a form.

use futures_util::TryStreamExt;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::error;
use super::session::Session;
use crate::adapter::{Error, Prepared, Table, Value};
use crate::relation::Column;

/// Runs a query and keeps at most `limit` of its rows.
pub(super) fn run(
    session: &Session,
    prepared: &Prepared,
    limit: Option<usize>,
) -> Result<Table, Error> {
    let Some((query, first)) = prepared.sql.split_last() else {
        return Ok(Table::default());
    };
    let number = first.len();
    for (number, sql) in first.iter().enumerate() {
        session
            .link
            .count(sql)
            .map_err(|cause| error::in_statement(&cause, prepared, number, sql, 0))?;
    }
    let client = session.link.client()?;
    let kinds = session
        .link
        .wait(describe(client, query))
        .map_err(|cause| error::in_statement(&cause, prepared, number, query, 0))?;
    let (sent, start) = wrap(query, limit);
    session
        .link
        .wait(fetch(client, &sent, &kinds, limit))
        .map_err(|cause| error::in_statement(&cause, prepared, number, &sent, start))
}

/// A column of an answer: its type, and the type's modifier.
type Kind = (Type, i32);

/// The types of a query's columns; none for several statements, which the server describes only as they run.
async fn describe(client: &Client, query: &str) -> Result<Vec<Kind>, tokio_postgres::Error> {
    match client.prepare(query).await {
        Ok(statement) => Ok(statement
            .columns()
            .iter()
            .map(|column| (column.type_().clone(), column.type_modifier()))
            .collect()),
        Err(cause) if is_several(&cause) => Ok(Vec::new()),
        Err(cause) => Err(cause),
    }
}

fn is_several(cause: &tokio_postgres::Error) -> bool {
    cause.as_db_error().is_some_and(|told| {
        *told.code() == SqlState::SYNTAX_ERROR && told.message().contains("multiple commands")
    })
}

/// The query inside one that keeps the first rows, and where it stands in there.
fn wrap(query: &str, limit: Option<usize>) -> (String, usize) {
    const SELECT: &str = "select * from (\n";
    let start = query
        .trim_start()
        .trim_start_matches('(')
        .to_ascii_lowercase();
    let reads = ["select", "with", "values", "table"]
        .iter()
        .any(|word| start.starts_with(word));
    match limit {
        Some(limit) if reads && !query.contains(';') => {
            let limit = limit.saturating_add(1);
            (
                format!("{SELECT}{query}\n) as rs_rows limit {limit}"),
                SELECT.len(),
            )
        }
        _ => (query.to_owned(), 0),
    }
}

async fn fetch(
    client: &Client,
    sql: &str,
    kinds: &[Kind],
    limit: Option<usize>,
) -> Result<Table, tokio_postgres::Error> {
    let mut answers = std::pin::pin!(client.simple_query_raw(sql).await?);
    let mut table = Table::default();
    while let Some(answer) = answers.try_next().await? {
        match answer {
            SimpleQueryMessage::RowDescription(columns) => {
                // Of several answers the last one counts.
                table = Table::default();
                table.columns = columns
                    .iter()
                    .enumerate()
                    .map(|(number, column)| Column {
                        name: column.name().to_owned(),
                        data_type: kinds.get(number).map(name_of).unwrap_or_default(),
                        nullable: true,
                    })
                    .collect();
            }
            SimpleQueryMessage::Row(_) if limit == Some(table.rows.len()) => {
                table.truncated = true;
            }
            SimpleQueryMessage::Row(row) => {
                let values = (0..row.len())
                    .map(|column| value(row.get(column), kinds.get(column).map(|(kind, _)| kind)))
                    .collect();
                table.rows.push(values);
            }
            _ => {}
        }
    }
    Ok(table)
}

fn value(text: Option<&str>, kind: Option<&Type>) -> Value {
    let Some(text) = text else {
        return Value::Null;
    };
    let as_text = || Value::Text(text.to_owned());
    match kind {
        Some(&Type::BOOL) => Value::Bool(text == "t"),
        Some(&(Type::INT2 | Type::INT4 | Type::INT8 | Type::OID)) => {
            text.parse().map_or_else(|_| as_text(), Value::Int)
        }
        Some(&(Type::FLOAT4 | Type::FLOAT8)) => {
            text.parse().map_or_else(|_| as_text(), Value::Float)
        }
        Some(&Type::NUMERIC) => Value::Decimal(text.to_owned()),
        _ => as_text(),
    }
}

/// The name that the server's `format_type` gives, for the types that are met every day.
fn name_of((kind, modifier): &Kind) -> String {
    let long = match *kind {
        Type::BOOL => "boolean",
        Type::INT2 => "smallint",
        Type::INT4 => "integer",
        Type::INT8 => "bigint",
        Type::FLOAT4 => "real",
        Type::FLOAT8 => "double precision",
        Type::VARCHAR => "character varying",
        Type::BPCHAR => "character",
        Type::TIMESTAMP => "timestamp without time zone",
        Type::TIMESTAMPTZ => "timestamp with time zone",
        Type::TIME => "time without time zone",
        Type::TIMETZ => "time with time zone",
        _ => kind.name(),
    };
    // The modifier counts the four bytes of its own header.
    match (kind, modifier - 4) {
        (&(Type::VARCHAR | Type::BPCHAR), length) if length > 0 => format!("{long}({length})"),
        (&Type::NUMERIC, packed) if packed >= 0 => {
            format!("numeric({},{})", packed >> 16, packed & 0x7ff)
        }
        _ => long.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_typed_by_their_columns() {
        assert_eq!(value(Some("t"), Some(&Type::BOOL)), Value::Bool(true));
        assert_eq!(value(Some("-7"), Some(&Type::INT8)), Value::Int(-7));
        assert_eq!(
            value(Some("-Infinity"), Some(&Type::FLOAT8)),
            Value::Float(f64::NEG_INFINITY)
        );
        assert_eq!(
            value(Some("1.50"), Some(&Type::NUMERIC)),
            Value::Decimal("1.50".to_owned())
        );
        assert_eq!(
            value(Some("7"), Some(&Type::TEXT)),
            Value::Text("7".to_owned())
        );
        assert_eq!(value(None, Some(&Type::INT4)), Value::Null);
    }

    #[test]
    fn types_have_the_names_of_the_catalog() {
        assert_eq!(name_of(&(Type::VARCHAR, 16)), "character varying(12)");
        assert_eq!(name_of(&(Type::VARCHAR, -1)), "character varying");
        assert_eq!(
            name_of(&(Type::NUMERIC, ((10 << 16) | 2) + 4)),
            "numeric(10,2)"
        );
        assert_eq!(name_of(&(Type::JSONB, -1)), "jsonb");
    }

    #[test]
    fn a_limit_is_put_around_a_query_and_nothing_else() {
        assert_eq!(
            wrap("select 1", Some(5)).0,
            "select * from (\nselect 1\n) as rs_rows limit 6"
        );
        assert_eq!(wrap("select 1", None).0, "select 1");
        assert_eq!(wrap("show all", Some(5)).0, "show all");
    }
}
