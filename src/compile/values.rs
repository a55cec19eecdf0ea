//! Nodes as a template sees them: `model`, and the nodes, sources and exposures of `graph`.
//!
//! In: the entries of the manifest as dbt writes them. Out: values.
//! Does not know what is in an entry.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use crate::jinja::{MomentValue, Value, changing};
use crate::manifest::microbatch::Batch;
use crate::manifest::{Manifest, ResourceType};

/// Data as a template holds it.
pub(super) fn from_json(data: impl serde::Serialize) -> Value {
    Value::from(minijinja::value::Serde(data))
}

/// `model`: a node by its entry, with the batch that it is built for.
pub(super) fn model(entry: &Json, batch: Option<&Batch>) -> Value {
    let Some(batch) = batch else {
        return from_json(entry);
    };
    let moment = |at: DateTime| {
        let zoned = at.to_zoned(TimeZone::UTC);
        zoned.map_or_else(
            |_| Value::from(at.to_string()),
            |at| MomentValue::from(&at).into(),
        )
    };
    let batch = Value::from_pairs([
        ("id", Value::from(batch.id())),
        ("event_time_start", moment(batch.start)),
        ("event_time_end", moment(batch.end)),
    ]);
    let keys = entry.as_object().into_iter().flatten();
    let keys = keys.map(|(key, value)| (key.as_str(), from_json(value)));
    Value::from_pairs(keys.chain([("batch", batch)]))
}

/// `graph`: every node by its `unique_id`. As with dbt it can be changed, and what one template puts there the others see.
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
    changing(&json!({
        "nodes": of(|kind| {
            kind.is_among_nodes()
        }),
        "sources": of(|kind| kind == ResourceType::Source),
        "exposures": of(|kind| kind == ResourceType::Exposure),
        "groups": groups,
        "metrics": of(|kind| kind == ResourceType::Metric),
        "functions": empty,
        "saved_queries": of(|kind| kind == ResourceType::SavedQuery),
        "semantic_models": of(|kind| kind == ResourceType::SemanticModel),
    }))
}
