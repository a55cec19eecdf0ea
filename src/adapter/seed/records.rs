//! A CSV file cut into records, in constant memory.
//!
//! In: bytes. Out: one [`Record`] at a time with its cells, each of which knows its place in the file.
//! Read by hand and not by the csv crate, because a cell must know its place, and quotes count only where a cell starts with one.

use std::io::Read;
use std::ops::Range;

use crate::diagnostic::{Diagnostic, Source, Span};

/// Bytes that are read at a time.
const BLOCK: usize = 1024 * 1024;
/// A record that is longer has a quote that is never closed.
const LONGEST: usize = 64 * 1024 * 1024;

/// The records of a file; blank lines are left out, or are records of one empty cell.
pub struct Records<'a> {
    input: Box<dyn Read + 'a>,
    path: &'a str,
    delimiter: u8,
    keeps_blank: bool,
    /// What is read and not yet given out starts at `at`.
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
    /// Line ends before `at`.
    line: usize,
    cells: Vec<Cell>,
    /// The texts of cells with quotes inside, which do not stand in the file as they are.
    resolved: String,
}

/// A record: a line, or several where a quoted cell holds line ends.
#[derive(Clone, Copy)]
pub struct Record<'r> {
    path: &'r str,
    /// As it stands in the file, without its line end.
    text: &'r str,
    /// Lines before it.
    line: usize,
    cells: &'r [Cell],
    resolved: &'r str,
}

/// Where a cell's text is.
#[derive(Clone)]
struct Cell {
    /// Bytes of the record, or of `resolved`.
    text: Range<usize>,
    is_resolved: bool,
    /// Where it begins in the record, behind its quote.
    start: usize,
}

/// Why no record could be cut.
enum Cut {
    /// It goes on behind the buffer.
    More,
    /// The quote at this byte of the buffer is never closed.
    Unclosed(usize),
}

impl<'a> Records<'a> {
    /// The records of what is read; `path` is its name in messages.
    pub fn new(input: Box<dyn Read + 'a>, path: &'a str, delimiter: u8) -> Self {
        Self {
            input,
            path,
            delimiter,
            keeps_blank: false,
            buffer: Vec::new(),
            at: 0,
            ended: false,
            line: 0,
            cells: Vec::new(),
            resolved: String::new(),
        }
    }

    /// Whether blank lines are records from here on.
    pub fn keep_blank_lines(&mut self, keep: bool) {
        self.keeps_blank = keep;
    }

    /// The next record; nothing at the end of the file.
    ///
    /// # Errors
    /// A file that cannot be read, a byte that is no UTF-8, a quote that is never closed.
    #[expect(
        clippy::should_implement_trait,
        reason = "a record borrows from its reader"
    )]
    pub fn next(&mut self) -> Result<Option<Record<'_>>, Box<Diagnostic>> {
        loop {
            if self.at == self.buffer.len() && !self.read_more()? {
                return Ok(None);
            }
            let (start, line) = (self.at, self.line);
            let end = match self.cut() {
                Ok(end) => end,
                Err(Cut::Unclosed(quote)) if self.ended => return Err(self.unclosed(quote)),
                Err(_) => {
                    self.read_more()?;
                    continue;
                }
            };
            if end.is_blank && !self.keeps_blank {
                continue;
            }
            // The cells were cut at ASCII alone, so they stand on character borders where the whole is UTF-8.
            return match std::str::from_utf8(&self.buffer[start..end.text]) {
                Ok(text) => Ok(Some(Record {
                    path: self.path,
                    text,
                    line,
                    cells: &self.cells,
                    resolved: &self.resolved,
                })),
                Err(error) => Err(self.not_utf8(start, end.text, line, error.valid_up_to())),
            };
        }
    }

    /// Reads behind what the buffer holds, and forgets what was given out; false at the end of the file.
    fn read_more(&mut self) -> Result<bool, Box<Diagnostic>> {
        let first = self.buffer.is_empty() && self.line == 0;
        self.buffer.drain(..self.at);
        self.at = 0;
        let before = self.buffer.len();
        // A long record is not looked through again for every block.
        let wanted = BLOCK.max(before) as u64;
        let read = (&mut self.input)
            .take(wanted)
            .read_to_end(&mut self.buffer)
            .map_err(|error| unreadable(self.path, &error))?;
        self.ended = read == 0;
        if first && self.buffer.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
        Ok(self.at < self.buffer.len() && read > 0)
    }

    /// Cuts the record at `at` into cells and goes on behind it.
    fn cut(&mut self) -> Result<End, Cut> {
        self.cells.clear();
        self.resolved.clear();
        let (mut at, mut lines) = (0, 0);
        let mut quoted;
        loop {
            let begins = at;
            quoted = self.buffer.get(self.at + at) == Some(&b'"');
            let mut cell = Cell {
                text: at..at,
                is_resolved: false,
                start: at,
            };
            if quoted {
                at = self.quoted(at, &mut cell, &mut lines)?;
            }
            let bytes = &self.buffer[self.at..];
            let rest = at;
            let ends = memchr::memchr3(self.delimiter, b'\n', b'\r', &bytes[at..]);
            at = ends.map_or(bytes.len(), |length| at + length);
            if at == bytes.len() && !self.ended {
                return Err(Cut::More);
            }
            if !quoted {
                cell.text = begins..at;
            } else if rest < at {
                // What follows the closing quote belongs to the cell, as in Python.
                self.resolve(&mut cell);
                let tail = String::from_utf8_lossy(&self.buffer[self.at + rest..self.at + at]);
                self.resolved.push_str(&tail);
                cell.text.end = self.resolved.len();
            }
            self.cells.push(cell);
            let bytes = &self.buffer[self.at..];
            if bytes.get(at) != Some(&self.delimiter) {
                break;
            }
            at += 1;
        }
        let text = at;
        let bytes = &self.buffer[self.at..];
        if bytes.get(at) == Some(&b'\r') {
            if at + 1 == bytes.len() && !self.ended {
                return Err(Cut::More);
            }
            at += 1;
        }
        if bytes.get(at) == Some(&b'\n') {
            at += 1;
            lines += 1;
        }
        let is_blank = !quoted
            && matches!(self.cells.as_slice(), [only] if is_blank(&bytes[only.text.clone()]));
        let end = End {
            text: self.at + text,
            is_blank,
        };
        self.at += at;
        self.line += lines;
        Ok(end)
    }

    /// Reads a quoted cell from its first quote; gives the byte behind its last.
    fn quoted(&mut self, start: usize, cell: &mut Cell, lines: &mut usize) -> Result<usize, Cut> {
        let mut at = start + 1;
        cell.text = at..at;
        cell.start = at;
        loop {
            let bytes = &self.buffer[self.at..];
            let Some(length) = memchr::memchr(b'"', &bytes[at..]) else {
                let too_long = bytes.len() > LONGEST;
                self.ended |= too_long;
                return Err(Cut::Unclosed(self.at + start));
            };
            let part = at..at + length;
            *lines += bytes[part.clone()]
                .iter()
                .filter(|&&byte| byte == b'\n')
                .count();
            let doubled = bytes.get(part.end + 1) == Some(&b'"');
            if part.end + 1 == bytes.len() && !self.ended {
                return Err(Cut::More);
            }
            if cell.is_resolved {
                let text = String::from_utf8_lossy(&self.buffer[self.at..][part.clone()]);
                self.resolved.push_str(&text);
                cell.text.end = self.resolved.len();
            } else {
                cell.text.end = part.end;
            }
            if !doubled {
                return Ok(part.end + 1);
            }
            self.resolve(cell);
            self.resolved.push('"');
            cell.text.end = self.resolved.len();
            at = part.end + 2;
        }
    }

    /// Moves a cell's text to where more can be put behind it.
    fn resolve(&mut self, cell: &mut Cell) {
        if cell.is_resolved {
            return;
        }
        let start = self.resolved.len();
        let text = String::from_utf8_lossy(&self.buffer[self.at..][cell.text.clone()]);
        self.resolved.push_str(&text);
        cell.text = start..self.resolved.len();
        cell.is_resolved = true;
    }

    fn unclosed(&self, quote: usize) -> Box<Diagnostic> {
        let before = &self.buffer[self.at..quote];
        let line = self.line + before.iter().filter(|&&byte| byte == b'\n').count();
        let start = before
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(self.at, |at| self.at + at + 1);
        let source = self.excerpt(start, line);
        let at = String::from_utf8_lossy(&self.buffer[start..quote]).len();
        Box::new(
            Diagnostic::error("bad-csv", "a quoted cell does not end")
                .at(Span::new(&source, at..at + 1))
                .label("this quote is never closed")
                .help("close it; a quote inside a quoted cell is written twice"),
        )
    }

    fn not_utf8(&self, start: usize, end: usize, line: usize, valid: usize) -> Box<Diagnostic> {
        let text = String::from_utf8_lossy(&self.buffer[start..end]);
        let source = Source::excerpt(self.path, text, line);
        Box::new(
            Diagnostic::error("not-utf8", format!("`{}` is not UTF-8", self.path))
                .at(Span::new(&source, valid..valid + '\u{fffd}'.len_utf8()))
                .label("this byte belongs to no character")
                .help("save the file as UTF-8"),
        )
    }

    /// The line that begins at a byte of the buffer.
    fn excerpt(&self, start: usize, line: usize) -> std::sync::Arc<Source> {
        let text = self.buffer[start..]
            .split(|byte| b"\r\n".contains(byte))
            .next()
            .unwrap_or_default();
        Source::excerpt(self.path, String::from_utf8_lossy(text), line)
    }
}

/// Where a record ends.
struct End {
    /// The byte of the buffer behind its text.
    text: usize,
    is_blank: bool,
}

fn is_blank(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.trim().is_empty())
}

/// A file that cannot be read.
pub(super) fn unreadable(path: &str, error: &std::io::Error) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::error("unreadable-file", format!("`{path}` cannot be read"))
            .at(Span::file(&Source::new(path, "")))
            .note(error.to_string()),
    )
}

impl<'r> Record<'r> {
    /// How many cells it has: at least one.
    pub fn width(&self) -> usize {
        self.cells.len()
    }

    /// A cell's text, quotes taken off; none past the last.
    pub fn cell(&self, number: usize) -> Option<&'r str> {
        let cell = self.cells.get(number)?;
        let text = if cell.is_resolved {
            self.resolved
        } else {
            self.text
        };
        text.get(cell.text.clone())
    }

    /// The texts of the cells.
    pub fn cells(&self) -> impl Iterator<Item = &'r str> {
        let record = *self;
        (0..record.width()).filter_map(move |number| record.cell(number))
    }

    /// Whether it is a line without anything.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Where a cell stands in the file; past the last, where the record ends.
    pub fn place(&self, number: usize) -> Span {
        // A line without anything is shown as one: a source without text has nothing to show.
        let text = if self.text.is_empty() {
            "\n"
        } else {
            self.text
        };
        let source = Source::excerpt(self.path, text, self.line);
        let (start, length) = match (self.cells.get(number), self.cell(number)) {
            (Some(cell), Some(text)) => (cell.start, text.len()),
            _ => (self.text.len(), 0),
        };
        Span::new(&source, start..start + length)
    }

    /// The line it begins in, from 1.
    pub fn line(&self) -> usize {
        self.line + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let mut records = Records::new(Box::new(text.as_bytes()), "s.csv", b',');
        let mut lines = Vec::new();
        loop {
            match records.next() {
                Ok(Some(record)) => {
                    let cells = record.cells().collect::<Vec<_>>();
                    lines.push(format!("{} {cells:?}", record.line()));
                }
                Ok(None) => return lines.join("\n"),
                Err(problem) => {
                    lines.push(problem.to_string());
                    return lines.join("\n");
                }
            }
        }
    }

    #[test]
    fn a_file_is_cut_into_records_and_cells() {
        insta::assert_snapshot!(told("\u{feff}a,b\r\n\r\n\"x\"\"y\"z,\"1\n2\"\n \n\"\"\nit\"s,,\nlast"), @r#"
        1 ["a", "b"]
        3 ["x\"yz", "1\n2"]
        6 [""]
        7 ["it\"s", "", ""]
        8 ["last"]
        "#);
        assert_eq!(told(""), "");
        assert_eq!(told("\u{feff}"), "");
        assert_eq!(told("\n\r\n"), "");
    }

    #[test]
    fn records_go_on_from_block_to_block() {
        // Lengths that do not divide the size of a block, so that its border falls on every part of a record.
        let mut text = String::new();
        let mut expected = Vec::new();
        let mut line = 1;
        while text.len() < 5 * BLOCK {
            let number = expected.len();
            let long = "é".repeat(if number % 1000 == 7 {
                BLOCK / 4
            } else {
                number % 61
            });
            text += &format!("{number},\"{long}\"\"\r\n\"\r\n");
            expected.push((line, number.to_string(), format!("{long}\"\r\n")));
            line += 2;
        }
        let mut records = Records::new(Box::new(text.as_bytes()), "s.csv", b',');
        for (line, number, note) in expected {
            let record = records.next().unwrap().unwrap();
            assert_eq!(record.line(), line);
            assert_eq!(record.cells().collect::<Vec<_>>(), [number, note]);
        }
        assert!(records.next().unwrap().is_none());
    }

    #[test]
    fn what_is_wrong_far_down_is_told_with_its_line() {
        let rows = "1,2\n".repeat(BLOCK);
        insta::assert_snapshot!(told(&format!("{rows}é,\"x\n1,2\n")).lines().last().unwrap(), @"error[bad-csv]: a quoted cell does not end (s.csv:1048577:3)");
        let broken = [rows.as_bytes(), b"\xc3\xa9,\xff\n"].concat();
        let mut records = Records::new(Box::new(&*broken), "s.csv", b',');
        let problem = loop {
            match records.next() {
                Ok(record) => assert!(record.is_some()),
                Err(problem) => break problem,
            }
        };
        insta::assert_snapshot!(problem, @"error[not-utf8]: `s.csv` is not UTF-8 (s.csv:1048577:3)");
    }
}
