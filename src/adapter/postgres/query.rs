//! Rows of a query as values typed by the description of its columns.
//!
//! In: a [`Prepared`] query. Out: a [`Table`]. The server prints the values, so that every type has a form.

use futures_util::TryStreamExt;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::error;
use super::session::Session;
use crate::adapter::emulating;
use crate::adapter::wire::rows::{Kind, name_of, value, wrap};
use crate::adapter::{Error, Prepared, Table};
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
        .map(|table| in_redshifts_words(session, table))
        .map_err(|cause| error::in_statement(&cause, prepared, number, &sent, start))
}

/// The types of the columns as Redshift names them, where it is emulated.
fn in_redshifts_words(session: &Session, mut table: Table) -> Table {
    if session.config.emulates_redshift {
        for column in &mut table.columns {
            column.data_type = emulating::postgres::redshift_type(&column.data_type);
        }
    }
    table
}

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
