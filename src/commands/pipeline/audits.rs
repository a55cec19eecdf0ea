//! Which tests decide whether the new rows of a node are shown, and their SQL.
//!
//! A test is asked early when everything that it reads is there by then: its node, what that stands on, and what the run does not build.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Execution, Prepared};
use crate::commands::Stop;
use crate::compile::{Compiler, Sql};
use crate::manifest::{NodeId, ResourceType};

/// The tests by their node.
#[derive(Debug, Default)]
pub struct Audits(BTreeMap<NodeId, Vec<(NodeId, Arc<Sql>)>>);

impl Audits {
    /// The tests of the nodes of a run that are audited; nothing where none is.
    ///
    /// # Errors
    /// What is wrong with the SQL of a test.
    pub fn of(
        execution: &Execution,
        prepared: &Prepared,
        compiler: &Compiler,
        nodes: &BTreeSet<NodeId>,
    ) -> Result<Self, Stop> {
        if execution.atomic {
            // Nothing is shown before all tests have passed, at their own turns.
            return Ok(Self::default());
        }
        let manifest = &prepared.manifest;
        let audited = |id: &NodeId| {
            let node = manifest.node(*id);
            !node.resource_type.is_test() && node.config.audit.unwrap_or(execution.audit)
        };
        let audited: BTreeSet<NodeId> = nodes.iter().copied().filter(audited).collect();
        if audited.is_empty() {
            return Ok(Self::default());
        }
        let tests = manifest.ids().filter(|id| {
            let node = manifest.node(*id);
            node.resource_type == ResourceType::Test && node.config.enabled
        });
        let mut by_node: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
        for test in tests {
            for reads in &manifest.node(test).depends_on {
                if audited.contains(reads) {
                    by_node.entry(*reads).or_default().push(test);
                }
            }
        }
        for (node, tests) in &mut by_node {
            let above = above(prepared, *node);
            tests.retain(|test| {
                let mut reads = manifest.node(*test).depends_on.iter();
                reads.all(|read| read == node || above.contains(read) || !nodes.contains(read))
            });
        }
        let wanted: BTreeSet<NodeId> = by_node.values().flatten().copied().collect();
        let compiled = compiler.all(wanted).map_err(Stop::Failed)?;
        let with_sql = by_node.into_iter().map(|(node, tests)| {
            let tests = tests.into_iter();
            // A test that asks the warehouse while it renders is asked at its own turn.
            let ready = tests.filter_map(|test| Some((test, Arc::clone(compiled.sql(test)?))));
            (node, ready.collect())
        });
        Ok(Self(with_sql.collect()))
    }

    /// The tests of a node.
    pub fn of_node(&self, node: NodeId) -> Vec<(NodeId, Arc<Sql>)> {
        self.0.get(&node).cloned().unwrap_or_default()
    }
}

/// Everything that a node stands on.
fn above(prepared: &Prepared, node: NodeId) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![node];
    while let Some(id) = waiting.pop() {
        for read in &prepared.manifest.node(id).depends_on {
            if found.insert(*read) {
                waiting.push(*read);
            }
        }
    }
    found
}
