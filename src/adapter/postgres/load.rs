//! Loads: rows of a seed and files of a COPY, streamed through `copy … from stdin`.
//!
//! In: rows of a seed or a [`Copy`]. Out: a filled table, or the value that does not fit, with its place. All or nothing.
//! Memory: one buffer of rows on their way.

use std::pin::Pin;

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::SinkExt;
use tokio_postgres::CopyInSink;

use super::error;
use super::session::Session;
use super::sql::{name, quote};
use crate::adapter::copy::{self, Cell, Conversion, Sink};
use crate::adapter::emulating::{self, Type};
use crate::adapter::seed::{BadCell, MOST_BAD_CELLS, SeedRows};
use crate::adapter::statement::{ColumnDefinition, Copy};
use crate::adapter::{Error, ErrorClass, Outcome};
use crate::relation::Relation;

/// Bytes that are sent at a time.
const CHUNK: usize = 64 * 1024;

/// Reads the files of a COPY and streams their rows.
pub(super) fn copy(session: &Session, copy: &Copy) -> Result<Outcome, Error> {
    let columns = copy
        .filled()
        .map(|column| read_as(column, copy.truncate_columns))
        .collect::<Vec<_>>();
    let columns = match session.config.emulates_redshift {
        true => copy::columns(copy.filled())?,
        false => columns,
    };
    let mut rows = Rows::open(session, &copy.into, &columns)?;
    if !session.config.emulates_redshift {
        let filled = copy.filled();
        rows.blank_is_null = filled.map(|column| !is_text(&column.data_type)).collect();
    }
    let loaded = match copy::run_with(copy, &columns, &session.config.s3, &mut rows) {
        Ok(loaded) => loaded,
        // What broke the stream tells more than that it is broken.
        Err(error) if rows.stream.broken => {
            return Err(rows.stream.finish().err().unwrap_or(error));
        }
        Err(error) => return Err(error),
    };
    rows.stream.finish()?;
    Ok(Outcome {
        rows: Some(loaded.rows),
        rejected: loaded.rejected,
        left_out: loaded.left_out,
        files: Some(loaded.files),
        ..Outcome::default()
    })
}

/// How the fields of a column are read: what COPY has rules for by those, everything else as text that PostgreSQL understands.
///
/// PostgreSQL counts the length of a text in characters and checks it itself; only where COPY must cut it, it is known here.
fn read_as(column: &ColumnDefinition, truncate: bool) -> copy::Column {
    let declared = column.data_type.trim().to_lowercase();
    let kind = match emulating::duckdb_type(&declared).map(|kind| kind.redshift) {
        Ok(
            kind @ (Type::Bool
            | Type::Int2
            | Type::Int4
            | Type::Int8
            | Type::Float4
            | Type::Float8
            | Type::Date
            | Type::Timestamp
            | Type::TimestampTz
            | Type::Time),
        ) => kind,
        // Without a precision a `numeric` of PostgreSQL holds any number.
        Ok(kind @ Type::Decimal(..)) if declared.contains('(') => kind,
        Ok(kind) if kind.is_text() && truncate && declared.contains('(') => kind,
        _ => Type::Varchar(u32::MAX),
    };
    copy::Column {
        name: column.name.clone(),
        kind,
        declared: column.data_type.clone(),
        not_null: column.not_null,
    }
}

fn is_text(data_type: &str) -> bool {
    let declared = data_type.trim().to_lowercase();
    ["text", "varchar", "char", "bpchar", "citext", "name"]
        .iter()
        .any(|word| declared.starts_with(word))
}

/// Streams the rows of a seed.
pub(super) fn seed(
    session: &Session,
    into: &Relation,
    columns: &[ColumnDefinition],
    seed: &SeedRows,
) -> Result<Outcome, Error> {
    if session.config.emulates_redshift {
        return seed_of_redshift(session, into, columns, seed);
    }
    let names = columns.iter().map(|column| column.name.as_str());
    let mut stream = Stream::open(session, into, names)?;
    let sent = seed.each(&mut |_, row| {
        for number in 0..columns.len() {
            match row.cell(number) {
                Some(cell) => stream.text(number, &cell),
                None => stream.null(number),
            }
        }
        stream.end_row()
    });
    if let (Err(error), false) = (sent, stream.broken) {
        return Err(error);
    }
    let rows = stream
        .close()
        .map_err(|cause| bad_cell(&cause, columns, seed))?;
    Ok(Outcome {
        rows: Some(rows),
        ..Outcome::default()
    })
}

/// Converts the cells of a seed by Redshift's rules, and streams the rows. Every cell that does not fit is told.
fn seed_of_redshift(
    session: &Session,
    into: &Relation,
    definitions: &[ColumnDefinition],
    seed: &SeedRows,
) -> Result<Outcome, Error> {
    let columns = copy::columns(definitions)?;
    let conversion = Conversion::of_seed();
    let mut rows = Rows::open(session, into, &columns)?;
    let mut bad = Vec::new();
    let sent = seed.each(&mut |number, row| {
        for (at, column) in columns.iter().enumerate() {
            let text = row.cell(at);
            let cell = match text.as_deref() {
                Some(text) => conversion.cell_of_text(column.kind, text),
                None => Ok(Cell::Null),
            };
            let reason = match cell {
                Ok(Cell::Null) if column.not_null => "Missing data for not-null field".to_owned(),
                Ok(cell) if bad.is_empty() => {
                    rows.cell(at, &cell)?;
                    continue;
                }
                // After a bad cell nothing will be kept: the rest is only looked at.
                Ok(_) => continue,
                Err(reason) => reason.0,
            };
            bad.push(BadCell {
                row: number,
                column: at,
                reason,
            });
        }
        match bad.len() {
            0 => rows.stream.end_row(),
            1..MOST_BAD_CELLS => Ok(()),
            _ => Err(Error::new(
                ErrorClass::User,
                "a seed does not fit its columns",
            )),
        }
    });
    if !bad.is_empty() {
        return Err(seed.does_not_fit(definitions, bad));
    }
    if let (Err(error), false) = (sent, rows.stream.broken) {
        return Err(error);
    }
    Ok(Outcome {
        rows: Some(rows.stream.finish()?),
        ..Outcome::default()
    })
}

/// The cell that the server could not take, by the line and column that it names.
fn bad_cell(cause: &tokio_postgres::Error, columns: &[ColumnDefinition], seed: &SeedRows) -> Error {
    let error = error::told(cause);
    let Some(db) = cause.as_db_error() else {
        return error;
    };
    let context = db.where_().unwrap_or_default();
    let Some((line, rest)) = context.split_once(", line ").and_then(|(_, rest)| {
        let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
        Some((rest[..end].parse::<u64>().ok()?, &rest[end..]))
    }) else {
        return error;
    };
    let named = rest
        .strip_prefix(", column ")
        .and_then(|rest| rest.split_once(':'))
        .map(|(column, _)| column)
        .or_else(|| db.column());
    let column = columns
        .iter()
        .position(|column| Some(column.name.as_str()) == named);
    let (Some(row), Some(column)) = (line.checked_sub(1), column) else {
        return error;
    };
    let bad = BadCell {
        row,
        column,
        reason: error.message.clone(),
    };
    let found = seed.does_not_fit(columns, vec![bad]);
    Error {
        load_errors: found.load_errors,
        ..error
    }
}

/// What stands behind a backslash for a byte that COPY would read as something else; 0 for all others.
const BEHIND_A_BACKSLASH: [u8; 256] = {
    let mut table = [0; 256];
    table[b'\\' as usize] = b'\\';
    table[b'\n' as usize] = b'n';
    table[b'\r' as usize] = b'r';
    table[b'\t' as usize] = b't';
    table
};

/// An open `copy … from stdin`. Dropped before its end, it leaves nothing in the table.
struct Stream<'a> {
    session: &'a Session,
    sink: Pin<Box<CopyInSink<Bytes>>>,
    buffer: BytesMut,
    /// The server gave up: what it said is told at the end.
    broken: bool,
}

impl<'a> Stream<'a> {
    fn open<'n>(
        session: &'a Session,
        into: &Relation,
        columns: impl Iterator<Item = &'n str>,
    ) -> Result<Self, Error> {
        let columns = columns.map(quote).collect::<Vec<_>>().join(", ");
        let sql = format!("copy {} ({columns}) from stdin", name(into));
        let client = session.link.client()?;
        let sink = session
            .link
            .wait(client.copy_in(&sql))
            .map_err(|cause| error::told(&cause))?;
        Ok(Self {
            session,
            sink: Box::pin(sink),
            buffer: BytesMut::with_capacity(2 * CHUNK),
            broken: false,
        })
    }

    fn null(&mut self, number: usize) {
        self.plain(number, b"\\N");
    }

    /// A value in the text form of COPY.
    fn text(&mut self, number: usize, text: &str) {
        self.separate(number);
        let bytes = text.as_bytes();
        let mut from = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let behind = match BEHIND_A_BACKSLASH[usize::from(*byte)] {
                0 => continue,
                behind => behind,
            };
            self.buffer.extend_from_slice(&bytes[from..at]);
            self.buffer.extend_from_slice(&[b'\\', behind]);
            from = at + 1;
        }
        self.buffer.extend_from_slice(&bytes[from..]);
    }

    /// A value whose text holds nothing that must be escaped.
    fn plain(&mut self, number: usize, text: &[u8]) {
        self.separate(number);
        self.buffer.extend_from_slice(text);
    }

    fn integer(&mut self, number: usize, value: i64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = value.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            at -= 1;
            digits[at] = b'-';
        }
        self.plain(number, &digits[at..]);
    }

    fn separate(&mut self, number: usize) {
        if number > 0 {
            self.buffer.put_u8(b'\t');
        }
    }

    fn end_row(&mut self) -> Result<(), Error> {
        self.buffer.put_u8(b'\n');
        if self.buffer.len() < CHUNK {
            return Ok(());
        }
        self.session.check_cancelled()?;
        self.send();
        if self.broken {
            return Err(Error::new(
                ErrorClass::ConnectionLost,
                "the connection was lost",
            ));
        }
        Ok(())
    }

    fn send(&mut self) {
        let chunk = self.buffer.split().freeze();
        if !self.broken && !chunk.is_empty() {
            let sent = self.session.link.wait(self.sink.send(chunk));
            self.broken = sent.is_err();
        }
    }

    /// Sends the rest and asks what became of it all.
    fn close(mut self) -> Result<u64, tokio_postgres::Error> {
        self.send();
        self.session.link.wait(self.sink.as_mut().finish())
    }

    fn finish(self) -> Result<u64, Error> {
        self.close().map_err(|cause| {
            let mut error = error::told(&cause);
            let place = cause.as_db_error().and_then(|db| db.where_());
            error.detail = error.detail.or_else(|| place.map(str::to_owned));
            error
        })
    }
}

/// Rows of files on their way into a stream.
struct Rows<'a> {
    stream: Stream<'a>,
    blank_is_null: Vec<bool>,
    scales: Vec<usize>,
    zoned: Vec<bool>,
}

impl<'a> Rows<'a> {
    fn open(
        session: &'a Session,
        into: &Relation,
        columns: &[copy::Column],
    ) -> Result<Self, Error> {
        let names = columns.iter().map(|column| column.name.as_str());
        let scale = |column: &copy::Column| match column.kind {
            Type::Decimal(_, scale) => usize::from(scale),
            _ => 0,
        };
        Ok(Self {
            stream: Stream::open(session, into, names)?,
            blank_is_null: vec![false; columns.len()],
            scales: columns.iter().map(scale).collect(),
            zoned: columns
                .iter()
                .map(|column| column.kind == Type::TimestampTz)
                .collect(),
        })
    }
}

impl Rows<'_> {
    /// The next cell of a row.
    fn cell(&mut self, number: usize, cell: &Cell<'_>) -> Result<(), Error> {
        let printed = match cell {
            Cell::Null => {
                self.stream.null(number);
                return Ok(());
            }
            Cell::Text(text) if self.blank_is_null[number] && text.trim().is_empty() => {
                self.stream.null(number);
                return Ok(());
            }
            Cell::Text(text) => {
                self.stream.text(number, text);
                return Ok(());
            }
            Cell::Int(value) => {
                self.stream.integer(number, *value);
                return Ok(());
            }
            Cell::Bool(value) => value.to_string(),
            Cell::Float(value) => value.to_string(),
            Cell::Decimal(digits) => decimal(*digits, self.scales[number]),
            Cell::Date(days) => date(i64::from(*days)),
            Cell::Time(micros) => time(*micros),
            Cell::Timestamp(micros) => {
                let zone = if self.zoned[number] { "+00" } else { "" };
                timestamp(*micros, zone)
            }
        };
        self.stream.plain(number, printed.as_bytes());
        Ok(())
    }
}

impl Sink for Rows<'_> {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), Error> {
        for (number, cell) in cells.iter().enumerate() {
            self.cell(number, cell)?;
        }
        self.stream.end_row()
    }
}

fn decimal(digits: i128, scale: usize) -> String {
    let sign = if digits < 0 { "-" } else { "" };
    let text = format!("{:0>width$}", digits.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = text.split_at(text.len() - scale);
    if scale == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

/// A day, counted from 1970. PostgreSQL knows years of more digits than four, and writes those before Christ with a word.
fn date(days: i64) -> String {
    let (day, era) = day(days);
    day + era
}

/// The day and its era: the years of the calendar repeat every 400, and begin here in March, so that a leap day is the last.
fn day(days: i64) -> (String, &'static str) {
    const OF_400_YEARS: i64 = 146_097;
    let since = days + 719_468;
    let (rounds, day) = (
        since.div_euclid(OF_400_YEARS),
        since.rem_euclid(OF_400_YEARS),
    );
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    match rounds * 400 + year + next {
        year @ 1.. => (format!("{year:04}-{month:02}-{day:02}"), ""),
        year => (format!("{:04}-{month:02}-{day:02}", 1 - year), " BC"),
    }
}

fn time(micros: i64) -> String {
    let seconds = micros / 1_000_000;
    format!(
        "{:02}:{:02}:{:02}.{:06}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60,
        micros % 1_000_000
    )
}

fn timestamp(micros: i64, zone: &str) -> String {
    const DAY: i64 = 86_400_000_000;
    let (day, era) = day(micros.div_euclid(DAY));
    format!("{day} {}{zone}{era}", time(micros.rem_euclid(DAY)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_printed_as_postgres_reads_them() {
        assert_eq!(decimal(-5, 2), "-0.05");
        assert_eq!(decimal(12345, 2), "123.45");
        assert_eq!(decimal(7, 0), "7");
        assert_eq!(date(-1), "1969-12-31");
        assert_eq!(date(19_782), "2024-02-29");
        assert_eq!(date(-719_162), "0001-01-01");
        assert_eq!(date(-719_163), "0001-12-31 BC");
        assert_eq!(time(3_661_000_005), "01:01:01.000005");
        assert_eq!(
            timestamp(1_541_106_106_796_000, ""),
            "2018-11-01 21:01:46.796000"
        );
        assert_eq!(
            timestamp(253_402_300_799_999_999, ""),
            "9999-12-31 23:59:59.999999"
        );
        assert_eq!(
            timestamp(1_540_932_681_000_000_000, "+00"),
            "50800-03-18 23:50:00.000000+00"
        );
    }
}
