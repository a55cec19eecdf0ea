//! CSV files, record by record.
//!
//! In: bytes. Out: the fields of each record, given to the load. Quoted fields may hold line ends; lines end in LF or CRLF.

use super::record::{End, Lines, Parser, Record, find};
use super::{Reason, Rejected};

/// How the file is written.
pub(super) struct Csv {
    delimiter: Vec<u8>,
    quote: Vec<u8>,
}

impl Csv {
    pub(super) fn new(delimiter: &str, quote: char) -> Self {
        Self {
            delimiter: delimiter.as_bytes().to_vec(),
            quote: quote.to_string().into_bytes(),
        }
    }
}

impl Parser for Csv {
    /// Reads the next record; nothing at the end of the file.
    fn split(
        &self,
        lines: &mut Lines<'_>,
        record: &mut Record,
    ) -> std::io::Result<Result<(), Rejected>> {
        let mut at = 0;
        loop {
            // White space between a delimiter and a quote is passed over.
            let start = at + self.blanks(&record.raw[at..]);
            let field = if record.raw[start..].starts_with(&self.quote) {
                self.quoted(lines, record, start)?
            } else {
                self.unquoted(record, at)
            };
            record.end_field();
            match field {
                Ok(End::Field(next)) => at = next,
                Ok(End::Record) => return Ok(Ok(())),
                Err(place) => {
                    let reason = format!(
                        "Invalid quote formatting for CSV. Unexpected character {} found at location {place}",
                        record
                            .raw
                            .get(place)
                            .map_or_else(|| "EOF".to_owned(), |byte| format!("0x{byte:02x}"))
                    );
                    return Ok(Err(Rejected {
                        column: Some(record.count() - 1),
                        raw_value: record.raw.trim_ascii_end().to_vec(),
                        reason: Reason(reason),
                    }));
                }
            }
        }
    }
}

impl Csv {
    /// How many blanks stand here; a delimiter is none.
    fn blanks(&self, text: &[u8]) -> usize {
        let blank = |byte: &u8| b" \t".contains(byte) && self.delimiter.first() != Some(byte);
        text.iter().take_while(|byte| blank(byte)).count()
    }

    /// A field without quotes around it, from `at`; a quote inside is an error.
    fn unquoted(&self, record: &mut Record, at: usize) -> Result<End, usize> {
        let line = record.line_end(at);
        let raw = &record.raw;
        let rest = &raw[at..line];
        let length = find(rest, &self.delimiter);
        let field = &rest[..length.unwrap_or(rest.len())];
        if let Some(quote) = find(field, &self.quote) {
            return Err(at + quote);
        }
        record.fields.extend_from_slice(field);
        Ok(match length {
            Some(length) => End::Field(at + length + self.delimiter.len()),
            None => End::Record,
        })
    }

    /// A field in quotes, from its first quote; lines are read until the quote that ends it.
    fn quoted(
        &self,
        lines: &mut Lines<'_>,
        record: &mut Record,
        at: usize,
    ) -> std::io::Result<Result<End, usize>> {
        let quote = self.quote.len();
        let mut at = at + quote;
        loop {
            let Some(length) = find(&record.raw[at..], &self.quote) else {
                record.fields.extend_from_slice(&record.raw[at..]);
                at = record.raw.len();
                if !lines.read(record)? {
                    return Ok(Err(at));
                }
                continue;
            };
            let end = at + length;
            record.fields.extend_from_slice(&record.raw[at..end]);
            if record.raw[end + quote..].starts_with(&self.quote) {
                record.fields.extend_from_slice(&self.quote);
                at = end + 2 * quote;
                continue;
            }
            let next = end + quote + self.blanks(&record.raw[end + quote..]);
            let after = &record.raw[next..];
            return Ok(if after.starts_with(&self.delimiter) {
                Ok(End::Field(next + self.delimiter.len()))
            } else if matches!(after, b"" | b"\n" | b"\r\n") {
                Ok(End::Record)
            } else {
                Err(next)
            });
        }
    }
}
