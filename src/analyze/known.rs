//! What is known of columns without reading a query: what tests and constraints promise, and what readers take on trust.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Column, Input, NodeAnalysis};
use crate::manifest::config::Severity;
use crate::manifest::node::{ConstraintKind, Detail, Node};
use crate::manifest::{Manifest, NodeId};
use crate::sql::lineage::{How, Origin, Rest, Through};

/// Promises about columns.
#[derive(Debug, Default)]
pub(super) struct Declared {
    never_null: BTreeSet<(NodeId, String)>,
}

impl Declared {
    /// Reads tests of `not_null` that fail a build, and constraints.
    pub fn of(manifest: &Manifest) -> Self {
        let mut never_null = BTreeSet::new();
        for id in manifest.ids() {
            let node = manifest.node(id);
            if let Detail::Test(test) = &node.detail {
                let is_not_null = test.generic.as_ref().is_some_and(|generic| {
                    generic.name == "not_null" && generic.namespace.is_none()
                });
                let certain =
                    node.config.severity == Severity::Error && node.config.where_clause.is_none();
                if is_not_null
                    && certain
                    && let (Some(of), Some(column)) = (test.attached_node, &test.column_name)
                {
                    never_null.insert((of, column.to_lowercase()));
                }
            }
            never_null.extend(constrained(node).map(|column| (id, column.to_lowercase())));
        }
        Self { never_null }
    }

    pub fn never_null(&self, id: NodeId, column: &str) -> bool {
        self.never_null.contains(&(id, column.to_lowercase()))
    }
}

/// The columns that constraints keep free of NULL.
fn constrained(node: &Node) -> impl Iterator<Item = &str> {
    let keeps =
        |kind: ConstraintKind| matches!(kind, ConstraintKind::NotNull | ConstraintKind::PrimaryKey);
    let of_columns = node.columns.values().filter(move |column| {
        column
            .constraints
            .iter()
            .any(|constraint| keeps(constraint.kind))
    });
    let of_model = node
        .constraints
        .iter()
        .filter(move |constraint| keeps(constraint.kind));
    let enforced = node.config.contract_enforced;
    of_columns
        .map(|column| column.name.as_str())
        .chain(of_model.flat_map(|constraint| constraint.columns.iter().map(String::as_str)))
        .filter(move |_| enforced)
}

/// Gives nodes the columns that others read from them although nobody names them there: through a `*`, or from a source.
pub(super) fn imply(input: &Input<'_>, nodes: &mut [NodeAnalysis]) {
    let mut asked: BTreeMap<Arc<str>, BTreeSet<Arc<str>>> = BTreeMap::new();
    for origin in nodes
        .iter()
        .filter_map(|node| node.query.as_ref())
        .flat_map(|query| &query.asked)
    {
        asked
            .entry(Arc::clone(&origin.table))
            .or_default()
            .insert(Arc::clone(&origin.column));
    }
    for &id in input.graph.order().iter().rev() {
        let Some(wanted) = asked.remove(input.manifest.node(id).unique_id.as_str()) else {
            continue;
        };
        let node = &mut nodes[id.index()];
        let parents = match &node.schema.rest {
            Rest::Closed => continue,
            Rest::Of(parents) => parents.clone(),
            Rest::Unknown => Vec::new(),
        };
        for name in wanted {
            if node.schema.column(&name).is_some() {
                continue;
            }
            let ways = parents.iter().map(|parent| {
                asked
                    .entry(Arc::clone(parent))
                    .or_default()
                    .insert(Arc::clone(&name));
                let origin = Origin {
                    table: Arc::clone(parent),
                    column: Arc::clone(&name),
                };
                (origin, Through::of(How::Copied))
            });
            node.schema.columns.push(Column {
                name: name.to_string(),
                sources: ways.collect(),
                implied: true,
                ..Column::default()
            });
        }
    }
}
