//! Loads: rows of a seed and files of a COPY, appended to a table.
//!
//! In: [`SeedRows`] or a [`Copy`]. Out: a filled table, or every value that does not fit, with its place. All or nothing.

use super::append::Append;
use super::connection::Session;
use super::error;
use super::sql::{literal, quote};
use crate::adapter::copy::{self, Cell, Column, Conversion, Reason, Sink};
use crate::adapter::statement::{ColumnDefinition, Copy, SeedCell, SeedRows};
use crate::adapter::{Error, ErrorClass, LoadError, Outcome};
use crate::diagnostic::Span;
use crate::relation::Relation;

/// Bad cells of a seed that are told at most.
const MANY: usize = 100;

/// Reads the files of a COPY and appends their rows.
pub(super) fn copy(session: &Session, copy: &Copy) -> Result<Outcome, Error> {
    session.in_transaction(|| {
        let columns = copy::columns(&copy.columns)?;
        let mut append = Append::open(session, &copy.into, &columns)?;
        let loaded = copy::run(copy, &session.config.s3, &mut append)?;
        append.finish()?;
        Ok(Outcome {
            rows: Some(loaded.rows),
            rejected: loaded.rejected,
        })
    })
}

/// Appends the rows of a seed.
pub(super) fn seed(
    session: &Session,
    into: &Relation,
    columns: &[ColumnDefinition],
    seed: &SeedRows,
) -> Result<Outcome, Error> {
    session.in_transaction(|| {
        if session.config.emulates_redshift {
            typed_here(session, into, columns, seed)?;
        } else {
            typed_by_duckdb(session, into, columns, seed)?;
        }
        Ok(Outcome {
            rows: Some(seed.rows.len() as u64),
            rejected: Vec::new(),
        })
    })
}

/// Converts the cells by Redshift's rules.
fn typed_here(
    session: &Session,
    into: &Relation,
    definitions: &[ColumnDefinition],
    seed: &SeedRows,
) -> Result<(), Error> {
    let columns = copy::columns(definitions)?;
    let conversion = Conversion::of_seed();
    let mut append = Append::open(session, into, &columns)?;
    let mut bad = Vec::new();
    for row in &seed.rows {
        let mut cells = Vec::with_capacity(columns.len());
        for (number, (column, cell)) in columns.iter().zip(row).enumerate() {
            match convert(&conversion, column, cell.as_ref()) {
                Ok(cell) => cells.push(cell),
                Err(reason) => bad.push(Bad {
                    column: &column.name,
                    data_type: &column.declared,
                    row,
                    number,
                    reason: reason.0,
                }),
            }
        }
        if bad.is_empty() {
            append.row(&cells)?;
        } else if bad.len() >= MANY {
            break;
        }
    }
    if bad.is_empty() {
        return append.finish();
    }
    Err(bad_cells(seed, bad))
}

fn convert<'c>(
    conversion: &Conversion,
    column: &Column,
    cell: Option<&'c SeedCell>,
) -> Result<Cell<'c>, Reason> {
    let cell = match cell {
        Some(cell) => conversion.cell(column.kind, cell.text.as_bytes())?,
        None => Cell::Null,
    };
    if cell == Cell::Null && column.not_null {
        return Err(Reason("Missing data for not-null field".to_owned()));
    }
    Ok(cell)
}

/// Appends the cells as text and lets DuckDB cast them; where it cannot, the cells that it cannot cast are looked up.
fn typed_by_duckdb(
    session: &Session,
    into: &Relation,
    definitions: &[ColumnDefinition],
    seed: &SeedRows,
) -> Result<(), Error> {
    const STAGE: &str = "__rs_seed";
    let columns = (0..definitions.len())
        .map(|number| Column {
            name: format!("c{number}"),
            kind: crate::adapter::emulating::Type::Varchar(u32::MAX),
            declared: "varchar".to_owned(),
            not_null: false,
        })
        .collect::<Vec<_>>();
    let declared = columns
        .iter()
        .map(|column| format!("{} varchar", column.name))
        .collect::<Vec<_>>();
    session.run(&format!(
        "create or replace temporary table {STAGE} ({})",
        declared.join(", ")
    ))?;
    let mut append = Append::open(session, &Relation::new("", STAGE), &columns)?;
    for row in &seed.rows {
        let cells = row
            .iter()
            .map(|cell| {
                cell.as_ref()
                    .map_or(Cell::Null, |cell| Cell::Text(cell.text.as_str().into()))
            })
            .collect::<Vec<_>>();
        append.row(&cells)?;
    }
    append.finish()?;
    let names = definitions
        .iter()
        .map(|definition| quote(&definition.name))
        .collect::<Vec<_>>();
    let casts = definitions
        .iter()
        .zip(&columns)
        .map(|(definition, column)| format!("cast({} as {})", column.name, definition.data_type))
        .collect::<Vec<_>>();
    let insert = format!(
        "insert into {} ({}) select {} from {STAGE} order by rowid",
        session.words().name(into),
        names.join(", "),
        casts.join(", ")
    );
    if let Err(error) = session.run(&insert) {
        // The failed statement may have spoilt the transaction, so the cells are looked at one by one without the table.
        return Err(uncastable(session, definitions, seed)?.unwrap_or(error));
    }
    session.run(&format!("drop table {STAGE}"))
}

/// The cells that DuckDB cannot cast to their columns' types.
fn uncastable(
    session: &Session,
    definitions: &[ColumnDefinition],
    seed: &SeedRows,
) -> Result<Option<Error>, Error> {
    session.roll_back();
    let mut bad = Vec::new();
    for (number, definition) in definitions.iter().enumerate() {
        let castable = format!("select try_cast(? as {}) is not null", definition.data_type);
        let mut statement = session
            .connection
            .prepare(&castable)
            .map_err(|cause| error::of_duckdb(&cause))?;
        for row in &seed.rows {
            let cell = row.get(number).and_then(Option::as_ref);
            let reason = match cell {
                None if definition.not_null => "NULL in a column that is not null".to_owned(),
                None => continue,
                Some(cell) => {
                    let fits = statement
                        .query_row([&cell.text], |row| row.get::<_, bool>(0))
                        .map_err(|cause| error::of_duckdb(&cause))?;
                    if fits {
                        continue;
                    }
                    format!(
                        "Could not convert {} to {}",
                        literal(&cell.text),
                        definition.data_type
                    )
                }
            };
            bad.push(Bad {
                column: &definition.name,
                data_type: &definition.data_type,
                row,
                number,
                reason,
            });
            if bad.len() >= MANY {
                break;
            }
        }
    }
    Ok((!bad.is_empty()).then(|| bad_cells(seed, bad)))
}

/// A cell that does not fit its column.
struct Bad<'a> {
    column: &'a str,
    data_type: &'a str,
    row: &'a [Option<SeedCell>],
    number: usize,
    reason: String,
}

impl Bad<'_> {
    fn cell(&self) -> Option<&SeedCell> {
        self.row.get(self.number)?.as_ref()
    }

    /// Where the cell stands; an empty one stands behind the cell before it.
    fn range(&self) -> std::ops::Range<usize> {
        if let Some(cell) = self.cell() {
            return cell.offset..cell.offset + cell.text.len();
        }
        let before = self.row[..self.number.min(self.row.len())]
            .iter()
            .flatten()
            .next_back();
        let near = match before {
            Some(cell) => cell.offset + cell.text.len(),
            None => self
                .row
                .iter()
                .flatten()
                .next()
                .map_or(0, |cell| cell.offset),
        };
        near..near
    }
}

/// The cells that do not fit, in the order of the file, as an error that points at the first.
fn bad_cells(seed: &SeedRows, mut bad: Vec<Bad<'_>>) -> Error {
    bad.sort_by_key(|bad| bad.range().start);
    let mut error = Error::new(ErrorClass::User, "a seed does not fit its columns");
    if let Some(first) = bad.first() {
        let value = first
            .cell()
            .map_or("NULL".to_owned(), |cell| format!("`{}`", cell.text));
        error.message = format!(
            "{value} does not fit column `{}` of type `{}`",
            first.column, first.data_type
        );
        error.detail = Some(first.reason.clone());
        error.range = Some(first.range());
    }
    error.load_errors = bad
        .into_iter()
        .map(|bad| (Span::new(&seed.source, bad.range()), bad))
        .map(|(place, bad)| LoadError {
            file: seed.source.path.clone(),
            line: place.line_column().0 as u64,
            column: Some(bad.column.to_owned()),
            data_type: Some(bad.data_type.to_owned()),
            raw_value: bad
                .cell()
                .map_or_else(String::new, |cell| cell.text.clone()),
            reason: bad.reason,
            place: Some(place),
        })
        .collect();
    error
}
