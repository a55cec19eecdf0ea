//! The rows of a seed, read anew by whoever loads them, so that none are kept in memory.
//!
//! In: a CSV file. Out: [`Row`]s of cells, and an error with the places of those that do not fit.
//! Does not know how types are inferred, nor which engine keeps the rows.

mod form;
mod records;

use std::borrow::Cow;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

pub use form::{Form, is_day, is_time};
pub use records::{Record, Records};

use super::statement::ColumnDefinition;
use super::{Error, ErrorClass, LoadError};
use crate::diagnostic::{Diagnostic, Span};

/// Bad cells of a seed that are told at most.
pub const MOST_BAD_CELLS: usize = 100;

/// The file of a seed.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedFile {
    /// Its path as shown to the user.
    pub path: String,
    /// Where its text is.
    pub text: SeedText,
}

/// Where the text of a seed is.
#[derive(Clone, Debug, PartialEq)]
pub enum SeedText {
    /// In a file.
    File(PathBuf),
    /// Here.
    Here(Arc<str>),
}

/// The rows of a seed, typed by its columns.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedRows {
    /// The file; its first record is the header.
    pub file: SeedFile,
    /// What stands between two cells.
    pub delimiter: u8,
    /// Whether a blank line is a row, all of whose cells are NULL.
    pub blank_rows: bool,
    /// For each column whether its cells are numbers, which dbt reads without thousands, currency and percent signs.
    pub numbers: Vec<bool>,
    /// For each column whether its numbers are whole however they are written: `32.00`, `1e3`.
    pub whole: Vec<bool>,
    /// For each column how its cells are written.
    pub forms: Vec<Form>,
    /// How many rows there were when the types were inferred.
    pub count: u64,
}

/// A row of a seed.
#[derive(Clone, Copy)]
pub struct Row<'r> {
    record: Record<'r>,
    numbers: &'r [bool],
    whole: &'r [bool],
}

/// A cell that does not fit its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCell {
    /// Its row, from 0.
    pub row: u64,
    /// Its column, from 0.
    pub column: usize,
    /// Why it does not fit.
    pub reason: String,
}

impl SeedFile {
    /// Its records, the header first.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn records(&self, delimiter: u8) -> Result<Records<'_>, Box<Diagnostic>> {
        let input: Box<dyn std::io::Read> = match &self.text {
            SeedText::File(path) => {
                Box::new(File::open(path).map_err(|error| records::unreadable(&self.path, &error))?)
            }
            SeedText::Here(text) => Box::new(text.as_bytes()),
        };
        Ok(Records::new(input, &self.path, delimiter))
    }

    /// Its size in bytes; none where it is not there any more.
    pub fn size(&self) -> Option<u64> {
        match &self.text {
            SeedText::File(path) => Some(path.metadata().ok()?.len()),
            SeedText::Here(text) => Some(text.len() as u64),
        }
    }
}

impl SeedRows {
    /// The rows of a text, all cells as they are written.
    #[cfg(test)]
    pub fn of_text(path: &str, text: &str) -> Self {
        let file = SeedFile {
            path: path.to_owned(),
            text: SeedText::Here(Arc::from(text)),
        };
        let mut records = file.records(b',').unwrap();
        let columns = records.next().unwrap().unwrap().width();
        let mut count = 0;
        while records.next().unwrap().is_some() {
            count += 1;
        }
        drop(records);
        Self {
            file,
            delimiter: b',',
            blank_rows: false,
            numbers: vec![false; columns],
            whole: vec![false; columns],
            forms: vec![Form::Other; columns],
            count,
        }
    }

    /// Calls `take` with each row and its number, and gives their count.
    ///
    /// # Errors
    /// When the file cannot be read or is not what it was when the types were inferred, and what `take` answers.
    pub fn each(
        &self,
        take: &mut dyn FnMut(u64, &Row<'_>) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let mut records = self
            .file
            .records(self.delimiter)
            .map_err(|problem| changed(*problem))?;
        let mut count = 0;
        records.next().map_err(|problem| changed(*problem))?;
        records.keep_blank_lines(self.blank_rows);
        while let Some(record) = records.next().map_err(|problem| changed(*problem))? {
            // The cells that a row lacks are NULL.
            if record.width() > self.numbers.len() {
                break;
            }
            let row = Row {
                record,
                numbers: &self.numbers,
                whole: &self.whole,
            };
            take(count, &row)?;
            count += 1;
        }
        if count == self.count {
            return Ok(count);
        }
        let mut error = Error::new(
            ErrorClass::User,
            format!("`{}` was changed while it was loaded", self.file.path),
        );
        error.help = Some("run again".to_owned());
        Err(error)
    }

    /// The error that tells of cells that do not fit, with their places, in the order of the file.
    pub fn does_not_fit(&self, columns: &[ColumnDefinition], mut bad: Vec<BadCell>) -> Error {
        bad.sort_by_key(|bad| (bad.row, bad.column));
        bad.truncate(MOST_BAD_CELLS);
        let mut error = Error::new(ErrorClass::User, "a seed does not fit its columns");
        let mut rest = bad.as_slice();
        let looked_up = self.each(&mut |number, row| {
            while let Some((bad, after)) = rest.split_first() {
                if bad.row > number {
                    break;
                }
                if let Some(column) = columns.get(bad.column) {
                    error.load_errors.push(row.bad(bad, column));
                }
                rest = after;
            }
            if rest.is_empty() {
                return Err(Error::new(ErrorClass::User, ""));
            }
            Ok(())
        });
        if let (Err(cause), false) = (looked_up, rest.is_empty()) {
            return cause;
        }
        if let Some(first) = error.load_errors.first() {
            let value = match first.raw_value.as_str() {
                "" => "NULL".to_owned(),
                value => format!("`{value}`"),
            };
            error.message = format!(
                "{value} does not fit column `{}` of type `{}`",
                first.column.as_deref().unwrap_or_default(),
                first.data_type.as_deref().unwrap_or_default()
            );
            error.detail = Some(first.reason.clone());
        }
        error
    }
}

fn changed(problem: Diagnostic) -> Error {
    let mut error = Error::new(ErrorClass::User, problem.message);
    error.detail = problem.notes.into_iter().next();
    error
}

impl<'r> Row<'r> {
    /// A cell; `None` is NULL.
    pub fn cell(&self, column: usize) -> Option<Cow<'r, str>> {
        let text = self.record.cell(column)?;
        if is_null(text) {
            return None;
        }
        Some(match self.numbers.get(column) {
            Some(true) => {
                let number = number_text(text);
                match self.whole.get(column) {
                    Some(true) => {
                        whole_number(&number).map_or(number, |whole| Cow::Owned(whole.to_string()))
                    }
                    _ => number,
                }
            }
            _ => Cow::Borrowed(text),
        })
    }

    /// How many cells it has, those among them that are not written.
    pub fn width(&self) -> usize {
        self.numbers.len()
    }

    /// Where a cell stands in the file.
    pub fn place(&self, column: usize) -> Span {
        self.record.place(column)
    }

    fn bad(&self, bad: &BadCell, column: &ColumnDefinition) -> LoadError {
        let place = self.place(bad.column);
        LoadError {
            file: place.source.path.clone(),
            line: place.line_column().0 as u64,
            column: Some(column.name.clone()),
            data_type: Some(column.data_type.clone()),
            raw_value: self.cell(bad.column).unwrap_or_default().into_owned(),
            reason: bad.reason.clone(),
            place: Some(place),
        }
    }
}

/// Whether a cell stands for NULL: dbt takes an empty one and the word `null` for it.
pub fn is_null(text: &str) -> bool {
    // Most cells begin with neither a blank nor an n.
    if let Some(first) = text.as_bytes().first()
        && (b'!'..0x7f).contains(first)
        && *first | 0x20 != b'n'
    {
        return false;
    }
    let text = text.trim();
    text.is_empty() || text.eq_ignore_ascii_case("null")
}

/// The whole number that a number's text stands for, where it is one: `32.00`, `1e3`.
pub fn whole_number(text: &str) -> Option<i128> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().ok()?;
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (before, behind) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = format!("{before}{behind}");
    let scale = exponent - i32::try_from(behind.len()).ok()?;
    let digits = match usize::try_from(scale) {
        Ok(zeros) if zeros <= 38 => digits + &"0".repeat(zeros),
        Ok(_) => return None,
        Err(_) => {
            let cut = digits.len().checked_sub(usize::try_from(-scale).ok()?)?;
            let (whole, rest) = digits.split_at(cut);
            if rest.bytes().any(|digit| digit != b'0') {
                return None;
            }
            format!("0{whole}")
        }
    };
    digits.parse::<i128>().ok().map(|number| sign * number)
}

/// A number's text as dbt takes it: without thousands, currency and percent signs.
pub fn number_text(text: &str) -> Cow<'_, str> {
    if text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
    {
        return Cow::Borrowed(text);
    }
    let text = text
        .trim()
        .trim_matches(['%', '$', '€', '£', '¥', '₹', '₩', '₽', '₺', '¢']);
    if text.contains(',') {
        Cow::Owned(text.replace(',', ""))
    } else {
        Cow::Borrowed(text)
    }
}
