//! `graph_summary.json` and an empty `semantic_manifest.json`, which tools of dbt expect beside the manifest.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::Invocation;
use crate::manifest::{Manifest, NodeId, ResourceType};

/// Every node with its kind and the places of those that read it; in a build (`with_tests`) once more with an edge from each test to
/// what waits for it.
pub fn graph_summary<'a>(
    manifest: &'a Manifest,
    invocation: &Invocation<'a>,
    with_tests: bool,
) -> impl Serialize + use<'a> {
    let mut successors = Successors::new();
    for id in manifest.ids() {
        for parent in &manifest.node(id).depends_on {
            successors.entry(*parent).or_default().insert(id);
        }
    }
    let with_test_edges = with_tests.then(|| {
        let mut successors = successors.clone();
        for (test, node) in waiting(manifest, &successors) {
            successors.entry(test).or_default().insert(node);
        }
        Edges {
            manifest,
            successors,
        }
    });
    Summary {
        invocation_id: invocation.id,
        linked: Edges {
            manifest,
            successors,
        },
        with_test_edges,
    }
}

type Successors = BTreeMap<NodeId, BTreeSet<NodeId>>;

#[derive(Serialize)]
struct Summary<'a> {
    #[serde(rename = "_invocation_id")]
    invocation_id: &'a str,
    linked: Edges<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    with_test_edges: Option<Edges<'a>>,
}

/// Made JSON as it is written: as a value, it would be most of what a large project needs at its peak.
struct Edges<'a> {
    manifest: &'a Manifest,
    successors: Successors,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "succ", skip_serializing_if = "Option::is_none")]
    successors: Option<Vec<usize>>,
}

impl Serialize for Edges<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Hooks stand in no graph.
        let listed = self
            .manifest
            .ids()
            .filter(|id| self.manifest.node(*id).resource_type != ResourceType::Operation);
        serializer.collect_map(listed.map(|id| {
            let node = self.manifest.node(id);
            let after = self.successors.get(&id);
            let entry = Entry {
                name: &node.unique_id,
                kind: node.resource_type.as_str(),
                successors: after.map(|after| after.iter().map(|id| id.index()).collect()),
            };
            (id.index().to_string(), entry)
        }))
    }
}

/// Each node that is built, with the tests of what it reads whose other parents it stands on as well.
fn waiting(manifest: &Manifest, successors: &Successors) -> Vec<(NodeId, NodeId)> {
    let is_test = |id: NodeId| manifest.node(id).resource_type == ResourceType::Test;
    let mut edges = Vec::new();
    for id in manifest.ids().filter(|id| !is_test(*id)) {
        let mut above = BTreeSet::new();
        let mut open = manifest.node(id).depends_on.clone();
        while let Some(parent) = open.pop() {
            if above.insert(parent) {
                open.extend(&manifest.node(parent).depends_on);
            }
        }
        let read = manifest.node(id).depends_on.iter();
        let tests = read.filter_map(|parent| successors.get(parent)).flatten();
        for test in tests.copied().filter(|test| is_test(*test)) {
            if manifest
                .node(test)
                .depends_on
                .iter()
                .all(|parent| above.contains(parent))
            {
                edges.push((test, id));
            }
        }
    }
    edges
}

/// A semantic manifest without anything in it: MetricFlow's parts of a project are not built here.
pub fn semantic_manifest() -> Value {
    json!({
        "semantic_models": [],
        "metrics": [],
        "project_configuration": {
            "time_spine_table_configurations": [],
            "metadata": null,
            "dsi_package_version": { "major_version": "0", "minor_version": "9", "patch_version": "0" },
            "time_spines": [],
        },
        "saved_queries": [],
    })
}
