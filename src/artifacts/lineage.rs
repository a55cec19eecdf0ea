//! `lineage.json`: the columns of every node, with their types, and the columns that each is made of.
//!
//! Ours, not dbt's: `docs/lineage.md` tells its shape. The same project gives the same bytes: no time and no id stands in it.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::relation_name;
use crate::analyze::checks::Personal;
use crate::analyze::{Analysis, Column, ColumnRef};
use crate::compile::Compiled;
use crate::manifest::node::Node;
use crate::manifest::{Manifest, NodeId, ResourceType};
use crate::sql::lineage::Sources;
use crate::sql::normal::normalized;

/// The version of the file's shape.
const VERSION: u8 = 1;

/// What `lineage.json` is made from.
#[derive(Clone, Copy)]
pub struct LineageJson<'a> {
    /// The nodes.
    pub manifest: &'a Manifest,
    /// Their columns.
    pub analysis: &'a Analysis,
    /// Their SQL, which tells the late ones.
    pub compiled: &'a Compiled,
    /// Where personal data goes.
    pub personal: &'a Personal,
    /// dbt's name of the dialect that types are written in.
    pub dialect: &'a str,
}

/// Written node by node: the whole is as large as the project.
impl Serialize for LineageJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut file = serializer.serialize_map(Some(3))?;
        file.serialize_entry("version", &VERSION)?;
        file.serialize_entry("dialect", self.dialect)?;
        file.serialize_entry("nodes", &Nodes(self))?;
        file.end()
    }
}

struct Nodes<'a, 'b>(&'a LineageJson<'b>);

impl Serialize for Nodes<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(lineage) = self;
        let late: BTreeMap<NodeId, &str> = lineage.compiled.late().collect();
        let ids = lineage.manifest.ids();
        let nodes = ids.map(|id| (id, lineage.manifest.node(id)));
        serializer.collect_map(
            nodes
                .filter(|(_, node)| has_columns(node))
                .map(|(id, node)| {
                    let entry = lineage.node(id, late.get(&id).copied());
                    (&node.unique_id, entry)
                }),
        )
    }
}

impl LineageJson<'_> {
    fn node(&self, id: NodeId, late: Option<&str>) -> Value {
        let node = self.manifest.node(id);
        let analysis = self.analysis.node(id);
        let columns: Vec<Value> = analysis
            .schema
            .columns
            .iter()
            .map(|column| self.column(id, node, column))
            .collect();
        let influences: Vec<Value> = analysis
            .influences
            .iter()
            .map(|(origin, kinds)| {
                let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
                json!({ "node": &*origin.table, "column": &*origin.column, "kinds": kinds })
            })
            .collect();
        let mut entry = Map::new();
        entry.insert("resource_type".into(), node.resource_type.as_str().into());
        entry.insert("name".into(), node.name.clone().into());
        entry.insert(
            "relation".into(),
            node.relation.as_ref().map(ToString::to_string).into(),
        );
        entry.insert("complete".into(), analysis.schema.is_complete().into());
        if let Some(reason) = late {
            entry.insert("late".into(), reason.into());
        }
        if let Some(fingerprint) = self.fingerprint(id) {
            entry.insert("fingerprint".into(), fingerprint.into());
        }
        entry.insert("columns".into(), columns.into());
        entry.insert("influences".into(), influences.into());
        Value::Object(entry)
    }

    /// A hash of the node's query as it counts: layout, comments, and where its parents stand do not.
    fn fingerprint(&self, id: NodeId) -> Option<String> {
        let mut text = normalized(&self.compiled.sql(id)?.text);
        for parent in &self.manifest.node(id).depends_on {
            let parent = self.manifest.node(*parent);
            let Some(relation) = &parent.relation else {
                continue;
            };
            let in_full = relation_name(&self.manifest.in_full(relation));
            let in_full = normalized(&in_full);
            let short = in_full.split_once('.').map_or("", |(_, rest)| rest);
            text = text.replace(&in_full, &parent.unique_id);
            if short.contains('.') {
                text = text.replace(short, &parent.unique_id);
            }
        }
        let digest = Md5::digest(text.as_bytes());
        Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn column(&self, id: NodeId, node: &Node, column: &Column) -> Value {
        let here = ColumnRef {
            node: id,
            column: column.name.to_lowercase().into(),
        };
        let classes = self.personal.at(&here).iter();
        let classes: Vec<&str> = classes.map(|class| &*class.name).collect();
        let declared = node
            .columns
            .values()
            .any(|known| known.name.eq_ignore_ascii_case(&column.name));
        json!({
            "name": column.name,
            "data_type": column.data_type.as_deref(),
            "nullable": column.nullable,
            "declared": declared,
            "implied": column.implied,
            "classes": classes,
            "from": from(&column.sources),
        })
    }
}

/// The columns that a column is made of.
fn from(sources: &Sources) -> Vec<Value> {
    let entries = sources.iter().map(|(origin, through)| {
        let functions: Vec<&str> = through.functions.iter().map(AsRef::as_ref).collect();
        json!({ "node": &*origin.table, "column": &*origin.column, "how": through.how.as_str(), "functions": functions })
    });
    entries.collect()
}

/// Whether a node is one that columns are told of: a table or view, also that of a test which keeps its failures by its configuration.
fn has_columns(node: &Node) -> bool {
    match node.resource_type {
        ResourceType::Model
        | ResourceType::Seed
        | ResourceType::Snapshot
        | ResourceType::Source => true,
        ResourceType::Test => node.config.keeps_failures(false),
        _ => false,
    }
}
