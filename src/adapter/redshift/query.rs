//! Rows of a query as values typed by what the server says of its columns.
//!
//! In: a [`Prepared`] query. Out: a [`Table`]. Only simple queries: the client would look up a type that it does not know in
//! catalogs that Redshift lacks, and a look-up that fails inside a transaction ends it. The types are heard on the way.

use futures_util::TryStreamExt;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::types::{self, Type};

use super::session::Session;
use crate::adapter::wire::rows::{Kind, name_of, value, wrap};
use crate::adapter::{Error, Prepared, Table};
use crate::relation::Column;

/// Redshift's own types, which PostgreSQL does not have or has under another number.
const OWN_TYPES: [(u32, &str); 7] = [
    (4000, "super"),
    (3000, "geometry"),
    (3001, "geography"),
    (6551, "varbyte"),
    (2935, "hllsketch"),
    (1188, "interval year to month"),
    (1190, "interval day to second"),
];

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
            .map_err(|cause| session.in_statement(&cause, prepared, (number, sql, 0)))?;
    }
    let (sent, start) = wrap(query, limit);
    session.ear.forget();
    session
        .link
        .wait(fetch(session, &sent, limit))?
        .map_err(|cause| session.in_statement(&cause, prepared, (number, &sent, start)))
}

/// The rows of the last answer.
async fn fetch(
    session: &Session,
    sql: &str,
    limit: Option<usize>,
) -> Result<Result<Table, tokio_postgres::Error>, Error> {
    let client = session.link.client()?;
    let asked = async {
        let mut answers = std::pin::pin!(client.simple_query_raw(sql).await?);
        let mut table = Table::default();
        let mut kinds: Vec<Kind> = Vec::new();
        while let Some(answer) = answers.try_next().await? {
            match answer {
                SimpleQueryMessage::RowDescription(columns) => {
                    // Of several answers the last one counts.
                    table = Table::default();
                    let heard = session.ear.heard().descriptions.pop_front();
                    kinds = heard.unwrap_or_default().into_iter().map(kind).collect();
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
                        .map(|column| {
                            value(row.get(column), kinds.get(column).map(|(kind, _)| kind))
                        })
                        .collect();
                    table.rows.push(values);
                }
                _ => {}
            }
        }
        Ok(table)
    };
    Ok(asked.await)
}

/// A type by its number.
fn kind((oid, modifier): super::replay::Kind) -> Kind {
    let own = OWN_TYPES.iter().find(|(number, _)| *number == oid);
    let kind = match own {
        Some((_, name)) => own_type(name, oid),
        None => Type::from_oid(oid).unwrap_or_else(|| own_type("unknown", oid)),
    };
    (kind, modifier)
}

fn own_type(name: &str, oid: u32) -> Type {
    Type::new(
        name.to_owned(),
        oid,
        types::Kind::Simple,
        "pg_catalog".to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_has_the_name_that_redshift_gives_it() {
        let name = |oid, modifier| name_of(&kind((oid, modifier)));
        assert_eq!(name(23, -1), "integer");
        assert_eq!(name(1043, 260), "character varying(256)");
        assert_eq!(name(1700, ((18 << 16) | 4) + 4), "numeric(18,4)");
        assert_eq!(name(4000, -1), "super");
        assert_eq!(name(99_999, -1), "unknown");
    }
}
