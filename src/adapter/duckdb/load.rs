//! Loads: rows of a seed and files of a COPY, appended to a table.

use super::connection::Session;
use crate::adapter::statement::{ColumnDefinition, Copy, SeedRows};
use crate::adapter::{Error, ErrorClass, Outcome};
use crate::relation::Relation;

/// Appends the rows of a seed.
pub(super) fn seed(
    _session: &Session,
    into: &Relation,
    _columns: &[ColumnDefinition],
    _rows: &SeedRows,
) -> Result<Outcome, Error> {
    Err(Error::new(
        ErrorClass::Internal,
        format!("seeds cannot be loaded into {into} yet"),
    ))
}

/// Reads the files of a COPY and appends their rows.
pub(super) fn copy(_session: &Session, copy: &Copy) -> Result<Outcome, Error> {
    Err(Error::new(
        ErrorClass::Internal,
        format!("files of {} cannot be loaded yet", copy.from),
    ))
}
