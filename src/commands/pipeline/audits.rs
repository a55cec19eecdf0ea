//! Which tests decide whether the new rows of a node are shown, and their SQL.
//!
//! A test is asked before the rows of its node are shown, when everything else that it reads is there: what the node stands on, what the run
//! does not build, and its siblings, for which the last of them waits. Where what a test reads stands on its node, it is asked at its own turn.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::together::is_built;
use super::{Execution, Prepared};
use crate::commands::{Session, Stop};
use crate::compile::{Compiler, Sql};
use crate::manifest::config::Severity;
use crate::manifest::node::Detail;
use crate::manifest::{Manifest, NodeId, ResourceType};
use crate::warnings::Fate;

/// A test with its SQL; none where it asks the warehouse while it renders.
pub type Audit = (NodeId, Option<Arc<Sql>>);

/// The tests by the node that they decide about.
#[derive(Debug, Default)]
pub struct Audits {
    by_node: BTreeMap<NodeId, Vec<Audit>>,
    waits: Vec<(NodeId, NodeId)>,
}

/// Which tests decide about which node, while that is being found out.
struct Looking<'a> {
    manifest: &'a Manifest,
    /// What the run builds, and of that what is audited.
    built: BTreeSet<NodeId>,
    audited: BTreeSet<NodeId>,
    /// A place for each node behind the places of what it reads.
    places: HashMap<NodeId, usize>,
    by_node: BTreeMap<NodeId, Vec<NodeId>>,
    waits: BTreeSet<(NodeId, NodeId)>,
}

impl Audits {
    /// The tests of the nodes of a run that are audited; nothing where none is.
    ///
    /// # Errors
    /// What is wrong with the SQL of a test.
    pub fn of(
        session: &Session,
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
        let audits = |id: &NodeId| manifest.node(*id).config.audit.unwrap_or(execution.audit);
        let built = nodes
            .iter()
            .copied()
            .filter(|id| is_built(manifest.node(*id)));
        let built: BTreeSet<NodeId> = built.collect();
        let audited: BTreeSet<NodeId> = built.iter().copied().filter(audits).collect();
        if audited.is_empty() {
            return Ok(Self::default());
        }
        let mut looking = Looking {
            manifest,
            built,
            audited,
            places: prepared.graph.order().iter().copied().zip(0..).collect(),
            by_node: BTreeMap::new(),
            waits: BTreeSet::new(),
        };
        let warnings_fail = session.flags.warnings.fate("test-warned") == Fate::Error;
        for test in manifest.ids() {
            let node = manifest.node(test);
            // What a build leaves out it does not ask here either; other commands have no tests of their own.
            let asked = execution.verb != "build" || nodes.contains(&test);
            if node.resource_type == ResourceType::Test && node.config.enabled && asked {
                let decides = warnings_fail || node.config.severity != Severity::Warn;
                looking.place(test, decides);
            }
        }
        let wanted: BTreeSet<NodeId> = looking.by_node.values().flatten().copied().collect();
        let compiled = compiler.all(wanted).map_err(Stop::Failed)?;
        let with_sql = looking.by_node.into_iter().map(|(node, tests)| {
            let tests = tests.into_iter();
            let tests = tests.map(|test| (test, compiled.sql(test).map(Arc::clone)));
            (node, tests.collect())
        });
        Ok(Self {
            by_node: with_sql.collect(),
            waits: looking.waits.into_iter().collect(),
        })
    }

    /// The tests of a node.
    pub fn of_node(&self, node: NodeId) -> Vec<Audit> {
        self.by_node.get(&node).cloned().unwrap_or_default()
    }

    /// Nodes that wait for others which they do not read, as one of their tests reads both.
    pub fn waits(&self) -> &[(NodeId, NodeId)] {
        &self.waits
    }
}

impl Looking<'_> {
    /// Finds the node that a test decides about, behind all others that it reads; for a test that `decides`, it waits for those.
    fn place(&mut self, test: NodeId, decides: bool) {
        let own = self.manifest.node(test).depends_on.iter().copied();
        let mut candidates: Vec<NodeId> = own.filter(|id| self.audited.contains(id)).collect();
        if candidates.is_empty() {
            return;
        }
        // The node that it is declared for, else the last one.
        let attached = match &self.manifest.node(test).detail {
            Detail::Test(detail) => detail.attached_node,
            _ => None,
        };
        candidates.sort_by_key(|id| {
            let place = std::cmp::Reverse(self.places.get(id));
            (Some(*id) != attached, place)
        });
        let reads = self.reads(test);
        let above = |node: &NodeId| (*node, self.above(*node));
        let mut each = candidates.iter().map(above);
        let last = each.find(|(node, above)| {
            let mut others = reads.iter().filter(|read| *read != node);
            others.all(|read| {
                let sibling = || decides && !self.above(*read).contains(node);
                above.contains(read) || sibling()
            })
        });
        let Some((node, above)) = last else {
            return;
        };
        let others = reads.into_iter().filter(|read| *read != node);
        let siblings = others.filter(|read| !above.contains(read));
        self.waits.extend(siblings.map(|read| (node, read)));
        self.by_node.entry(node).or_default().push(test);
    }

    /// What of the run a test reads, also through ephemeral models.
    fn reads(&self, test: NodeId) -> BTreeSet<NodeId> {
        let mut found = BTreeSet::new();
        let mut waiting = self.manifest.node(test).depends_on.clone();
        while let Some(id) = waiting.pop() {
            let node = self.manifest.node(id);
            if node.config.materialized == "ephemeral" {
                waiting.extend(node.depends_on.iter().copied());
            } else if self.built.contains(&id) {
                found.insert(id);
            }
        }
        found
    }

    /// Everything that a node stands on or waits for.
    fn above(&self, node: NodeId) -> BTreeSet<NodeId> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![node];
        while let Some(id) = waiting.pop() {
            let waited = self.waits.range((id, NodeId(0))..);
            let waited = waited.take_while(|(node, _)| *node == id);
            let waited = waited.map(|(_, other)| *other);
            let reads = self.manifest.node(id).depends_on.iter().copied();
            for read in reads.chain(waited) {
                if found.insert(read) {
                    waiting.push(read);
                }
            }
        }
        found
    }
}
