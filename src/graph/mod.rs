//! Who reads whom, in which order, and which nodes the user asked for.
//!
//! In: [`Manifest`]. Out: [`Graph`], and a [`Selection`] of its nodes.
//! Sees names, paths and tags; knows nothing of SQL, files or adapters.

mod cycle;
mod schedule;
pub mod select;

pub use schedule::{Tests, Turn};
pub use select::{Compared, Definitions, IndirectSelection, Request, Selection};

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::diagnostic::Diagnostics;
use crate::manifest::{Manifest, NodeId};

/// A set of nodes, in the manifest's order.
pub type NodeSet = BTreeSet<NodeId>;

/// The edges of the manifest, from the node that is read to the node that reads it; there is no cycle.
#[derive(Debug)]
pub struct Graph {
    /// The place of a node here is its place in the manifest.
    edges: DiGraph<NodeId, ()>,
    order: Vec<NodeId>,
}

impl Graph {
    /// The graph of a manifest.
    ///
    /// # Errors
    /// One diagnostic for each group of nodes that read one another in a cycle.
    pub fn new(manifest: &Manifest) -> Result<Self, Diagnostics> {
        let count = manifest.nodes.len();
        let mut edges = DiGraph::with_capacity(count, count * 2);
        for id in manifest.ids() {
            edges.add_node(id);
        }
        for id in manifest.ids() {
            for parent in &manifest.node(id).depends_on {
                edges.update_edge(index(*parent), index(id), ());
            }
        }
        let parents: Vec<Vec<NodeId>> = manifest
            .ids()
            .map(|id| neighbors(&edges, id, Direction::Incoming))
            .collect();
        match topological_order(&parents) {
            Some(order) => Ok(Self { edges, order }),
            None => Err(cycle::diagnostics(manifest, &edges)),
        }
    }

    /// Every node after all that it reads; among those that are free, in the manifest's order.
    pub fn order(&self) -> &[NodeId] {
        &self.order
    }

    /// What a node reads, in the manifest's order.
    pub fn parents(&self, id: NodeId) -> Vec<NodeId> {
        neighbors(&self.edges, id, Direction::Incoming)
    }

    /// Who reads a node, in the manifest's order.
    pub fn children(&self, id: NodeId) -> Vec<NodeId> {
        neighbors(&self.edges, id, Direction::Outgoing)
    }

    /// Everything that the nodes of `from` stand on, up to `depth` edges away.
    pub fn ancestors(&self, from: &NodeSet, depth: Option<usize>) -> NodeSet {
        self.reachable(from, depth, Direction::Incoming)
    }

    /// Everything that stands on the nodes of `from`, up to `depth` edges away.
    pub fn descendants(&self, from: &NodeSet, depth: Option<usize>) -> NodeSet {
        self.reachable(from, depth, Direction::Outgoing)
    }

    /// For each node, by its place, the weight of the heaviest path from it to the end of the graph, itself included.
    pub fn remaining_weight(&self, weight: impl Fn(NodeId) -> f64) -> Vec<f64> {
        let mut remaining = vec![0.0_f64; self.order.len()];
        for &id in self.order.iter().rev() {
            let heaviest = self
                .edges
                .neighbors_directed(index(id), Direction::Outgoing)
                .map(|child| remaining[child.index()])
                .fold(0.0, f64::max);
            remaining[id.index()] = weight(id) + heaviest;
        }
        remaining
    }

    fn reachable(&self, from: &NodeSet, depth: Option<usize>, direction: Direction) -> NodeSet {
        let mut reached = NodeSet::new();
        let mut layer: Vec<NodeId> = from.iter().copied().collect();
        let mut steps = 0;
        while !layer.is_empty() && depth.is_none_or(|depth| steps < depth) {
            let mut next = Vec::new();
            for id in layer {
                for neighbor in self.edges.neighbors_directed(index(id), direction) {
                    let neighbor = self.edges[neighbor];
                    if reached.insert(neighbor) {
                        next.push(neighbor);
                    }
                }
            }
            layer = next;
            steps += 1;
        }
        reached
    }
}

fn index(id: NodeId) -> NodeIndex {
    NodeIndex::new(id.index())
}

fn neighbors(edges: &DiGraph<NodeId, ()>, id: NodeId, direction: Direction) -> Vec<NodeId> {
    let mut found: Vec<NodeId> = edges
        .neighbors_directed(index(id), direction)
        .map(|neighbor| edges[neighbor])
        .collect();
    found.sort_unstable();
    found
}

/// Every place after its parents, the lowest first among those that are free; none where there is a cycle.
///
/// petgraph's own order depends on how the edges were added; this one depends on the names alone.
fn topological_order(parents: &[Vec<NodeId>]) -> Option<Vec<NodeId>> {
    let mut children = vec![Vec::new(); parents.len()];
    let mut waiting = vec![0_usize; parents.len()];
    for (place, parents) in parents.iter().enumerate() {
        waiting[place] = parents.len();
        for parent in parents {
            children[parent.index()].push(place);
        }
    }
    let mut free: BinaryHeap<Reverse<usize>> = (0..parents.len())
        .filter(|&place| waiting[place] == 0)
        .map(Reverse)
        .collect();
    let mut order = Vec::with_capacity(parents.len());
    while let Some(Reverse(place)) = free.pop() {
        order.push(NodeId(u32::try_from(place).ok()?));
        for &child in &children[place] {
            waiting[child] -= 1;
            if waiting[child] == 0 {
                free.push(Reverse(child));
            }
        }
    }
    (order.len() == parents.len()).then_some(order)
}

#[cfg(test)]
mod shop;

#[cfg(test)]
mod tests {
    use super::shop::{names, shop};
    use super::*;

    fn set(manifest: &Manifest, name: &str) -> NodeSet {
        manifest
            .ids()
            .filter(|id| manifest.node(*id).name == name)
            .collect()
    }

    #[test]
    fn the_order_puts_every_node_after_what_it_reads() -> Result<(), Diagnostics> {
        let manifest = shop();
        let graph = Graph::new(&manifest)?;
        let place = |id: NodeId| graph.order().iter().position(|other| *other == id);

        assert_eq!(graph.order().len(), manifest.nodes.len());
        for id in manifest.ids() {
            for parent in graph.parents(id) {
                assert!(place(parent) < place(id));
                assert!(graph.children(parent).contains(&id));
            }
        }
        Ok(())
    }

    #[test]
    fn ancestors_and_descendants_stop_at_the_depth_asked_for() -> Result<(), Diagnostics> {
        let manifest = shop();
        let graph = Graph::new(&manifest)?;

        let orders = set(&manifest, "orders")
            .into_iter()
            .filter(|id| manifest.node(*id).resource_type == crate::manifest::ResourceType::Model)
            .collect();
        insta::assert_snapshot!(names(&manifest, &graph.ancestors(&orders, None)), @"stg_orders countries raw.orders");
        insta::assert_snapshot!(names(&manifest, &graph.ancestors(&orders, Some(1))), @"stg_orders countries");
        insta::assert_snapshot!(names(&manifest, &graph.descendants(&orders, Some(1))), @"fct_sales relationships_orders");
        Ok(())
    }

    #[test]
    fn the_remaining_weight_is_that_of_the_heaviest_path() -> Result<(), Diagnostics> {
        let manifest = shop();
        let graph = Graph::new(&manifest)?;
        let remaining = graph.remaining_weight(|_| 1.0);

        let of = |unique_id: &str| remaining[manifest.by_unique_id[unique_id].index()];
        assert_eq!(of("test.shop.sales_are_positive"), 1.0);
        assert_eq!(of("model.shop.fct_sales"), 2.0);
        assert_eq!(of("source.shop.raw.orders"), 5.0);
        Ok(())
    }
}
