//! The rows of a seed on their way to Redshift: in `insert`s that are as large as a statement may be, or, where they are many and the
//! target names a place for that, through S3 and COPY.
//!
//! In: the file of a seed. Out: a filled table, or the cells that do not fit, with their places.
//! Memory: one statement, or one object.

use super::load_log;
use super::session::Session;
use super::sql::{list, literal, name};
use super::staging::{self, LARGE, Staged, Staging};
use crate::adapter::copy::{self, Conversion};
use crate::adapter::seed::{BadCell, MOST_BAD_CELLS, Row, SeedRows};
use crate::adapter::statement::ColumnDefinition;
use crate::adapter::{Error, ErrorClass, LoadError, Outcome, Prepared};
use crate::relation::Relation;

/// The length of an `insert`. A statement may have 16 MB (16,777,216 bytes); the rest is for a last row that is long and for a comment.
const LENGTH: usize = 12 * 1024 * 1024;

/// Where the rows stand in a statement that is shown, until they are sent.
fn rows_line(seed: &SeedRows) -> String {
    format!("  -- the {} rows of {}", seed.count, seed.file.path)
}

/// What is sent, as people read it: the rows are where they are counted, and an object that is staged has no name yet.
pub(super) fn shown(
    into: &Relation,
    columns: &[ColumnDefinition],
    seed: &SeedRows,
    staging: Option<&Staging>,
) -> String {
    match staged(seed, staging) {
        Some(staging) => staging::copy(staging, staging::UNNAMED, into, columns),
        None => {
            let names = columns.iter().map(|column| column.name.clone());
            let names = list(&names.collect::<Vec<_>>());
            let rows = rows_line(seed);
            format!("insert into {} ({names}) values\n{rows}", name(into))
        }
    }
}

/// The place for the rows of a seed, where it is large enough to take that way.
fn staged<'a>(seed: &SeedRows, staging: Option<&'a Staging>) -> Option<&'a Staging> {
    staging.filter(|_| seed.file.size().is_some_and(|size| size > LARGE))
}

/// Loads the rows; `prepared` is the statement as it is shown, with the comment that goes beside each.
pub(super) fn load(
    session: &Session,
    prepared: &Prepared,
    columns: &[ColumnDefinition],
    seed: &SeedRows,
) -> Result<Outcome, Error> {
    let shown = prepared.sql.first().map_or("", String::as_str);
    if let Some(staging) = staged(seed, session.config.staging.as_ref()) {
        return through_s3(session, staging, shown, columns, seed);
    }
    let rows = rows_line(seed);
    let (head, tail) = shown.split_once(&rows).unwrap_or((shown, ""));
    let inserted = inserts(columns.len(), seed, (head, tail), LENGTH, &mut |sql| {
        session.check_cancelled()?;
        session.link.count(sql).map(drop).map_err(|cause| {
            let plain = Prepared::sql(Vec::new());
            session.in_statement(&cause, &plain, (0, sql, 0))
        })
    });
    match inserted {
        Ok(rows) => Ok(counted(rows)),
        Err(error) if error.class == ErrorClass::User => Err(explained(error, columns, seed)),
        Err(error) => Err(error),
    }
}

fn counted(rows: u64) -> Outcome {
    Outcome {
        rows: Some(rows),
        ..Outcome::default()
    }
}

/// Sends the rows in statements of about `length` bytes.
fn inserts(
    width: usize,
    seed: &SeedRows,
    (head, tail): (&str, &str),
    length: usize,
    send: &mut dyn FnMut(&str) -> Result<(), Error>,
) -> Result<u64, Error> {
    let mut sql = head.to_owned();
    let rows = seed.each(&mut |_, row| {
        if sql.len() > head.len() {
            sql.push_str(",\n");
        }
        push_values(&mut sql, width, row);
        if sql.len() < length {
            return Ok(());
        }
        sql.push_str(tail);
        send(&sql)?;
        sql.truncate(head.len());
        Ok(())
    })?;
    if sql.len() > head.len() {
        sql.push_str(tail);
        send(&sql)?;
    }
    Ok(rows)
}

fn push_values(sql: &mut String, width: usize, row: &Row<'_>) {
    sql.push_str("  (");
    for number in 0..width {
        if number > 0 {
            sql.push_str(", ");
        }
        match row.cell(number) {
            Some(cell) => sql.push_str(&literal(&cell)),
            None => sql.push_str("null"),
        }
    }
    sql.push(')');
}

/// Writes the rows into objects, loads those, and removes them whatever came of it.
fn through_s3(
    session: &Session,
    staging: &Staging,
    shown: &str,
    columns: &[ColumnDefinition],
    seed: &SeedRows,
) -> Result<Outcome, Error> {
    let mut stopped = || session.check_cancelled();
    let staged = Staged::write(staging, columns.len(), seed, &mut stopped)?;
    session.check_cancelled()?;
    let sql = shown.replacen(staging::UNNAMED, staged.name(), 1);
    let loaded = session.link.count(&sql).map_err(|cause| {
        let plain = Prepared::sql(Vec::new());
        let mut error = session.in_statement(&cause, &plain, (0, &sql, 0));
        if load_log::are_logged(&error.message) {
            session.roll_back();
            let told = load_log::read(session);
            error = at_home(error, &told, &staged, columns, seed);
        }
        error
    });
    let left = staged.remove();
    loaded?;
    let mut outcome = counted(seed.count);
    if let Err(error) = left {
        let path = staging.location.as_str();
        outcome.warnings.push(format!(
            "objects of `{}` could not be removed from `{path}`: {error}",
            seed.file.path
        ));
    }
    Ok(outcome)
}

/// What the log of the warehouse says of staged objects, at the cells of the seed.
fn at_home(
    error: Error,
    told: &[LoadError],
    staged: &Staged,
    columns: &[ColumnDefinition],
    seed: &SeedRows,
) -> Error {
    let mut bad = Vec::new();
    for told in told {
        let column = columns
            .iter()
            .position(|column| Some(column.name.as_str()) == told.column.as_deref());
        if let (Some(row), Some(column)) = (staged.row(seed, &told.file, told.line), column) {
            let reason = told.reason.clone();
            bad.push(BadCell {
                row,
                column,
                reason,
            });
        }
    }
    if bad.is_empty() {
        return explained(error, columns, seed);
    }
    with_cells(error, columns, seed, bad)
}

/// An error of the warehouse with the cells that do not fit by Redshift's rules, where there are any: an `insert` does not say which they were.
fn explained(error: Error, columns: &[ColumnDefinition], seed: &SeedRows) -> Error {
    let Ok(kinds) = copy::columns(columns) else {
        return error;
    };
    let conversion = Conversion::of_seed();
    let mut bad = Vec::new();
    // That the file cannot be read any more is not why the warehouse refused it.
    let _ = seed.each(&mut |row, cells| {
        for (column, kind) in kinds.iter().enumerate() {
            let Some(cell) = cells.cell(column) else {
                continue;
            };
            if let Err(reason) = conversion.cell(kind.kind, cell.as_bytes()) {
                let reason = reason.0;
                bad.push(BadCell {
                    row,
                    column,
                    reason,
                });
            }
        }
        match bad.len() {
            0..MOST_BAD_CELLS => Ok(()),
            _ => Err(Error::new(ErrorClass::User, "enough")),
        }
    });
    match bad.is_empty() {
        true => error,
        false => with_cells(error, columns, seed, bad),
    }
}

fn with_cells(
    error: Error,
    columns: &[ColumnDefinition],
    seed: &SeedRows,
    bad: Vec<BadCell>,
) -> Error {
    let found = seed.does_not_fit(columns, bad);
    Error {
        load_errors: found.load_errors,
        ..error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sent_in_statements_of_a_length() {
        let seed = SeedRows::of_text("seeds/s.csv", "id,name\n1,it's \\ it\n2,\n3,null\n4,x\n");
        let sent = |length| {
            let mut sent = Vec::new();
            let affixes = ("/* c */\ninsert into t values\n", "\n/* d */");
            let rows = inserts(2, &seed, affixes, length, &mut |sql| {
                sent.push(sql.to_owned());
                Ok(())
            });
            assert_eq!(rows.unwrap(), 4);
            sent
        };
        assert_eq!(sent(1_000).len(), 1);
        assert_eq!(sent(1).len(), 4);
        insta::assert_snapshot!(sent(60).join("\n;\n"), @r"
        /* c */
        insert into t values
          ('1', 'it''s \\ it'),
          ('2', null)
        /* d */
        ;
        /* c */
        insert into t values
          ('3', null),
          ('4', 'x')
        /* d */
        ");
    }

    #[test]
    fn a_file_that_changed_sends_no_statement_in_its_middle() {
        let mut seed = SeedRows::of_text("seeds/s.csv", "id\n1\n2\n");
        seed.count = 3;
        let mut sent = 0;
        let error = inserts(1, &seed, ("insert into t values\n", ""), 1_000, &mut |_| {
            sent += 1;
            Ok(())
        });
        assert_eq!(sent, 0);
        assert!(error.unwrap_err().message.contains("was changed"));
    }
}
