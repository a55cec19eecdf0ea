//! The lineage of columns across the project, in both directions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Analysis, Column};
use crate::manifest::{Manifest, NodeId, ResourceType};
use crate::sql::lineage::{Origin, Through};

/// A column of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnRef {
    /// The node.
    pub node: NodeId,
    /// The column, in lower case.
    pub column: Arc<str>,
}

/// A step from one column to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The column that is read.
    pub from: ColumnRef,
    /// The column that is made of it.
    pub to: ColumnRef,
    /// How.
    pub through: Through,
}

/// All columns of a project, and the steps between them.
#[derive(Debug, Default)]
pub struct ColumnGraph {
    up: BTreeMap<ColumnRef, Vec<Edge>>,
    down: BTreeMap<ColumnRef, Vec<Edge>>,
}

impl ColumnGraph {
    /// The columns of an analysed project.
    pub fn new(manifest: &Manifest, analysis: &Analysis) -> Self {
        let mut graph = Self::default();
        for id in manifest.ids() {
            for (to, column) in stored_columns(manifest, analysis, id) {
                for (from, through) in steps(manifest, column) {
                    let edge = Edge {
                        from: from.clone(),
                        to: to.clone(),
                        through: through.clone(),
                    };
                    graph.up.entry(to.clone()).or_default().push(edge.clone());
                    graph.down.entry(from).or_default().push(edge);
                }
            }
        }
        graph
    }

    /// What a column is made of, one step away.
    pub fn parents(&self, column: &ColumnRef) -> &[Edge] {
        self.up.get(column).map_or(&[], Vec::as_slice)
    }

    /// What is made of a column, one step away.
    pub fn children(&self, column: &ColumnRef) -> &[Edge] {
        self.down.get(column).map_or(&[], Vec::as_slice)
    }

    /// The steps that lead to a column or away from it, up to some number of steps.
    pub fn reach(&self, start: &ColumnRef, upstream: bool, depth: Option<usize>) -> Vec<Edge> {
        let mut edges = Vec::new();
        let mut seen = BTreeSet::from([start.clone()]);
        let mut layer = vec![start.clone()];
        let mut steps = 0;
        while !layer.is_empty() && depth.is_none_or(|depth| steps < depth) {
            let mut next = Vec::new();
            for column in &layer {
                let found = if upstream {
                    self.parents(column)
                } else {
                    self.children(column)
                };
                for edge in found {
                    edges.push(edge.clone());
                    let other = if upstream { &edge.from } else { &edge.to };
                    if seen.insert(other.clone()) {
                        next.push(other.clone());
                    }
                }
            }
            layer = next;
            steps += 1;
        }
        edges
    }
}

/// The columns of a node that others read, in their order; none of a node that stands in no warehouse.
pub fn stored_columns<'a>(
    manifest: &Manifest,
    analysis: &'a Analysis,
    id: NodeId,
) -> impl Iterator<Item = (ColumnRef, &'a Column)> {
    let stored = matches!(
        manifest.node(id).resource_type,
        ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot | ResourceType::Source
    );
    let columns = stored.then(|| analysis.node(id).schema.columns.iter());
    columns.into_iter().flatten().map(move |column| {
        let here = ColumnRef {
            node: id,
            column: column.name.to_lowercase().into(),
        };
        (here, column)
    })
}

/// The columns of nodes that a column is made of, with the ways from them.
pub fn steps<'a>(
    manifest: &'a Manifest,
    column: &'a Column,
) -> impl Iterator<Item = (ColumnRef, &'a Through)> {
    let ways = column.sources.iter();
    ways.filter_map(|(origin, through)| Some((column_ref(manifest, origin)?, through)))
}

/// The column of a node that an origin names.
fn column_ref(manifest: &Manifest, origin: &Origin) -> Option<ColumnRef> {
    let node = *manifest.by_unique_id.get(&*origin.table)?;
    Some(ColumnRef {
        node,
        column: Arc::clone(&origin.column),
    })
}
