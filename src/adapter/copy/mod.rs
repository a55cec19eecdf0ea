//! Redshift's `COPY`, done here: files of a folder in, typed rows out, by COPY's rules and with its words for what is wrong.
//!
//! In: a [`Copy`], and the [`Folders`] or stores that stand for S3. Out: rows of [`Cell`]s, given to a [`Sink`] one by one.
//! Does not know which engine keeps the rows. Memory: one record, and the rejected rows within `MAXERROR`.

mod avro;
mod convert;
mod csv;
mod emulated;
mod encoding;
mod files;
mod fixed;
mod folders;
mod json;
mod json_paths;
mod listing;
mod manifest;
mod moment;
mod object;
mod record;
#[cfg(test)]
mod tests;
mod text;
mod unpack;

use std::io::{BufRead, BufReader};

pub use convert::{Cell, Conversion, Reason};
pub use emulated::{Reads, check};
pub use files::{Detail, Files};
pub use folders::Folders;
pub use listing::{StoredFile, is_pattern, list};
pub use moment::Moments;
pub use object::Object;

use super::emulating::{self, Type};
use super::statement::{ColumnDefinition, Copy, CopyFormat, Encoding};
use super::{Error, ErrorClass, LoadError};

/// What takes the rows.
pub trait Sink {
    /// Takes one row.
    ///
    /// # Errors
    /// When the row cannot be kept, or the work was cancelled.
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), Error>;
}

/// What a load did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// Files that were read.
    pub files: u64,
    /// Rows given to the sink.
    pub rows: u64,
    /// Rows left out, as far as they are told one by one.
    pub rejected: Vec<LoadError>,
    /// How many were left out.
    pub left_out: u64,
}

/// A column that a load fills.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Type,
    /// Its type as declared, for messages.
    pub declared: String,
    /// Whether NULL is refused.
    pub not_null: bool,
}

/// The columns that a file fills.
///
/// # Errors
/// A type that is unknown, or that files cannot fill here.
pub fn columns<'a>(
    definitions: impl IntoIterator<Item = &'a ColumnDefinition>,
) -> Result<Vec<Column>, Error> {
    definitions
        .into_iter()
        .map(|definition| {
            let failed = |why: &str| {
                user(format!(
                    "column `{}` of type `{}` cannot be loaded: {why}",
                    definition.name, definition.data_type
                ))
            };
            let kind = emulating::duckdb_type(&definition.data_type)
                .map_err(|refusal| failed(refusal.reason.as_deref().unwrap_or(&refusal.message)))?
                .redshift;
            if matches!(
                kind,
                Type::Varbyte(_) | Type::Interval | Type::Months | Type::TimeTz
            ) {
                return Err(failed("this type is not emulated for loads"));
            }
            Ok(Column {
                name: definition.name.clone(),
                kind,
                declared: definition.data_type.clone(),
                not_null: definition.not_null,
            })
        })
        .collect()
}

/// Reads every file of a COPY and gives its rows to the sink.
///
/// # Errors
/// When files are missing or cannot be read, an option does not fit, or as many rows were bad as `MAXERROR` says:
/// then `load_errors` holds them.
pub fn run(copy: &Copy, folders: &Folders, sink: &mut dyn Sink) -> Result<Loaded, Error> {
    run_with(copy, &columns(copy.filled())?, folders, sink)
}

/// The same into columns whose types the caller has decided.
///
/// # Errors
/// As for [`run`].
pub fn run_with(
    copy: &Copy,
    columns: &[Column],
    folders: &Folders,
    sink: &mut dyn Sink,
) -> Result<Loaded, Error> {
    let conversion = Conversion::of_copy(copy)?;
    let paths = match &copy.format {
        CopyFormat::JsonPaths(url) => Some(json_paths::read(folders, url, columns.len())?),
        CopyFormat::Avro(how) if how.starts_with("s3://") => {
            Some(json_paths::read(folders, how, columns.len())?)
        }
        _ => None,
    };
    check_columns(copy, columns)?;
    let mut nowhere = Nowhere;
    let mut load = Load {
        copy,
        columns,
        conversion: &conversion,
        sink: if copy.no_load { &mut nowhere } else { sink },
        loaded: Loaded::default(),
        file: String::new(),
    };
    let objects = objects(copy, folders)?;
    load.loaded.files = objects.len() as u64;
    for object in objects {
        let mut reader = match copy.format {
            // Not text: its bytes are as they are.
            CopyFormat::Avro(_) => unpack::open(&object, copy.compression)?,
            _ => open(&object, copy)?,
        };
        load.file = object.url;
        load.read(&mut *reader, paths.as_deref())?;
    }
    if copy.no_load {
        load.loaded.rows = 0;
    }
    Ok(load.loaded)
}

/// The files of a COPY: those below its prefix, or those that its manifest names.
///
/// # Errors
/// When there are none, or the manifest is none.
pub fn objects(copy: &Copy, folders: &Folders) -> Result<Vec<Object>, Error> {
    if copy.manifest {
        manifest::read(folders, &copy.from)
    } else if copy.exact {
        Ok(vec![folders.object(&copy.from)?])
    } else {
        folders.list(&copy.from)
    }
}

/// Rows that are looked at and not kept.
struct Nowhere;

impl Sink for Nowhere {
    fn row(&mut self, _cells: &[Cell<'_>]) -> Result<(), Error> {
        Ok(())
    }
}

/// Whether the files can fill these columns at all.
fn check_columns(copy: &Copy, columns: &[Column]) -> Result<(), Error> {
    match &copy.format {
        CopyFormat::FixedWidth(widths) if widths.len() != columns.len() => Err(user(format!(
            "`fixedwidth` has {} columns and the table {}",
            widths.len(),
            columns.len()
        ))),
        CopyFormat::JsonNoShred => match columns {
            [only] if matches!(only.kind, Type::Super | Type::Varchar(u32::MAX)) => Ok(()),
            _ => Err(user(
                "`json 'noshred'` loads each document whole, into a table of one SUPER column"
                    .to_owned(),
            )),
        },
        _ => Ok(()),
    }
}

/// The size of the buffers that files are read through.
const BUFFER: usize = 256 * 1024;

/// A file's text in UTF-8.
fn open(object: &Object, copy: &Copy) -> Result<Box<dyn BufRead>, Error> {
    let mut reader = unpack::open(object, copy.compression)?;
    let failed = |cause| unreadable(&object.url, &cause);
    let start = reader.fill_buf().map_err(failed)?;
    let marked = start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]);
    match copy.encoding {
        None | Some(Encoding::Utf8) if marked => {
            let mut error = user(format!("`{}` is not in UTF-8 but in UTF-16", object.url));
            error.help = Some("add `encoding: utf16` to the options of the load".to_owned());
            Err(error)
        }
        None | Some(Encoding::Utf8) => Ok(reader),
        Some(Encoding::Iso88591) => {
            let text = encoding::Latin1::new(reader);
            Ok(Box::new(BufReader::with_capacity(BUFFER, text)))
        }
        // An empty file has no mark and needs none.
        Some(_) if start.is_empty() => Ok(reader),
        Some(encoding) => {
            let text = encoding::Utf8::new(reader, encoding).map_err(failed)?;
            Ok(Box::new(BufReader::with_capacity(BUFFER, text)))
        }
    }
}

/// The text of a small file, such as one of JSONPaths.
fn read_text(object: &Object) -> Result<String, Error> {
    let mut text = String::new();
    let read = std::io::Read::read_to_string(&mut object.open()?, &mut text);
    read.map_err(|cause| unreadable(&object.url, &cause))?;
    Ok(text)
}

fn unreadable(url: &str, cause: &std::io::Error) -> Error {
    user(format!("cannot read `{url}`: {cause}"))
}

fn user(message: String) -> Error {
    Error::new(ErrorClass::User, message)
}

/// A bad value for people to see, as much of it as Redshift keeps.
fn shown(raw: &[u8]) -> String {
    const KEPT: usize = 1024;
    let mut text = String::from_utf8_lossy(&raw[..raw.len().min(KEPT + 4)]).into_owned();
    text.truncate(text.floor_char_boundary(KEPT));
    text
}

/// A load at work.
struct Load<'a> {
    copy: &'a Copy,
    columns: &'a [Column],
    conversion: &'a Conversion,
    sink: &'a mut dyn Sink,
    loaded: Loaded,
    file: String,
}

/// Records left out that are kept to be told one by one, so that what is bad does not fill the memory: as many as MAXERROR may let pass.
const MOST_TOLD: usize = 100_000;

/// Why a record was not taken.
struct Rejected {
    column: Option<usize>,
    raw_value: Vec<u8>,
    reason: Reason,
}

impl Load<'_> {
    /// Reads one file.
    fn read(
        &mut self,
        reader: &mut dyn BufRead,
        paths: Option<&[json_paths::Path]>,
    ) -> Result<(), Error> {
        let (copy, columns, conversion) = (self.copy, self.columns, self.conversion);
        let null_as = conversion.null_as.as_bytes();
        match &copy.format {
            CopyFormat::Csv { delimiter, quote } => {
                record::read(self, reader, &csv::Csv::new(delimiter, *quote))
            }
            CopyFormat::Delimited {
                delimiter,
                escape,
                remove_quotes,
            } => {
                let text = text::Text {
                    delimiter: delimiter.as_bytes(),
                    escape: *escape,
                    remove_quotes: *remove_quotes,
                    null_as,
                };
                record::read(self, reader, &text)
            }
            CopyFormat::FixedWidth(widths) => {
                let fixed = fixed::Fixed {
                    widths: widths.iter().map(|(_, width)| *width).collect(),
                    columns,
                    null_as,
                };
                record::read(self, reader, &fixed)
            }
            CopyFormat::JsonAuto
            | CopyFormat::JsonAutoIgnoreCase
            | CopyFormat::JsonNoShred
            | CopyFormat::JsonPaths(_) => json::read(self, reader, paths),
            CopyFormat::Avro(how) => avro::read(self, reader, how, paths),
            CopyFormat::Parquet | CopyFormat::Orc | CopyFormat::Shapefile => {
                Err(user("files of this format cannot be read here".to_owned()))
            }
        }
    }

    /// Gives a converted row to the sink, or notes why it is left out.
    fn take(&mut self, line: u64, row: Result<&[Cell<'_>], Rejected>) -> Result<(), Error> {
        match row {
            Ok(cells) => {
                self.sink.row(cells)?;
                self.loaded.rows += 1;
                Ok(())
            }
            Err(rejected) => self.reject(line, rejected),
        }
    }

    /// Notes a bad record; the load fails at the error that `MAXERROR` names.
    fn reject(&mut self, line: u64, rejected: Rejected) -> Result<(), Error> {
        self.loaded.left_out += 1;
        if self.loaded.rejected.len() == MOST_TOLD {
            // Only IGNOREALLERRORS comes so far.
            return Ok(());
        }
        let column = rejected.column.and_then(|column| self.columns.get(column));
        self.loaded.rejected.push(LoadError {
            file: self.file.clone(),
            line,
            column: column.map(|column| column.name.clone()),
            data_type: column.map(|column| column.declared.clone()),
            raw_value: shown(&rejected.raw_value),
            reason: rejected.reason.0,
            place: None,
        });
        if self.copy.ignore_all_errors
            || self.loaded.rejected.len() < self.copy.max_error.max(1) as usize
        {
            return Ok(());
        }
        let rejected = std::mem::take(&mut self.loaded.rejected);
        let count = rejected.len();
        let mut error = user(format!(
            "Load into table '{}' failed with {count} bad row{}",
            self.copy.into.identifier,
            if count == 1 { "" } else { "s" }
        ));
        error.load_errors = rejected;
        Err(error)
    }

    /// Converts one field of a record.
    fn cell<'f>(&self, column: usize, field: Option<&'f [u8]>) -> Result<Cell<'f>, Rejected> {
        let wanted = &self.columns[column];
        let rejected = |reason| Rejected {
            column: Some(column),
            raw_value: field.unwrap_or_default().to_vec(),
            reason,
        };
        let cell = match field {
            Some(field) => self.conversion.cell(wanted.kind, field).map_err(rejected)?,
            None => Cell::Null,
        };
        if cell == Cell::Null && wanted.not_null {
            return Err(rejected(Reason(
                "Missing data for not-null field".to_owned(),
            )));
        }
        Ok(cell)
    }
}
