//! What PostgreSQL says when it fails.
//!
//! In: errors of the client. Out: [`Error`], its place brought home to the user's SQL.

use crate::adapter::wire::error::{self, class};
use crate::adapter::{Error, Prepared};

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
    error::in_statement(cause, class, prepared, (number, sent, start))
}
