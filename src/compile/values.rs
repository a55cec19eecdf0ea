//! Nodes as a template sees them: `model`, and the `nodes` and `sources` of `graph`.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::jinja::{RelationValue, Value};
use crate::manifest::node::Detail;
use crate::manifest::{Manifest, Node, ResourceType};

/// Data as a template holds it.
pub(super) fn from_json(data: impl serde::Serialize) -> Value {
    Value::from(minijinja::value::Serde(data))
}

/// `model`: dbt's keys for a node that templates read.
pub(super) fn node(node: &Node, manifest: &Manifest) -> Value {
    from_json(node_json(node, manifest))
}

/// `graph`: every node by its `unique_id`.
pub(super) fn graph(manifest: &Manifest) -> Value {
    let of = |wanted: fn(&Node) -> bool| -> BTreeMap<&str, Json> {
        manifest
            .nodes
            .iter()
            .filter(|node| wanted(node))
            .map(|node| (node.unique_id.as_str(), node_json(node, manifest)))
            .collect()
    };
    let empty = BTreeMap::<&str, Json>::new();
    from_json(json!({
        "nodes": of(|node| !matches!(node.resource_type, ResourceType::Source | ResourceType::Exposure)),
        "sources": of(|node| node.resource_type == ResourceType::Source),
        "exposures": of(|node| node.resource_type == ResourceType::Exposure),
        "groups": empty,
        "metrics": empty,
    }))
}

fn node_json(node: &Node, manifest: &Manifest) -> Json {
    let depends_on: Vec<&str> = node
        .depends_on
        .iter()
        .map(|id| manifest.node(*id).unique_id.as_str())
        .collect();
    let relation = node
        .relation
        .as_ref()
        .map(|relation| manifest.in_full(relation));
    let mut value = json!({
        "unique_id": node.unique_id,
        "resource_type": node.resource_type.as_str(),
        "package_name": node.package_name,
        "name": node.name,
        "alias": node.alias,
        "path": node.path,
        "original_file_path": node.original_file_path,
        "fqn": node.fqn,
        "database": relation.as_ref().and_then(|relation| relation.database.as_deref()),
        "schema": relation.as_ref().map(|relation| relation.schema.as_str()),
        "relation_name": relation.clone().map(|relation| RelationValue::new(relation, None).to_string()),
        "config": node.config.values,
        "tags": node.config.tags,
        "meta": node.config.meta,
        "description": node.description,
        "raw_code": node.code.as_ref().map(|code| code.text()),
        "language": "sql",
        "depends_on": { "nodes": depends_on, "macros": node.macros },
        "refs": node.refs.iter().map(|call| json!({
            "name": call.name, "package": call.package, "version": call.version,
        })).collect::<Vec<_>>(),
        "sources": node.sources.iter().map(|call| [&call.source, &call.table]).collect::<Vec<_>>(),
        "columns": node.columns.iter().map(|(name, column)| (name.clone(), json!({
            "name": column.name,
            "description": column.description,
            "data_type": column.data_type,
            "meta": column.meta,
            "tags": column.tags,
            "quote": column.quote,
        }))).collect::<serde_json::Map<_, _>>(),
    });
    if let (Json::Object(map), Detail::Source(source)) = (&mut value, &node.detail) {
        map.insert("source_name".into(), json!(source.source_name));
        map.insert(
            "source_description".into(),
            json!(source.source_description),
        );
        map.insert("loader".into(), json!(source.loader));
        map.insert("identifier".into(), json!(node.alias));
        map.insert("source_meta".into(), json!(source.source_meta));
    }
    value
}
