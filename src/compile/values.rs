//! Nodes as a template sees them: `model`, and the nodes, sources and exposures of `graph`.
//!
//! In: the entries of the manifest as dbt writes them. Out: values.
//! Does not know what is in an entry.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::jinja::Value;
use crate::manifest::{Manifest, ResourceType};

/// Data as a template holds it.
pub(super) fn from_json(data: impl serde::Serialize) -> Value {
    Value::from(minijinja::value::Serde(data))
}

/// `graph`: every node by its `unique_id`.
pub(super) fn graph(manifest: &Manifest, entries: &[Json]) -> Value {
    let of = |wanted: fn(ResourceType) -> bool| -> BTreeMap<&str, &Json> {
        let nodes = manifest.nodes.iter().zip(entries);
        nodes
            .filter(|(node, _)| wanted(node.resource_type))
            .map(|(node, entry)| (node.unique_id.as_str(), entry))
            .collect()
    };
    let empty = BTreeMap::<&str, Json>::new();
    let groups: BTreeMap<&str, Json> = manifest
        .groups
        .iter()
        .map(|group| {
            (
                group.unique_id.as_str(),
                crate::manifest::groups::entry(group),
            )
        })
        .collect();
    from_json(json!({
        "nodes": of(|kind| {
            !matches!(kind, ResourceType::Source | ResourceType::Exposure | ResourceType::UnitTest)
        }),
        "sources": of(|kind| kind == ResourceType::Source),
        "exposures": of(|kind| kind == ResourceType::Exposure),
        "groups": groups,
        "metrics": empty,
        "functions": empty,
        "saved_queries": empty,
        "semantic_models": empty,
    }))
}
