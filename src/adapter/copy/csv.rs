//! CSV files, record by record.
//!
//! In: bytes. Out: the fields of each record, given to the load. Quoted fields may hold line ends; lines end in LF or CRLF.

use std::io::BufRead;

use super::{Cell, Load, Reason, Rejected, unreadable};
use crate::adapter::Error;
use crate::adapter::statement::CopyFormat;

/// One record: its fields one after the other, quotes taken off.
#[derive(Default)]
struct Record {
    /// The bytes of the fields.
    fields: Vec<u8>,
    /// Where each field ends in `fields`.
    ends: Vec<usize>,
    /// The bytes as they stand in the file.
    raw: Vec<u8>,
}

impl Record {
    fn field(&self, number: usize) -> Option<&[u8]> {
        let end = *self.ends.get(number)?;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.fields[start..end])
    }
}

/// Reads one file.
pub(super) fn read(load: &mut Load<'_>, reader: &mut dyn BufRead) -> Result<(), Error> {
    let CopyFormat::Csv {
        delimiter,
        quote,
        ignore_header,
    } = &load.copy.format
    else {
        return Ok(());
    };
    let mut parser = Parser {
        reader,
        delimiter: delimiter.to_string().into_bytes(),
        quote: quote.to_string().into_bytes(),
        line: 0,
        record: Record::default(),
    };
    for _ in 0..*ignore_header {
        if !parser
            .read_line()
            .map_err(|cause| unreadable(&load.file, &cause))?
        {
            return Ok(());
        }
    }
    loop {
        let first = parser.line + 1;
        let (record, read) = match parser
            .next()
            .map_err(|cause| unreadable(&load.file, &cause))?
        {
            Some(read) => (&parser.record, read),
            None => return Ok(()),
        };
        if record.raw.iter().all(|byte| b"\r\n".contains(byte)) && load.copy.ignore_blank_lines {
            continue;
        }
        let cells = read.and_then(|()| cells(load, record));
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
    let (found, wanted) = (record.ends.len(), load.columns.len());
    if found > wanted {
        return Err(whole("Extra column(s) found"));
    }
    if found < wanted && !load.copy.fill_record {
        return Err(whole("Delimiter not found"));
    }
    (0..wanted)
        // What FILLRECORD adds is an empty field: NULL, and in text an empty string.
        .map(|column| load.cell(column, Some(record.field(column).unwrap_or_default())))
        .collect()
}

struct Parser<'a> {
    reader: &'a mut dyn BufRead,
    delimiter: Vec<u8>,
    quote: Vec<u8>,
    /// Lines read so far.
    line: u64,
    record: Record,
}

impl Parser<'_> {
    /// Reads a line behind what `raw` holds; false at the end of the file.
    fn read_line(&mut self) -> std::io::Result<bool> {
        let start = self.record.raw.len();
        let read = self.reader.read_until(b'\n', &mut self.record.raw)?;
        if self.line == 0 && self.record.raw[start..].starts_with(b"\xef\xbb\xbf") {
            self.record.raw.drain(start..start + 3);
        }
        self.line += 1;
        Ok(read > 0)
    }

    /// Reads the next record; nothing at the end of the file.
    fn next(&mut self) -> std::io::Result<Option<Result<(), Rejected>>> {
        self.record.raw.clear();
        self.record.fields.clear();
        self.record.ends.clear();
        if !self.read_line()? || self.record.raw.is_empty() {
            return Ok(None);
        }
        let mut at = 0;
        loop {
            let field = if self.record.raw[at..].starts_with(&self.quote) {
                self.quoted(at)?
            } else {
                self.unquoted(at)
            };
            self.record.ends.push(self.record.fields.len());
            match field {
                Ok(End::Field(next)) => at = next,
                Ok(End::Record) => return Ok(Some(Ok(()))),
                Err(place) => {
                    let reason = format!(
                        "Invalid quote formatting for CSV. Unexpected character {} found at location {place}",
                        self.record
                            .raw
                            .get(place)
                            .map_or_else(|| "EOF".to_owned(), |byte| format!("0x{byte:02x}"))
                    );
                    return Ok(Some(Err(Rejected {
                        column: Some(self.record.ends.len() - 1),
                        raw_value: self.record.raw.trim_ascii_end().to_vec(),
                        reason: Reason(reason),
                    })));
                }
            }
        }
    }

    /// A field without quotes around it, from `at`; a quote inside is an error.
    fn unquoted(&mut self, at: usize) -> Result<End, usize> {
        let raw = &self.record.raw;
        let line = match raw[at..] {
            [.., b'\r', b'\n'] => raw.len() - 2,
            [.., b'\n'] => raw.len() - 1,
            _ => raw.len(),
        };
        let rest = &raw[at..line.max(at)];
        let length = find(rest, &self.delimiter);
        let field = &rest[..length.unwrap_or(rest.len())];
        if let Some(quote) = find(field, &self.quote) {
            return Err(at + quote);
        }
        self.record.fields.extend_from_slice(field);
        Ok(match length {
            Some(length) => End::Field(at + length + self.delimiter.len()),
            None => End::Record,
        })
    }

    /// A field in quotes, from its first quote; lines are read until the quote that ends it.
    fn quoted(&mut self, at: usize) -> std::io::Result<Result<End, usize>> {
        let quote = self.quote.len();
        let mut at = at + quote;
        loop {
            let Some(length) = find(&self.record.raw[at..], &self.quote) else {
                self.record.fields.extend_from_slice(&self.record.raw[at..]);
                at = self.record.raw.len();
                if !self.read_line()? {
                    return Ok(Err(at));
                }
                continue;
            };
            let end = at + length;
            self.record
                .fields
                .extend_from_slice(&self.record.raw[at..end]);
            let after = &self.record.raw[end + quote..];
            if after.starts_with(&self.quote) {
                self.record.fields.extend_from_slice(&self.quote);
                at = end + 2 * quote;
            } else if after.starts_with(&self.delimiter) {
                return Ok(Ok(End::Field(end + quote + self.delimiter.len())));
            } else if matches!(after, b"" | b"\n" | b"\r\n") {
                return Ok(Ok(End::Record));
            } else {
                return Ok(Err(end + quote));
            }
        }
    }
}

/// What ended a field.
enum End {
    /// A delimiter; the next field starts at this byte.
    Field(usize),
    /// The end of the line.
    Record,
}

/// Where a short pattern first stands.
fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    match pattern {
        [byte] => text.iter().position(|other| other == byte),
        _ => text
            .windows(pattern.len())
            .position(|window| window == pattern),
    }
}
