//! The built-in generic tests: one template each, the arguments it takes, and what its rows show.
//!
//! In: the arguments of a declared test. Out: the templates (macros `test_<name>` of the package `dbt`), and what is wrong
//! with the arguments. Does not know who uses a test, nor how it is run.
//! A new test is a file here and a line in [`ALL`].

mod castable;
mod rows;

pub use rows::{RowRule, row_rule};

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Diagnostics, Source, nearest};
use crate::jinja::MacroFile;

/// A built-in generic test.
#[derive(Clone, Copy, Debug)]
pub struct DataTest {
    /// Its name, as YAML says it.
    pub name: &'static str,
    /// The file with its macro.
    pub template: &'static str,
    /// What it takes, beside `model`.
    pub arguments: &'static [Argument],
    /// Columns of its answer that hold a value of the tested column.
    pub values: &'static [&'static str],
}

/// An argument of a test.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// Whether the test means nothing without it.
    pub required: bool,
}

/// What an argument may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A column, a relation or an expression.
    Text,
    /// A number, or an expression that stands for one.
    Number,
    /// The same, where no column can be named and nothing is below zero.
    Count,
    /// A part of something, as a [`Kind::Count`]: 0.1 for a tenth.
    Share,
    /// `true` or `false`.
    Flag,
    /// A list with at least one entry.
    List,
}

const fn needs(name: &'static str, kind: Kind) -> Argument {
    Argument {
        name,
        kind,
        required: true,
    }
}

const fn takes(name: &'static str, kind: Kind) -> Argument {
    Argument {
        name,
        kind,
        required: false,
    }
}

const COLUMN: Argument = needs("column_name", Kind::Text);

/// Every built-in generic test.
pub const ALL: [DataTest; 9] = [
    DataTest {
        name: "unique",
        template: include_str!("unique.sql"),
        arguments: &[COLUMN],
        values: &["unique_field"],
    },
    DataTest {
        name: "not_null",
        template: include_str!("not_null.sql"),
        arguments: &[COLUMN],
        values: &[],
    },
    DataTest {
        name: "accepted_values",
        template: include_str!("accepted_values.sql"),
        arguments: &[
            COLUMN,
            needs("values", Kind::List),
            takes("quote", Kind::Flag),
        ],
        values: &["value_field"],
    },
    DataTest {
        name: "relationships",
        template: include_str!("relationships.sql"),
        arguments: &[COLUMN, needs("to", Kind::Text), needs("field", Kind::Text)],
        values: &["from_field"],
    },
    DataTest {
        name: "row_count",
        template: include_str!("row_count.sql"),
        arguments: &[
            takes("equals", Kind::Count),
            takes("min", Kind::Count),
            takes("max", Kind::Count),
            takes("compare_to", Kind::Text),
            takes("factor", Kind::Count),
            takes("tolerance", Kind::Share),
            takes("column_name", Kind::Text),
        ],
        values: &[],
    },
    DataTest {
        name: "unique_combination",
        template: include_str!("unique_combination.sql"),
        arguments: &[
            needs("columns", Kind::List),
            takes("column_name", Kind::Text),
        ],
        values: &[],
    },
    DataTest {
        name: "accepted_range",
        template: include_str!("accepted_range.sql"),
        arguments: &[
            COLUMN,
            takes("min_value", Kind::Number),
            takes("max_value", Kind::Number),
            takes("inclusive", Kind::Flag),
        ],
        values: &[],
    },
    DataTest {
        name: "expression_is_true",
        template: include_str!("expression_is_true.sql"),
        arguments: &[
            needs("expression", Kind::Text),
            takes("column_name", Kind::Text),
        ],
        values: &[],
    },
    DataTest {
        name: "castable",
        template: include_str!("castable.sql"),
        arguments: &[COLUMN, needs("data_type", Kind::Text)],
        values: &[],
    },
];

/// Macros that the call of a test leans on: `get_where_subquery`.
pub const SUPPORT: &str = include_str!("support.sql");

/// The templates as files of the package `dbt`.
pub fn files() -> impl Iterator<Item = MacroFile> {
    let tests = ALL.iter().map(|test| (test.name, test.template));
    tests
        .chain([("support", SUPPORT)])
        .map(|(name, text)| MacroFile {
            package: "dbt".to_owned(),
            source: Source::new(format!("built-in {name}.sql"), text),
        })
}

/// Of these arguments a test needs at least one.
const ONE_OF: [(&str, &[&str]); 2] = [
    ("row_count", &["equals", "min", "max", "compare_to"]),
    ("accepted_range", &["min_value", "max_value"]),
];

/// Two arguments of a test that bound a value from below and from above.
const BOUNDS: [(&str, &str, &str); 2] = [
    ("row_count", "min", "max"),
    ("accepted_range", "min_value", "max_value"),
];

/// The built-in test of this name.
pub fn find(name: &str) -> Option<&'static DataTest> {
    ALL.iter().find(|test| test.name == name)
}

/// What is wrong with the arguments of a declared test, `column_name` among them; a test that is not built in takes anything.
///
/// The diagnostics have no place yet: who declared the test knows it.
pub fn check_arguments(name: &str, arguments: &Map<String, Value>) -> Diagnostics {
    let mut problems = Diagnostics::default();
    let Some(test) = find(name) else {
        return problems;
    };
    let known = |name: &str| test.arguments.iter().find(|known| known.name == name);
    let given = |name: &str| arguments.get(name).is_some_and(|value| !value.is_null());
    let strangers = arguments
        .keys()
        .filter(|given| *given != "model" && known(given).is_none());
    let required = test.arguments.iter().filter(|argument| argument.required);
    let mut absent: Vec<&Argument> = required.filter(|argument| !given(argument.name)).collect();
    // What is meant by one that nobody knows is told with it: the nearest, or the only one that is absent.
    let only = match absent.as_slice() {
        [only] if strangers.count() == 1 && only.name != "column_name" => Some(only.name),
        _ => None,
    };
    let mut all_meant = Vec::new();
    for (given, value) in arguments {
        match known(given) {
            Some(known) => problems.extend(wrong_kind(test, known, value)),
            None if given == "model" => {}
            None => {
                let names = test.arguments.iter().map(|argument| argument.name);
                let mut begin = names
                    .clone()
                    .filter(|name| name.starts_with(given.as_str()));
                let begins = begin.next().filter(|_| begin.next().is_none());
                let meant = begins.or_else(|| nearest(given, names)).or(only);
                absent.retain(|argument| Some(argument.name) != meant);
                all_meant.extend(meant);
                problems.push(unknown(test, given, meant));
            }
        }
    }
    problems.extend(absent.into_iter().map(|argument| missing(test, argument)));
    let one_of = ONE_OF.iter().find(|(test, _)| *test == name);
    if let Some((_, choices)) = one_of
        && !choices
            .iter()
            .any(|choice| given(choice) || all_meant.contains(choice))
    {
        problems.push(
            Diagnostic::error(
                "missing-test-argument",
                format!("test `{name}` needs one of `{}`", choices.join("`, `")),
            )
            .help(format!("write `arguments: {{{}: …}}`", choices[0])),
        );
    }
    if name == "expression_is_true" {
        problems.extend(column_twice(arguments));
    }
    for (_, least, most) in BOUNDS.iter().filter(|(test, ..)| *test == name) {
        let bound = |name: &str| arguments.get(name).and_then(Value::as_f64);
        if let (Some(low), Some(high)) = (bound(least), bound(most))
            && low > high
        {
            problems.push(
                Diagnostic::error(
                    "bad-test-argument",
                    format!("`{least}` of test `{name}` is above `{most}`: no value is between {low} and {high}"),
                )
                .help(format!("exchange `{least}` and `{most}`")),
            );
        }
    }
    for refinement in ["factor", "tolerance"] {
        if given(refinement) && !given("compare_to") {
            problems.push(
                Diagnostic::error(
                    "missing-test-argument",
                    format!("`{refinement}` of test `{name}` means nothing without `compare_to`"),
                )
                .help("name what is compared: `compare_to: ref('model')`"),
            );
        }
    }
    problems
}

/// Under a column the expression goes on after its name.
fn column_twice(arguments: &Map<String, Value>) -> Option<Diagnostic> {
    let text = |name: &str| arguments.get(name).and_then(Value::as_str).map(str::trim);
    let (column, expression) = (text("column_name")?, text("expression")?);
    let rest = expression.strip_prefix(column)?.trim_start();
    let begins = rest.starts_with(['<', '>', '=', '!', '+', '-', '*', '/', '%', '|', '~'])
        || ["is ", "in ", "between ", "like ", "not "]
            .iter()
            .any(|word| rest.to_lowercase().starts_with(word));
    begins.then(|| {
        Diagnostic::error(
            "bad-test-argument",
            format!("`expression` begins with `{column}`, which is put before it"),
        )
        .help(format!(
            "write what follows the column: `expression: \"{rest}\"`, or declare the test under the model"
        ))
    })
}

fn unknown(test: &DataTest, given: &str, meant: Option<&str>) -> Diagnostic {
    let known = test.arguments.iter().map(|argument| argument.name);
    let list: Vec<String> = known.map(|name| format!("`{name}`")).collect();
    let mut problem = Diagnostic::error(
        "unknown-test-argument",
        format!("test `{}` takes no argument `{given}`", test.name),
    );
    let meant = meant.map(|meant| format!("did you mean `{meant}`?"));
    problem.help.extend(meant);
    problem.help(format!("it takes {}", list.join(", ")))
}

fn missing(test: &DataTest, argument: &Argument) -> Diagnostic {
    let problem = Diagnostic::error(
        "missing-test-argument",
        format!("test `{}` needs `{}`", test.name, argument.name),
    );
    if argument.name == "column_name" {
        return problem.help("declare it under a column, or name one with `column_name`");
    }
    let (key, example) = (argument.name, example(argument));
    problem.help(format!("add it: `arguments: {{{key}: {example}}}`"))
}

/// A value that an argument takes.
fn example(argument: &Argument) -> &'static str {
    match (argument.kind, argument.name) {
        (Kind::Text, "to" | "compare_to") => "ref('model')",
        (Kind::Text, "field") => "column",
        (Kind::Text, _) => "\"…\"",
        (Kind::Number | Kind::Count, _) => "1",
        (Kind::Share, _) => "0.1",
        (Kind::Flag, _) => "true",
        (Kind::List, _) => "[a, b]",
    }
}

fn wrong_kind(test: &DataTest, argument: &Argument, value: &Value) -> Option<Diagnostic> {
    let template = value.as_str().is_some_and(|text| text.contains("{{"));
    let (fits, expected) = match argument.kind {
        Kind::Text => (
            value.as_str().is_some_and(|text| !text.trim().is_empty()),
            "a text that says something",
        ),
        Kind::Number => (value.is_number() || value.is_string(), "a number"),
        Kind::Count => (is_count(value), "a number that is not below zero"),
        Kind::Share => (
            is_count(value),
            "a part as a number: 0.1 for a tenth, not `10%`",
        ),
        Kind::Flag => (value.is_boolean(), "`true` or `false`"),
        Kind::List => (
            value.as_array().is_some_and(|entries| !entries.is_empty()),
            "a list with at least one entry",
        ),
    };
    let optional = value.is_null() && !argument.required;
    (!fits && !template && !optional && !value.is_null()).then(|| {
        Diagnostic::error(
            "bad-test-argument",
            format!(
                "`{}` of test `{}` must be {expected}",
                argument.name, test.name
            ),
        )
        .help(format!("write `{}: {}`", argument.name, example(argument)))
    })
}

/// Whether a value is a number that counts something, or a text that may stand for one.
fn is_count(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64().is_none_or(|number| number >= 0.0),
        Value::String(text) => {
            let text = text.trim();
            let below_zero = text.parse::<f64>().is_ok_and(|number| number < 0.0);
            !is_name(text) && !text.ends_with('%') && !below_zero
        }
        _ => false,
    }
}

/// Whether a text can only be the name of a column; no number and no query is.
fn is_name(text: &str) -> bool {
    let letter = |character: char| character.is_alphanumeric() || "_.".contains(character);
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && text.chars().all(letter)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    fn told(name: &str, arguments: Value) -> String {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        check_arguments(name, &arguments)
            .into_iter()
            .map(|problem| {
                let help: String = problem.help.iter().map(|h| format!("\n  {h}")).collect();
                format!("{}: {}{help}\n", problem.code, problem.message)
            })
            .collect()
    }

    #[test]
    fn a_declared_test_is_checked_before_anything_runs() {
        let columns = json!({"column_name": "level", "value": ["free", "paid"], "quote": "no"});
        assert_snapshot!(told("accepted_values", columns), @"
        unknown-test-argument: test `accepted_values` takes no argument `value`
          did you mean `values`?
          it takes `column_name`, `values`, `quote`
        bad-test-argument: `quote` of test `accepted_values` must be `true` or `false`
          write `quote: true`
        ");
        assert_snapshot!(told("accepted_values", json!({"column_name": "level", "list": ["free"]})), @"
        unknown-test-argument: test `accepted_values` takes no argument `list`
          did you mean `values`?
          it takes `column_name`, `values`, `quote`
        ");
        assert_snapshot!(told("accepted_range", json!({"column_name": "level", "min": 0, "max": 5})), @"
        unknown-test-argument: test `accepted_range` takes no argument `min`
          did you mean `min_value`?
          it takes `column_name`, `min_value`, `max_value`, `inclusive`
        unknown-test-argument: test `accepted_range` takes no argument `max`
          did you mean `max_value`?
          it takes `column_name`, `min_value`, `max_value`, `inclusive`
        ");
        assert_snapshot!(told("row_count", json!({"equals": "many", "min": "2 * 5"})), @"
        bad-test-argument: `equals` of test `row_count` must be a number that is not below zero
          write `equals: 1`
        ");
        assert_snapshot!(told("row_count", json!({"compare_to": "ref('a')", "tolerance": "10%"})), @"
        bad-test-argument: `tolerance` of test `row_count` must be a part as a number: 0.1 for a tenth, not `10%`
          write `tolerance: 0.1`
        ");
        assert_snapshot!(told("row_count", json!({"equals": -1, "min": 20, "max": 10})), @"
        bad-test-argument: `equals` of test `row_count` must be a number that is not below zero
          write `equals: 1`
        bad-test-argument: `min` of test `row_count` is above `max`: no value is between 20 and 10
          exchange `min` and `max`
        ");
        assert_snapshot!(told("accepted_range", json!({"column_name": "a", "min_value": 1, "max_value": 0.5})), @r"
        bad-test-argument: `min_value` of test `accepted_range` is above `max_value`: no value is between 1 and 0.5
          exchange `min_value` and `max_value`
        ");
        assert_snapshot!(told("row_count", json!({"tolerance": 0.1})), @"
        missing-test-argument: test `row_count` needs one of `equals`, `min`, `max`, `compare_to`
          write `arguments: {equals: …}`
        missing-test-argument: `tolerance` of test `row_count` means nothing without `compare_to`
          name what is compared: `compare_to: ref('model')`
        ");
        assert_snapshot!(told("not_null", json!({})), @r"
        missing-test-argument: test `not_null` needs `column_name`
          declare it under a column, or name one with `column_name`
        ");
        assert_snapshot!(told("unique_combination", json!({"columns": []})), @"
        bad-test-argument: `columns` of test `unique_combination` must be a list with at least one entry
          write `columns: [a, b]`
        ");
    }

    #[test]
    fn what_is_right_passes_and_what_is_not_built_in_takes_anything() {
        assert_eq!(told("row_count", json!({"equals": "{{ var('n') }}"})), "");
        assert_eq!(
            told(
                "relationships",
                json!({"model": "m", "column_name": "a", "to": "ref('b')", "field": "c"})
            ),
            ""
        );
        assert_eq!(told("is_even", json!({"anything": 1})), "");
    }

    #[test]
    fn every_template_defines_the_macro_of_its_name_and_its_arguments() {
        for test in &ALL {
            let head = test.template.lines().next().unwrap();
            assert!(
                head.starts_with(&format!("{{% test {}(model", test.name)),
                "{head}"
            );
            for argument in test.arguments {
                assert!(head.contains(argument.name), "{} in {head}", argument.name);
            }
        }
    }
}
