//! `manifest.json`, version 12.

use std::collections::{BTreeMap, BTreeSet};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::entry::Entry;
use super::keys::Keys;
use super::{Invocation, timestamp};
use crate::compile::Compiled;
use crate::manifest::{Manifest, Node, NodeId, ResourceType};

/// What `manifest.json` is made from; borrowed, because a project may be large.
pub struct ManifestJson<'a> {
    /// The nodes.
    pub manifest: &'a Manifest,
    /// This run of the program.
    pub invocation: &'a Invocation<'a>,
    /// Compiled SQL by place of the node; empty when nothing was compiled.
    pub compiled: &'a [Option<&'a str>],
    /// Where the SQL came from, for the common table expressions in front of it.
    pub sql: &'a Compiled,
    /// The nodes that were built, so that their statements were written.
    pub built: &'a BTreeSet<NodeId>,
    /// The project's groups, by `unique_id`.
    pub groups: &'a BTreeMap<String, Group>,
    /// The project's macros, by `unique_id`.
    pub macros: &'a BTreeMap<String, Macro>,
    /// The project's `docs` blocks, by `unique_id`.
    pub docs: &'a BTreeMap<String, Doc>,
    /// What `selectors.yml` defines, by name.
    pub selectors: &'a Map<String, Value>,
}

/// A macro of the project.
#[derive(Clone, Debug, Default)]
pub struct Macro {
    /// Its name.
    pub name: String,
    /// Its package.
    pub package_name: String,
    /// Its file, from the project root.
    pub path: String,
    /// Its text, from `{% macro` to `{% endmacro %}`.
    pub sql: String,
    /// Description.
    pub description: String,
    /// `unique_id`s of the macros it calls.
    pub depends_on: Vec<String>,
    /// Free data about it.
    pub meta: Map<String, Value>,
    /// Where YAML describes it: `package://path`.
    pub patch_path: Option<String>,
    /// Name, type, description of its arguments as declared.
    pub arguments: Vec<(String, Option<String>, String)>,
}

/// A group of nodes.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its package.
    pub package_name: String,
    /// Its file below the resource folder.
    pub path: String,
    /// Its file, from the project root.
    pub original_file_path: String,
    /// Who answers for it, as declared.
    pub owner: Value,
    /// Description.
    pub description: Option<String>,
    /// Its configuration, as declared.
    pub config: Map<String, Value>,
}

/// A `docs` block.
#[derive(Clone, Debug, Default)]
pub struct Doc {
    /// Its name.
    pub name: String,
    /// Its package.
    pub package_name: String,
    /// Its file below the resource folder.
    pub path: String,
    /// Its file, from the project root.
    pub original_file_path: String,
    /// Its text.
    pub contents: String,
}

impl ManifestJson<'_> {
    /// Some entries alone, for those who ask for nodes as JSON.
    pub fn entries(&self, ids: impl IntoIterator<Item = NodeId>) -> Vec<Value> {
        let index = Index::new(self);
        ids.into_iter().map(|id| json!(index.entry(id))).collect()
    }
}

impl Serialize for ManifestJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let index = Index::new(self);
        let of = |kind| -> Vec<NodeId> {
            let ids = self.manifest.ids();
            ids.filter(|id| self.manifest.node(*id).resource_type == kind)
                .collect()
        };
        let nodes = self.manifest.ids();
        let nodes: Vec<_> = nodes
            .filter(|id| self.manifest.node(*id).resource_type.is_among_nodes())
            .collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("metadata", &self.metadata())?;
        map.serialize_entry("nodes", &Entries(&index, &nodes, &self.manifest.aside))?;
        map.serialize_entry("sources", &Entries(&index, &of(ResourceType::Source), &[]))?;
        map.serialize_entry("macros", &Macros(self.macros, index.created_at))?;
        map.serialize_entry("docs", &Docs(self.docs))?;
        map.serialize_entry(
            "exposures",
            &Entries(&index, &of(ResourceType::Exposure), &[]),
        )?;
        map.serialize_entry("metrics", &Entries(&index, &of(ResourceType::Metric), &[]))?;
        map.serialize_entry("groups", &Groups(self.groups))?;
        map.serialize_entry("selectors", self.selectors)?;
        map.serialize_entry("disabled", &Disabled(&index))?;
        map.serialize_entry("parent_map", &index.parents())?;
        map.serialize_entry("child_map", &index.children())?;
        map.serialize_entry("group_map", &index.members(self.groups))?;
        let saved = of(ResourceType::SavedQuery);
        map.serialize_entry("saved_queries", &Entries(&index, &saved, &[]))?;
        let models = of(ResourceType::SemanticModel);
        map.serialize_entry("semantic_models", &Entries(&index, &models, &[]))?;
        map.serialize_entry(
            "unit_tests",
            &Entries(&index, &of(ResourceType::UnitTest), &[]),
        )?;
        map.serialize_entry("functions", &json!({}))?;
        map.end()
    }
}

impl ManifestJson<'_> {
    fn metadata(&self) -> Value {
        let mut metadata = self.invocation.metadata("manifest", 12);
        metadata["project_name"] = self.manifest.project_name.as_str().into();
        metadata["project_id"] = crate::manifest::md5(&self.manifest.project_name).into();
        metadata["user_id"] = Value::Null;
        metadata["send_anonymous_usage_stats"] = false.into();
        metadata["adapter_type"] = self.invocation.adapter_type.into();
        metadata["quoting"] =
            json!({ "database": true, "schema": true, "identifier": true, "column": null });
        metadata["run_started_at"] = timestamp(self.invocation.started_at).into();
        metadata
    }
}

/// What the entries look up.
pub(super) struct Index<'a> {
    pub manifest: &'a Manifest,
    pub invocation: &'a Invocation<'a>,
    /// Seconds since 1970.
    pub created_at: f64,
    compiled: &'a [Option<&'a str>],
    sql: &'a Compiled,
    pub built: &'a BTreeSet<NodeId>,
    pub keys: Keys<'a>,
}

impl<'a> Index<'a> {
    fn new(json: &'a ManifestJson<'a>) -> Self {
        let created_at = json.invocation.generated_at.as_microsecond();
        Self {
            manifest: json.manifest,
            invocation: json.invocation,
            #[expect(clippy::cast_precision_loss, reason = "microseconds of our time fit")]
            created_at: created_at as f64 / 1e6,
            compiled: json.compiled,
            sql: json.sql,
            built: json.built,
            keys: Keys::new(json.manifest),
        }
    }

    fn entry(&self, id: NodeId) -> Entry<'_> {
        Entry {
            index: self,
            node: self.manifest.node(id),
            id: Some(id),
        }
    }

    pub(super) fn compiled(&self, id: NodeId) -> Option<&str> {
        self.compiled.get(id.index()).copied().flatten()
    }

    /// The common table expressions in front of a node's SQL, as dbt lists them.
    pub(super) fn extra_ctes(&self, id: NodeId) -> Vec<Value> {
        let ctes = self.sql.sql(id).map_or(&[][..], |sql| &sql.ctes);
        let entry = |(id, sql): &(NodeId, String)| json!({ "id": self.manifest.node(*id).unique_id, "sql": format!(" {sql}") });
        ctes.iter().map(entry).collect()
    }

    /// The nodes of each group, by its name.
    fn members<'g>(&self, groups: &'g BTreeMap<String, Group>) -> BTreeMap<&'g str, Vec<&str>> {
        let named = groups
            .values()
            .map(|group| (group.name.as_str(), Vec::new()));
        let mut members: BTreeMap<&str, Vec<&str>> = named.collect();
        for id in self.manifest.ids() {
            let entry = self.entry(id);
            let group = entry
                .group()
                .and_then(|group| members.get_mut(group.as_str()));
            if let Some(group) = group {
                group.push(&self.manifest.node(id).unique_id);
            }
        }
        members
    }

    /// A file of a node below the target folder, with `/` on every system.
    pub(super) fn path_below(&self, folder: &str, node: &Node) -> String {
        let mut parts = vec![
            self.invocation
                .target_path
                .to_string_lossy()
                .replace('\\', "/"),
            folder.to_owned(),
            node.package_name.clone(),
            node.original_file_path.clone(),
        ];
        let is_yaml = |path: &str| path.ends_with(".yml") || path.ends_with(".yaml");
        if is_yaml(&node.original_file_path) {
            parts.push(node.path.clone());
        }
        parts.join("/")
    }

    pub(super) fn names(&self, ids: &[NodeId]) -> Vec<&'a str> {
        ids.iter()
            .map(|id| self.manifest.node(*id).unique_id.as_str())
            .collect()
    }

    /// Every node that stands in the manifest, those beside the graph too.
    fn all(&self) -> impl Iterator<Item = &'a Node> {
        let of_graph = self.manifest.nodes.iter().map(|node| &**node);
        of_graph.chain(&self.manifest.aside)
    }

    fn parents(&self) -> BTreeMap<&str, Vec<&str>> {
        let entry = |node: &'a Node| {
            let mut parents = self.names(&node.depends_on);
            parents.sort_unstable();
            (node.unique_id.as_str(), parents)
        };
        self.all().map(entry).collect()
    }

    fn children(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for node in self.all() {
            children.entry(&node.unique_id).or_default();
            for parent in &node.depends_on {
                let parent = self.manifest.node(*parent).unique_id.as_str();
                children.entry(parent).or_default().push(&node.unique_id);
            }
        }
        for list in children.values_mut() {
            list.sort_unstable();
        }
        children
    }
}

/// Nodes of the graph, and some beside it.
struct Entries<'a>(&'a Index<'a>, &'a [NodeId], &'a [Node]);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(index, ids, aside) = self;
        let entries = ids.iter().map(|id| index.entry(*id));
        let aside = aside.iter().map(|node| Entry {
            index,
            node,
            id: None,
        });
        let all = entries.chain(aside);
        serializer.collect_map(all.map(|entry| (&entry.node.unique_id, entry)))
    }
}

struct Disabled<'a>(&'a Index<'a>);

impl Serialize for Disabled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let index = self.0;
        let mut by_id: BTreeMap<&str, Vec<Entry<'_>>> = BTreeMap::new();
        for node in &index.manifest.disabled {
            let entry = Entry {
                index,
                node,
                id: None,
            };
            by_id.entry(&node.unique_id).or_default().push(entry);
        }
        serializer.collect_map(by_id)
    }
}

struct Macros<'a>(&'a BTreeMap<String, Macro>, f64);

impl Serialize for Macros<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(id, it)| {
            let arguments: Vec<Value> = it
                .arguments
                .iter()
                .map(|(name, kind, description)| json!({ "name": name, "type": kind, "description": description }))
                .collect();
            let docs = json!({ "show": true, "node_color": null });
            let entry = json!({
                "name": it.name,
                "resource_type": "macro",
                "package_name": it.package_name,
                "path": it.path,
                "original_file_path": it.path,
                "unique_id": id,
                "macro_sql": it.sql,
                "depends_on": { "macros": it.depends_on },
                "description": it.description,
                "meta": it.meta,
                "docs": docs,
                "config": { "meta": it.meta, "docs": docs },
                "patch_path": it.patch_path,
                "arguments": arguments,
                "created_at": self.1,
                "supported_languages": null,
            });
            (id, entry)
        }))
    }
}

/// Who answers for something, with both of dbt's keys.
pub(super) fn owner(declared: &Value) -> Value {
    let mut owner = json!({ "email": null, "name": null });
    for (key, value) in declared.as_object().into_iter().flatten() {
        owner[key] = value.clone();
    }
    owner
}

struct Groups<'a>(&'a BTreeMap<String, Group>);

impl Serialize for Groups<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(id, group)| {
            let mut config = json!({ "meta": {} });
            for (key, value) in &group.config {
                config[key] = value.clone();
            }
            let entry = json!({
                "name": group.name,
                "resource_type": "group",
                "package_name": group.package_name,
                "path": group.path,
                "original_file_path": group.original_file_path,
                "unique_id": id,
                "owner": owner(&group.owner),
                "description": group.description,
                "config": config,
            });
            (id, entry)
        }))
    }
}

struct Docs<'a>(&'a BTreeMap<String, Doc>);

impl Serialize for Docs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(id, doc)| {
            let entry = json!({
                "name": doc.name,
                "resource_type": "doc",
                "package_name": doc.package_name,
                "path": doc.path,
                "original_file_path": doc.original_file_path,
                "unique_id": id,
                "block_contents": doc.contents,
            });
            (id, entry)
        }))
    }
}
