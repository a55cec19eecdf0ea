//! OpenLineage's events: one a model, with the facets of its columns.
//!
//! Source: the specification of OpenLineage, `RunEvent`, and its facets `schema` 1.1 and `columnLineage` 1.2.

use serde_json::{Map, Value, json};

use super::namespace;
use crate::analyze::Analysis;
use crate::commands::Session;
use crate::commands::pipeline::Prepared;
use crate::manifest::{Manifest, NodeId};
use crate::sql::lineage::{How, Influence, Origin};

const PRODUCER: &str = concat!("urn:redstart:", env!("CARGO_PKG_VERSION"));
const SPEC: &str = "https://openlineage.io/spec";

/// The event of one model.
pub(super) fn event(
    session: &Session,
    prepared: &Prepared,
    analysis: &Analysis,
    id: NodeId,
) -> Value {
    let manifest = &*prepared.manifest;
    let node = manifest.node(id);
    let namespace = namespace(prepared);
    let inputs: Vec<Value> = node
        .depends_on
        .iter()
        .map(|input| dataset(manifest, analysis, &namespace, *input))
        .collect();
    let mut output = dataset(manifest, analysis, &namespace, id);
    output["facets"]["columnLineage"] = columns(manifest, analysis, &namespace, id);
    json!({
        "eventType": "COMPLETE",
        "eventTime": crate::artifacts::timestamp(session.started),
        "run": { "runId": session.invocation_id },
        "job": { "namespace": prepared.project.own.name, "name": node.unique_id, "facets": {} },
        "inputs": inputs,
        "outputs": [output],
        "producer": PRODUCER,
        "schemaURL": format!("{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"),
    })
}

fn name_of(manifest: &Manifest, id: NodeId) -> String {
    let node = manifest.node(id);
    node.relation
        .as_ref()
        .map_or_else(|| node.name.clone(), ToString::to_string)
}

fn dataset(manifest: &Manifest, analysis: &Analysis, namespace: &str, id: NodeId) -> Value {
    let fields: Vec<Value> = analysis
        .node(id)
        .schema
        .columns
        .iter()
        .map(|column| {
            let mut field = Map::from_iter([("name".to_owned(), Value::from(column.name.clone()))]);
            if let Some(data_type) = &column.data_type {
                field.insert("type".to_owned(), Value::from(&**data_type));
            }
            Value::Object(field)
        })
        .collect();
    json!({
        "namespace": namespace,
        "name": name_of(manifest, id),
        "facets": { "schema": { "_producer": PRODUCER, "_schemaURL": format!("{SPEC}/facets/1-1-1/SchemaDatasetFacet.json"), "fields": fields } },
    })
}

fn columns(manifest: &Manifest, analysis: &Analysis, namespace: &str, id: NodeId) -> Value {
    let input = |origin: &Origin, transformations: Vec<Value>| {
        let name = manifest
            .by_unique_id
            .get(&*origin.table)
            .map_or_else(|| origin.table.to_string(), |id| name_of(manifest, *id));
        json!({ "namespace": namespace, "name": name, "field": &*origin.column, "transformations": transformations })
    };
    let node = analysis.node(id);
    let mut fields = Map::new();
    for column in &node.schema.columns {
        let inputs: Vec<Value> = column
            .sources
            .iter()
            .map(|(origin, through)| {
                let subtype = match through.how {
                    How::Copied | How::Renamed => "IDENTITY",
                    How::Transformed => "TRANSFORMATION",
                    How::Aggregated => "AGGREGATION",
                };
                input(
                    origin,
                    vec![json!({ "type": "DIRECT", "subtype": subtype })],
                )
            })
            .collect();
        fields.insert(column.name.clone(), json!({ "inputFields": inputs }));
    }
    let dataset: Vec<Value> = node
        .influences
        .iter()
        .map(|(origin, kinds)| {
            let kinds = kinds.iter().map(|kind| {
                let subtype = match kind {
                    Influence::Filter => "FILTER",
                    Influence::Join => "JOIN",
                    Influence::Group => "GROUP_BY",
                };
                json!({ "type": "INDIRECT", "subtype": subtype })
            });
            input(origin, kinds.collect())
        })
        .collect();
    json!({
        "_producer": PRODUCER,
        "_schemaURL": format!("{SPEC}/facets/1-2-0/ColumnLineageDatasetFacet.json"),
        "fields": fields,
        "dataset": dataset,
    })
}
