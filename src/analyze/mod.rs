//! The columns of every node, and where each comes from, before anything runs.
//!
//! In: the manifest, its graph, the compiled nodes, and what the caller knows of seeds and of relations that exist. Out: [`Analysis`]:
//! per node its [`Schema`], the lineage of its columns, and what its query shows to checks.
//! Knows nothing of connections, and runs nothing. A late node has no query yet: its columns are those it declares, and there may be more.

pub mod checks;
mod columns;
mod known;
mod node;
mod tables;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use crate::adapter::Refusal;
use crate::compile::Compiled;
use crate::diagnostic::Diagnostics;
use crate::graph::Graph;
use crate::manifest::{Manifest, NodeId};
use crate::project::seed::Seed;
use crate::relation::KnownColumns;
use crate::sql::deep;
use crate::sql::dialect::Dialect;
use crate::sql::lineage::{Facts, Finding, Influences, Origin, Rest, Sources, lineage};

pub use columns::{ColumnGraph, ColumnRef, Edge, steps, stored_columns};
use known::Declared;
pub use node::changes;

/// What an analysis is made from.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The project's nodes.
    pub manifest: &'a Manifest,
    /// Who reads whom.
    pub graph: &'a Graph,
    /// The SQL of the nodes to analyse, and of those they read.
    pub compiled: &'a Compiled,
    /// The language that it is written in.
    pub dialect: Dialect,
    /// A seed's columns.
    pub seed: &'a (dyn Fn(NodeId) -> Result<Seed, Diagnostics> + Sync),
    /// What is known of relations that exist: columns of sources that nobody declares.
    pub existing: &'a dyn KnownColumns,
}

/// What every node looks like.
#[derive(Debug, Default)]
pub struct Analysis {
    /// By the places of the manifest.
    nodes: Vec<NodeAnalysis>,
}

/// What one node looks like.
#[derive(Clone, Debug, Default)]
pub struct NodeAnalysis {
    /// Its columns.
    pub schema: Schema,
    /// What its rows depend on beside the values in them.
    pub influences: Influences,
    /// What its query shows to checks; none for a node that has no query, or one that is not understood.
    pub query: Option<Box<QueryAnalysis>>,
}

/// What a query shows to checks.
#[derive(Clone, Debug, Default)]
pub struct QueryAnalysis {
    /// Names that mean nothing, and the like.
    pub findings: Vec<Finding>,
    /// Why the emulated Redshift would refuse it, in the project's dialect of Redshift, in the order of the text.
    pub refusals: Vec<Refusal>,
    /// What it does.
    pub facts: Facts,
    /// Columns that it takes on trust.
    pub asked: BTreeSet<Origin>,
    /// The query's own columns in order; what a contract or a snapshot adds is not among them.
    pub columns: Vec<QueryColumn>,
    /// Whether these are all.
    pub complete: bool,
}

/// A column of a query.
#[derive(Clone, Debug)]
pub struct QueryColumn {
    /// Its name.
    pub name: String,
    /// Where its expression stands in the text, where it stands there.
    pub range: Option<Range<usize>>,
    /// The type that it has by itself, whatever a contract says.
    pub data_type: Option<Arc<str>>,
}

/// The columns of a node.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// In order, as far as they are known.
    pub columns: Vec<Column>,
    /// Where others come from, if there may be others.
    pub rest: Rest,
}

/// A column of a node.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type in the words of the dialect, where known.
    pub data_type: Option<Arc<str>>,
    /// Whether it may hold NULL, where that is known.
    pub nullable: Option<bool>,
    /// The columns of other nodes that it is made of.
    pub sources: Sources,
    /// Whether nobody names it where the node is written: others read it through a `*` or from a source that does not declare it.
    pub implied: bool,
}

impl Schema {
    /// A column by its name, whatever its case.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Whether these are all the columns that there are.
    pub fn is_complete(&self) -> bool {
        self.rest.is_closed()
    }

    /// Whether a column of this name is known not to be there.
    pub fn lacks(&self, name: &str) -> bool {
        self.is_complete() && self.column(name).is_none()
    }
}

impl Analysis {
    /// What a node looks like.
    pub fn node(&self, id: NodeId) -> &NodeAnalysis {
        &self.nodes[id.index()]
    }
}

/// Reads the queries of all nodes, each after those it reads.
pub fn analyze(input: &Input<'_>) -> Analysis {
    let declared = Declared::of(input.manifest);
    let done: Vec<OnceLock<NodeAnalysis>> = input.manifest.ids().map(|_| OnceLock::new()).collect();
    let tables = tables::NodeTables::new(input.manifest, &done);
    for layer in layers(input) {
        // Some at a time share a stack.
        let share = layer.len().div_ceil(4 * rayon::current_num_threads());
        layer.par_chunks(share.clamp(1, 64)).for_each(|ids| {
            deep(|| {
                for &id in ids {
                    let analysis = node::analyze(input, &declared, &tables, id);
                    // Each node is in one layer, once.
                    let _ = done[id.index()].set(analysis);
                }
            });
        });
    }
    drop(tables);
    let mut nodes: Vec<NodeAnalysis> = done
        .into_iter()
        .map(|node| node.into_inner().unwrap_or_default())
        .collect();
    known::imply(input, &mut nodes);
    Analysis { nodes }
}

/// The columns of a query that is no node, over the nodes of an analysis. None where it is not understood to the last name, or reads
/// something that is no node or of which not all columns are known.
pub fn query(
    manifest: &Manifest,
    analysis: &Analysis,
    dialect: Dialect,
    text: &str,
) -> Option<Vec<Column>> {
    let done = analysis.nodes.iter().cloned().map(OnceLock::from);
    let done: Vec<OnceLock<NodeAnalysis>> = done.collect();
    let nodes = tables::NodeTables::new(manifest, &done);
    let tables = tables::Strict::new(&nodes);
    let query = dialect.query(text)?;
    let read = deep(|| lineage(&query, text, dialect, &tables));
    let understood =
        read.rest.is_closed() && !read.open && read.findings.is_empty() && tables.all_known();
    let columns = read.columns.into_iter();
    understood.then(|| {
        columns
            .map(|column| node::column_of(column, None))
            .collect()
    })
}

/// The nodes in layers: what a node reads stands in layers before it.
fn layers(input: &Input<'_>) -> Vec<Vec<NodeId>> {
    let mut depth = vec![0_usize; input.manifest.nodes.len()];
    let mut layers: Vec<Vec<NodeId>> = Vec::new();
    for &id in input.graph.order() {
        let parents = input.manifest.node(id).depends_on.iter();
        let own = parents.map(|parent| depth[parent.index()] + 1).max();
        let own = own.unwrap_or(0);
        depth[id.index()] = own;
        if layers.len() <= own {
            layers.resize_with(own + 1, Vec::new);
        }
        layers[own].push(id);
    }
    layers
}
