//! Diagnostics of what a warehouse refuses or answers to a query that a command asks by itself.

use super::Prepared;
use crate::adapter::{self, Refusal};
use crate::compile::Sql;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::ResourceType;
use crate::manifest::node::{Detail, Node};
use crate::relation::ExistingRelations;
use crate::run;

/// A refusal, at its place in the template that the query came from.
pub fn refused(refusal: Refusal, sql: &Sql) -> Diagnostics {
    let line = refusal.range.as_ref();
    let line = line.and_then(|range| sql.line_of_call(range));
    let span = refusal.range.and_then(|range| sql.map.span(range));
    let span = span.or_else(|| run::start_of(sql));
    let mut diagnostic = Diagnostic::error(refusal.code, refusal.message).at_some(span);
    diagnostic.notes.extend(line);
    diagnostic.label = refusal.reason;
    diagnostic.help.extend(refusal.help);
    diagnostic.into()
}

/// What the warehouse answered to a query, at its place in the template that the query came from. `existing` is what it holds: a node
/// of the project that is missing there is told how to be built.
pub fn failed(
    mut error: adapter::Error,
    sql: &Sql,
    prepared: &Prepared,
    existing: &ExistingRelations,
) -> Diagnostics {
    let span = run::place_in(sql, &error);
    if error.is_about_values() && super::analysis::declares_personal(prepared) {
        error = error.without_data();
    }
    let mut diagnostic = match &error.fault {
        Some(fault) => {
            let candidates = fault.candidates.iter().map(String::as_str);
            Diagnostic::error(fault.code, &*fault.message)
                .did_you_mean(fault.name.as_deref().unwrap_or_default(), candidates)
        }
        None => Diagnostic::error("database-error", "the warehouse could not run the query"),
    }
    .at_some(span);
    diagnostic
        .notes
        .push(format!("the database said: {}", error.message));
    diagnostic.notes.extend(error.detail);
    diagnostic.help.extend(error.help);
    if matches!(diagnostic.code, "unknown-relation" | "unknown-schema") {
        let said = error.message.lines().next().unwrap_or_default();
        diagnostic.help.extend(not_built(prepared, existing, said));
    }
    diagnostic.into()
}

/// How to build the node that the warehouse speaks of and does not hold.
fn not_built(prepared: &Prepared, existing: &ExistingRelations, said: &str) -> Option<String> {
    let said = said.to_lowercase();
    let names: Vec<&str> = said
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .collect();
    let missing = |node: &&Node| {
        let relation = node.relation.as_ref();
        relation.is_some_and(|relation| {
            existing.get(relation).is_none()
                && names.contains(&relation.identifier.to_lowercase().as_str())
        })
    };
    let nodes = prepared.manifest.nodes.iter().map(|node| &**node);
    nodes.filter(missing).find_map(|node| match &node.detail {
        Detail::Source(source) if source.load.is_some() => Some(format!(
            "`{0}.{1}` is not loaded yet: `redstart load --select source:{0}.{1}`",
            source.source_name, node.name
        )),
        Detail::Source(source) => Some(format!(
            "`{}.{}` is a source that nothing here loads: does it stand in another schema or database?",
            source.source_name, node.name
        )),
        _ if matches!(
            node.resource_type,
            ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot
        ) =>
        {
            Some(format!(
                "`{0}` is not built yet: `redstart build --select +{0}`",
                node.name
            ))
        }
        _ => None,
    })
}
