//! Text with delimiters, with `ESCAPE` and `REMOVEQUOTES`.
//!
//! In: a record's lines. Out: its fields. Without ESCAPE a line is a record; with it a backslash keeps a line end in the field.

use super::record::{End, Lines, Parser, Record};
use super::{Reason, Rejected};

/// How the file is written.
pub(super) struct Text<'a> {
    pub(super) delimiter: &'a [u8],
    pub(super) escape: bool,
    pub(super) remove_quotes: bool,
    /// What stands for NULL; it may hold a backslash, which is none to escape with.
    pub(super) null_as: &'a [u8],
}

impl Parser for Text<'_> {
    fn split(
        &self,
        lines: &mut Lines<'_>,
        record: &mut Record,
    ) -> std::io::Result<Result<(), Rejected>> {
        let mut at = 0;
        loop {
            let quote = record.raw.get(at).copied();
            let quote = quote.filter(|byte| self.remove_quotes && b"'\"".contains(byte));
            let start = record.fields.len();
            let end = match quote {
                Some(quote) => self.field(lines, record, at + 1, Some(quote))?,
                None => self.field(lines, record, at, None)?,
            };
            let Some((end, last)) = end else {
                record.fields.truncate(start);
                record.end_field();
                return Ok(Err(Rejected {
                    column: Some(record.count() - 1),
                    raw_value: record.raw[at..].trim_ascii_end().to_vec(),
                    reason: Reason("Delimited value missing end quote".to_owned()),
                }));
            };
            if record.raw[at..last] == *self.null_as {
                record.nulls.push(record.count());
            }
            record.end_field();
            match end {
                End::Field(next) => at = next,
                End::Record => return Ok(Ok(())),
            }
        }
    }
}

impl Text<'_> {
    /// Takes a field from `at` up to its end, and says what ended it and where its own bytes end in the file.
    /// In quotes, only a quote before a delimiter or the end of the line ends it; nothing where there is none.
    fn field(
        &self,
        lines: &mut Lines<'_>,
        record: &mut Record,
        mut at: usize,
        quote: Option<u8>,
    ) -> std::io::Result<Option<(End, usize)>> {
        loop {
            let rest = &record.raw[at..];
            let (ended, taken) = match (quote, rest.first()) {
                (Some(quote), Some(first)) if *first == quote => (self.ends(&rest[1..]), 1),
                (Some(_), _) => (None, 0),
                (None, _) => (self.ends(rest), 0),
            };
            if let Some(length) = ended {
                let last = at + taken;
                let end = match length {
                    Some(length) => End::Field(last + length),
                    None => End::Record,
                };
                return Ok(Some((end, last)));
            }
            match rest {
                [b'\\', escaped, ..] if self.escape => {
                    let escaped = *escaped;
                    record.fields.push(escaped);
                    at += 2;
                    // A line end that is kept has the next line behind it.
                    if escaped == b'\n' && at == record.raw.len() {
                        lines.read(record)?;
                    }
                }
                [] | [b'\n'] | [b'\r', b'\n'] => return Ok(None),
                [byte, ..] => {
                    let byte = *byte;
                    record.fields.push(byte);
                    at += 1;
                }
            }
        }
    }

    /// Whether a field ends before this: with the length of the delimiter, or with the line.
    fn ends(&self, rest: &[u8]) -> Option<Option<usize>> {
        if rest.starts_with(self.delimiter) {
            return Some(Some(self.delimiter.len()));
        }
        matches!(rest, b"" | b"\n" | b"\r\n").then_some(None)
    }
}
