//! Columns of fixed width, counted in characters.

use super::record::{Lines, Parser, Record};
use super::{Column, Reason, Rejected, Type};

/// The widths of the columns, and which of them are text: blanks around anything else only fill its column.
pub(super) struct Fixed<'a> {
    pub(super) widths: Vec<usize>,
    pub(super) columns: &'a [Column],
    pub(super) null_as: &'a [u8],
}

impl Parser for Fixed<'_> {
    fn split(
        &self,
        _lines: &mut Lines<'_>,
        record: &mut Record,
    ) -> std::io::Result<Result<(), Rejected>> {
        let line = record.line_end(0);
        let mut at = 0;
        for (number, width) in self.widths.iter().enumerate() {
            // The columns behind a line that is too short are those that FILLRECORD fills.
            if at == line && number > 0 {
                break;
            }
            let end = at + characters(&record.raw[at..line], *width);
            let mut field = at..end;
            if !is_text(self.columns.get(number)) {
                let bytes = &record.raw[field.clone()];
                let trimmed = bytes.trim_ascii_start();
                let start = end - trimmed.len();
                field = start..start + trimmed.trim_ascii_end().len();
            }
            if !self.null_as.is_empty() && record.raw[at..end].trim_ascii() == self.null_as {
                record.nulls.push(number);
            }
            record.fields.extend_from_slice(&record.raw[field]);
            record.end_field();
            at = end;
        }
        if at < line {
            return Ok(Err(Rejected {
                column: None,
                raw_value: record.raw[..line].to_vec(),
                reason: Reason("Extra column(s) found".to_owned()),
            }));
        }
        Ok(Ok(()))
    }
}

fn is_text(column: Option<&Column>) -> bool {
    column.is_some_and(|column| matches!(column.kind, Type::Char(_) | Type::Varchar(_)))
}

/// The length in bytes of so many characters; a byte that is no UTF-8 counts as one.
fn characters(text: &[u8], mut count: usize) -> usize {
    let mut length = 0;
    for chunk in text.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if count == 0 {
                return length;
            }
            length += letter.len_utf8();
            count -= 1;
        }
        let invalid = chunk.invalid().len().min(count);
        length += invalid;
        count -= invalid;
    }
    length
}
