//! Loads: rows of a seed and files of a COPY, appended to a table.
//!
//! In: [`SeedRows`] or a [`Copy`]. Out: a filled table, or every value that does not fit, with its place. All or nothing.

use super::append::Append;
use super::connection::Session;
use super::sql::{literal, quote};
use super::{error, parquet};
use crate::adapter::copy::{self, Cell, Column, Conversion, Reason};
use crate::adapter::emulating::Type;
use crate::adapter::seed::{BadCell, Form, MOST_BAD_CELLS, SeedRows};
use crate::adapter::statement::{ColumnDefinition, Copy, CopyFormat};
use crate::adapter::{Error, ErrorClass, Outcome};
use crate::relation::Relation;

/// The same load with the types of its columns, which a COPY that the user wrote leaves to the table.
fn complete(session: &Session, copy: &Copy) -> Result<Copy, Error> {
    let (into, columns) = session.columns_to_fill(&copy.into)?;
    let mut complete = Copy {
        into,
        columns,
        ..copy.clone()
    };
    if !copy.columns.is_empty() {
        let all = std::mem::take(&mut complete.columns);
        complete.columns = copy
            .columns
            .iter()
            .map(|named| {
                let found = all
                    .iter()
                    .find(|column| column.name.eq_ignore_ascii_case(&named.name));
                found.cloned().ok_or_else(|| {
                    let message = format!(
                        "column \"{}\" of relation \"{}\" does not exist",
                        named.name, copy.into.identifier
                    );
                    let mut error = Error::new(ErrorClass::User, message);
                    let near = crate::diagnostic::nearest(
                        &named.name,
                        all.iter().map(|column| column.name.as_str()),
                    );
                    error.help = near.map(|near| format!("did you mean `{near}`?"));
                    error
                })
            })
            .collect::<Result<_, _>>()?;
        let numbered = |column: &&ColumnDefinition| column.identity.is_some();
        if let (false, Some(column)) = (copy.explicit_ids, complete.columns.iter().find(numbered)) {
            let message = format!(
                "column `{}` numbers itself, so the list of a `copy` cannot name it",
                column.name
            );
            let mut error = Error::new(ErrorClass::User, message);
            error.help = Some("add `explicit_ids`, or leave the column out".to_owned());
            return Err(error);
        }
    }
    Ok(complete)
}

/// Reads the files of a COPY and appends their rows.
pub(super) fn copy(session: &Session, copy: &Copy) -> Result<Outcome, Error> {
    let completed;
    let typed = copy
        .columns
        .iter()
        .all(|column| !column.data_type.is_empty());
    let copy = if typed && !copy.columns.is_empty() {
        copy
    } else {
        completed = complete(session, copy)?;
        &completed
    };
    if copy.format == CopyFormat::Parquet {
        return parquet::load(session, copy);
    }
    session.in_transaction(|| {
        let columns = copy::columns(copy.filled())?;
        let mut append = Append::open(session, &copy.into, &columns)?;
        let loaded = copy::run(copy, &session.config.s3, &mut append)?;
        append.finish()?;
        Ok(Outcome {
            rows: Some(loaded.rows),
            rejected: loaded.rejected,
            left_out: loaded.left_out,
            files: Some(loaded.files),
            ..Outcome::default()
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
        let rows = if session.config.emulates_redshift {
            typed_here(session, into, columns, &copy::columns(columns)?, seed)?
        } else {
            by_duckdb(session, into, columns, seed)?
        };
        Ok(Outcome {
            rows: Some(rows),
            ..Outcome::default()
        })
    })
}

/// Converts the cells and appends them.
fn typed_here(
    session: &Session,
    into: &Relation,
    definitions: &[ColumnDefinition],
    columns: &[Column],
    seed: &SeedRows,
) -> Result<u64, Error> {
    let conversion = Conversion::of_seed();
    let mut append = Append::open(session, into, columns)?;
    let mut bad = Vec::new();
    let rows = seed.each(&mut |number, row| {
        for (at, column) in columns.iter().enumerate() {
            match convert(&conversion, column, row.cell(at).as_deref()) {
                // After a bad cell nothing will be kept: the rest is only looked at.
                Ok(cell) if bad.is_empty() => append.push(at, &cell),
                Ok(_) => {}
                Err(reason) => bad.push(BadCell {
                    row: number,
                    column: at,
                    reason: reason.0,
                }),
            }
        }
        match bad.len() {
            0 => append.end_row(),
            1..MOST_BAD_CELLS => Ok(()),
            _ => Err(enough()),
        }
    });
    if !bad.is_empty() {
        return Err(seed.does_not_fit(definitions, bad));
    }
    append.finish()?;
    rows
}

/// Ends the reading of a seed whose other bad cells are not told any more.
fn enough() -> Error {
    Error::new(ErrorClass::User, "a seed does not fit its columns")
}

fn convert<'c>(
    conversion: &Conversion,
    column: &Column,
    cell: Option<&'c str>,
) -> Result<Cell<'c>, Reason> {
    let cell = match cell {
        Some(text) if column.kind == ANY_TEXT => Cell::Text(text.into()),
        Some(text) => conversion.cell_of_text(column.kind, text)?,
        None => Cell::Null,
    };
    if cell == Cell::Null && column.not_null {
        return Err(Reason("Missing data for not-null field".to_owned()));
    }
    Ok(cell)
}

/// Text of any length.
const ANY_TEXT: Type = Type::Varchar(u32::MAX);

/// The type that cells of a form may be read as without asking DuckDB how it reads them.
fn plainly(definition: &ColumnDefinition, form: Form) -> Option<Type> {
    let declared = definition.data_type.trim().to_lowercase();
    let name = declared.split('(').next().unwrap_or_default().trim();
    Some(match (name, form) {
        ("smallint" | "int2", Form::Whole) => Type::Int2,
        ("integer" | "int" | "int4", Form::Whole) => Type::Int4,
        ("bigint" | "int8", Form::Whole) => Type::Int8,
        ("double" | "float8" | "double precision", Form::Whole | Form::Number) => Type::Float8,
        ("boolean" | "bool", Form::Boolean) => Type::Bool,
        ("date", Form::Date) => Type::Date,
        ("timestamp" | "timestamp without time zone", Form::Timestamp) => Type::Timestamp,
        ("text" | "varchar" | "string", _) => ANY_TEXT,
        _ => return None,
    })
}

/// Appends what everybody reads alike, and lets DuckDB cast the rest.
fn by_duckdb(
    session: &Session,
    into: &Relation,
    definitions: &[ColumnDefinition],
    seed: &SeedRows,
) -> Result<u64, Error> {
    let plain = definitions
        .iter()
        .zip(&seed.forms)
        .map(|(definition, form)| {
            Some(Column {
                name: definition.name.clone(),
                kind: plainly(definition, *form)?,
                declared: definition.data_type.clone(),
                not_null: definition.not_null,
            })
        })
        .collect::<Option<Vec<_>>>();
    if let Some(columns) = plain {
        return typed_here(session, into, definitions, &columns, seed);
    }
    let rows = stage(session, definitions, seed)?;
    let names = definitions
        .iter()
        .map(|definition| quote(&definition.name))
        .collect::<Vec<_>>();
    let casts = definitions
        .iter()
        .enumerate()
        .map(|(number, definition)| format!("cast(c{number} as {})", definition.data_type))
        .collect::<Vec<_>>();
    let insert = format!(
        "insert into {} ({}) select {} from {STAGE} order by rowid",
        session.words().name(into),
        names.join(", "),
        casts.join(", ")
    );
    if let Err(error) = session.run(&insert) {
        // The failed statement has spoilt the transaction, and the staged rows with it.
        session.roll_back();
        let bad = uncastable(session, definitions, seed)?;
        return Err(match bad.is_empty() {
            true => error,
            false => seed.does_not_fit(definitions, bad),
        });
    }
    session.run(&format!("drop table {STAGE}"))?;
    Ok(rows)
}

const STAGE: &str = "__rs_seed";

/// Appends the cells as text to a table of their own.
fn stage(
    session: &Session,
    definitions: &[ColumnDefinition],
    seed: &SeedRows,
) -> Result<u64, Error> {
    let columns = (0..definitions.len())
        .map(|number| Column {
            name: format!("c{number}"),
            kind: ANY_TEXT,
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
    typed_here(
        session,
        &Relation::new("", STAGE),
        definitions,
        &columns,
        seed,
    )
}

/// The cells that DuckDB cannot cast to their columns' types.
fn uncastable(
    session: &Session,
    definitions: &[ColumnDefinition],
    seed: &SeedRows,
) -> Result<Vec<BadCell>, Error> {
    stage(session, definitions, seed)?;
    let mut bad = Vec::new();
    for (number, definition) in definitions.iter().enumerate() {
        let misfits = if definition.not_null {
            format!("try_cast(c{number} as {}) is null", definition.data_type)
        } else {
            format!(
                "c{number} is not null and try_cast(c{number} as {}) is null",
                definition.data_type
            )
        };
        let query = format!(
            "select rowid, c{number} from {STAGE} where {misfits} order by rowid limit {MOST_BAD_CELLS}"
        );
        let mut statement = session
            .connection
            .prepare(&query)
            .map_err(|cause| error::of_duckdb(&cause))?;
        let found = statement
            .query_map([], |row| {
                Ok((row.get::<_, u64>(0)?, row.get::<_, Option<String>>(1)?))
            })
            .map_err(|cause| error::of_duckdb(&cause))?;
        for misfit in found {
            let (row, text) = misfit.map_err(|cause| error::of_duckdb(&cause))?;
            bad.push(BadCell {
                row,
                column: number,
                reason: match text {
                    None => "NULL in a column that is not null".to_owned(),
                    Some(text) => format!(
                        "Could not convert {} to {}",
                        literal(&text),
                        definition.data_type
                    ),
                },
            });
        }
    }
    session.run(&format!("drop table {STAGE}"))?;
    Ok(bad)
}
