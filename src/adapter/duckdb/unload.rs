//! Unloads: the rows of a query into files, by DuckDB's own `COPY … TO`, with Redshift's words for values and files.
//!
//! In: an [`Unload`], its query in DuckDB's SQL. Out: files, all or none of them.

use std::path::Path;

use super::connection::Session;
use super::sql::{literal, quote};
use super::{error, query};
use crate::adapter::copy::{Detail, Files};
use crate::adapter::statement::{Compression, Unload, UnloadFormat};
use crate::adapter::{Error, ErrorClass, Outcome, Refusal, emulating};
use crate::relation::KnownColumn;

/// Whether DuckDB can do it.
///
/// # Errors
/// The option that it cannot have.
pub(super) fn check(unload: &Unload) -> Result<(), Refusal> {
    let partitioned = !unload.partition_by.is_empty();
    let what = match unload {
        Unload {
            compression: Some(Compression::Lzop),
            ..
        } => "lzop",
        Unload {
            kms_key_id: Some(_),
            ..
        } => "kms_key_id",
        // On which side the blanks stand is not documented.
        Unload { fixed_width, .. } if !fixed_width.is_empty() => "fixedwidth",
        // The manual speaks of text with delimiters alone.
        Unload {
            escape: true,
            format: UnloadFormat::Csv,
            ..
        } => "escape` with `csv",
        Unload {
            max_file_size: Some(_),
            ..
        } if partitioned => "max_file_size` with `partition_by",
        // DuckDB does not tell how many rows went into which file; one of Parquet tells it itself.
        Unload { verbose: true, .. } if unload.format != UnloadFormat::Parquet && partitioned => {
            "manifest_verbose` with `partition_by"
        }
        Unload {
            verbose: true,
            max_file_size: Some(_),
            ..
        } if unload.format != UnloadFormat::Parquet => "manifest_verbose` with `max_file_size",
        _ => return Ok(()),
    };
    Err(Refusal::new(
        "not-emulated",
        format!("the option `{what}` of `unload` is not emulated"),
    ))
}

/// Writes the files. `known` are the columns of the query with Redshift's types, where these are known.
pub(super) fn run(
    session: &Session,
    unload: &Unload,
    known: Option<&[KnownColumn]>,
) -> Result<Outcome, Error> {
    let columns = query::describe(&session.connection, &unload.query)
        .map_err(|cause| error::of_duckdb(&cause))?;
    for column in &unload.partition_by {
        if !columns
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(column))
        {
            let mut error = Error::new(
                ErrorClass::User,
                format!("`partition_by` names `{column}`, which is no column of the query"),
            );
            let names = columns.iter().map(|(name, _)| name.as_str());
            let near = crate::diagnostic::nearest(column, names);
            error.help = near.map(|near| format!("did you mean `{near}`?"));
            return Err(error);
        }
    }
    if !unload.partition_by.is_empty()
        && unload.partition_by.len() >= columns.len()
        && !unload.include
    {
        return Err(Error::new(
            ErrorClass::User,
            "a column must be left that is not in `partition_by`, or `include` be said",
        ));
    }
    let files = Files::open(unload, &session.config.s3)?;
    let several = !unload.partition_by.is_empty() || unload.max_file_size.is_some();
    let to = if several {
        files.folder().to_owned()
    } else {
        files.folder().join("data_0")
    };
    let sql = format!(
        "copy (\n{}\n) to {} ({})",
        rows(unload, &columns),
        literal(&to.to_string_lossy()),
        options(unload).join(", ")
    );
    session.check_cancelled()?;
    let count = session
        .connection
        .query_row(&sql, [], |row| row.get::<_, i64>(0))
        .map_err(|cause| error::of_duckdb(&cause))?;
    let rows = u64::try_from(count).unwrap_or(0);
    if let Some(Compression::Bzip2) = unload.compression {
        files.pack(Compression::Bzip2)?;
    }
    publish(session, unload, files, rows, &typed(&columns, known))?;
    Ok(Outcome {
        rows: Some(rows),
        ..Outcome::default()
    })
}

/// The columns with the types that Redshift would give them: DuckDB knows no lengths of texts.
fn typed(columns: &[(String, String)], known: Option<&[KnownColumn]>) -> Vec<(String, String)> {
    let known = known.filter(|known| known.len() == columns.len());
    let columns = columns.iter().enumerate().map(|(at, (name, kind))| {
        let known = known.and_then(|known| known[at].data_type.clone());
        let kind = known.unwrap_or_else(|| emulating::redshift_type(kind));
        (name.clone(), kind)
    });
    columns.collect()
}

/// Puts the files into place, with what a verbose manifest tells.
fn publish(
    session: &Session,
    unload: &Unload,
    files: Files<'_>,
    rows: u64,
    columns: &[(String, String)],
) -> Result<(), Error> {
    if !unload.verbose {
        return files.publish(None).map(drop);
    }
    let count = |path: &Path| {
        if unload.format != UnloadFormat::Parquet {
            // The line of the header is counted, as the manual says.
            return Ok(rows + u64::from(unload.header));
        }
        let ask = format!(
            "select sum(num_rows)::bigint from parquet_file_metadata({})",
            literal(&path.to_string_lossy())
        );
        let found = session
            .connection
            .query_row(&ask, [], |row| row.get::<_, i64>(0));
        let found = found.map_err(|cause| error::of_duckdb(&cause))?;
        Ok(u64::try_from(found).unwrap_or(0))
    };
    let detail = Detail {
        columns,
        rows: &count,
    };
    files.publish(Some(&detail)).map(drop)
}

fn options(unload: &Unload) -> Vec<String> {
    let mut options = match unload.format {
        UnloadFormat::Parquet => vec!["format parquet".to_owned(), "compression snappy".to_owned()],
        UnloadFormat::Csv => vec![
            "format csv".to_owned(),
            format!("header {}", unload.header),
            format!(
                "delimiter {}",
                literal(&unload.delimiter.unwrap_or(',').to_string())
            ),
            "quote '\"'".to_owned(),
            "escape '\"'".to_owned(),
            format!(
                "nullstr {}",
                literal(unload.null_as.as_deref().unwrap_or_default())
            ),
        ],
        // Lines are made by the query.
        UnloadFormat::Text | UnloadFormat::Json => vec![
            "format csv".to_owned(),
            format!("header {}", unload.header),
            "delimiter '\u{1}'".to_owned(),
            "quote ''".to_owned(),
            "escape ''".to_owned(),
        ],
    };
    // What DuckDB does not compress is compressed when it is written.
    if let Some(compression @ (Compression::Gzip | Compression::Zstd)) = unload.compression
        && unload.format != UnloadFormat::Parquet
    {
        options.push(format!("compression {}", compression.word()));
    }
    if !unload.partition_by.is_empty() {
        let columns = unload.partition_by.iter().map(|column| quote(column));
        options.push(format!(
            "partition_by ({})",
            columns.collect::<Vec<_>>().join(", ")
        ));
        if unload.include && !by_lines(unload.format) {
            options.push("write_partition_columns true".to_owned());
        }
    }
    if let Some(size) = unload.max_file_size {
        options.push(format!("file_size_bytes '{}KB'", (size * 1024.0).round()));
    }
    options
}

/// Whether the query makes whole lines, which DuckDB only writes down.
fn by_lines(format: UnloadFormat) -> bool {
    matches!(format, UnloadFormat::Text | UnloadFormat::Json)
}

/// The query with its values as UNLOAD writes them.
fn rows(unload: &Unload, columns: &[(String, String)]) -> String {
    let partition = |name: &str| {
        unload
            .partition_by
            .iter()
            .any(|column| column.eq_ignore_ascii_case(name))
    };
    let said = match unload.format {
        UnloadFormat::Text | UnloadFormat::Json => {
            let kept = columns
                .iter()
                .filter(|(name, _)| !partition(name) || unload.include);
            let line = match unload.format {
                UnloadFormat::Json => object(kept.clone()),
                _ => fields(unload, kept.clone()),
            };
            let header = header(unload, kept);
            let mut said = vec![format!("{line} as {}", quote(&header))];
            let parts = columns.iter().filter(|(name, _)| partition(name));
            said.extend(parts.map(|(name, _)| quote(name)));
            said
        }
        _ => columns
            .iter()
            .map(|(name, kind)| match unload.format {
                UnloadFormat::Csv if kind == "BOOLEAN" => {
                    format!("{} as {}", boolean(&quote(name)), quote(name))
                }
                // The zone is not written, as on Redshift.
                UnloadFormat::Parquet if kind == "TIMESTAMP WITH TIME ZONE" => {
                    format!("cast({0} as timestamp) as {0}", quote(name))
                }
                _ => quote(name),
            })
            .collect(),
    };
    format!("select {} from (\n{}\n)", said.join(", "), unload.query)
}

/// A line of text with delimiters.
fn fields<'c>(unload: &Unload, columns: impl Iterator<Item = &'c (String, String)>) -> String {
    let delimiter = unload.delimiter.unwrap_or('|').to_string();
    let fields = columns.map(|column| field(unload, column));
    let fields: Vec<String> = fields.collect();
    fields.join(&format!(" || {} || ", literal(&delimiter)))
}

fn header<'c>(unload: &Unload, columns: impl Iterator<Item = &'c (String, String)>) -> String {
    let delimiter = unload.delimiter.unwrap_or('|').to_string();
    let names = columns.map(|(name, _)| match unload.add_quotes {
        true => format!("\"{name}\""),
        false => name.clone(),
    });
    names.collect::<Vec<_>>().join(&delimiter)
}

/// A line of JSON. DuckDB's own writer makes floats of decimals, which lose their digits.
fn object<'c>(columns: impl Iterator<Item = &'c (String, String)>) -> String {
    let members = columns.map(|(name, kind)| {
        let quoted = quote(name);
        let value = if kind == "BOOLEAN" {
            format!("cast(to_json({}) as varchar)", boolean(&quoted))
        } else if kind.starts_with("DECIMAL(") || kind == "JSON" {
            format!("cast({quoted} as varchar)")
        } else {
            format!("cast(to_json({quoted}) as varchar)")
        };
        let key = serde_json::Value::from(name.as_str()).to_string() + ":";
        format!("{} || coalesce({value}, 'null')", literal(&key))
    });
    let members: Vec<String> = members.collect();
    format!("'{{' || {} || '}}'", members.join(" || ',' || "))
}

fn boolean(name: &str) -> String {
    format!("case when {name} then 't' when not {name} then 'f' end")
}

/// A value of a text with delimiters.
fn field(unload: &Unload, (name, kind): &(String, String)) -> String {
    let quoted = quote(name);
    let mut text = if kind == "BOOLEAN" {
        boolean(&quoted)
    } else {
        format!("cast({quoted} as varchar)")
    };
    if unload.escape && kind == "VARCHAR" {
        let delimiter = unload.delimiter.unwrap_or('|').to_string();
        // The backslash first: the others bring backslashes of their own.
        let mut special = vec!["\\".to_owned(), "\n".to_owned(), "\r".to_owned(), delimiter];
        if unload.add_quotes {
            special.extend(["\"".to_owned(), "'".to_owned()]);
        }
        for letter in special {
            text = format!(
                "replace({text}, {}, {})",
                literal(&letter),
                literal(&format!("\\{letter}"))
            );
        }
    }
    if unload.add_quotes {
        text = format!("'\"' || {text} || '\"'");
    }
    format!(
        "coalesce({text}, {})",
        literal(unload.null_as.as_deref().unwrap_or_default())
    )
}
