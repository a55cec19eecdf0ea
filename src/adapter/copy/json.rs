//! JSON files: objects one after the other, each over as many lines as it likes.
//!
//! In: bytes. Out: the fields of each object, given to the load. Numbers keep their text, nested values are text.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::BufRead;

use super::json_paths::Path;
use super::{Cell, Column, Load, Reason, Rejected, unreadable};
use crate::adapter::Error;
use crate::adapter::statement::CopyFormat;

/// Reads one file.
pub(super) fn read(
    load: &mut Load<'_>,
    reader: &mut dyn BufRead,
    paths: Option<&[Path]>,
) -> Result<(), Error> {
    let fields = match paths {
        _ if load.copy.format == CopyFormat::JsonNoShred => Fields::Whole,
        Some(paths) => Fields::Paths(paths, first_members(paths)),
        None => {
            let ignore_case = load.copy.format == CopyFormat::JsonAutoIgnoreCase;
            Fields::Names(Names::new(load.columns, ignore_case))
        }
    };
    let mut records = Records {
        reader,
        buffer: Vec::new(),
        line: 0,
        at: 0,
    };
    records
        .pass_lines(load.copy.ignore_header)
        .map_err(|cause| unreadable(&load.file, &cause))?;
    while records
        .reach_next()
        .map_err(|cause| unreadable(&load.file, &cause))?
    {
        // A record is most often a line: what is well as a line need not be looked at for its brackets first.
        if let Some(record) = records.as_line()
            && let Ok(cells) = cells(load, &fields, record)
        {
            load.take(records.line + 1, Ok(&cells))?;
            let length = record.len();
            records.pass(length);
            continue;
        }
        let (line, record) = records
            .next()
            .map_err(|cause| unreadable(&load.file, &cause))?;
        let cells = match record {
            Ok(record) => cells(load, &fields, record),
            Err(rejected) => Err(rejected),
        };
        match cells {
            Ok(cells) => load.take(line, Ok(&cells))?,
            Err(rejected) => load.take(line, Err(rejected))?,
        }
    }
    Ok(())
}

/// How an object's members find their columns.
enum Fields<'a> {
    /// None of them: the only column has it all.
    Whole,
    /// By name.
    Names(Names),
    /// By path; which paths begin with which member.
    Paths(&'a [Path], HashMap<&'a [u8], Vec<usize>>),
}

fn first_members(paths: &[Path]) -> HashMap<&[u8], Vec<usize>> {
    let mut first = HashMap::<_, Vec<_>>::new();
    for (column, path) in paths.iter().enumerate() {
        if let Some(member) = path.first_member() {
            first.entry(member.as_bytes()).or_default().push(column);
        }
    }
    first
}

/// Columns by name: `auto` finds them by the name as the table has it, lower case.
struct Names {
    columns: HashMap<Vec<u8>, usize>,
    ignore_case: bool,
    /// The names of the members of the last object and what they are: the next one most often has the same in the same order.
    last: RefCell<Vec<(Vec<u8>, Option<usize>)>>,
}

impl Names {
    fn new(columns: &[Column], ignore_case: bool) -> Self {
        Self {
            columns: columns
                .iter()
                .enumerate()
                .map(|(number, column)| (column.name.to_lowercase().into_bytes(), number))
                .collect(),
            ignore_case,
            last: RefCell::default(),
        }
    }

    /// The column of the member with this number and name.
    fn of_member(&self, number: usize, key: &[u8]) -> Option<usize> {
        let mut last = self.last.borrow_mut();
        match last.get(number) {
            Some((name, column)) if name == key => return *column,
            Some(_) => last.truncate(number),
            None => {}
        }
        let column = self.get(key);
        if number == last.len() {
            last.push((key.to_vec(), column));
        }
        column
    }

    fn get(&self, key: &[u8]) -> Option<usize> {
        if self.ignore_case {
            let key = String::from_utf8_lossy(key).to_lowercase();
            return self.columns.get(key.as_bytes()).copied();
        }
        self.columns.get(key).copied()
    }
}

fn cells<'r>(
    load: &Load<'_>,
    fields: &Fields<'_>,
    record: &'r [u8],
) -> Result<Vec<Cell<'r>>, Rejected> {
    let bad = |reason: Reason| Rejected {
        column: None,
        raw_value: record.to_vec(),
        reason,
    };
    let mut values: Vec<Option<Json<'r>>> = vec![None; load.columns.len()];
    match fields {
        Fields::Whole => {
            check(record).map_err(bad)?;
            values[0] = Some(Json::Raw(record));
        }
        Fields::Names(names) => {
            let mut number = 0;
            members(record, &mut |key, value| {
                if let Some(column) = names.of_member(number, &key) {
                    values[column] = Some(value);
                }
                number += 1;
            })
            .map_err(bad)?;
        }
        Fields::Paths(paths, first) if record.starts_with(b"{") => {
            members(record, &mut |key, value| {
                for &column in first.get(&*key).into_iter().flatten() {
                    values[column] = Some(value.clone());
                }
            })
            .map_err(bad)?;
            for (value, path) in values.iter_mut().zip(*paths) {
                *value = path.follow(value.take()).map_err(bad)?;
            }
        }
        Fields::Paths(paths, _) => {
            check(record).map_err(bad)?;
            for (value, path) in values.iter_mut().zip(*paths) {
                *value = path.find(record).map_err(bad)?;
            }
        }
    }
    values
        .into_iter()
        .enumerate()
        .map(|(column, value)| cell(load, column, value))
        .collect()
}

fn cell<'r>(load: &Load<'_>, column: usize, value: Option<Json<'r>>) -> Result<Cell<'r>, Rejected> {
    let wanted = load.columns[column].kind;
    match value {
        Some(Json::Text(Cow::Borrowed(text))) if wanted != super::Type::Super => {
            load.cell(column, Some(text))
        }
        // A string with escapes was put together anew: what the cell borrows from it must be its own.
        Some(Json::Text(text)) => {
            let text = if wanted == super::Type::Super {
                serde_json::to_vec(&String::from_utf8_lossy(&text)).unwrap_or_default()
            } else {
                text.into_owned()
            };
            load.cell(column, Some(&text)).map(owned)
        }
        Some(Json::Raw(text)) => load.cell(column, Some(text)),
        Some(Json::Null) | None => load.cell(column, None),
    }
}

fn owned(cell: Cell<'_>) -> Cell<'static> {
    match cell {
        Cell::Null => Cell::Null,
        Cell::Bool(value) => Cell::Bool(value),
        Cell::Int(value) => Cell::Int(value),
        Cell::Float(value) => Cell::Float(value),
        Cell::Decimal(value) => Cell::Decimal(value),
        Cell::Text(text) => Cell::Text(Cow::Owned(text.into_owned())),
        Cell::Date(value) => Cell::Date(value),
        Cell::Time(value) => Cell::Time(value),
        Cell::Timestamp(value) => Cell::Timestamp(value),
    }
}

/// The longest record that Redshift takes.
const LONGEST: usize = 4 * 1024 * 1024;

/// Cuts a file into records: values between white space, ended by their own brackets.
struct Records<'a> {
    reader: &'a mut dyn BufRead,
    /// What is read and not yet given out starts at `at`.
    buffer: Vec<u8>,
    /// Line ends before `at`.
    line: u64,
    at: usize,
}

type Record<'r> = (u64, Result<&'r [u8], Rejected>);

impl Records<'_> {
    /// Passes over the blanks before the next record, and the byte order mark of the file; whether there is one.
    fn reach_next(&mut self) -> std::io::Result<bool> {
        loop {
            let blanks = self.buffer[self.at..]
                .iter()
                .take_while(|byte| byte.is_ascii_whitespace())
                .count();
            self.pass(blanks);
            if self.at < self.buffer.len() {
                return Ok(true);
            }
            let first = self.buffer.is_empty();
            if !self.read_more()? {
                return Ok(false);
            }
            if first && self.buffer.starts_with(b"\xef\xbb\xbf") {
                self.at = 3;
            }
        }
    }

    /// The rest of the line, where it is read already and may be a record.
    fn as_line(&self) -> Option<&[u8]> {
        let rest = &self.buffer[self.at..];
        let line = rest[..memchr::memchr(b'\n', rest)?].trim_ascii_end();
        matches!(line, [b'{' | b'[', ..]).then_some(line)
    }

    /// The record that is reached.
    fn next(&mut self) -> std::io::Result<Record<'_>> {
        let line = self.line + 1;
        if !matches!(self.buffer[self.at], b'{' | b'[') {
            return Ok((line, self.reject_line("Invalid value.")?));
        }
        let mut brackets = Brackets::default();
        let mut length = 0;
        loop {
            if let Some(more) = brackets.end(&self.buffer[self.at + length..]) {
                let start = self.at;
                self.pass(length + more);
                return Ok((line, Ok(&self.buffer[start..self.at])));
            }
            length = self.buffer.len() - self.at;
            if length > LONGEST || !self.read_more()? {
                // What is not closed spoils its line alone.
                let reason = "Invalid JSON format: the record is not closed";
                return Ok((line, self.reject_line(reason)?));
            }
        }
    }

    /// Passes over the first lines of the file.
    fn pass_lines(&mut self, lines: u64) -> std::io::Result<()> {
        while self.line < lines {
            if self.at == self.buffer.len() && !self.read_more()? {
                return Ok(());
            }
            let rest = &self.buffer[self.at..];
            let line = rest.iter().position(|&byte| byte == b'\n');
            self.pass(line.map_or(rest.len(), |end| end + 1));
        }
        Ok(())
    }

    /// Goes on behind some bytes, counting their lines.
    fn pass(&mut self, length: usize) {
        let passed = &self.buffer[self.at..self.at + length];
        self.line += passed.iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.at += length;
    }

    /// Reads more behind what the buffer holds, and forgets what was given out.
    fn read_more(&mut self) -> std::io::Result<bool> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let read = self.reader.fill_buf()?;
        let length = read.len();
        self.buffer.extend_from_slice(read);
        self.reader.consume(length);
        Ok(length > 0)
    }

    /// Leaves out the rest of the line.
    fn reject_line(&mut self, reason: &str) -> std::io::Result<Result<&'static [u8], Rejected>> {
        while !self.buffer[self.at..].contains(&b'\n')
            && self.buffer.len() - self.at <= LONGEST
            && self.read_more()?
        {}
        let raw_value = first_line(&self.buffer[self.at..]).to_vec();
        self.pass(raw_value.len());
        Ok(Err(Rejected {
            column: None,
            raw_value,
            reason: Reason(reason.to_owned()),
        }))
    }
}

fn first_line(bytes: &[u8]) -> &[u8] {
    let line = bytes
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    line.trim_ascii_end()
}

/// Finds the bracket that closes the first one.
#[derive(Default)]
struct Brackets {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Brackets {
    /// The length up to and with the closing bracket, if it stands in the bytes; called again with the bytes that follow.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// A value as a column sees it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json<'a> {
    /// `null`.
    Null,
    /// A string, its escapes resolved.
    Text(Cow<'a, [u8]>),
    /// Anything else, as it is written.
    Raw(&'a [u8]),
}

/// Reads an object and calls `found` for each of its members.
pub(super) fn members<'a>(
    record: &'a [u8],
    found: &mut dyn FnMut(Cow<'a, [u8]>, Json<'a>),
) -> Result<(), Reason> {
    let mut reader = Reader {
        bytes: record,
        at: 0,
    };
    reader.blanks();
    if reader.peek() != Some(b'{') {
        return Err(invalid("an object was expected"));
    }
    reader.object(found)?;
    reader.end()
}

/// Reads an array and calls `found` for each of its elements.
pub(super) fn elements<'a>(
    record: &'a [u8],
    found: &mut dyn FnMut(Json<'a>),
) -> Result<(), Reason> {
    let mut reader = Reader {
        bytes: record,
        at: 0,
    };
    reader.blanks();
    reader.array(found)?;
    reader.end()
}

/// Whether the record is JSON.
fn check(record: &[u8]) -> Result<(), Reason> {
    let mut reader = Reader {
        bytes: record,
        at: 0,
    };
    reader.blanks();
    reader.value()?;
    reader.end()
}

fn invalid(what: &str) -> Reason {
    Reason(format!("Invalid JSON format: {what}"))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Takes one byte that must stand here, and the blanks before it.
    fn expect(&mut self, byte: u8) -> Result<(), Reason> {
        self.blanks();
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(invalid(&format!("`{}` was expected", char::from(byte))))
    }

    fn end(&mut self) -> Result<(), Reason> {
        self.blanks();
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(invalid("more was found than one value"))
        }
    }

    fn object(&mut self, found: &mut dyn FnMut(Cow<'a, [u8]>, Json<'a>)) -> Result<(), Reason> {
        self.expect(b'{')?;
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.blanks();
            let key = self.string()?;
            self.expect(b':')?;
            self.blanks();
            let value = self.value()?;
            found(key, value);
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(invalid("`,` or `}` was expected")),
            }
        }
    }

    fn array(&mut self, found: &mut dyn FnMut(Json<'a>)) -> Result<(), Reason> {
        self.expect(b'[')?;
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.blanks();
            let value = self.value()?;
            found(value);
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(invalid("`,` or `]` was expected")),
            }
        }
    }

    fn value(&mut self) -> Result<Json<'a>, Reason> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => return self.string().map(Json::Text),
            Some(b'{') => self.object(&mut |_, _| {})?,
            Some(b'[') => self.array(&mut |_| {})?,
            _ => {
                while self
                    .peek()
                    .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
                {
                    self.at += 1;
                }
            }
        }
        let raw = &self.bytes[start..self.at];
        match raw {
            b"null" => Ok(Json::Null),
            b"true" | b"false" => Ok(Json::Raw(raw)),
            [b'{' | b'[', ..] => Ok(Json::Raw(raw)),
            _ if is_number(raw) => Ok(Json::Raw(raw)),
            _ => Err(Reason("Invalid value.".to_owned())),
        }
    }

    /// A string, from its first quote.
    fn string(&mut self) -> Result<Cow<'a, [u8]>, Reason> {
        if self.peek() != Some(b'"') {
            return Err(invalid("a name or text in quotes was expected"));
        }
        let start = self.at + 1;
        let mut at = start;
        let mut plain = true;
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            match memchr::memchr2(b'"', b'\\', rest) {
                Some(length) if rest[length] == b'"' => {
                    at += length;
                    break;
                }
                Some(length) => {
                    plain = false;
                    at += length + 2;
                }
                None => return Err(invalid("a text is not closed")),
            }
        }
        self.at = at + 1;
        let inside = &self.bytes[start..at];
        if plain {
            Ok(Cow::Borrowed(inside))
        } else {
            unescape(inside).map(Cow::Owned)
        }
    }
}

fn is_number(text: &[u8]) -> bool {
    let start = text.strip_prefix(b"-").unwrap_or(text);
    if !start.is_empty() && start.iter().all(u8::is_ascii_digit) {
        return true;
    }
    start.first().is_some_and(u8::is_ascii_digit)
        && std::str::from_utf8(text).is_ok_and(|text| text.parse::<f64>().is_ok())
}

/// A string with its escapes resolved.
fn unescape(text: &[u8]) -> Result<Vec<u8>, Reason> {
    let mut resolved = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&byte| byte == b'\\') {
        resolved.extend_from_slice(&rest[..at]);
        let escaped = *rest
            .get(at + 1)
            .ok_or_else(|| invalid("an escape is not finished"))?;
        rest = &rest[at + 2..];
        match escaped {
            b'"' | b'\\' | b'/' => resolved.push(escaped),
            b'b' => resolved.push(8),
            b'f' => resolved.push(12),
            b'n' => resolved.push(b'\n'),
            b'r' => resolved.push(b'\r'),
            b't' => resolved.push(b'\t'),
            b'u' => {
                let letter = unicode(&mut rest)?;
                resolved.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => return Err(invalid("this escape is unknown")),
        }
    }
    resolved.extend_from_slice(rest);
    Ok(resolved)
}

/// The character of `\uXXXX`, or of two that belong together.
fn unicode(rest: &mut &[u8]) -> Result<char, Reason> {
    let unit = |rest: &mut &[u8]| {
        let (digits, after) = rest.split_at_checked(4)?;
        *rest = after;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let first = unit(rest);
    let code = match first {
        Some(high @ 0xd800..=0xdbff) => rest.strip_prefix(b"\\u").and_then(|mut after| {
            let low = unit(&mut after).filter(|low| (0xdc00..=0xdfff).contains(low))?;
            *rest = after;
            Some(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
        }),
        other => other,
    };
    code.and_then(char::from_u32)
        .ok_or_else(|| invalid("`\\u` must be followed by the four digits of a character"))
}
