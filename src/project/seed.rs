//! A seed's CSV file: its header, its rows counted and checked, and the types that dbt would infer.
//!
//! In: a file and how it is configured. Out: columns, and the rows for whoever loads them ([`Seed`]).
//! The file is read once here and once when it is loaded: its rows are never all in memory.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use crate::adapter::seed::{
    Form, Record, SeedFile, SeedRows, SeedText, is_day, is_null, is_time, number_text, whole_number,
};
use crate::adapter::statement::ColumnDefinition;
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};

/// More of the same mistake is not worth a line each.
const MOST_PROBLEMS: usize = 20;

/// "Quotas and limits in Amazon Redshift": columns of a table.
const MOST_COLUMNS: usize = 1600;

/// What a seed's file holds.
#[derive(Clone, Debug)]
pub struct Seed {
    /// Its columns with their types.
    pub columns: Vec<ColumnDefinition>,
    /// Its rows.
    pub rows: Arc<SeedRows>,
    /// What is configured for it in vain.
    pub warnings: Vec<Diagnostic>,
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
    /// Whether names are those that they are without quotes (`quote_columns: false`).
    pub unquoted: bool,
}

/// The columns and rows of a seed's file.
///
/// # Errors
/// Every row that does not fit the header, a header with doubles, a file that cannot be read.
pub fn read(path: &Path, shown: &str, format: &SeedFormat<'_>) -> Result<Seed, Diagnostics> {
    let file = SeedFile {
        path: shown.to_owned(),
        text: SeedText::File(path.to_owned()),
    };
    infer(file, format)
}

/// Reads a seed through, once.
///
/// # Errors
/// As [`read`].
pub fn infer(file: SeedFile, format: &SeedFormat<'_>) -> Result<Seed, Diagnostics> {
    let delimiter = u8::try_from(format.delimiter).unwrap_or(b',');
    let mut records = file.records(delimiter).map_err(|problem| *problem)?;
    let mut problems = Diagnostics::default();
    let (definitions, mut columns) = match records.next().map_err(|problem| *problem)? {
        Some(header) => {
            check_header(&header, format, &mut problems);
            let columns = header.cells().map(|name| Inference::new(name, format));
            (definitions(&header, format), columns.collect::<Vec<_>>())
        }
        None => {
            return Err(Diagnostic::error("empty-seed", "the seed has no header")
                .at(Span::file(&Source::new(&*file.path, "")))
                .help("write the names of the columns in its first line")
                .into());
        }
    };
    // agate, which reads seeds for dbt, takes a line without anything for a row; DuckDB, which reads them for dbt-duckdb, only
    // where there is one column.
    let blank_rows = format.dialect != "duckdb" || columns.len() == 1;
    records.keep_blank_lines(blank_rows);
    let (mut count, mut short) = (0, None);
    while let Some(record) = records.next().map_err(|problem| *problem)? {
        if record.width() > columns.len() {
            problems.push(ragged(columns.len(), &record));
            if problems.0.len() >= MOST_PROBLEMS {
                break;
            }
            continue;
        }
        if short.is_none() {
            // As in dbt, what is missing is NULL. One word is enough: a file may lack the same cells in each row.
            short = lacking(columns.len(), &record);
        }
        for (column, cell) in columns.iter_mut().zip(record.cells()) {
            column.see(cell);
        }
        count += 1;
    }
    if problems.has_errors() {
        return Err(problems);
    }
    problems.extend(short);
    drop(records);
    let typed = definitions.into_iter().zip(&columns);
    let typed = typed.map(|(definition, column)| ColumnDefinition {
        data_type: column.data_type(format.dialect),
        ..definition
    });
    Ok(Seed {
        columns: typed.collect(),
        warnings: problems.into_iter().collect(),
        rows: Arc::new(SeedRows {
            delimiter,
            blank_rows,
            numbers: columns.iter().map(Inference::is_number).collect(),
            whole: columns
                .iter()
                .map(|column| column.is_number() && !column.fraction)
                .collect(),
            forms: columns
                .iter()
                .map(|column| column.form.unwrap_or(Form::Whole))
                .collect(),
            count,
            file,
        }),
    })
}

/// The columns that a header names, without types.
fn definitions(header: &Record<'_>, format: &SeedFormat<'_>) -> Vec<ColumnDefinition> {
    let folds = format.unquoted && format.dialect == "postgres";
    let definition = |(number, cell): (usize, &str)| {
        let name = column_name(cell);
        let quoted = name.len() < cell.trim().len();
        let name = match folds && !quoted {
            true => name.to_lowercase(),
            false => name.to_owned(),
        };
        ColumnDefinition {
            origin: Some(place(header, number)),
            ..ColumnDefinition::new(name, "")
        }
    };
    let mut columns: Vec<ColumnDefinition> = header.cells().enumerate().map(definition).collect();
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    for (number, name) in numbered(&names) {
        columns[number].name = name;
    }
    columns
}

/// The columns whose name an earlier one has to the letter, and what they are called: the name with the first number that is free. dbt
/// numbers them as well.
fn numbered(names: &[String]) -> Vec<(usize, String)> {
    // Warehouses do not tell upper and lower case apart.
    let mut taken: HashSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for (number, name) in names.iter().enumerate() {
        if name.is_empty() || seen.insert(name) {
            continue;
        }
        let mut with_number = (2..).map(|n| format!("{name}_{n}"));
        let free = with_number.find(|name| !taken.contains(&name.to_lowercase()));
        let Some(free) = free else { continue };
        taken.insert(free.to_lowercase());
        found.push((number, free));
    }
    found
}

/// The name in a cell of the header. One that is written with quotes of its own stands in them as it is, as where dbt writes names
/// without quotes (`quote_columns: false`).
fn column_name(cell: &str) -> &str {
    let name = cell.trim();
    let within = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'));
    within
        .filter(|name| !name.is_empty() && !name.contains('"'))
        .unwrap_or(name)
}

/// Where a cell stands; an empty one still has a place for a caret.
fn place(record: &Record<'_>, number: usize) -> Span {
    let span = record.place(number);
    Span::new(&span.source, span.start..span.end.max(span.start + 1))
}

fn check_header(header: &Record<'_>, format: &SeedFormat<'_>, problems: &mut Diagnostics) {
    let names = || header.cells().map(column_name);
    let mut seen: HashMap<String, usize> = HashMap::new();
    let all: Vec<String> = names().map(str::to_owned).collect();
    let numbered: HashMap<usize, String> = numbered(&all).into_iter().collect();
    for (number, name) in names().enumerate() {
        if name.is_empty() {
            problems.push(
                Diagnostic::error("bad-seed-header", "a column of the seed has no name")
                    .at(place(header, number)),
            );
        } else if let Some(new) = numbered.get(&number) {
            problems.push(
                Diagnostic::warning(
                    "bad-seed-header",
                    format!("the seed has another column `{name}`: this one is called `{new}`"),
                )
                .at(place(header, number))
                .help("give each column one name of its own in the first line"),
            );
        } else if let Some(first) = seen.insert(name.to_lowercase(), number) {
            problems.push(
                Diagnostic::error(
                    "bad-seed-header",
                    format!("two columns of the seed are called `{name}`"),
                )
                .at(place(header, number))
                .related("the first", place(header, first))
                .help("warehouses do not tell upper and lower case apart: rename one"),
            );
        }
    }
    if let [only] = names().collect::<Vec<_>>()[..]
        && let Some(other) = [';', '\t', '|']
            .into_iter()
            .find(|other| only.contains(*other))
    {
        let other = if other == '\t' {
            "\\t".to_owned()
        } else {
            other.to_string()
        };
        problems.push(
            Diagnostic::warning(
                "bad-seed-header",
                format!("the seed has one column, `{}`", only.escape_debug()),
            )
            .at(place(header, 0))
            .help(format!(
                "where `{other}` stands between its cells, configure it: `delimiter: \"{other}\"`"
            )),
        );
    }
    if format.dialect == "redshift" && header.width() > MOST_COLUMNS {
        problems.push(
            Diagnostic::error(
                "too-many-columns",
                format!(
                    "the seed has {} columns, a table of Redshift at most 1,600",
                    header.width()
                ),
            )
            .at(place(header, MOST_COLUMNS))
            .label("this one is too many")
            .help("split the seed, or keep what is seldom used in one column of type `super`"),
        );
    }
    for (column, _) in format.column_types {
        if !names().any(|name| name == column) {
            let at = format.types_at;
            // A warning, as dbt takes no offence: packages name columns that only some of their users' files have.
            problems.push(
                Diagnostic::warning(
                    "unknown-column",
                    format!("`column_types` names `{column}`, which the seed does not have"),
                )
                .at(at.map_or_else(|| place(header, 0), |types| key_in(types, column)))
                .did_you_mean(column, names()),
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

/// What is said of a row with too many cells.
fn ragged(wanted: usize, record: &Record<'_>) -> Diagnostic {
    Diagnostic::error("ragged-seed", widths(wanted, record))
        .at(place(record, wanted))
        .label("too many")
        .help("put a cell that holds the delimiter in quotes")
}

/// What is said of a row with too few, or of a line without any.
fn lacking(wanted: usize, record: &Record<'_>) -> Option<Diagnostic> {
    if record.is_blank() {
        let message = format!(
            "line {} of the seed is empty: it is a row of NULLs",
            record.line()
        );
        return Some(
            Diagnostic::warning("ragged-seed", message)
                .at(place(record, 0))
                .help("leave the line out, where it is not meant as a row"),
        );
    }
    let last = record.width() - 1;
    (record.width() < wanted).then(|| {
        Diagnostic::warning("ragged-seed", widths(wanted, record))
            .at(place(record, last))
            .label("the last cell of the row: what is missing is NULL")
            .help("write an empty cell for a missing value")
    })
}

fn widths(wanted: usize, record: &Record<'_>) -> String {
    let found = record.width();
    format!("this row has {found} cells, the header has {wanted}")
}

static DATE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\d{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01])$"));
static TIMESTAMP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^\d{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01]) \d{1,2}:\d{1,2}:\d{1,2}$")
});
static ISO: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\d{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01])T\d{2}(:\d{2}(:\d{2}([.,]\d+)?)?)?(Z|[+-]\d{2}(:?\d{2})?)?$",
    )
});
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^[+-]?(\d+(?P<point>\.\d*)?|(?P<fraction>\.\d+))(?P<exponent>[eE][+-]?\d+)?$")
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| unreachable!("a constant pattern: {error}"))
}

/// Whether the calendar has the day, and the day the time, that a text of one of the patterns is written as.
fn is_moment(text: &str) -> bool {
    let mut numbers = text
        .split(|letter: char| !letter.is_ascii_digit())
        .map(|digits| digits.parse::<i16>().unwrap_or(i16::MAX));
    let mut next = |otherwise| numbers.next().unwrap_or(otherwise);
    let (year, month, day) = (next(0), next(0), next(0));
    let (hour, minute, second) = (next(0), next(0), next(0));
    let small = |number: i16| i8::try_from(number).unwrap_or(i8::MAX);
    is_day(year, small(month), small(day)) && is_time(small(hour), small(minute), small(second))
}

/// What the cells of a column could still be.
struct Inference<'a> {
    given: Option<&'a str>,
    number: bool,
    fraction: bool,
    /// The largest absolute value of a whole number.
    largest: u128,
    date: bool,
    /// `2024-01-31 10:30:00`.
    timestamp: bool,
    /// `2024-01-31T10:30:00Z`.
    iso: bool,
    boolean: bool,
    empty: bool,
    longest: usize,
    /// How all cells are written, where that can be said of them all.
    form: Option<Form>,
}

impl<'a> Inference<'a> {
    fn new(name: &str, format: &SeedFormat<'a>) -> Self {
        let given = format
            .column_types
            .iter()
            .find(|(column, _)| column == column_name(name));
        Self {
            given: given.map(|(_, data_type)| data_type.as_str()),
            number: true,
            fraction: false,
            largest: 0,
            date: true,
            timestamp: true,
            iso: true,
            boolean: true,
            empty: true,
            longest: 0,
            form: None,
        }
    }

    fn see(&mut self, text: &str) {
        if is_null(text) {
            return;
        }
        self.longest = self.longest.max(text.len());
        let form = match self.form {
            Some(Form::Other) => Form::Other,
            _ => Form::of(text),
        };
        self.form = Some(self.form.map_or(form, |before| before.or(form)));
        self.empty = false;
        if self.given.is_some()
            || !(self.number || self.date || self.timestamp || self.iso || self.boolean)
        {
            return;
        }
        let trimmed = text.trim();
        self.number = self.number && self.see_number(trimmed, form);
        // As in dbt, all cells are written in one of the ways.
        let is = |pattern: &Regex| {
            form == Form::Other && pattern.is_match(trimmed) && is_moment(trimmed)
        };
        self.date = self.date && (form == Form::Date || is(&DATE));
        self.timestamp = self.timestamp && (form == Form::Timestamp || is(&TIMESTAMP));
        self.iso = self.iso && is(&ISO);
        self.boolean = self.boolean
            && (trimmed.eq_ignore_ascii_case("true") || trimmed.eq_ignore_ascii_case("false"));
    }

    fn see_number(&mut self, text: &str, form: Form) -> bool {
        match form {
            Form::Whole => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                self.largest = self.largest.max(digits.parse().unwrap_or(u128::MAX));
                return true;
            }
            Form::Number => {
                self.see_fraction(text);
                return true;
            }
            Form::Other => {}
            Form::Boolean | Form::Date | Form::Timestamp => return false,
        }
        let text = number_text(text);
        let Some(number) = NUMBER.captures(&text) else {
            return false;
        };
        let has = |part: &str| number.name(part).is_some();
        if has("point") || has("fraction") || has("exponent") {
            self.see_fraction(&text);
        } else {
            let digits = text.trim_start_matches(['+', '-']);
            self.largest = self.largest.max(digits.parse().unwrap_or(u128::MAX));
        }
        true
    }

    /// A number with a point or an exponent, which may be whole all the same, as in dbt.
    fn see_fraction(&mut self, text: &str) {
        match whole_number(text) {
            Some(whole) => self.largest = self.largest.max(whole.unsigned_abs()),
            None => self.fraction = true,
        }
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
            () if self.timestamp || self.iso => "timestamp without time zone",
            () if self.boolean => "boolean",
            () if dialect == "redshift" => return format!("varchar({})", self.longest.max(1)),
            () => "text",
        };
        found.to_owned()
    }
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
            unquoted: false,
        };
        let file = SeedFile {
            path: "seeds/s.csv".to_owned(),
            text: SeedText::Here(Arc::from(text)),
        };
        match infer(file, &format) {
            Ok(seed) => {
                let columns = seed
                    .columns
                    .iter()
                    .map(|column| format!("{} {}", column.name, column.data_type))
                    .collect::<Vec<_>>()
                    .join(", ");
                let mut rows = Vec::new();
                let told = seed.rows.each(&mut |_, row| {
                    let cells = (0..seed.columns.len()).map(|number| {
                        row.cell(number).map_or_else(
                            || "NULL".to_owned(),
                            |cell| format!("{cell:?}@{}", row.place(number).place()),
                        )
                    });
                    rows.push(
                        cells
                            .collect::<Vec<_>>()
                            .join(" ")
                            .replace("seeds/s.csv:", ""),
                    );
                    Ok(())
                });
                assert_eq!(told.unwrap(), rows.len() as u64);
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
        "1"@2:1 "two\r\nlines, \"quoted\""@2:4
        NULL NULL
        "2"@5:1 NULL
        "3"@6:1 NULL
        "#);
    }

    #[test]
    fn types_are_inferred_as_dbt_does() {
        insta::assert_snapshot!(seed("a|b|c|d|e|f|g|h|i|j\n1|3000000000|1.5|2024-01-31|2024-01-31 10:00:00|True|été|null||1,000\n-2|1|2|2024-2-1|2024-01-31T10:00:00Z|false|x|||5\n", '|', &[]), @r#"
        a integer, b bigint, c float8, d date, e varchar(20), f boolean, g varchar(5), h integer, i integer, j integer
        "1"@2:1 "3000000000"@2:3 "1.5"@2:14 "2024-01-31"@2:18 "2024-01-31 10:00:00"@2:29 "True"@2:49 "été"@2:54 NULL NULL "1000"@2:64
        "-2"@3:1 "1"@3:4 "2"@3:6 "2024-2-1"@3:8 "2024-01-31T10:00:00Z"@3:17 "false"@3:38 "x"@3:44 NULL NULL "5"@3:48
        "#);
    }

    #[test]
    fn a_column_is_of_what_all_its_cells_are_in_one_way() {
        insta::assert_snapshot!(seed("a|b|c|d|e|f|g\n32.00|1e3|1.50|2024-01-01|2024-01-01 10:00:00|2024-01-01T10:00:00|3e9\n1.0|2|2.00|2024-01-01 10:00:00|2024-01-01T10:00:00|2024-01-01T10:00:00Z|-1\n", '|', &[]), @r#"
        a integer, b integer, c float8, d varchar(19), e varchar(19), f timestamp without time zone, g bigint
        "32"@2:1 "1000"@2:7 "1.50"@2:11 "2024-01-01"@2:16 "2024-01-01 10:00:00"@2:27 "2024-01-01T10:00:00"@2:47 "3000000000"@2:67
        "1"@3:1 "2"@3:5 "2.00"@3:7 "2024-01-01 10:00:00"@3:12 "2024-01-01T10:00:00"@3:32 "2024-01-01T10:00:00Z"@3:52 "-1"@3:73
        "#);
    }

    #[test]
    fn what_no_calendar_has_is_a_text() {
        insta::assert_snapshot!(seed("a|b|c|d|e|f\n2024-02-30|2024-2-30|2024-01-02 25:04:05|2024-01-31T10:60:00Z|2024-02-29|2024-01-31T10:30:00+02:00\n", '|', &[]), @r#"
        a varchar(10), b varchar(9), c varchar(19), d varchar(20), e date, f timestamp without time zone
        "2024-02-30"@2:1 "2024-2-30"@2:12 "2024-01-02 25:04:05"@2:22 "2024-01-31T10:60:00Z"@2:42 "2024-02-29"@2:63 "2024-01-31T10:30:00+02:00"@2:74
        "#);
    }

    #[test]
    fn a_given_type_is_taken_as_it_is() {
        insta::assert_snapshot!(seed("zip,n\n01234,1\n", ',', &[("zip", "varchar(5)")]), @r#"
        zip varchar(5), n integer
        "01234"@2:1 "1"@2:7
        "#);
        insta::assert_snapshot!(seed("zip\n1\n", ',', &[("zpi", "text")]), @r#"
        zip integer
        "1"@2:1
        "#);
    }

    #[test]
    fn every_row_that_does_not_fit_is_told() {
        insta::assert_snapshot!(seed("a,b\n1\n1,2,3\n1,2\n", ',', &[]), @"error[ragged-seed]: this row has 3 cells, the header has 2 (seeds/s.csv:3:5) -- help: put a cell that holds the delimiter in quotes");
        insta::assert_snapshot!(seed("a,A,\n1,2,3\n", ',', &[]), @r"
        error[bad-seed-header]: two columns of the seed are called `A` (seeds/s.csv:1:3) -- help: warehouses do not tell upper and lower case apart: rename one
        error[bad-seed-header]: a column of the seed has no name (seeds/s.csv:1:5)
        ");
        insta::assert_snapshot!(seed("a,b\n1,\"x\n", ',', &[]), @"error[bad-csv]: a quoted cell does not end (seeds/s.csv:2:3) -- help: close it; a quote inside a quoted cell is written twice");
        insta::assert_snapshot!(seed("", ',', &[]), @"error[empty-seed]: the seed has no header (seeds/s.csv:1:1) -- help: write the names of the columns in its first line");
    }
}
