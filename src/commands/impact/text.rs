//! An impact for people, and as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Told;
use crate::artifacts::impact::{ColumnImpact, NodeChange, NodeImpact, short};
use crate::diagnostic::counted;

/// Who reads a column: columns, tests and exposures.
fn reach(told: &Told<'_>, node: &NodeImpact, column: &ColumnImpact) -> Vec<String> {
    if !column.change.matters() {
        return Vec::new();
    }
    let readers = column
        .readers
        .iter()
        .map(|(node, column)| format!("{}.{column}", short(node)));
    let tests = told.tests(&node.unique_id, &column.name).into_iter();
    let exposures = told.shown(node, column).into_iter();
    readers
        .chain(tests.map(|name| format!("test {name}")))
        .chain(exposures.map(|name| format!("exposure {name}")))
        .collect()
}

/// Who reads a node whose rows may be others.
fn rows_reach(told: &Told<'_>, node: &NodeImpact) -> Vec<String> {
    if !node.kind.rows_may_be_others() {
        return Vec::new();
    }
    let readers = node.readers.iter().map(|reader| short(reader));
    let exposures = told.reached(node).into_iter();
    readers
        .chain(exposures.map(|name| format!("exposure {name}")))
        .collect()
}

pub(super) fn plain(told: &Told<'_>) -> String {
    let mut text = String::new();
    for node in &told.impact.nodes {
        let _ = writeln!(text, "{} {}", short(&node.unique_id), node.kind.told());
        list(&mut text, &rows_reach(told, node));
        for column in &node.columns {
            let details = column.change.told();
            let line = format!("  {:<8} {}  {details}", column.change.word(), column.name);
            let _ = writeln!(text, "{}", line.trim_end());
            list(&mut text, &reach(told, node, column));
        }
    }
    text + &summary(told) + "\n"
}

fn list(text: &mut String, reach: &[String]) {
    if !reach.is_empty() {
        let _ = writeln!(text, "           read by {}", reach.join(", "));
    }
}

pub(super) fn markdown(told: &Told<'_>) -> String {
    let mut text = format!(
        "### What this change does to columns\n\n{}\n",
        summary(told)
    );
    if told.impact.nodes.is_empty() {
        return text;
    }
    text.push_str("\n| | What | Read by |\n|--|--|--|\n");
    for node in &told.impact.nodes {
        let name = short(&node.unique_id);
        if node.kind != NodeChange::Columns {
            row(
                &mut text,
                &format!("**{name}**"),
                node.kind.told(),
                &rows_reach(told, node),
            );
        }
        for column in &node.columns {
            let what = format!("{} {}", column.change.word(), column.change.told());
            row(
                &mut text,
                &format!("`{name}.{}`", column.name),
                what.trim(),
                &reach(told, node, column),
            );
        }
    }
    text
}

fn row(text: &mut String, name: &str, what: &str, reach: &[String]) {
    let safe = |text: &str| text.replace('|', "\\|");
    let _ = writeln!(
        text,
        "| {} | {} | {} |",
        safe(name),
        safe(what),
        safe(&reach.join(", "))
    );
}

/// How much changed, in one sentence.
fn summary(told: &Told<'_>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for column in told.impact.nodes.iter().flat_map(|node| &node.columns) {
        *counts.entry(column.change.word()).or_default() += 1;
    }
    let mut words = vec![format!(
        "{} changed, {} the same",
        counted(told.impact.nodes.len() as u64, "node"),
        told.impact.unchanged
    )];
    for (word, label) in [
        ("removed", "removed"),
        ("renamed", "renamed"),
        ("type", "of another type"),
        ("meaning", "of another meaning"),
        ("added", "added"),
    ] {
        if let Some(count) = counts.get(word) {
            words.push(format!("{} {label}", counted(*count as u64, "column")));
        }
    }
    words.join("; ")
}
