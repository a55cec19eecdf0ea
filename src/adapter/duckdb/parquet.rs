//! COPY of Parquet: files read by DuckDB, into columns by their order, as strictly typed as on Redshift.
//!
//! In: a [`Copy`] whose columns have types. Out: rows in the table, or why Redshift would not take them: it converts nothing that stands in a
//! file of columns. The rules are those of <https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html>.

use std::path::{Path, PathBuf};

use super::connection::Session;
use super::sql::{literal, quote};
use super::{error, query};
use crate::adapter::copy::{self, Column, Object};
use crate::adapter::emulating::{self, Type};
use crate::adapter::statement::Copy;
use crate::adapter::{Error, ErrorClass, Outcome};

/// Loads the files.
pub(super) fn load(session: &Session, copy: &Copy) -> Result<Outcome, Error> {
    let columns = copy::columns(copy.filled())?;
    let objects = copy::objects(copy, &session.config.s3)?;
    let aside = Aside(std::env::temp_dir().join(format!("redstart-{}", uuid::Uuid::new_v4())));
    session.in_transaction(|| {
        let mut rows = 0;
        for object in &objects {
            session.check_cancelled()?;
            let path = object.local(&aside.0)?;
            rows += file(session, copy, &columns, object, &path)?;
        }
        Ok(Outcome {
            rows: Some(rows),
            files: Some(objects.len() as u64),
            ..Outcome::default()
        })
    })
}

/// A folder for objects that DuckDB cannot read where they are, gone with this value.
struct Aside(PathBuf);

impl Drop for Aside {
    fn drop(&mut self) {
        // It is there only when something was fetched.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Loads one file.
fn file(
    session: &Session,
    copy: &Copy,
    columns: &[Column],
    object: &Object,
    path: &Path,
) -> Result<u64, Error> {
    let from = format!(
        "read_parquet({}, binary_as_string = true)",
        literal(&path.to_string_lossy())
    );
    let found = query::describe(&session.connection, &format!("select * from {from}"))
        .map_err(|cause| told(&cause, object, path))?;
    let url = &object.url;
    if found.len() > columns.len() || (found.len() < columns.len() && !copy.fill_record) {
        // The words of Redshift.
        return Err(user(format!(
            "Unmatched number of columns between table and file. Table columns: {}, Data columns: {}, File name: {url}",
            columns.len(),
            found.len()
        )));
    }
    let values = columns
        .iter()
        .zip(&found)
        .map(|(column, (name, kind))| value(column, name, kind, copy, url))
        .collect::<Result<Vec<_>, _>>()?;
    let filled = &columns[..found.len()];
    check_values(session, filled, &values, &from, url)?;
    let names: Vec<String> = filled.iter().map(|column| quote(&column.name)).collect();
    let stored = |(column, value): (&Column, String)| {
        emulating::fit(&value, column.kind.length().map(Type::Varchar), column.kind)
            .unwrap_or(value)
    };
    let values: Vec<String> = filled.iter().zip(values).map(stored).collect();
    let insert = format!(
        "insert into {} ({}) select {} from {from}",
        session.words().name(&copy.into),
        names.join(", "),
        values.join(", ")
    );
    let rows = session.connection.execute(&insert, []);
    let rows = rows.map_err(|cause| told(&cause, object, path))?;
    Ok(rows as u64)
}

/// The value of a column as DuckDB says it, where Redshift would take it.
fn value(column: &Column, name: &str, kind: &str, copy: &Copy, url: &str) -> Result<String, Error> {
    let quoted = quote(name);
    let nested = kind.ends_with(']')
        || ["STRUCT(", "MAP("]
            .iter()
            .any(|start| kind.starts_with(start));
    let same = Some(quoted.clone());
    let read = match (column.kind, kind) {
        (Type::Bool, "BOOLEAN")
        | (Type::Int2, "TINYINT" | "SMALLINT")
        | (Type::Int4, "TINYINT" | "SMALLINT" | "INTEGER")
        | (Type::Int8, "BIGINT")
        | (Type::Float4, "FLOAT")
        | (Type::Float8, "DOUBLE")
        | (Type::Date, "DATE")
        | (Type::Char(_) | Type::Varchar(_), "VARCHAR") => same,
        (Type::Decimal(precision, scale), _) => same.filter(|_| {
            let written = kind
                .strip_prefix("DECIMAL(")
                .map(|rest| rest.trim_end_matches(')'));
            let digits = written.and_then(|digits| digits.split_once(','));
            digits.is_some_and(|(p, s)| {
                s.trim().parse() == Ok(scale)
                    && p.trim().parse::<u8>().is_ok_and(|p| p <= precision)
            })
        }),
        (Type::Timestamp, "TIMESTAMP" | "TIMESTAMP_NS" | "TIMESTAMP_MS" | "TIMESTAMP_S") => {
            Some(format!("cast({quoted} as timestamp)"))
        }
        // What is counted from 1970 in UTC stands in a column without a zone as it is there.
        (Type::Timestamp, "TIMESTAMP WITH TIME ZONE") => Some(format!("timezone('UTC', {quoted})")),
        (Type::TimestampTz, "TIMESTAMP WITH TIME ZONE") => same,
        (Type::Super, _) if nested && copy.serialize_to_json => {
            Some(format!("cast(to_json({quoted}) as json)"))
        }
        _ => None,
    };
    read.ok_or_else(|| {
        let mut error = user(format!(
            "file `{url}` has an incompatible Parquet schema for column `{}`. Column type: {}, in the file: `{name}` {kind}",
            column.name,
            column.declared.to_uppercase()
        ));
        error.help = Some(match (column.kind, nested) {
            (Type::Super, true) => {
                "add `serialize_to_json: true` to the options of the load".to_owned()
            }
            _ => "Redshift converts nothing in files of columns: declare the column as the file has it, and cast in a model".to_owned(),
        });
        error
    })
}

/// Whether every value fits its column, in one pass over the file.
fn check_values(
    session: &Session,
    columns: &[Column],
    values: &[String],
    from: &str,
    url: &str,
) -> Result<(), Error> {
    let mut asked = Vec::new();
    for (column, value) in columns.iter().zip(values) {
        asked.push(match column.not_null {
            true => format!("count(*) filter (where {value} is null)"),
            false => "0".to_owned(),
        });
        asked.push(match column.kind {
            Type::Char(_) | Type::Varchar(_) => format!("coalesce(max(strlen({value})), 0)"),
            _ => "0".to_owned(),
        });
    }
    let sql = format!("select {} from {from}", asked.join(", "));
    let found = session
        .connection
        .query_row(&sql, [], |row| {
            (0..asked.len())
                .map(|at| row.get::<_, i64>(at))
                .collect::<Result<Vec<_>, _>>()
        })
        .map_err(|cause| error::of_duckdb(&cause))?;
    for (column, found) in columns.iter().zip(found.chunks(2)) {
        let [nulls, longest] = found else { continue };
        if *nulls > 0 {
            return Err(user(format!(
                "Missing data for not-null field: column `{}` is null in {nulls} rows of `{url}`",
                column.name
            )));
        }
        let (Type::Char(length) | Type::Varchar(length)) = column.kind else {
            continue;
        };
        if *longest > i64::from(length) {
            // The words of Redshift.
            return Err(user(format!(
                "The length of the data column {} is longer than the length defined in the table. Table: {length}, Data: {longest}, File name: {url}",
                column.name
            )));
        }
    }
    Ok(())
}

/// What DuckDB says of a file, by the name that the user knows it by.
fn told(cause: &duckdb::Error, object: &Object, path: &Path) -> Error {
    let mut error = error::of_duckdb(cause);
    if error.message.contains("magic bytes") {
        let mut told = user(format!("file `{}` is not a Parquet file", object.url));
        told.help = Some("say the format that the file has: `csv`, `json`, …".to_owned());
        return told;
    }
    let path = path.to_string_lossy();
    error.message = error.message.replace(&*path, &object.url);
    error
}

fn user(message: String) -> Error {
    Error::new(ErrorClass::User, message)
}
