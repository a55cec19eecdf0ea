//! Unloads: the rows of a query as CSV, streamed out of the server into a file.
//!
//! In: an [`Unload`], its query in PostgreSQL's SQL. Out: a file, or none. Memory: what the server sends at a time.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use futures_util::TryStreamExt;

use super::error;
use super::session::Session;
use super::sql::literal;
use crate::adapter::copy::Files;
use crate::adapter::statement::{Compression, Unload, UnloadFormat};
use crate::adapter::{Error, ErrorClass, Outcome, Refusal};

/// Whether PostgreSQL can do it.
///
/// # Errors
/// The option that it cannot have.
pub(super) fn check(unload: &Unload) -> Result<(), Refusal> {
    let format = match unload.format {
        UnloadFormat::Csv => None,
        UnloadFormat::Json => Some("json"),
        UnloadFormat::Parquet => Some("parquet"),
        UnloadFormat::Text => Some("text"),
    };
    let options = [
        (!unload.partition_by.is_empty(), "partition_by"),
        (unload.max_file_size.is_some(), "max_file_size"),
        (unload.kms_key_id.is_some(), "kms_key_id"),
        (!unload.fixed_width.is_empty(), "fixedwidth"),
        (unload.escape, "escape"),
        (unload.verbose, "manifest_verbose"),
        (unload.compression == Some(Compression::Lzop), "lzop"),
    ];
    let option = options.into_iter().find(|(said, _)| *said);
    let message = match (format, option) {
        (Some(format), _) => {
            format!("PostgreSQL writes CSV alone, so `format: {format}` is not supported there")
        }
        (None, Some((_, option))) => {
            format!("the option `{option}` of `unload` is not supported on PostgreSQL")
        }
        (None, None) => return Ok(()),
    };
    Err(Refusal {
        code: "not-emulated",
        message,
        range: None,
        reason: None,
        help: None,
    })
}

/// What is sent to the server.
pub(super) fn sql(unload: &Unload) -> String {
    let mut options = vec!["format csv".to_owned()];
    if unload.header {
        options.push("header".to_owned());
    }
    if let Some(delimiter) = unload.delimiter {
        options.push(format!("delimiter {}", literal(&delimiter.to_string())));
    }
    if let Some(null) = &unload.null_as {
        options.push(format!("null {}", literal(null)));
    }
    format!(
        "copy (\n{}\n) to stdout with ({})",
        unload.query,
        options.join(", ")
    )
}

/// Writes the file.
pub(super) fn run(session: &Session, unload: &Unload) -> Result<Outcome, Error> {
    let files = Files::open(unload, &session.config.s3)?;
    let path = files.folder().join("data_0");
    let client = session.link.client()?;
    let stream = session
        .link
        .wait(client.copy_out(&sql(unload)))
        .map_err(|cause| error::told(&cause))?;
    let mut stream = Box::pin(stream);
    let mut out = Out::new(&path).map_err(|cause| failed(&path, &cause))?;
    while let Some(chunk) = session
        .link
        .wait(stream.try_next())
        .map_err(|cause| error::told(&cause))?
    {
        session.check_cancelled()?;
        out.write(&chunk).map_err(|cause| failed(&path, &cause))?;
    }
    let lines = out.finish().map_err(|cause| failed(&path, &cause))?;
    if let Some(compression) = unload.compression {
        files.pack(compression)?;
    }
    files.publish(None)?;
    Ok(Outcome {
        rows: Some(lines.saturating_sub(unload.header.into())),
        ..Outcome::default()
    })
}

fn failed(path: &Path, cause: &std::io::Error) -> Error {
    Error::new(
        ErrorClass::User,
        format!("cannot write `{}`: {cause}", path.display()),
    )
}

/// A file on its way, and the lines of CSV in it so far: a line end in quotes ends none.
struct Out {
    inner: BufWriter<File>,
    lines: u64,
    in_quotes: bool,
}

impl Out {
    fn new(path: &Path) -> std::io::Result<Self> {
        Ok(Self {
            inner: BufWriter::new(File::create(path)?),
            lines: 0,
            in_quotes: false,
        })
    }

    fn write(&mut self, chunk: &[u8]) -> std::io::Result<()> {
        for byte in chunk {
            match byte {
                b'"' => self.in_quotes = !self.in_quotes,
                b'\n' if !self.in_quotes => self.lines += 1,
                _ => {}
            }
        }
        self.inner.write_all(chunk)
    }

    fn finish(mut self) -> std::io::Result<u64> {
        self.inner.flush()?;
        Ok(self.lines)
    }
}
