//! A seed's CSV file: its cells with their places, and the types that dbt would infer.
//!
//! In: a file and how it is configured. Out: columns and rows ([`Seed`]).
//! The CSV is read by hand and not by the csv crate, because each cell must know its byte in the file.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::files;
use crate::adapter::statement::{ColumnDefinition, SeedCell, SeedRows};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};

/// More of the same mistake is not worth a line each.
const MOST_PROBLEMS: usize = 20;

/// What a seed's file holds.
#[derive(Clone, Debug)]
pub struct Seed {
    /// Its columns with their types.
    pub columns: Vec<ColumnDefinition>,
    /// Its rows.
    pub rows: Arc<SeedRows>,
}

/// How a seed's file is read.
#[derive(Clone, Copy, Debug)]
pub struct SeedFormat<'a> {
    /// `delimiter`.
    pub delimiter: char,
    /// `column_types`: these are not inferred.
    pub column_types: &'a [(String, String)],
    /// Where `column_types` is configured, if that is known.
    pub types_at: Option<&'a Span>,
    /// The dialect that types are written in (`redshift`, `postgres`, `duckdb`).
    pub dialect: &'a str,
}

/// The columns and rows of a seed's file.
///
/// # Errors
/// Every row that does not fit the header, a header with doubles, a file that cannot be read.
pub fn read(path: &Path, shown: &str, format: &SeedFormat<'_>) -> Result<Seed, Diagnostics> {
    let source = files::read(path, shown)?;
    parse(&source, format)
}

/// The same from a text.
///
/// # Errors
/// As [`read`].
pub fn parse(source: &Arc<Source>, format: &SeedFormat<'_>) -> Result<Seed, Diagnostics> {
    let mut records = records(source, format.delimiter)?.into_iter();
    let Some(header) = records.next() else {
        return Err(Diagnostic::error("empty-seed", "the seed has no header")
            .at(Span::file(source))
            .help("write the names of the columns in its first line")
            .into());
    };
    let mut problems = Diagnostics::default();
    check_header(source, &header, format, &mut problems);
    let mut columns = header
        .iter()
        .map(|cell| Inference::new(cell, format))
        .collect::<Vec<_>>();
    let mut rows = Vec::new();
    for record in records {
        if record.len() != header.len() {
            if problems.0.len() < MOST_PROBLEMS {
                problems.push(ragged(source, &header, &record));
            }
            continue;
        }
        for (column, cell) in columns.iter_mut().zip(&record) {
            column.see(&cell.text);
        }
        rows.push(record);
    }
    if problems.has_errors() {
        return Err(problems);
    }
    let rows = rows
        .into_iter()
        .map(|record| {
            columns
                .iter()
                .zip(record)
                .map(|(column, cell)| column.cell(cell))
                .collect()
        })
        .collect();
    let definitions = columns
        .iter()
        .zip(&header)
        .map(|(column, cell)| ColumnDefinition {
            origin: Some(place(source, cell)),
            ..ColumnDefinition::new(cell.text.trim(), column.data_type(format.dialect))
        });
    Ok(Seed {
        columns: definitions.collect(),
        rows: Arc::new(SeedRows {
            source: Arc::clone(source),
            rows,
        }),
    })
}

fn place(source: &Arc<Source>, cell: &SeedCell) -> Span {
    Span::new(source, cell.offset..cell.offset + cell.text.len().max(1))
}

fn check_header(
    source: &Arc<Source>,
    header: &[SeedCell],
    format: &SeedFormat<'_>,
    problems: &mut Diagnostics,
) {
    let mut seen: HashMap<String, &SeedCell> = HashMap::new();
    for cell in header {
        let name = cell.text.trim();
        if name.is_empty() {
            problems.push(
                Diagnostic::error("bad-seed-header", "a column of the seed has no name")
                    .at(place(source, cell)),
            );
        } else if let Some(first) = seen.insert(name.to_lowercase(), cell) {
            problems.push(
                Diagnostic::error(
                    "bad-seed-header",
                    format!("two columns of the seed are called `{name}`"),
                )
                .at(place(source, cell))
                .related("the first", place(source, first))
                .help("warehouses do not tell upper and lower case apart: rename one"),
            );
        }
    }
    for (column, _) in format.column_types {
        if !header.iter().any(|cell| cell.text.trim() == column) {
            let first = header
                .first()
                .map_or_else(|| Span::file(source), |cell| place(source, cell));
            problems.push(
                Diagnostic::error(
                    "unknown-column",
                    format!("`column_types` names `{column}`, which the seed does not have"),
                )
                .at(format.types_at.map_or(first, |types| key_in(types, column)))
                .did_you_mean(column, header.iter().map(|cell| cell.text.trim())),
            );
        }
    }
}

/// A key in a mapping that may hold it.
fn key_in(mapping: &Span, key: &str) -> Span {
    match mapping.text().find(key) {
        Some(at) => {
            let start = mapping.start + at;
            Span::new(&mapping.source, start..start + key.len())
        }
        None => mapping.clone(),
    }
}

fn ragged(source: &Arc<Source>, header: &[SeedCell], record: &[SeedCell]) -> Diagnostic {
    let (wanted, found) = (header.len(), record.len());
    let at = record
        .get(wanted)
        .or(record.last())
        .map_or_else(|| Span::file(source), |cell| place(source, cell));
    let problem = Diagnostic::error(
        "ragged-seed",
        format!("this row has {found} cells, the header has {wanted}"),
    )
    .at(at);
    if found > wanted {
        problem
            .label("too many")
            .help("put a cell that holds the delimiter in quotes")
    } else {
        problem
            .label("the last cell of the row")
            .help("write an empty cell for a missing value")
    }
}

/// The rows of a CSV text, without blank lines. Quotes count only where a cell starts with one.
fn records(source: &Arc<Source>, delimiter: char) -> Result<Vec<Vec<SeedCell>>, Diagnostic> {
    let text = source.text.as_str();
    let delimiter = u8::try_from(delimiter).unwrap_or(b',');
    let bytes = text.as_bytes();
    let (mut records, mut record) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < bytes.len() {
        let (cell, end) = if bytes[at] == b'"' {
            quoted(source, at)?
        } else {
            (None, at)
        };
        let rest = bytes[end..]
            .iter()
            .position(|&byte| byte == delimiter || byte == b'\n' || byte == b'\r');
        let stop = rest.map_or(bytes.len(), |length| end + length);
        let tail = &text[end..stop];
        let cell = match cell {
            // What follows the closing quote belongs to the cell, as in Python.
            Some(cell) => SeedCell {
                text: cell + tail,
                offset: at + 1,
            },
            None => SeedCell {
                text: tail.to_owned(),
                offset: at,
            },
        };
        let was_quoted = bytes[at] == b'"';
        record.push(cell);
        at = stop;
        if at < bytes.len() && bytes[at] == delimiter {
            at += 1;
            if at == bytes.len() || matches!(bytes[at], b'\n' | b'\r') {
                record.push(SeedCell {
                    text: String::new(),
                    offset: at,
                });
            } else {
                continue;
            }
        }
        at += usize::from(bytes.get(at) == Some(&b'\r'));
        at += usize::from(bytes.get(at) == Some(&b'\n'));
        let is_blank =
            !was_quoted && matches!(record.as_slice(), [only] if only.text.trim().is_empty());
        let done = std::mem::take(&mut record);
        if !is_blank {
            records.push(done);
        }
    }
    Ok(records)
}

/// The text of a quoted cell and the byte behind its closing quote.
fn quoted(source: &Arc<Source>, start: usize) -> Result<(Option<String>, usize), Diagnostic> {
    let text = &source.text;
    let mut cell = String::new();
    let mut at = start + 1;
    loop {
        let Some(length) = text[at..].find('"') else {
            return Err(Diagnostic::error("bad-csv", "a quoted cell does not end")
                .at(Span::new(source, start..start + 1))
                .label("this quote is never closed")
                .help("close it; a quote inside a quoted cell is written twice"));
        };
        cell.push_str(&text[at..at + length]);
        at += length + 1;
        if text[at..].starts_with('"') {
            cell.push('"');
            at += 1;
        } else {
            return Ok((Some(cell), at));
        }
    }
}

static DATE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\d{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01])$"));
static TIMESTAMP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\d{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01])( \d{1,2}:\d{1,2}:\d{1,2}|T\d{2}(:\d{2}(:\d{2}([.,]\d+)?)?)?(Z|[+-]\d{2}(:?\d{2})?)?)$",
    )
});
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^[+-]?(\d+(?P<point>\.\d*)?|(?P<fraction>\.\d+))(?P<exponent>[eE][+-]?\d+)?$")
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| unreachable!("a constant pattern: {error}"))
}

/// A number's text as dbt takes it: without thousands, currency and percent signs.
fn number_text(text: &str) -> String {
    text.trim()
        .trim_matches(['%', '$', '€', '£', '¥', '₹', '₩', '₽', '₺', '¢'])
        .replace(',', "")
}

/// What the cells of a column could still be.
struct Inference<'a> {
    given: Option<&'a str>,
    number: bool,
    fraction: bool,
    /// The largest absolute value of a whole number.
    largest: u128,
    date: bool,
    timestamp: bool,
    boolean: bool,
    empty: bool,
    longest: usize,
}

impl<'a> Inference<'a> {
    fn new(header: &SeedCell, format: &SeedFormat<'a>) -> Self {
        let given = format
            .column_types
            .iter()
            .find(|(column, _)| column == header.text.trim());
        Self {
            given: given.map(|(_, data_type)| data_type.as_str()),
            number: true,
            fraction: false,
            largest: 0,
            date: true,
            timestamp: true,
            boolean: true,
            empty: true,
            longest: 0,
        }
    }

    fn see(&mut self, text: &str) {
        if is_null(text) {
            return;
        }
        self.empty = false;
        self.longest = self.longest.max(text.len());
        if self.given.is_some() {
            return;
        }
        let trimmed = text.trim();
        self.number = self.number && self.see_number(trimmed);
        self.date = self.date && DATE.is_match(trimmed);
        self.timestamp = self.timestamp && (TIMESTAMP.is_match(trimmed) || DATE.is_match(trimmed));
        self.boolean = self.boolean
            && (trimmed.eq_ignore_ascii_case("true") || trimmed.eq_ignore_ascii_case("false"));
    }

    fn see_number(&mut self, text: &str) -> bool {
        let text = number_text(text);
        let Some(number) = NUMBER.captures(&text) else {
            return false;
        };
        let has = |part: &str| number.name(part).is_some();
        if has("point") || has("fraction") || has("exponent") {
            self.fraction = true;
        } else {
            let digits = text.trim_start_matches(['+', '-']);
            self.largest = self.largest.max(digits.parse().unwrap_or(u128::MAX));
        }
        true
    }

    fn is_number(&self) -> bool {
        self.given.is_none() && self.number && !self.empty
    }

    fn data_type(&self, dialect: &str) -> String {
        if let Some(given) = self.given {
            return given.to_owned();
        }
        // dbt's first guess, which nothing contradicts.
        if self.empty {
            return "integer".to_owned();
        }
        let found = match () {
            () if self.number && self.fraction => "float8",
            () if self.number && self.largest <= i32::MAX.unsigned_abs().into() => "integer",
            () if self.number && self.largest <= i64::MAX.unsigned_abs().into() => "bigint",
            () if self.number => "numeric(38,0)",
            () if self.date => "date",
            () if self.timestamp => "timestamp without time zone",
            () if self.boolean => "boolean",
            () if dialect == "redshift" => return format!("varchar({})", self.longest.max(1)),
            () => "text",
        };
        found.to_owned()
    }

    fn cell(&self, cell: SeedCell) -> Option<SeedCell> {
        if is_null(&cell.text) {
            return None;
        }
        if !self.is_number() {
            return Some(cell);
        }
        Some(SeedCell {
            text: number_text(&cell.text),
            ..cell
        })
    }
}

/// dbt takes an empty cell and the word `null` for NULL.
fn is_null(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.eq_ignore_ascii_case("null")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(text: &str, delimiter: char, types: &[(&str, &str)]) -> String {
        let types = types
            .iter()
            .map(|(column, data_type)| ((*column).to_owned(), (*data_type).to_owned()))
            .collect::<Vec<_>>();
        let format = SeedFormat {
            delimiter,
            column_types: &types,
            types_at: None,
            dialect: "redshift",
        };
        match parse(&Source::new("seeds/s.csv", text), &format) {
            Ok(seed) => {
                let columns = seed
                    .columns
                    .iter()
                    .map(|column| format!("{} {}", column.name, column.data_type))
                    .collect::<Vec<_>>()
                    .join(", ");
                let rows = seed.rows.rows.iter().map(|row| {
                    row.iter()
                        .map(|cell| {
                            cell.as_ref().map_or_else(
                                || "NULL".to_owned(),
                                |cell| format!("{:?}@{}", cell.text, cell.offset),
                            )
                        })
                        .collect::<Vec<_>>()
                        .join(" ")
                });
                std::iter::once(columns)
                    .chain(rows)
                    .collect::<Vec<_>>()
                    .join("\n")
            }
            Err(problems) => problems
                .0
                .iter()
                .map(|problem| {
                    problem.to_string()
                        + &problem
                            .help
                            .iter()
                            .map(|help| format!(" -- help: {help}"))
                            .collect::<String>()
                })
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }

    #[test]
    fn cells_know_their_place_through_quotes_and_line_ends() {
        insta::assert_snapshot!(seed("id,note\r\n1,\"two\r\nlines, \"\"quoted\"\"\"\r\n\r\n2,\r\n3,\"\"", ',', &[]), @r#"
        id integer, note varchar(20)
        "1"@9 "two\r\nlines, \"quoted\""@12
        "2"@39 NULL
        "3"@43 NULL
        "#);
    }

    #[test]
    fn types_are_inferred_as_dbt_does() {
        insta::assert_snapshot!(seed("a|b|c|d|e|f|g|h|i|j\n1|3000000000|1.5|2024-01-31|2024-01-31 10:00:00|True|été|null||1,000\n-2|1|2|2024-2-1|2024-01-31T10:00:00Z|false|x|||5\n", '|', &[]), @r#"
        a integer, b bigint, c float8, d date, e timestamp without time zone, f boolean, g varchar(5), h integer, i integer, j integer
        "1"@20 "3000000000"@22 "1.5"@33 "2024-01-31"@37 "2024-01-31 10:00:00"@48 "True"@68 "été"@73 NULL NULL "1000"@85
        "-2"@91 "1"@94 "2"@96 "2024-2-1"@98 "2024-01-31T10:00:00Z"@107 "false"@128 "x"@134 NULL NULL "5"@138
        "#);
    }

    #[test]
    fn a_given_type_is_taken_as_it_is() {
        insta::assert_snapshot!(seed("zip,n\n01234,1\n", ',', &[("zip", "varchar(5)")]), @r#"
        zip varchar(5), n integer
        "01234"@6 "1"@12
        "#);
        insta::assert_snapshot!(seed("zip\n1\n", ',', &[("zpi", "text")]), @"error[unknown-column]: `column_types` names `zpi`, which the seed does not have (seeds/s.csv:1:1) -- help: did you mean `zip`?");
    }

    #[test]
    fn every_row_that_does_not_fit_is_told() {
        insta::assert_snapshot!(seed("a,b\n1\n1,2,3\n1,2\n", ',', &[]), @r"
        error[ragged-seed]: this row has 1 cells, the header has 2 (seeds/s.csv:2:1) -- help: write an empty cell for a missing value
        error[ragged-seed]: this row has 3 cells, the header has 2 (seeds/s.csv:3:5) -- help: put a cell that holds the delimiter in quotes
        ");
        insta::assert_snapshot!(seed("a,A,\n1,2,3\n", ',', &[]), @r"
        error[bad-seed-header]: two columns of the seed are called `A` (seeds/s.csv:1:3) -- help: warehouses do not tell upper and lower case apart: rename one
        error[bad-seed-header]: a column of the seed has no name (seeds/s.csv:1:5)
        ");
        insta::assert_snapshot!(seed("a,b\n1,\"x\n", ',', &[]), @"error[bad-csv]: a quoted cell does not end (seeds/s.csv:2:3) -- help: close it; a quote inside a quoted cell is written twice");
        insta::assert_snapshot!(seed("", ',', &[]), @"error[empty-seed]: the seed has no header (seeds/s.csv:1:1) -- help: write the names of the columns in its first line");
    }
}
