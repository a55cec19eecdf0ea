//! What the answer of a data test means: dbt's words and its rules of severity.

use super::Status;
use crate::adapter::{Table, Value};
use crate::manifest::Node;
use crate::manifest::config::Severity;
use crate::materialization::Hidden;

/// The most failing rows that are shown.
pub(super) const SAMPLE: usize = 10;

/// What became of a test.
#[derive(Debug, PartialEq)]
pub(super) struct Verdict {
    pub(super) status: Status,
    pub(super) failures: u64,
    pub(super) message: Option<String>,
}

/// The verdict on a row of `failures`, `should_warn`, `should_error`.
pub(super) fn of(node: &Node, table: &Table) -> Result<Verdict, String> {
    let [row] = table.rows.as_slice() else {
        return Err(format!(
            "the query answered {} rows instead of one",
            table.rows.len()
        ));
    };
    let [failures, should_warn, should_error] = row.as_slice() else {
        return Err(format!(
            "the query answered {} columns instead of three",
            row.len()
        ));
    };
    let failures = number(Some(failures))
        .ok_or_else(|| format!("the number of failures is {}", shown(failures)))?;
    let is = |value: &Value, what: &str| {
        truth(value).ok_or_else(|| format!("`{what}` is {}, neither true nor false", shown(value)))
    };
    let should_warn = is(should_warn, "warn_if")?;
    let should_error = is(should_error, "error_if")?;
    let results = if failures == 1 { "result" } else { "results" };
    let config = &node.config;
    let or_default = |condition: &str| {
        if condition.trim().is_empty() {
            "!= 0".to_owned()
        } else {
            condition.to_owned()
        }
    };
    Ok(if config.severity == Severity::Error && should_error {
        Verdict {
            status: Status::Fail,
            failures,
            message: Some(format!(
                "Got {failures} {results}, configured to fail if {}",
                or_default(&config.error_if)
            )),
        }
    } else if should_warn {
        Verdict {
            status: Status::Warn,
            failures,
            message: Some(format!(
                "Got {failures} {results}, configured to warn if {}",
                or_default(&config.warn_if)
            )),
        }
    } else {
        Verdict {
            status: Status::Pass,
            failures: 0,
            message: None,
        }
    })
}

/// The rows without the columns that nobody may see; none when no column is left.
pub(super) fn visible(mut table: Table, hidden: &Hidden) -> Option<Table> {
    let Hidden::Columns(hidden) = hidden else {
        return None;
    };
    let keep: Vec<bool> = table
        .columns
        .iter()
        .map(|column| !hidden.contains(&column.name.to_lowercase()))
        .collect();
    if !keep.contains(&true) {
        return None;
    }
    let mut kept = keep.iter();
    table
        .columns
        .retain(|_| kept.next().copied().unwrap_or(false));
    for row in &mut table.rows {
        let mut kept = keep.iter();
        row.retain(|_| kept.next().copied().unwrap_or(false));
    }
    Some(table)
}

/// A value as a number that is not negative.
pub(super) fn number(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::Float(number) => format!("{number:.0}").parse().ok(),
        Value::Decimal(text) | Value::Text(text) => text.split('.').next()?.parse().ok(),
        Value::Bool(_) | Value::Null => None,
    }
}

/// A value as a truth value, as drivers give it.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Int(number) => Some(*number != 0),
        Value::Text(text) => match text.to_lowercase().as_str() {
            "t" | "true" | "1" | "yes" | "on" => Some(true),
            "f" | "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        value => format!("`{value}`"),
    }
}
