//! `catalog.json`, version 1: what the warehouse really holds.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Invocation;
use crate::adapter::TableFacts;
use crate::manifest::{Manifest, NodeId, ResourceType};
use crate::relation::{Column, RelationKind};

/// What the warehouse holds for a node.
#[derive(Clone, Debug)]
pub struct CatalogTable {
    /// The node.
    pub node: NodeId,
    /// Table or view.
    pub kind: RelationKind,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// How many rows it has, if they were counted.
    pub rows: Option<u64>,
    /// When it was last built, if that is known.
    pub last_built: Option<Timestamp>,
    /// What the warehouse tells beyond that.
    pub facts: TableFacts,
}

/// The tables and views of the project's nodes.
pub fn catalog(manifest: &Manifest, tables: &[CatalogTable], invocation: &Invocation<'_>) -> Value {
    let mut nodes = std::collections::BTreeMap::new();
    let mut sources = std::collections::BTreeMap::new();
    for table in tables {
        let node = manifest.node(table.node);
        let Some(relation) = &node.relation else {
            continue;
        };
        let database = relation.database.as_deref().or(invocation.database);
        let entry = json!({
            "metadata": {
                "type": kind(table.kind),
                "schema": relation.schema,
                "name": relation.identifier,
                "database": database,
                "comment": table.facts.comment,
                "owner": table.facts.owner,
            },
            "columns": columns(table),
            "stats": stats(table),
            "unique_id": node.unique_id,
        });
        if node.resource_type == ResourceType::Source {
            sources.insert(node.unique_id.clone(), entry);
        } else {
            nodes.insert(node.unique_id.clone(), entry);
        }
    }
    json!({
        "metadata": invocation.metadata("catalog", 1),
        "nodes": nodes,
        "sources": sources,
        "errors": null,
    })
}

fn kind(kind: RelationKind) -> &'static str {
    match kind {
        RelationKind::Table => "BASE TABLE",
        RelationKind::View => "VIEW",
        RelationKind::MaterializedView => "MATERIALIZED VIEW",
    }
}

fn columns(table: &CatalogTable) -> Map<String, Value> {
    let entry = |(column, index): (&Column, usize)| {
        let entry = json!({
            "type": column.data_type,
            "index": index,
            "name": column.name,
            "comment": table.facts.column_comments.get(&column.name.to_lowercase()),
        });
        (column.name.clone(), entry)
    };
    table.columns.iter().zip(1..).map(entry).collect()
}

fn stats(table: &CatalogTable) -> Value {
    let mut stats = Map::new();
    for figure in &table.facts.figures {
        stats.insert(
            figure.id.into(),
            json!({
                "id": figure.id,
                "label": figure.label,
                "value": figure.value,
                "include": figure.include,
                "description": figure.description,
            }),
        );
    }
    if let Some(rows) = table.rows {
        stats.insert(
            "row_count".into(),
            json!({
                "id": "row_count",
                "label": "Rows",
                "value": rows,
                "include": true,
                "description": "Rows after the last build",
            }),
        );
    }
    let has_stats = !stats.is_empty();
    stats.insert(
        "has_stats".into(),
        json!({
            "id": "has_stats",
            "label": "Has statistics",
            "value": has_stats,
            "include": false,
            "description": "Whether there are statistics for this table",
        }),
    );
    stats.into()
}
