//! The page of documentation that the table of functions makes: what is emulated, what is refused, and why.

use super::elements::{self, Element};
use super::functions::{CATEGORIES, DOCUMENTATION, How, Row, date, syntax};
use super::{postgres, translate_query_with};

/// Expressions of daily work, one a line, with the value after an arrow.
const PRACTICE: &str = include_str!("examples.txt");

/// The text of `docs/redshift-emulation.md`.
pub fn reference() -> String {
    let rows: Vec<&Row> = CATEGORIES
        .iter()
        .flat_map(|(_, rows)| rows.iter())
        .collect();
    let refused = rows
        .iter()
        .filter(|row| matches!(row.how, How::Refused(..)))
        .count();
    let scripts: usize = elements::STATEMENTS
        .1
        .iter()
        .map(|row| row.examples.len())
        .sum();
    let examples = examples().len() + scripts;
    let on_postgres = rows
        .iter()
        .filter(|row| !matches!(row.how, How::Refused(..)))
        .filter(|row| postgres::functions::find(row.name).is_some())
        .count();
    let translated = examples_on_postgres();
    let mut out = format!(
        "# Redshift, emulated on DuckDB and PostgreSQL\n\n\
         This page is generated from the table in `src/adapter/emulating/functions/`; a test fails when it is stale\n\
         (`REDSTART_UPDATE_DOCS=1 cargo test the_page_of_documentation` writes it anew).\n\n\
         The table knows {} functions: {} are emulated, {refused} are refused by name with a reason. Each of the {examples} examples is\n\
         translated and executed on DuckDB by the tests, and must give Redshift's value. A function that is not in the table is refused.\n\n\
         On PostgreSQL {on_postgres} of these functions are emulated, the others refused by name. {translated} of the examples are translated for it (or\n\
         refused as on Redshift) and executed on a server by the tests, with the same values; the rest is refused before anything runs.\n\n",
        rows.len(),
        rows.len() - refused,
    );
    out.push_str(&coverage());
    out.push_str(&coverage_of_elements());
    out.push_str(LIMITS);
    out.push_str("## Syntax\n\n| | Redshift | Value |\n|--|--|--|\n");
    for form in syntax::FORMS {
        for (at, (sql, value)) in form.examples.iter().enumerate() {
            let name = if at == 0 {
                format!("[{}]({DOCUMENTATION}{})", form.name, form.page)
            } else {
                String::new()
            };
            out.push_str(&format!("| {name} | {} | {} |\n", code(sql), shown(value)));
        }
    }
    for (category, rows) in elements::all() {
        out.push_str(&format!(
            "\n## {category}\n\n| | | Redshift | Value |\n|--|--|--|--|\n"
        ));
        for row in rows {
            out.push_str(&element(row));
        }
    }
    out.push_str("\n## Spellings of date parts\n\n| Part | Spellings |\n|--|--|\n");
    for (part, spellings) in date::PARTS {
        out.push_str(&format!("| {part} | {} |\n", spellings.join(", ")));
    }
    for (category, rows) in CATEGORIES {
        out.push_str(&format!(
            "\n## {category}\n\n| Function | DuckDB | PostgreSQL | Example | Value |\n|--|--|--|--|--|\n"
        ));
        for row in *rows {
            out.push_str(&function(row));
        }
    }
    out
}

/// Queries in Redshift's SQL and the single value that Redshift gives, as the page shows them, and those of daily work. `ERROR` where
/// it refuses, `null` for NULL.
pub fn examples() -> Vec<(&'static str, &'static str)> {
    let functions = CATEGORIES.iter().flat_map(|(_, rows)| rows.iter());
    let functions = functions.flat_map(|row| row.examples);
    let forms = syntax::FORMS.iter().flat_map(|form| form.examples);
    let practice = PRACTICE.lines().filter_map(|line| line.rsplit_once(" => "));
    let elements = elements::QUERIES.iter().flat_map(|(_, rows)| rows.iter());
    let elements = elements.flat_map(|row| row.examples);
    let all = functions.chain(forms).chain(elements);
    all.copied().chain(practice).collect()
}

/// How many of the examples have a translation for PostgreSQL, or none on Redshift either.
fn examples_on_postgres() -> usize {
    examples()
        .iter()
        .filter(|(sql, wanted)| {
            let sql = match sql.strip_prefix("SELECT pg_typeof_marker(") {
                Some(rest) => format!("SELECT {}", rest.trim_end_matches(')')),
                None => (*sql).to_owned(),
            };
            *wanted == "ERROR" || translate_query_with(&sql, &postgres::Nothing).is_ok()
        })
        .count()
}

/// What becomes of a function, in the words of the page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Treatment {
    Same,
    Rewritten,
    Macro,
    Native,
    Refused,
}

impl Treatment {
    const ALL: [Self; 5] = [
        Self::Same,
        Self::Rewritten,
        Self::Macro,
        Self::Native,
        Self::Refused,
    ];

    /// What a row's translation calls, as its examples show.
    fn of(row: &Row) -> Self {
        match row.how {
            How::Refused(..) => return Self::Refused,
            How::Same(duckdb, ..) | How::Aggregate(duckdb, _) | How::Window(duckdb, ..)
                if duckdb == row.name =>
            {
                return Self::Same;
            }
            _ => {}
        }
        let texts = row.examples.iter();
        let texts: Vec<String> = texts
            .filter_map(|(sql, _)| Some(translate_query_with(sql, &super::NoCatalog).ok()?.sql))
            .collect();
        let calls = |words: &str| texts.iter().any(|text| text.contains(words));
        match (calls("__rs_"), calls("__rs.")) {
            (true, _) => Self::Native,
            (_, true) => Self::Macro,
            _ => Self::Rewritten,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Same => "the same",
            Self::Rewritten => "rewritten",
            Self::Macro => "macro",
            Self::Native => "native function",
            Self::Refused => "refused",
        }
    }
}

/// How many functions of each category become what.
fn coverage() -> String {
    let words = Treatment::ALL.map(Treatment::word).join(" | ");
    let mut out = format!(
        "## Coverage\n\n\
         *The same*: DuckDB's function of this name answers as Redshift does. *Rewritten*: in DuckDB's own words. *Macro*, *native function*: in words of\n\
         ours, in SQL or in Rust. *Refused*: by name, with a reason, before anything runs.\n\n\
         | Category | Functions | {words} |\n|--|--|--|--|--|--|--|\n"
    );
    let mut sums = [0; 6];
    for (category, rows) in CATEGORIES {
        let treatments: Vec<Treatment> = rows.iter().map(Treatment::of).collect();
        let counts = Treatment::ALL.map(|one| treatments.iter().filter(|of| **of == one).count());
        let line: Vec<usize> = std::iter::once(rows.len()).chain(counts).collect();
        for (sum, count) in sums.iter_mut().zip(&line) {
            *sum += count;
        }
        out.push_str(&table_line(category, &line));
    }
    out.push_str(&table_line("All", &sums));
    out + "\n"
}

fn table_line(name: &str, counts: &[usize]) -> String {
    let counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
    format!("| {name} | {} |\n", counts.join(" | "))
}

/// How many of the other elements are emulated.
fn coverage_of_elements() -> String {
    let mut out = String::from(
        "What is no function, each with its page and executed examples:\n\n| | Elements | emulated | refused | Examples |\n|--|--|--|--|--|\n",
    );
    let mut sums = [0; 4];
    for (category, rows) in elements::all() {
        let refused = rows.iter().filter(|row| !row.refused.is_empty()).count();
        let examples = rows.iter().map(|row| row.examples.len()).sum();
        let line = [rows.len(), rows.len() - refused, refused, examples];
        for (sum, count) in sums.iter_mut().zip(line) {
            *sum += count;
        }
        out.push_str(&table_line(category, &line));
    }
    out.push_str(&table_line("All", &sums));
    out + "\n"
}

fn element(row: &Element) -> String {
    let mut out = String::new();
    let treatment = match row.refused {
        "" => String::new(),
        reason => format!("refused: {reason}"),
    };
    for (at, (sql, value)) in row.examples.iter().enumerate() {
        let (name, treatment) = match at {
            0 => (
                format!("[{}]({DOCUMENTATION}{})", escaped(row.name), row.page),
                escaped(&treatment),
            ),
            _ => (String::new(), String::new()),
        };
        out.push_str(&format!(
            "| {name} | {treatment} | {} | {} |\n",
            code(sql),
            shown(value)
        ));
    }
    out
}

fn function(row: &Row) -> String {
    let name = format!("[`{}`]({DOCUMENTATION}{})", row.name, row.page);
    let treatment = match row.how {
        How::Refused(reason, "") => format!("refused: {reason}"),
        How::Refused(reason, help) => format!("refused: {reason}; {help}"),
        How::Same(duckdb, ..) | How::Aggregate(duckdb, _) | How::Window(duckdb, ..)
            if duckdb != row.name =>
        {
            format!("`{duckdb}`")
        }
        _ => Treatment::of(row).word().to_owned(),
    };
    let on_postgres = match (row.how, postgres::functions::find(row.name)) {
        (How::Refused(..), _) => "",
        (_, Some(_)) => "yes",
        (_, None) => "not yet",
    };
    let mut out = String::new();
    let none = [("", "")];
    let examples = if row.examples.is_empty() {
        &none[..]
    } else {
        row.examples
    };
    for (at, (sql, value)) in examples.iter().enumerate() {
        let (name, treatment, on_postgres) = if at == 0 {
            (name.as_str(), treatment.as_str(), on_postgres)
        } else {
            ("", "", "")
        };
        out.push_str(&format!(
            "| {name} | {} | {on_postgres} | {} | {} |\n",
            escaped(treatment),
            code(sql),
            shown(value)
        ));
    }
    out
}

fn code(sql: &str) -> String {
    if sql.is_empty() {
        String::new()
    } else {
        format!("`` {} ``", escaped(sql))
    }
}

fn shown(value: &str) -> String {
    match value {
        "ERROR" => "refused or fails, as on Redshift".to_owned(),
        "null" => "NULL".to_owned(),
        "" => String::new(),
        _ => code(value),
    }
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('\t', "\\t")
}

const LIMITS: &str = "\
## What is not as on Redshift

These differences remain. None is hidden behind a function that looks emulated.

- Trailing blanks do not count in comparisons, `group by`, `distinct`, set operations, joins, windows and `order by`. Where they cannot be left out
  (`listagg(distinct)`, `pivot`, `group by` over `*`, `except` and `intersect` over `*`, `using` between subqueries without a name), a value that ends in a
  blank stops the query with an error that says to write `rtrim`. `natural join` is refused where the columns are not known, and so is `using` of a text
  after several tables. Which of several texts that are equal but for blanks a group or `distinct` shows is open on Redshift, and here;
  of them `min` gives the one with the fewest blanks and `max` the one with the most.
- Whether values of one column are of one kind is checked where their types are known. A NULL divided by zero fails; on Redshift it may be NULL.
- A float that overflows fails, as on Redshift, but for a product or sum of values whose types only DuckDB knows: that is infinite.
- `CHAR(n)` is stored without its padding. Redshift does not count the padding either, but shows it.
- A quotient of decimals whose types only DuckDB knows is a double rounded to Redshift's scale: its first 15 digits are Redshift's, and it prints without zeros at the end.
- `avg` of decimals rounds half away from zero; Redshift's rule there is not documented.
- Texts are compared by their bytes, as under Redshift's default collation.
- `super` values are compared as Redshift compares them, and a number in them is a double: what it has beyond 15 digits does not count.
  `<>` between values of two kinds stops the query, as Redshift does not tell what it answers; a
  JSON `null` is not NULL for `is null` and `count`, which Redshift does not tell either. Their sums, differences and products are exact; a quotient that
  does not come out even stops the query, as no page tells its digits.
- Dates before Christ are refused where they are written. One that is computed counts and shows as the engine has it.
- Identity columns count without gaps; on Redshift they leave gaps. Never test their values.
- Primary keys, foreign keys and unique constraints are not enforced, as on Redshift; a column of a primary key holds no NULL.
- An alias of the select list is known in `where` and `having` on DuckDB; Redshift refuses it there, and so is it here where the columns of the tables are known.
- Three-part names lose their database: a local run has one.
- `truncate` does not commit. That a column is part of a key is known of a table that the same statements make or alter.
- A `real` is cut or rounded, and made a decimal, by its first 6 digits, a `double precision` by its first 15, as in PostgreSQL; no page of Redshift's tells.
- A bound view goes on reading the old name where SQL of the user renames its table (`alter table … rename to`), and does not hold a column that is dropped.
- A regular expression of which several alternatives can match at one place (`a|ab`) is refused where that matters: which of them Redshift takes is not documented.

On PostgreSQL besides:

- `\\w`, `\\W` and `[[:alpha:]]` know the letters of all alphabets; on DuckDB those of ASCII. Redshift's pages do not tell.
- `json_extract_path_text` shows a number as it is written, `1.50`; on DuckDB without zeros at the end.
- A quotient of decimals whose scales nobody knows is refused when the query runs; cast both sides.
- `to_date` and `to_timestamp` refuse a day beyond its month and an hour beyond its day; Redshift counts on unless `is_strict` is true.
- A NULL without a type is a text where Redshift would take the type of what it is compared with: PostgreSQL refuses the comparison.
- `can_json_parse` takes an object that has one attribute twice; Redshift does not.
- Not emulated yet: `super` values and their functions, `pivot`, `unpivot`, `ignore nulls`, `median` and percentiles as windows, `group by` over a `*`,
  COPY in a hook.

";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_documentation_is_what_the_table_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/redshift-emulation.md");
        let page = reference();
        if std::env::var_os("REDSTART_UPDATE_DOCS").is_some() {
            std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).unwrap();
            std::fs::write(path, &page).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == page,
            "docs/redshift-emulation.md is stale: run with REDSTART_UPDATE_DOCS=1"
        );
    }
}

#[cfg(all(test, feature = "duckdb"))]
mod executed {
    use duckdb::Connection;

    use super::*;
    use crate::adapter::ChangeOfTable;
    use crate::adapter::emulating::{
        Catalog, NoCatalog, Type, Work, catalog_type, prelude, translate_query_with,
        translate_statements,
    };

    const SALES: &str = "
        CREATE TABLE sales(id INT, region VARCHAR, rep VARCHAR, amt DECIMAL(10,2), qty INT, d DATE, ts TIMESTAMP, note VARCHAR);
        INSERT INTO sales VALUES
        (1,'east','ann',10.00,1,'2024-01-15','2024-01-15 10:30:45.123456','a'),
        (2,'east','bob',20.50,2,'2024-02-29','2024-02-29 23:59:59','b'),
        (3,'west','cat',NULL,3,'2024-03-31','2024-03-31 00:00:00',NULL),
        (4,'west','dan',40.00,NULL,'2024-12-30','2024-12-30 12:00:00','d'),
        (5,NULL,'eve',5.25,5,'2023-12-31','2023-12-31 08:00:00','');
        CREATE TABLE pads(s VARCHAR, n INT, k VARCHAR);
        INSERT INTO pads VALUES ('a',1,'x'), ('a ',2,'x'), ('b',3,'x '), ('b  ',4,'y'), (NULL,5,'y');
        CREATE TABLE more(s VARCHAR, m INT);
        INSERT INTO more VALUES ('a  ',10), ('c',20);";

    /// The same tables as they are declared.
    struct Declared;

    impl Catalog for Declared {
        fn columns(
            &self,
            schema: Option<&str>,
            table: &str,
        ) -> Option<Vec<(String, Option<Type>)>> {
            let declared = match (schema, table) {
                (None, "sales") => {
                    "id integer, region varchar(8), rep varchar(8), amt decimal(10 2), qty integer, d date, ts timestamp, note varchar(8)"
                }
                (None, "pads") => "s varchar(8), n integer, k varchar(8)",
                (None, "more") => "s varchar(8), m integer",
                _ => return None,
            };
            let column = |column: &str| {
                let (name, kind) = column.split_once(' ').unwrap();
                let kind = kind.replace(' ', ",");
                (name.to_owned(), Some(catalog_type(&kind).unwrap()))
            };
            Some(declared.split(", ").map(column).collect())
        }
    }

    pub fn sales() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        prelude(&connection).unwrap();
        connection.execute_batch(SALES).unwrap();
        connection
    }

    /// The rows of a Redshift query as texts, or what went wrong.
    pub fn answer(
        connection: &Connection,
        sql: &str,
        catalog: &dyn Catalog,
    ) -> Result<Vec<Vec<String>>, String> {
        let (sql, of_type) = match sql.strip_prefix("SELECT pg_typeof_marker(") {
            Some(rest) => (
                format!("SELECT {}", &rest[..rest.rfind(')').unwrap()]),
                true,
            ),
            None => (sql.to_owned(), false),
        };
        let translated = translate_query_with(&sql, catalog)
            .map_err(|refusal| format!("refused: {} ({:?})", refusal.message, refusal.reason))?;
        let function = if of_type {
            "typeof(COLUMNS(*))"
        } else {
            "CAST(COLUMNS(*) AS VARCHAR)"
        };
        let query = format!("SELECT {function} FROM ({}) AS q", translated.sql);
        let run = || -> duckdb::Result<Vec<Vec<String>>> {
            let mut statement = connection.prepare(&query)?;
            let mut rows = statement.query([])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let count = row.as_ref().column_count();
                let values: duckdb::Result<Vec<String>> = (0..count)
                    .map(|at| {
                        Ok(row
                            .get::<_, Option<String>>(at)?
                            .unwrap_or_else(|| "null".into()))
                    })
                    .collect();
                all.push(values?);
            }
            Ok(all)
        };
        run().map_err(|error| format!("{error}\n    in {}", translated.sql))
    }

    /// Two values that print differently and are the same: `3` and `3.00`, `True` and `true`, `.5` and `.500000` seconds.
    pub fn same(given: &str, wanted: &str) -> bool {
        if given == wanted
            || given.eq_ignore_ascii_case(wanted) && ["True", "False"].contains(&wanted)
        {
            return true;
        }
        if let (Ok(a), Ok(b)) = (given.parse::<f64>(), wanted.parse::<f64>()) {
            return (a - b).abs() <= 1e-15 * b.abs();
        }
        let trimmed = |text: &str| match text.rsplit_once('.') {
            Some((_, fraction))
                if text.contains(':') && fraction.bytes().all(|b| b.is_ascii_digit()) =>
            {
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            _ => text.to_owned(),
        };
        trimmed(given) == trimmed(wanted)
    }

    /// Whether an example fails only where the columns or types of its tables are not known.
    fn stopped(connection: &Connection, sql: &str) -> bool {
        let answer = answer(connection, sql, &NoCatalog);
        let unsure = ["a text that ends in a blank", "not known"];
        answer.is_err_and(|error| unsure.iter().any(|words| error.contains(words)))
    }

    fn failures<'e>(
        examples: impl Iterator<Item = (&'e str, &'e str)>,
        catalog: &dyn Catalog,
    ) -> Vec<String> {
        let connection = sales();
        let mut failures = Vec::new();
        for (sql, wanted) in examples {
            let problem = match (answer(&connection, sql, catalog), wanted) {
                (Err(_), "ERROR") => continue,
                // What is refused at run time because types are not known is answered where they are.
                (Ok(_), "ERROR") if stopped(&connection, sql) => continue,
                (Ok(rows), "ERROR") => format!("gave {rows:?}"),
                (Ok(rows), _) => match rows.as_slice() {
                    [row] if row.len() == 1 && same(&row[0], wanted) => continue,
                    _ => format!("gave {rows:?}"),
                },
                (Err(error), _) => error,
            };
            failures.push(format!("{sql}\n    wanted {wanted}, {problem}"));
        }
        failures
    }

    #[test]
    fn every_example_of_the_table_gives_redshifts_value() {
        let failures = failures(examples().into_iter(), &NoCatalog);
        assert!(
            failures.is_empty(),
            "{} failures:\n{}",
            failures.len(),
            failures.join("\n")
        );
    }

    #[test]
    fn every_example_gives_the_same_value_where_the_types_of_the_tables_are_known() {
        let failures = failures(examples().into_iter(), &Declared);
        assert!(
            failures.is_empty(),
            "{} failures:\n{}",
            failures.len(),
            failures.join("\n")
        );
    }

    /// What the translation says of a query's columns, and DuckDB says otherwise. The precision of a decimal is left to a cast.
    fn untrue_types(connection: &Connection, sql: &str) -> Option<String> {
        let translated = translate_query_with(sql, &Declared).ok()?;
        let mut statement = connection
            .prepare(&format!("DESCRIBE {}", translated.sql))
            .ok()?;
        let kinds: Vec<String> = statement
            .query_map([], |row| row.get(1))
            .unwrap()
            .collect::<duckdb::Result<_>>()
            .unwrap();
        let told = translated.columns?;
        let scale = |kind: &str| match kind.strip_prefix("DECIMAL(") {
            Some(rest) => format!("DECIMAL with {}", rest.split_once(',').unwrap().1.trim()),
            None => kind.to_owned(),
        };
        let untrue: Vec<String> = told
            .iter()
            .zip(&kinds)
            .filter_map(|(told, kind)| {
                let ty = catalog_type(told.data_type.as_deref()?)?;
                let differs = scale(&ty.duckdb()) != scale(kind);
                differs.then(|| format!("{} is {ty} and {kind}", told.name))
            })
            .collect();
        let count = (told.len() != kinds.len()).then(|| format!("{told:?} are {kinds:?}"));
        let all: Vec<String> = untrue.into_iter().chain(count).collect();
        (!all.is_empty())
            .then(|| format!("{sql}\n    {}\n    in {}", all.join(", "), translated.sql))
    }

    #[test]
    fn a_type_that_is_told_is_the_type_that_duckdb_computes_with() {
        let connection = sales();
        let untrue: Vec<String> = examples()
            .into_iter()
            .filter_map(|(sql, _)| untrue_types(&connection, sql))
            .collect();
        assert!(
            untrue.is_empty(),
            "{} of them:\n{}",
            untrue.len(),
            untrue.join("\n")
        );
    }

    /// What the last query of a script gives.
    fn run(script: &str) -> Result<String, String> {
        let connection = Connection::open_in_memory().unwrap();
        prelude(&connection).unwrap();
        let text = |error: duckdb::Error| error.to_string();
        let mut last = String::new();
        for one in translate_statements(script, &NoCatalog).map_err(|refusal| refusal.message)? {
            match one.work {
                Work::Query(query) => {
                    let sql = format!("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({})", query.sql);
                    let value =
                        connection.query_row(&sql, [], |row| row.get::<_, Option<String>>(0));
                    last = value.map_err(text)?.unwrap_or_else(|| "null".into());
                }
                Work::Sql(all) => connection.execute_batch(&all.join(";")).map_err(text)?,
                Work::CreateTableAs { create, query } => connection
                    .execute_batch(&format!("{create} {}", query.sql))
                    .map_err(text)?,
                Work::Change {
                    sql,
                    what: ChangeOfTable::Freed { .. },
                } => connection.execute_batch(&sql).map_err(text)?,
                Work::Change {
                    what: ChangeOfTable::Like { table, of, .. },
                    ..
                } => connection
                    .execute_batch(&format!(
                        "CREATE TABLE {} AS FROM {} LIMIT 0",
                        table.identifier, of.identifier
                    ))
                    .map_err(text)?,
                Work::Change { sql, .. } => return Err(format!("{sql} is done by a session")),
                Work::Copy(_) | Work::Nothing => {}
            }
        }
        Ok(last)
    }

    #[test]
    fn every_example_of_a_statement_gives_redshifts_value() {
        let (_, rows) = elements::STATEMENTS;
        let failures: Vec<String> = rows
            .iter()
            .flat_map(|row| row.examples)
            .filter_map(|(script, wanted)| match (run(script), *wanted) {
                (Err(_), "ERROR") => None,
                (Ok(value), _) if value == *wanted => None,
                (given, _) => Some(format!("{script}\n    wanted {wanted}, gave {given:?}")),
            })
            .collect();
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }

    #[test]
    fn every_emulated_function_has_an_example() {
        let bare: Vec<&str> = CATEGORIES
            .iter()
            .flat_map(|(_, rows)| rows.iter())
            .filter(|row| !matches!(row.how, How::Refused(..)) && row.examples.is_empty())
            .map(|row| row.name)
            .collect();
        assert!(bare.is_empty(), "{bare:?}");
    }
}
