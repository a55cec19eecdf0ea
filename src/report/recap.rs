//! What went wrong in a run, told once more at its end: the place, the number of rows, and a few of them.

use super::rows;
use crate::adapter::{LoadError, Table};
use crate::diagnostic::{Diagnostic, Level, Span, counted};
use crate::manifest::{Manifest, Node, ResourceType};
use crate::redact::without_values;
use crate::run::{MOST_LOAD_ERRORS, NodeResult, RunResults, Status};

/// Rows of a load that are named; the rest is a number.
const MOST_REJECTED: usize = 5;

/// Everything a run has to say against the project, warnings first, so that errors stand last on the screen.
pub fn recap(manifest: &Manifest, results: &RunResults) -> Vec<Diagnostic> {
    let mut all: Vec<Diagnostic> = results
        .results
        .iter()
        .flat_map(|result| of_node(manifest.node(result.node), result))
        .collect();
    all.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.level));
    all
}

/// What one result has to say.
pub fn of_node(node: &Node, result: &NodeResult) -> Vec<Diagnostic> {
    let mut all = result.diagnostics.clone();
    let mut told = all.iter_mut();
    if let Some(sample) = &result.sample
        && let Some(problem) = told.find(|problem| problem.code == "too-many-rejected")
    {
        problem.notes.extend(some_of(sample, result.set_aside));
    }
    let left_out = result.left_out.max(result.rejected.len() as u64);
    if left_out > 0 {
        all.push(rejected(node, result, left_out));
    }
    if result.bad_rows.len() > MOST_LOAD_ERRORS
        && let Some(last) = all.iter_mut().rfind(|problem| problem.code == "load-error")
    {
        last.help.extend(told_in(result, &result.bad_rows));
    }
    let is_test = node.resource_type == ResourceType::Test;
    match result.status {
        Status::Fail | Status::Warn if is_test => all.push(failed_test(node, result)),
        Status::Fail if node.resource_type == ResourceType::UnitTest => {
            let message = format!("unit test `{}` failed", node.name);
            let mut diagnostic =
                Diagnostic::error("unit-test-failed", message).at_some(declaration(node));
            diagnostic.notes.extend(result.message.clone());
            all.push(diagnostic);
        }
        Status::Error | Status::Fail if all.is_empty() => {
            let message = format!("`{}` failed", node.unique_id);
            let mut diagnostic =
                Diagnostic::error("node-failed", message).at_some(declaration(node));
            diagnostic.notes.extend(result.message.clone());
            all.push(diagnostic);
        }
        _ => {}
    }
    all
}

fn failed_test(node: &Node, result: &NodeResult) -> Diagnostic {
    let figure = node.config.fail_calc.trim();
    let counts_rows = figure.is_empty() || figure.eq_ignore_ascii_case("count(*)");
    let found = match result.failures {
        None => "failed".to_owned(),
        Some(rows) if counts_rows => format!("found {}", counted(rows, "row")),
        // Then the number is none of rows.
        Some(number) => format!("found that `{figure}` is {number}"),
    };
    let message = format!("test `{}` {found}", node.name);
    let mut diagnostic = match result.status {
        Status::Warn => Diagnostic::warning("test-warned", message),
        _ => Diagnostic::error("test-failed", message),
    }
    .at_some(declaration(node));
    diagnostic.label = result.message.clone();
    if let Some(sample) = &result.sample {
        let rows = result.failures.filter(|_| counts_rows);
        diagnostic.notes.extend(some_of(sample, rows));
    }
    if let Some(stored) = &result.stored {
        diagnostic
            .help
            .push(format!("all of them are kept: `select * from {stored}`"));
    } else if !result.sample_hidden && diagnostic.level == Level::Error {
        let name = &node.name;
        diagnostic.help.push(format!(
            "`redstart show --select {name} --limit -1` shows all that it finds, `redstart compile --select {name}` its query"
        ));
    }
    if result.sample_hidden {
        diagnostic.notes.push(
            "the rows are not shown: they hold personal data (`meta: {pii: true}`)".to_owned(),
        );
    }
    diagnostic.about(&node.name)
}

/// A few rows of so many, where there are any.
fn some_of(sample: &Table, rows: Option<u64>) -> Option<String> {
    let shown = sample.rows.len() as u64;
    let all = rows.is_none_or(|rows| rows <= shown) && !sample.truncated;
    let title = match (all, shown) {
        (_, 0) => return None,
        (true, 1) => "the row:".to_owned(),
        (true, _) => "the rows:".to_owned(),
        (false, _) => format!("the first {}:", counted(shown, "row")),
    };
    Some(format!("{title}\n{}", rows::text(sample).trim_end()))
}

/// Where a person goes to look at a node: its declaration in YAML for a generic test, else its file.
fn declaration(node: &Node) -> Option<Span> {
    node.declared_at
        .clone()
        .or_else(|| node.code.as_ref().map(|code| Span::file(&code.source)))
}

/// Where the rows that are told are told in full.
fn told_in(result: &NodeResult, rows: &[LoadError]) -> Option<String> {
    let file = result.told_in.as_ref()?;
    Some(match (rows.len() as u64, result.left_out) {
        (told, left_out) if told < left_out => format!("the first {told} of them are in {file}"),
        _ => format!("all of them are in {file}"),
    })
}

fn rejected(node: &Node, result: &NodeResult, left_out: u64) -> Diagnostic {
    let rows = &result.rejected;
    let message = format!(
        "{} left out of `{}`",
        counted(left_out, "row"),
        node.unique_id
    );
    let mut diagnostic =
        Diagnostic::warning("rows-left-out", message).at_some(node.declared_at.clone());
    for row in rows.iter().take(MOST_REJECTED) {
        diagnostic.notes.push(rejected_row(node, row));
    }
    match left_out.saturating_sub(rows.len().min(MOST_REJECTED) as u64) {
        0 => {}
        _ if rows.is_empty() => diagnostic
            .notes
            .push("the log of the warehouse does not tell them to this user".to_owned()),
        rest => diagnostic.notes.push(format!("and {rest} more")),
    }
    diagnostic.help.extend(told_in(result, &result.rejected));
    diagnostic
}

fn rejected_row(node: &Node, row: &LoadError) -> String {
    let mut note = format!("{}:{}: ", row.file, row.line);
    if let Some(column) = &row.column {
        note.push_str(&format!("column `{column}`"));
        if let Some(data_type) = node.declared_type(column).or(row.data_type.as_deref()) {
            note.push_str(&format!(" {data_type}"));
        }
        note.push_str(": ");
    }
    let personal = node.is_personal(row.column.as_deref());
    if personal {
        note.push_str(&without_values(&row.reason));
    } else {
        note.push_str(&format!("{} ({:?})", row.reason, row.raw_value));
    }
    note
}
