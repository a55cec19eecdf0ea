//! Diagrams as Mermaid, which GitHub and many editors draw.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::docs::dictionary::{Dictionary, Link, Table};

/// A larger diagram is not drawn by GitHub, and is not read by anybody.
const MOST_EDGES: usize = 200;

/// Who reads whom, for some tables and those beside them; none where nothing is read, or too much to be drawn.
pub fn lineage(tables: &[&Table]) -> Option<String> {
    let mut steps: BTreeSet<(&str, &str)> = BTreeSet::new();
    for table in tables {
        let (reads, read_by) = (&table.upstream, &table.downstream);
        steps.extend(
            reads
                .iter()
                .map(|it| (it.name.as_str(), table.name.as_str())),
        );
        steps.extend(
            read_by
                .iter()
                .map(|it| (table.name.as_str(), it.name.as_str())),
        );
    }
    if steps.is_empty() || steps.len() > MOST_EDGES {
        return None;
    }
    let names: BTreeSet<&str> = steps.iter().flat_map(|(from, to)| [*from, *to]).collect();
    let places: BTreeMap<&str, usize> = names.into_iter().zip(0..).collect();
    let mut text = "```mermaid\nflowchart LR\n".to_owned();
    for (name, at) in &places {
        let _ = writeln!(text, "  n{at}[\"{}\"]", label(name));
    }
    for (from, to) in steps {
        let _ = writeln!(text, "  n{} --> n{}", places[from], places[to]);
    }
    if let [table] = tables {
        let _ = writeln!(
            text,
            "  style n{} stroke-width:3px",
            places[table.name.as_str()]
        );
    }
    Some(text + "```\n")
}

/// Which key points where, for the tables that `about` names and those on the other ends of their keys; none without any.
pub fn entities(dictionary: &Dictionary, about: &dyn Fn(&Table) -> bool) -> Option<String> {
    let tables: BTreeMap<&str, &Table> = dictionary
        .tables()
        .map(|table| (table.anchor.as_str(), table))
        .collect();
    let mut points: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    for table in dictionary.tables() {
        for column in &table.columns {
            for reference in &column.references {
                let Link {
                    anchor: Some(to), ..
                } = &reference.table
                else {
                    continue;
                };
                let ends = [Some(&table), tables.get(to.as_str())];
                if ends.into_iter().flatten().any(|table| about(table)) {
                    points.insert((&table.anchor, &column.name, to));
                }
            }
        }
    }
    if points.is_empty() || points.len() > MOST_EDGES {
        return None;
    }
    let drawn: BTreeSet<&str> = points
        .iter()
        .flat_map(|(from, _, to)| [*from, *to])
        .collect();
    let places: BTreeMap<&str, usize> = drawn.into_iter().zip(0..).collect();
    let mut text = "```mermaid\nerDiagram\n".to_owned();
    for (anchor, at) in &places {
        if let Some(table) = tables.get(anchor) {
            entity(&mut text, *at, table);
        }
    }
    for (from, column, to) in points {
        if let (Some(from), Some(to)) = (places.get(from), places.get(to)) {
            let _ = writeln!(text, "  t{to} ||--o{{ t{from} : \"{}\"", label(column));
        }
    }
    Some(text + "```\n")
}

/// A table with its key columns alone: the others would hide who points where.
fn entity(text: &mut String, at: usize, table: &Table) {
    let _ = writeln!(text, "  t{at}[\"{}\"] {{", label(&table.name));
    for column in &table.columns {
        let key = match (column.in_key, column.references.is_empty()) {
            (true, true) => "PK",
            (true, false) => "PK, FK",
            (false, false) => "FK",
            (false, true) if column.unique => "UK",
            (false, true) => continue,
        };
        let kind = column.data_type.as_deref().unwrap_or("unknown");
        let _ = writeln!(text, "    {} {} {key}", word(kind), word(&column.name));
    }
    text.push_str("  }\n");
}

/// Text between quotes.
fn label(name: &str) -> String {
    name.replace('"', "#quot;")
        .replace('<', "#lt;")
        .replace(['\n', '\r'], " ")
}

/// A name without quotes, as columns and types of a diagram are written.
fn word(name: &str) -> String {
    let safe = name.chars().map(|letter| {
        let keeps = letter.is_ascii_alphanumeric() || matches!(letter, '_' | '(' | ')');
        if keeps { letter } else { '_' }
    });
    let safe: String = safe.collect();
    if safe.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        safe
    } else {
        format!("_{safe}")
    }
}
