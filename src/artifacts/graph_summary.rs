//! `graph_summary.json` and an empty `semantic_manifest.json`, which tools of dbt expect beside the manifest.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::Invocation;
use crate::manifest::{Manifest, NodeId, ResourceType};

/// Every node with its kind and the places of those that read it; in a build (`with_tests`) once more with an edge from each test to
/// what waits for it.
pub fn graph_summary(manifest: &Manifest, invocation: &Invocation<'_>, with_tests: bool) -> Value {
    let mut successors: BTreeMap<NodeId, BTreeSet<NodeId>> = BTreeMap::new();
    for id in manifest.ids() {
        for parent in &manifest.node(id).depends_on {
            successors.entry(*parent).or_default().insert(id);
        }
    }
    let mut summary = Map::new();
    summary.insert("_invocation_id".to_owned(), invocation.id.into());
    summary.insert("linked".to_owned(), edges(manifest, &successors));
    if with_tests {
        for (test, node) in waiting(manifest, &successors) {
            successors.entry(test).or_default().insert(node);
        }
        summary.insert("with_test_edges".to_owned(), edges(manifest, &successors));
    }
    Value::Object(summary)
}

fn edges(manifest: &Manifest, successors: &BTreeMap<NodeId, BTreeSet<NodeId>>) -> Value {
    let entry = |id: NodeId| {
        let node = manifest.node(id);
        let mut entry = json!({ "name": node.unique_id, "type": node.resource_type.as_str() });
        if let Some(after) = successors.get(&id) {
            entry["succ"] = after.iter().map(|id| id.index()).collect();
        }
        (id.index().to_string(), entry)
    };
    let listed = manifest.ids().filter(|id| {
        // Hooks stand in no graph.
        manifest.node(*id).resource_type != ResourceType::Operation
    });
    Value::Object(listed.map(entry).collect())
}

/// Each node that is built, with the tests of what it reads whose other parents it stands on as well.
fn waiting(
    manifest: &Manifest,
    successors: &BTreeMap<NodeId, BTreeSet<NodeId>>,
) -> Vec<(NodeId, NodeId)> {
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
