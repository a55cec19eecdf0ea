//! Sources that `load` is asked for and that nothing here loads.

use super::Prepared;
use crate::commands::{Session, Stop};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::Selection;
use crate::manifest::Node;
use crate::manifest::node::Detail;
use crate::relation::ExistingRelations;

/// Tells of selected sources that are external, are not there, and have no `copy`.
///
/// # Errors
/// Where such a warning is an error.
pub(super) fn tell(
    session: &Session,
    prepared: &Prepared,
    selection: &Selection,
    existing: &ExistingRelations,
) -> Result<(), Stop> {
    let nodes = selection.iter().map(|id| prepared.manifest.node(id));
    let missing = nodes.filter(|node| {
        let there = |relation| existing.get(relation).is_some();
        is_left_out(node) && !node.relation.as_ref().is_some_and(there)
    });
    let told: Vec<Diagnostic> = missing.map(left_out).collect();
    match told.is_empty() {
        true => Ok(()),
        false => session.tell(Diagnostics(told)),
    }
}

/// Whether a node is a source whose `external` says where its files are, and not how they are copied.
fn is_left_out(node: &Node) -> bool {
    let Detail::Source(source) = &node.detail else {
        return false;
    };
    let located = |external: &serde_json::Value| external.get("location").is_some();
    source.load.is_none() && source.external.as_ref().is_some_and(located)
}

fn left_out(node: &Node) -> Diagnostic {
    let source = match &node.detail {
        Detail::Source(source) => source.source_name.as_str(),
        _ => "",
    };
    Diagnostic::warning(
        "not-loaded",
        format!("`{source}.{}` has `external` without `copy`: nothing here loads it", node.name),
    )
    .at_some(node.declared_at.clone())
    .help("add `copy: {}` under `external` to have its files loaded from `location`; on Redshift the package dbt_external_tables makes a table of Spectrum of it: `redstart run-operation stage_external_sources`")
}
