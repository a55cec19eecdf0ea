//! Files of text, line by line: what CSV, text with delimiters and columns of fixed width have in common.
//!
//! In: bytes. Out: the fields of each record, given to the load. Lines end in LF or CRLF.

use std::io::BufRead;

use super::{Cell, Load, Reason, Rejected, Type, unreadable};
use crate::adapter::Error;

/// Splits a record, of which the first line is read, into its fields; it may read more lines.
pub(super) trait Parser {
    /// Fills the record's fields.
    fn split(
        &self,
        lines: &mut Lines<'_>,
        record: &mut Record,
    ) -> std::io::Result<Result<(), Rejected>>;
}

/// One record: its fields one after the other, quotes taken off.
#[derive(Default)]
pub(super) struct Record {
    /// The bytes of the fields.
    pub(super) fields: Vec<u8>,
    /// Where each field ends in `fields`.
    ends: Vec<usize>,
    /// The bytes as they stand in the file.
    pub(super) raw: Vec<u8>,
    /// Fields that are NULL as they are written, whatever is made of them.
    pub(super) nulls: Vec<usize>,
}

impl Record {
    fn clear(&mut self) {
        self.fields.clear();
        self.ends.clear();
        self.raw.clear();
        self.nulls.clear();
    }

    /// The field ends with what `fields` holds by now.
    pub(super) fn end_field(&mut self) {
        self.ends.push(self.fields.len());
    }

    /// How many fields there are so far.
    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    fn field(&self, number: usize) -> Option<&[u8]> {
        let end = *self.ends.get(number)?;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.fields[start..end])
    }

    /// Where the line ends, without LF or CRLF; not before `from`.
    pub(super) fn line_end(&self, from: usize) -> usize {
        let end = match self.raw.get(from..).unwrap_or_default() {
            [.., b'\r', b'\n'] => self.raw.len() - 2,
            [.., b'\n'] => self.raw.len() - 1,
            _ => self.raw.len(),
        };
        end.max(from)
    }
}

/// The lines of a file.
pub(super) struct Lines<'a> {
    reader: &'a mut dyn BufRead,
    /// Lines read so far.
    read: u64,
}

impl Lines<'_> {
    /// Reads a line behind what the record holds; false at the end of the file.
    pub(super) fn read(&mut self, record: &mut Record) -> std::io::Result<bool> {
        let start = record.raw.len();
        let read = self.reader.read_until(b'\n', &mut record.raw)?;
        if self.read == 0 && record.raw[start..].starts_with(b"\xef\xbb\xbf") {
            record.raw.drain(start..start + 3);
        }
        self.read += 1;
        Ok(read > 0)
    }
}

/// What ended a field.
pub(super) enum End {
    /// A delimiter; the next field starts at this byte.
    Field(usize),
    /// The end of the line.
    Record,
}

/// Reads one file.
pub(super) fn read(
    load: &mut Load<'_>,
    reader: &mut dyn BufRead,
    parser: &dyn Parser,
) -> Result<(), Error> {
    let mut lines = Lines { reader, read: 0 };
    let mut record = Record::default();
    for _ in 0..load.copy.ignore_header {
        record.clear();
        let read = lines.read(&mut record);
        if !read.map_err(|cause| unreadable(&load.file, &cause))? {
            return Ok(());
        }
    }
    loop {
        record.clear();
        let first = lines.read + 1;
        let failed = |cause: std::io::Error| unreadable(&load.file, &cause);
        if !lines.read(&mut record).map_err(failed)? || record.raw.is_empty() {
            return Ok(());
        }
        if load.copy.ignore_blank_lines && record.line_end(0) == 0 {
            continue;
        }
        let split = parser.split(&mut lines, &mut record).map_err(failed)?;
        let cells = split.and_then(|()| cells(load, &record));
        match cells {
            Ok(cells) => load.take(first, Ok(&cells))?,
            Err(rejected) => load.take(first, Err(rejected))?,
        }
    }
}

fn cells<'r>(load: &Load<'_>, record: &'r Record) -> Result<Vec<Cell<'r>>, Rejected> {
    let whole = |reason: &str| Rejected {
        column: None,
        raw_value: record.raw.trim_ascii_end().to_vec(),
        reason: Reason(reason.to_owned()),
    };
    let (found, wanted) = (record.count(), load.columns.len());
    if found > wanted {
        return Err(whole("Extra column(s) found"));
    }
    if found < wanted && !load.copy.fill_record {
        return Err(whole("Delimiter not found"));
    }
    (0..wanted)
        .map(|column| match record.field(column) {
            Some(_) if record.nulls.contains(&column) => load.cell(column, None),
            Some(field) => load.cell(column, Some(field)),
            // What FILLRECORD adds is NULL, and in a VARCHAR an empty string.
            None if matches!(load.columns[column].kind, Type::Varchar(_)) => {
                load.cell(column, Some(b""))
            }
            None => load.cell(column, None),
        })
        .collect()
}

/// Where a short pattern first stands.
pub(super) fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    match pattern {
        [byte] => text.iter().position(|other| other == byte),
        _ => text
            .windows(pattern.len())
            .position(|window| window == pattern),
    }
}
