//! What PostgreSQL says when it fails.
//!
//! In: errors of the client. Out: [`Error`], its place brought home to the user's SQL.

use crate::adapter::wire::error::{self, class};
use crate::adapter::{Error, ErrorClass, Fault, Prepared};

/// An error of the client, the server's words kept.
pub(super) fn told(cause: &tokio_postgres::Error) -> Error {
    error::told(cause, class)
}

/// An error in a statement of `prepared`: `sent` went over the wire, with the prepared SQL from byte `start` on.
pub(super) fn in_statement(
    cause: &tokio_postgres::Error,
    prepared: &Prepared,
    number: usize,
    sent: &str,
    start: usize,
) -> Error {
    let mut error = error::in_statement(cause, class, prepared, (number, sent, start));
    let of_user = prepared
        .source
        .as_ref()
        .is_some_and(|source| source.statement == number);
    if !of_user && error.class == ErrorClass::User {
        error.fault = of_index(sent).or(error.fault);
    }
    error
}

/// What went wrong where one of our own statements for an index did.
fn of_index(sql: &str) -> Option<Fault> {
    let ours = ["create index on ", "create unique index on "];
    ours.iter().find(|words| sql.starts_with(**words))?;
    let columns = sql.strip_suffix(')')?.rsplit_once(" (")?.1;
    let columns: Vec<String> = columns
        .split(", ")
        .map(|column| column.trim_matches('"').replace("\"\"", "\""))
        .collect();
    Some(Fault {
        code: "refused-index",
        message: format!("the index on `{}` cannot be made", columns.join("`, `")),
        name: columns.into_iter().next(),
        candidates: Vec::new(),
        of: &[],
    })
}
