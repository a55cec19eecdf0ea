//! Which steps there are, in which order, and what each waits for.
//!
//! A step waits for the nearest steps upstream of it, also where nodes between them are not part of the run. In a build, the
//! tests of a node stand before what depends on it; a test that reads several nodes, before what depends on all of them.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use crate::manifest::{Manifest, NodeId, ResourceType};

/// A node's turn, and places in the list of what it waits for.
pub(super) struct Turn {
    pub(super) node: NodeId,
    pub(super) waits_for: Vec<usize>,
}

/// The turns of `steps`, or one node of a circle.
pub(super) fn turns(
    manifest: &Manifest,
    steps: &BTreeSet<NodeId>,
    tests_gate: bool,
) -> Result<Vec<Turn>, NodeId> {
    let mut edges = Edges::of(manifest);
    let sorted = edges.sorted()?;
    if tests_gate {
        edges.gate(manifest, steps, &sorted);
    }
    let sorted = edges.sorted()?;
    let mut place = vec![usize::MAX; manifest.nodes.len()];
    let mut reach: Vec<Vec<usize>> = vec![Vec::new(); manifest.nodes.len()];
    let mut turns = Vec::new();
    for node in sorted {
        let mut waits_for: Vec<usize> = edges.parents[node]
            .iter()
            .flat_map(|&parent| reach[parent].iter().copied())
            .collect();
        waits_for.sort_unstable();
        waits_for.dedup();
        let id = id(node);
        if steps.contains(&id) {
            place[node] = turns.len();
            reach[node] = vec![place[node]];
            turns.push(Turn {
                node: id,
                waits_for,
            });
        } else {
            reach[node] = waits_for;
        }
    }
    Ok(turns)
}

fn id(index: usize) -> NodeId {
    NodeId(u32::try_from(index).unwrap_or(u32::MAX))
}

struct Edges {
    parents: Vec<Vec<usize>>,
    children: Vec<Vec<usize>>,
}

impl Edges {
    fn of(manifest: &Manifest) -> Self {
        let mut edges = Self {
            parents: vec![Vec::new(); manifest.nodes.len()],
            children: vec![Vec::new(); manifest.nodes.len()],
        };
        for (index, node) in manifest.nodes.iter().enumerate() {
            for parent in &node.depends_on {
                edges.add(parent.index(), index);
            }
        }
        edges
    }

    fn add(&mut self, parent: usize, child: usize) {
        self.parents[child].push(parent);
        self.children[parent].push(child);
    }

    /// All nodes, parents first, and by place in the manifest where that leaves a choice.
    fn sorted(&self) -> Result<Vec<usize>, NodeId> {
        let mut waiting: Vec<usize> = self.parents.iter().map(Vec::len).collect();
        let mut ready: BinaryHeap<Reverse<usize>> = (0..waiting.len())
            .filter(|&node| waiting[node] == 0)
            .map(Reverse)
            .collect();
        let mut sorted = Vec::with_capacity(waiting.len());
        while let Some(Reverse(node)) = ready.pop() {
            sorted.push(node);
            for &child in &self.children[node] {
                waiting[child] -= 1;
                if waiting[child] == 0 {
                    ready.push(Reverse(child));
                }
            }
        }
        match waiting.iter().position(|&count| count > 0) {
            Some(node) => Err(id(node)),
            None => Ok(sorted),
        }
    }

    /// Puts each test that is a step before the first nodes that depend on everything it reads.
    fn gate(&mut self, manifest: &Manifest, steps: &BTreeSet<NodeId>, sorted: &[usize]) {
        let is_test = |node: usize| manifest.nodes[node].resource_type == ResourceType::Test;
        let mut rank = vec![0; sorted.len()];
        for (at, &node) in sorted.iter().enumerate() {
            rank[node] = at;
        }
        let mut found: Vec<(usize, usize)> = Vec::new();
        for test in steps.iter().map(|id| id.index()).filter(|&id| is_test(id)) {
            let read = &self.parents[test];
            let Some(&last) = read.iter().max_by_key(|&&node| rank[node]) else {
                continue;
            };
            let below = |node: usize| {
                read.iter()
                    .all(|&of| of == node || self.is_above(of, node, &rank))
            };
            let mut seen = BTreeSet::new();
            let mut waiting = vec![last];
            while let Some(node) = waiting.pop() {
                for &child in self.children[node].iter().filter(|&&child| !is_test(child)) {
                    if !seen.insert(child) {
                        continue;
                    }
                    if read.len() == 1 || below(child) {
                        found.push((test, child));
                    } else {
                        waiting.push(child);
                    }
                }
            }
        }
        for (test, child) in found {
            self.add(test, child);
        }
    }

    /// Whether one node is upstream of another.
    fn is_above(&self, above: usize, below: usize, rank: &[usize]) -> bool {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![below];
        while let Some(node) = waiting.pop() {
            for &parent in &self.parents[node] {
                if parent == above {
                    return true;
                }
                if rank[parent] > rank[above] && seen.insert(parent) {
                    waiting.push(parent);
                }
            }
        }
        false
    }
}
