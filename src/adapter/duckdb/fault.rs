//! DuckDB's words for what is wrong with a query or its rows, understood.
//!
//! In: the kind and the message of an error. Out: a [`Fault`] and what to do about it. Words that are not known stay DuckDB's.

use super::types;
use crate::adapter::{Fault, emulated};

/// What DuckDB means, with what to do.
pub(super) fn understood(kind: &str, message: &str) -> Option<(Fault, Option<String>)> {
    name(message)
        .or_else(|| types_of(message))
        // These quote values, which may say anything.
        .or_else(|| row(kind, message).filter(|_| matches!(kind, "Conversion" | "Constraint")))
        .or_else(|| told_plainly(message))
        .or_else(|| row(kind, message))
        .or_else(|| query(message))
}

/// A fault without a name.
fn plain(code: &'static str, message: impl Into<String>) -> Fault {
    Fault {
        code,
        message: message.into(),
        name: None,
        candidates: Vec::new(),
        of: &[],
    }
}

/// What stands between two texts.
fn between<'a>(message: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(before)?;
    let (found, _) = rest.split_once(after)?;
    (!found.contains('\n')).then_some(found)
}

/// A name that is not there, or that means too much.
fn name(message: &str) -> Option<(Fault, Option<String>)> {
    let of = |code, message: String, name: &str, candidates| {
        let name = Some(name.to_owned());
        Some((
            Fault {
                code,
                message,
                name,
                candidates,
                of: &[],
            },
            None,
        ))
    };
    let column = between(message, "Referenced column \"", "\" not found");
    let alone = || between(message, "Referenced column \"", "\" was not found because");
    let column = column.or_else(alone).or_else(|| {
        let column = between(
            message,
            "Column \"",
            "\" referenced that exists in the SELECT",
        );
        column.filter(|_| message.contains("cannot be referenced before it is defined"))
    });
    if let Some(column) = column {
        let what = format!("there is no column `{column}` in what is read here");
        return of("unknown-column", what, column, candidates(message));
    }
    if let Some(column) = between(message, "does not have a column named \"", "\"") {
        let of_what = message.split('"').nth(1)?;
        let what = format!("`{of_what}` has no column `{column}`");
        return of("unknown-column", what, column, candidates(message));
    }
    let changed = between(message, "Referenced update column ", " not found in table");
    if let Some(column) = changed.map(|name| name.trim_matches('"')) {
        let what = format!("the table that is changed has no column `{column}`");
        return of("unknown-column", what, column, candidates(message));
    }
    if let Some(column) = between(message, "does not have a column with name \"", "\"") {
        let of_what = message.split('"').nth(1)?;
        let what = format!("`{of_what}` has no column `{column}`");
        return of("unknown-column", what, column, candidates(message));
    }
    if let Some(table) = between(message, "Referenced table \"", "\" not found") {
        let what = format!("nothing that is read here is called `{table}`");
        return of("unknown-relation", what, table, candidates(message));
    }
    if let Some(table) = between(message, "relation \"", "\" does not exist") {
        let what = format!("there is no table or view `{table}`");
        return of("unknown-relation", what, table, Vec::new());
    }
    if let Some(schema) = between(message, "Error: schema \"", "\" does not exist") {
        let what = format!("there is no schema `{schema}`");
        return of("unknown-schema", what, schema, Vec::new());
    }
    let database = between(message, "Catalog with name ", " does not exist")
        .or_else(|| between(message, "Catalog \"", "\" does not exist"))
        .map(|name| name.trim_matches('"'));
    if let Some(database) = database {
        let what = format!("there is no database `{database}`");
        return of("unknown-database", what, database, Vec::new());
    }
    if let Some(table) = between(message, "Table with name ", " does not exist") {
        let table = table.trim_matches('"');
        if let Some(schema) = between(message, "because schema \"", "\" does not exist") {
            let what = format!("there is no schema `{schema}`");
            return of("unknown-schema", what, schema, Vec::new());
        }
        let what = format!("there is no table or view `{table}`");
        return of("unknown-relation", what, table, candidates(message));
    }
    if let Some(column) = between(message, "Ambiguous reference to column name \"", "\"") {
        let what = format!("`{column}` could be a column of several relations");
        let meant: Vec<String> = quoted(message.split_once("(use:")?.1)
            .map(|name| format!("`{name}`"))
            .collect();
        return Some((
            plain("ambiguous-column", what),
            Some(format!("write {}", meant.join(" or "))),
        ));
    }
    None
}

/// Types that go together with nothing.
fn types_of(message: &str) -> Option<(Fault, Option<String>)> {
    if let Some((from, to)) = between(message, "Unimplemented type for cast (", ")")
        .and_then(|types| types.split_once(" -> "))
    {
        let [from, to] = [from, to].map(str::to_lowercase);
        let what = format!("{from} cannot be cast to {to}");
        return Some((plain("impossible-cast", what), None));
    }
    let call = between(
        message,
        "No function matches the given name and argument types '",
        "'.",
    )?;
    let (function, types) = call.strip_suffix(')')?.split_once('(')?;
    let types = types
        .replace("INTEGER_LITERAL", "a whole number")
        .replace("STRING_LITERAL", "a text");
    let what = format!("`{function}` does not take ({})", types.to_lowercase());
    Some((
        plain("wrong-arguments", what),
        Some("cast the arguments, or look at their order".to_owned()),
    ))
}

/// Words of DuckDB that say one thing: one of them in its message, our code, our message, what to do, and the functions that it can be
/// about.
type Plain = (
    &'static [&'static str],
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const PLAIN: &[Plain] = &[
    (
        &["() has multiple overloads that match the supplied arguments"],
        WRONG_ARGUMENTS,
        "an aggregate or a function is given a column that is not there, or of which nobody can tell the type",
        "look at the names in what is read, or cast what is given",
        &[],
    ),
    (
        &["No space left on device", "No space left in temporary"],
        "disk-full",
        "the disk is full",
        "free space where the database file and its temporary files lie, and run again",
        &[],
    ),
    (
        &[
            "GROUPING statement cannot be used without groups",
            "GROUPING child ",
        ],
        "aggregate-misuse",
        "`grouping` asks about a column by which the query does not group",
        "name a column of the `group by`",
        &[],
    ),
    (
        &["aggregate function calls cannot be nested"],
        "aggregate-misuse",
        "an aggregate stands within an aggregate",
        "aggregate in a subquery first",
        &[],
    ),
    (
        &["clause cannot contain window functions"],
        "aggregate-misuse",
        "a window function stands where rows are still being chosen",
        "choose by it in `qualify`, or in a query around this one",
        &[],
    ),
    (
        &["WHERE clause cannot contain aggregates"],
        "aggregate-misuse",
        "an aggregate stands in `where`, which chooses rows before they are aggregated",
        "write the condition in `having`",
        &[],
    ),
    (
        &[
            "frame starting from ",
            "frame start cannot be ",
            "frame end cannot be ",
        ],
        "window-frame",
        "the frame of a window ends before it begins",
        "write its earlier end first: `rows between 1 preceding and 1 following`",
        &[],
    ),
    (
        &["Argument for ntile must be"],
        WRONG_ARGUMENTS,
        "`ntile` takes a number of groups from 1 on",
        "write a number above 0",
        &[],
    ),
    (
        &["can only take parameters in the range ["],
        WRONG_ARGUMENTS,
        "a percentile is a fraction from 0 to 1",
        "write such as `0.5` for the middle",
        &[],
    ),
    (
        // RE2's words.
        &[
            "missing ): ",
            "missing ]: ",
            "unexpected ): ",
            "missing argument to repetition operator",
            "no argument for repetition operator",
            "invalid repetition size",
            "bad repetition operator",
            "invalid escape sequence",
            "invalid character class",
            "trailing \\",
            "invalid perl operator",
            "invalid named capture",
        ],
        "bad-pattern",
        "a regular expression does not hold together",
        "close its brackets, and write `\\\\` before a letter that is meant as it is",
        &[],
    ),
    (
        &["Invalid UTF8 Codepoint"],
        BAD_VALUE,
        "no character has such a number",
        "`chr` takes the number of a character in Unicode",
        &["chr"],
    ),
    (
        &["cannot take square root of a negative number"],
        BAD_VALUE,
        "a negative number has no square root",
        "leave such rows out, or write `case when … >= 0 then sqrt(…) end`",
        &["sqrt", "dsqrt"],
    ),
    (
        &["cannot take logarithm of"],
        BAD_VALUE,
        "only a number above 0 has a logarithm",
        "leave such rows out, or write `ln(nullif(…, 0))` where 0 is the only trouble",
        &["ln", "log", "dlog1", "dlog10"],
    ),
    (
        &["value out of range: overflow"],
        "out-of-range",
        "a number is too large for `double precision`",
        "look for rows whose numbers are beyond measure",
        &[],
    ),
    (
        &["invalid digit in the number"],
        BAD_VALUE,
        "a text that is turned into a number is none",
        "clean such rows before the cast: `nullif(trim(x), '')`, `case when x ~ '^[0-9]+$' then x::int end`",
        &[],
    ),
    (
        &["invalid date or timestamp: "],
        BAD_VALUE,
        "a text that is turned into a date or a time is none",
        "find such rows, and clean them before the cast: `nullif(trim(x), '')`, `case when x ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then x::date end`",
        DATES,
    ),
    (
        &["is not valid to be converted to base "],
        BAD_VALUE,
        "a text is no number in the base of `strtol`",
        "leave such rows out, or write `case when x ~ '^[0-9]+$' then strtol(x, 10) end`",
        &["strtol"],
    ),
    (
        &["Invalid input for hex digit"],
        BAD_VALUE,
        "a text has letters that are no hexadecimal digits",
        "leave such rows out: `where x ~ '^([0-9a-fA-F]{2})*$'`",
        &["from_hex"],
    ),
    (
        &["Unknown TimeZone "],
        BAD_VALUE,
        "there is no time zone of this name",
        "write a name such as `Europe/Berlin`: `pg_timezone_names()` of Redshift lists them",
        &["convert_timezone", "zone", "timezone"],
    ),
    (
        &["invalid JSON: "],
        BAD_VALUE,
        "a text is not JSON",
        "leave such rows out with `is_valid_json(…)`, or have the function answer NULL: its last argument `true`",
        JSON,
    ),
    (
        &[" does not fit the format "],
        BAD_VALUE,
        "a text does not fit the format of a date or a number",
        "look at the format, or at the rows",
        &["to_date", "to_timestamp", "to_number"],
    ),
];
/// What reads JSON.
const JSON: &[&str] = &[
    "json_extract_path_text",
    "json_extract_array_element_text",
    "json_array_length",
    "json_parse",
];

/// What reads a text as a date or a time.
const DATES: &[&str] = &[
    "::date",
    "::timestamp",
    "::timestamptz",
    "::time",
    "::timetz",
    "cast",
    "convert",
    "date",
    "timestamp",
    "trunc",
    "to_date",
    "to_timestamp",
    "datediff",
    "date_diff",
    "dateadd",
    "date_add",
    "date_trunc",
    "date_part",
    "extract",
    "last_day",
    "add_months",
    "months_between",
    "next_day",
    "convert_timezone",
];

const WRONG_ARGUMENTS: &str = "wrong-arguments";
const BAD_VALUE: &str = "bad-value";

fn told_plainly(message: &str) -> Option<(Fault, Option<String>)> {
    let told = PLAIN
        .iter()
        .find(|(marks, ..)| marks.iter().any(|mark| message.contains(mark)));
    told.map(|(_, code, said, help, of)| {
        let fault = Fault {
            of,
            ..plain(code, *said)
        };
        (fault, Some((*help).to_owned()))
    })
}

/// A row that a query or a table does not take.
fn row(kind: &str, message: &str) -> Option<(Fault, Option<String>)> {
    if message.to_lowercase().contains("division by zero") {
        let help =
            "a divisor that can be 0 becomes NULL with `nullif(…, 0)`, and then the result is NULL";
        return Some((
            plain("division-by-zero", "a number is divided by zero"),
            Some(help.to_owned()),
        ));
    }
    if let Some((_, check)) = message.split_once("with expression ") {
        let one_byte = between(check, "((length(", ") >= strlen(");
        let one_byte = one_byte.or_else(|| between(check, "((8 * length(", ")) >= bit_length("));
        let (column, kind) = match one_byte {
            Some(column) => (column, None),
            None => (
                between(check, "strlen(", ")")?,
                Some(types::of_check(check)?),
            ),
        };
        let (fault, help) = emulated::value_too_long(column.trim_matches('"'), kind);
        return Some((fault, Some(help.to_owned())));
    }
    if let Some(column) = message.split_once("NOT NULL constraint failed: ") {
        let column = column.1.split_whitespace().next()?.rsplit('.').next()?;
        return Some((
            plain(
                "null-value",
                format!("a row has no value for `{column}`, which is declared not null"),
            ),
            Some("leave such rows out, give them a value, or take `not_null` away".to_owned()),
        ));
    }
    match kind {
        "Conversion" => Some((
            plain(
                "bad-value",
                "a value does not fit the type it is turned into",
            ),
            None,
        )),
        "Out of Range" => Some((
            plain("out-of-range", "a number is too large for its type"),
            None,
        )),
        _ => None,
    }
}

/// A query that does not hold together.
fn query(message: &str) -> Option<(Fault, Option<String>)> {
    if message.contains("must appear in the GROUP BY clause") {
        let column =
            between(message, "column \"", "\"").or_else(|| between(message, "column ", " must"))?;
        return Some((
            plain(
                "aggregate-misuse",
                format!("`{column}` is neither grouped nor aggregated"),
            ),
            Some(format!("add `{column}` to the `group by`, or aggregate it")),
        ));
    }
    if message.contains("Cannot compare values of type") {
        return Some((
            plain("type-mismatch", "values of different types are compared"),
            Some("cast one of them".to_owned()),
        ));
    }
    if message.contains("can only apply to expressions with the same number") {
        return Some((
            plain(
                "column-count",
                "the queries of a `union` have different numbers of columns",
            ),
            None,
        ));
    }
    if message.contains("More than one row returned by a subquery") {
        return Some((
            plain(
                "many-rows",
                "a query in the place of a value gives more than one row",
            ),
            None,
        ));
    }
    if let Some(columns) = between(message, "Subquery returns ", " columns - expected 1") {
        return Some((
            plain(
                "column-count",
                format!("a query in the place of a value has {columns} columns"),
            ),
            Some("select one column in it".to_owned()),
        ));
    }
    if let Some(name) = between(message, "Duplicate CTE name \"", "\"") {
        let twice = Fault {
            name: Some(name.to_owned()),
            ..plain(
                "duplicate-name",
                format!("`with` gives two queries the name `{name}`"),
            )
        };
        return Some((twice, Some("give one of them another name".to_owned())));
    }
    if let Some(columns) = message.split_once("ORDER term out of range - should be between 1 and ")
    {
        let columns = columns.1.split_whitespace().next()?;
        let what = format!("`order by` names a column by its place, and the query has {columns}");
        return Some((plain("unknown-column", what), None));
    }
    None
}

/// Names that DuckDB offers instead.
fn candidates(message: &str) -> Vec<String> {
    let Some((_, rest)) = message
        .split_once("Candidate bindings: ")
        .or_else(|| message.split_once("Did you mean"))
    else {
        return Vec::new();
    };
    quoted(rest.lines().next().unwrap_or(""))
        .map(|name| name.rsplit('.').next().unwrap_or(name).to_owned())
        .collect()
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: &str, message: &str) -> String {
        match understood(kind, message) {
            Some((fault, help)) => format!(
                "{}: {} {:?} {}",
                fault.code,
                fault.message,
                fault.candidates,
                help.unwrap_or_default()
            ),
            None => "not understood".to_owned(),
        }
    }

    #[test]
    fn names_that_are_not_there_are_found_in_duckdbs_words() {
        insta::assert_snapshot!([
            told("Binder", "Referenced column \"amont\" not found in FROM clause!\nCandidate bindings: \"amount\", \"o.at\""),
            told("Binder", "Column \"amont\" referenced that exists in the SELECT clause - but this column cannot be referenced before it is defined"),
            told("Binder", "Values list \"o\" does not have a column named \"total\""),
            told("Binder", "Referenced update column amont not found in table!\n\nDid you mean: \"amount\", \"id\""),
            told("Binder", "Table \"orders\" does not have a column with name \"amont\"\n\nDid you mean: \"amount\", \"id\""),
            told("Catalog", "Table with name ordres does not exist!\nDid you mean \"orders\"?"),
            told("Catalog", "Table with name \"w.ordres\" does not exist because schema \"w\" does not exist."),
            told("Binder", "Ambiguous reference to column name \"id\" (use: \"a.id\" or \"b.id\")"),
        ].join("\n"), @r#"
        unknown-column: there is no column `amont` in what is read here ["amount", "at"] 
        unknown-column: there is no column `amont` in what is read here [] 
        unknown-column: `o` has no column `total` [] 
        unknown-column: the table that is changed has no column `amont` ["amount", "id"] 
        unknown-column: `orders` has no column `amont` ["amount", "id"] 
        unknown-relation: there is no table or view `ordres` ["orders"] 
        unknown-schema: there is no schema `w` [] 
        ambiguous-column: `id` could be a column of several relations [] write `a.id` or `b.id`
        "#);
    }

    #[test]
    fn rows_that_do_not_fit_are_told_in_redshifts_words() {
        insta::assert_snapshot!([
            told("Invalid Input", "division by zero"),
            told("Constraint", "CHECK constraint failed on table orders with expression CHECK((strlen(amount) <= 1))"),
            told("Constraint", "CHECK constraint failed on table orders with expression CHECK((length(amount) >= strlen(amount)))"),
            told("Constraint", "CHECK constraint failed on table orders with expression CHECK(((8 * length(amount)) >= bit_length(amount)))"),
            told("Constraint", "CHECK constraint failed on table orders with expression CHECK((length(amount) > 3))"),
            told("Conversion", "Could not convert string 'missing ): here' to INT32"),
            told("Invalid Input", "invalid date or timestamp: \"Ada\""),
            told("Invalid Input", "the input Ada is not valid to be converted to base 10"),
            told("Not implemented", "Unknown TimeZone 'Ada'!\n\nCandidate time zones: \"Asia/Aden\""),
            told("Constraint", "NOT NULL constraint failed: orders.id"),
            told("Conversion", "Could not convert string 'x' to INT32"),
            told("Binder", "column \"order_id\" must appear in the GROUP BY clause or must be part of an aggregate function."),
            told("Binder", "Subquery returns 2 columns - expected 1"),
            told("Invalid Input", "More than one row returned by a subquery used as an expression - scalar subqueries can only return a single row."),
            told("Conversion", "Unimplemented type for cast (DATE -> INTEGER) when casting from source column d"),
            told("Binder", "No function matches the given name and argument types 'lag(INTEGER, STRING_LITERAL)'. You might need to add explicit type casts.\n\tCandidate functions:"),
            told("Parser", "Duplicate CTE name \"x\""),
            told("Binder", "ORDER term out of range - should be between 1 and 1"),
            told("Binder", "something new"),
        ].join("\n"), @"
        division-by-zero: a number is divided by zero [] a divisor that can be 0 becomes NULL with `nullif(…, 0)`, and then the result is NULL
        value-too-long: value too long for character type: `amount` is character varying(1) [] the length counts bytes: declare a longer column, or cut the value with `left`
        multibyte-char: `amount` is of type char, which holds characters of one byte [] declare it as `varchar`
        multibyte-char: `amount` is of type char, which holds characters of one byte [] declare it as `varchar`
        not understood
        bad-value: a value does not fit the type it is turned into [] 
        bad-value: a text that is turned into a date or a time is none [] find such rows, and clean them before the cast: `nullif(trim(x), '')`, `case when x ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then x::date end`
        bad-value: a text is no number in the base of `strtol` [] leave such rows out, or write `case when x ~ '^[0-9]+$' then strtol(x, 10) end`
        bad-value: there is no time zone of this name [] write a name such as `Europe/Berlin`: `pg_timezone_names()` of Redshift lists them
        null-value: a row has no value for `id`, which is declared not null [] leave such rows out, give them a value, or take `not_null` away
        bad-value: a value does not fit the type it is turned into [] 
        aggregate-misuse: `order_id` is neither grouped nor aggregated [] add `order_id` to the `group by`, or aggregate it
        column-count: a query in the place of a value has 2 columns [] select one column in it
        many-rows: a query in the place of a value gives more than one row [] 
        impossible-cast: date cannot be cast to integer [] 
        wrong-arguments: `lag` does not take (integer, a text) [] cast the arguments, or look at their order
        duplicate-name: `with` gives two queries the name `x` [] give one of them another name
        unknown-column: `order by` names a column by its place, and the query has 1 [] 
        not understood
        ");
    }
}
