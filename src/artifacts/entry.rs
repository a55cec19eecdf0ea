//! One node as an entry of `manifest.json`, with the keys that dbt writes for its kind, in dbt's order.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::manifest::{Index, owner};
use super::{config, relation_name, unit_test};
use crate::manifest::node::{
    Column, Constraint, ConstraintKind, Detail, ExposureDetail, RefCall, SemanticDetail,
    SourceDetail, TestDetail,
};
use crate::manifest::{Node, NodeId, ResourceType};

/// dbt does not read a seed of more bytes to compare it.
const LARGE_SEED: u64 = 1024 * 1024;

/// A node with what surrounds it.
pub(super) struct Entry<'a> {
    pub index: &'a Index<'a>,
    pub node: &'a Node,
    /// None for a disabled node.
    pub id: Option<NodeId>,
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.node.detail {
            Detail::Source(detail) => self.source(&mut map, detail)?,
            Detail::Exposure(detail) => self.exposure(&mut map, detail)?,
            Detail::Semantic(detail) => self.semantic(&mut map, detail)?,
            Detail::UnitTest(detail) => unit_test::serialize(self, &mut map, detail)?,
            _ => self.node(&mut map)?,
        }
        map.end()
    }
}

impl Entry<'_> {
    fn node<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let node = self.node;
        self.place(map)?;
        map.serialize_entry("alias", &node.alias)?;
        map.serialize_entry("checksum", &self.checksum())?;
        map.serialize_entry("config", &ConfigOf(node))?;
        map.serialize_entry("tags", &node.config.tags)?;
        map.serialize_entry("description", &node.description)?;
        map.serialize_entry("columns", &Columns(node))?;
        map.serialize_entry("meta", &node.config.meta)?;
        map.serialize_entry("group", &self.group())?;
        let docs = config::docs(&node.config);
        map.serialize_entry("docs", &docs)?;
        map.serialize_entry("patch_path", &self.patch_path())?;
        map.serialize_entry("build_path", &self.build_path())?;
        map.serialize_entry("unrendered_config", &node.unrendered_config)?;
        map.serialize_entry("created_at", &self.index.created_at)?;
        map.serialize_entry("relation_name", &self.relation_name())?;
        map.serialize_entry("raw_code", &self.raw_code())?;
        map.serialize_entry("doc_blocks", &node.doc_blocks)?;
        if node.resource_type == ResourceType::Seed {
            map.serialize_entry("root_path", &self.root_path())?;
            return map.serialize_entry("depends_on", &json!({ "macros": node.macros }));
        }
        let language = if node.is_python() { "python" } else { "sql" };
        map.serialize_entry("language", language)?;
        self.reads(map)?;
        self.compiled(map)?;
        self.own(map)
    }

    fn place<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let (node, invocation) = (self.node, self.index.invocation);
        let relation = node.relation.as_ref().or(node.place.as_deref());
        let database = relation
            .and_then(|relation| relation.database.as_deref())
            .or(invocation.database);
        let schema = relation.map_or(invocation.schema, |relation| &relation.schema);
        map.serialize_entry("database", &database)?;
        map.serialize_entry("schema", schema)?;
        map.serialize_entry("name", &node.name)?;
        map.serialize_entry("resource_type", node.resource_type.as_str())?;
        self.identity(map)
    }

    pub(super) fn identity<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let node = self.node;
        map.serialize_entry("package_name", &node.package_name)?;
        map.serialize_entry("path", &node.path)?;
        map.serialize_entry("original_file_path", &node.original_file_path)?;
        map.serialize_entry("unique_id", &node.unique_id)?;
        map.serialize_entry("fqn", &node.fqn)
    }

    /// A generic test belongs to the group of what it tests.
    pub(super) fn group(&self) -> Option<&String> {
        let tested = match &self.node.detail {
            Detail::Test(test) => test.attached_node,
            _ => None,
        };
        let of_tested = || self.index.manifest.node(tested?).config.group.as_ref();
        self.node.config.group.as_ref().or_else(of_tested)
    }

    /// What it calls.
    fn calls<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let calls = self.node.refs.iter();
        let refs: Vec<Value> = calls.map(ref_entry).collect();
        map.serialize_entry("refs", &refs)?;
        let sources = self.node.sources.iter();
        let sources: Vec<[&str; 2]> = sources
            .map(|call| [call.source.as_str(), call.table.as_str()])
            .collect();
        map.serialize_entry("sources", &sources)?;
        map.serialize_entry("metrics", &json!([]))
    }

    pub(super) fn depends_on<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let nodes: Vec<&str> = self.index.names(&self.node.depends_on);
        // The macro of a test comes first, as dbt calls it.
        let is_test = |id: &&String| {
            id.rsplit('.')
                .next()
                .is_some_and(|name| name.starts_with("test_"))
        };
        let (tests, others): (Vec<&String>, Vec<&String>) =
            self.node.macros.iter().partition(is_test);
        let macros = [tests, others].concat();
        map.serialize_entry("depends_on", &json!({ "macros": macros, "nodes": nodes }))
    }

    fn reads<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.calls(map)?;
        map.serialize_entry("functions", &json!([]))?;
        self.depends_on(map)
    }

    fn compiled<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let code = self.id.and_then(|id| self.index.compiled(id));
        if let Some(code) = code {
            // dbt writes the query of a snapshot to no file of its own.
            let path = (self.node.resource_type != ResourceType::Snapshot)
                .then(|| self.index.path_below("compiled", self.node));
            map.serialize_entry("compiled_path", &path)?;
            map.serialize_entry("compiled", &true)?;
            map.serialize_entry("compiled_code", code)?;
            map.serialize_entry("extra_ctes_injected", &true)?;
            let ctes = self.id.map(|id| self.index.extra_ctes(id));
            map.serialize_entry("extra_ctes", &ctes.unwrap_or_default())?;
        } else {
            map.serialize_entry("compiled_path", &Value::Null)?;
        }
        let mut contract = config::contract(self.node.config.contract_enforced);
        contract["checksum"] = Value::Null;
        map.serialize_entry("contract", &contract)
    }

    /// What only its kind has.
    fn own<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match &self.node.detail {
            Detail::Test(test) => self.test(map, test),
            // dbt counts hooks from 1 here, and from 0 in their names.
            Detail::Operation { index, .. } => map.serialize_entry("index", &(index + 1)),
            _ if self.node.resource_type == ResourceType::Model => self.model(map),
            _ => Ok(()),
        }
    }

    fn model<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let access = self.node.config.values.get("access");
        map.serialize_entry("access", access.unwrap_or(&"protected".into()))?;
        let constraints: Vec<Value> = self
            .node
            .constraints
            .iter()
            .map(|c| constraint(c, true))
            .collect();
        map.serialize_entry("constraints", &constraints)?;
        let version = self.node.version.as_ref();
        map.serialize_entry("version", &version.map(|version| &version.v))?;
        map.serialize_entry("latest_version", &version.map(|version| &version.latest))?;
        map.serialize_entry("deprecation_date", &self.node.deprecation_date)?;
        let key = self
            .id
            .map(|id| self.index.keys.primary(id))
            .unwrap_or_default();
        map.serialize_entry("primary_key", &key)?;
        map.serialize_entry("time_spine", &self.node.time_spine)
    }

    fn test<M: SerializeMap>(&self, map: &mut M, test: &TestDetail) -> Result<(), M::Error> {
        let Some(generic) = &test.generic else {
            return Ok(());
        };
        let attached = test.attached_node.map(|id| self.index.manifest.node(id));
        // As the macro gets it, with quotes where the column asks for them.
        let column = generic.arguments.get("column_name").and_then(Value::as_str);
        let column = test
            .column_name
            .as_deref()
            .and(column.or(test.column_name.as_deref()));
        map.serialize_entry("column_name", &column)?;
        let declared = test.declared_on.as_ref();
        let key = declared.map(|declared| declared.key.clone());
        map.serialize_entry(
            "file_key_name",
            &key.or_else(|| attached.map(file_key_name)),
        )?;
        let node = attached.filter(|node| node.resource_type != ResourceType::Source);
        let id = declared.and_then(|declared| declared.unique_id.as_ref());
        map.serialize_entry("attached_node", &id.or(node.map(|node| &node.unique_id)))?;
        let metadata = json!({
            "name": generic.name,
            "kwargs": generic.arguments,
            "namespace": generic.namespace,
        });
        map.serialize_entry("test_metadata", &metadata)
    }

    fn source<M: SerializeMap>(&self, map: &mut M, detail: &SourceDetail) -> Result<(), M::Error> {
        let node = self.node;
        self.place(map)?;
        map.serialize_entry("source_name", &detail.source_name)?;
        map.serialize_entry("source_description", &detail.source_description)?;
        map.serialize_entry("loader", &detail.loader)?;
        let identifier = node
            .relation
            .as_ref()
            .map_or(&node.name, |relation| &relation.identifier);
        map.serialize_entry("identifier", identifier)?;
        let mut quoting =
            json!({ "database": null, "schema": null, "identifier": null, "column": null });
        for (key, value) in &detail.quoting {
            quoting[key] = value.clone();
        }
        map.serialize_entry("quoting", &quoting)?;
        map.serialize_entry("loaded_at_field", &detail.loaded_at.field)?;
        let query = detail.loaded_at.query.as_ref().map(|query| &query.value);
        map.serialize_entry("loaded_at_query", &query)?;
        map.serialize_entry("freshness", &detail.freshness_value)?;
        map.serialize_entry("external", &detail.external)?;
        map.serialize_entry("description", &node.description)?;
        map.serialize_entry("columns", &Columns(node))?;
        map.serialize_entry("meta", &node.config.meta)?;
        map.serialize_entry("source_meta", &detail.source_meta)?;
        map.serialize_entry("tags", &node.config.tags)?;
        map.serialize_entry("config", &ConfigOf(node))?;
        map.serialize_entry("patch_path", &Value::Null)?;
        map.serialize_entry("unrendered_config", &node.unrendered_config)?;
        map.serialize_entry("relation_name", &self.relation_name())?;
        map.serialize_entry("created_at", &self.index.created_at)?;
        map.serialize_entry("unrendered_database", &detail.unrendered_database)?;
        map.serialize_entry("unrendered_schema", &detail.unrendered_schema)?;
        map.serialize_entry("doc_blocks", &node.doc_blocks)
    }

    fn semantic<M: SerializeMap>(
        &self,
        map: &mut M,
        detail: &SemanticDetail,
    ) -> Result<(), M::Error> {
        let node = self.node;
        map.serialize_entry("name", &node.name)?;
        map.serialize_entry("resource_type", node.resource_type.as_str())?;
        self.identity(map)?;
        if node.resource_type == ResourceType::SemanticModel {
            let model = node.depends_on.first();
            let model = model.map(|id| self.index.manifest.node(*id));
            let stands = model.and_then(|model| model.relation.as_ref());
            let relation = stands.map(|relation| {
                let relation = self.index.manifest.in_full(relation);
                json!({
                    "alias": relation.identifier,
                    "schema_name": relation.schema,
                    "database": relation.database,
                    "relation_name": relation_name(&relation),
                })
            });
            map.serialize_entry("node_relation", &relation)?;
        }
        for (key, value) in &detail.keys {
            map.serialize_entry(key, value)?;
        }
        self.depends_on(map)?;
        let refs: Vec<Value> = node.refs.iter().map(ref_entry).collect();
        map.serialize_entry("refs", &refs)?;
        map.serialize_entry("created_at", &self.index.created_at)
    }

    fn exposure<M: SerializeMap>(
        &self,
        map: &mut M,
        detail: &ExposureDetail,
    ) -> Result<(), M::Error> {
        let node = self.node;
        map.serialize_entry("name", &node.name)?;
        map.serialize_entry("resource_type", node.resource_type.as_str())?;
        self.identity(map)?;
        map.serialize_entry("type", &detail.kind)?;
        map.serialize_entry("owner", &owner(&detail.owner))?;
        map.serialize_entry("description", &node.description)?;
        map.serialize_entry("label", &detail.label)?;
        map.serialize_entry("maturity", &detail.maturity)?;
        map.serialize_entry("meta", &node.config.meta)?;
        map.serialize_entry("tags", &node.config.tags)?;
        map.serialize_entry("config", &ConfigOf(node))?;
        map.serialize_entry("unrendered_config", &node.unrendered_config)?;
        map.serialize_entry("url", &detail.url)?;
        self.depends_on(map)?;
        self.calls(map)?;
        map.serialize_entry("created_at", &self.index.created_at)
    }

    /// Of the text without blanks at its ends, as dbt takes it; generic tests have none, and of a large seed it is the path.
    fn checksum(&self) -> Value {
        let of = |text: &str| json!({ "name": "sha256", "checksum": sha256(text.trim()) });
        match (&self.node.detail, &self.node.code) {
            (Detail::Test(test), _) if test.generic.is_some() => {}
            // Several snapshots can stand in one file, and one in a declaration: dbt takes the text of the whole file.
            (_, Some(code)) if self.node.resource_type == ResourceType::Snapshot => {
                let file = code.made_from.as_ref().map(|span| &span.source);
                return of(&file.unwrap_or(&code.source).text);
            }
            (_, Some(code)) => return of(code.text()),
            (Detail::Seed { path }, None) => {
                let size = std::fs::metadata(path).map_or(0, |file| file.len());
                if size > LARGE_SEED {
                    return json!({ "name": "path", "checksum": self.node.original_file_path });
                }
                // A seed that is gone by now has no checksum; the run told about it.
                if let Ok(text) = std::fs::read_to_string(path) {
                    return of(&text);
                }
            }
            _ => {}
        }
        json!({ "name": "none", "checksum": "" })
    }

    fn patch_path(&self) -> Option<String> {
        let node = self.node;
        let declared = node.declared_at.as_ref()?;
        (!matches!(
            node.resource_type,
            ResourceType::Test | ResourceType::UnitTest | ResourceType::Operation
        ))
        .then(|| {
            format!(
                "{}://{}",
                node.package_name,
                node.own_path(&declared.source.path)
            )
        })
    }

    /// Where the statements stand that built it, if it was built.
    fn build_path(&self) -> Option<String> {
        let built = self.id.is_some_and(|id| self.index.built.contains(&id));
        built.then(|| self.index.path_below("run", self.node))
    }

    /// The name in the warehouse of what has one; a test has one when it keeps its failures.
    fn relation_name(&self) -> Option<String> {
        let node = self.node;
        let stands =
            node.resource_type != ResourceType::Test || node.config.store_failures == Some(true);
        if let Detail::Source(source) = &node.detail
            && let Some(location) = &source.location
        {
            return Some(location.clone());
        }
        let relation = node.relation.as_ref().filter(|_| stands)?;
        Some(relation_name(&self.index.manifest.in_full(relation)))
    }

    fn raw_code(&self) -> String {
        match (&self.node.detail, &self.node.code) {
            (Detail::Test(test), _) if test.generic.is_some() => {
                generic_call(test) + &self.test_config(test)
            }
            (_, Some(code)) if self.node.resource_type == ResourceType::Snapshot => {
                code.text().to_owned()
            }
            (_, Some(code)) => code.text().trim().to_owned(),
            _ => String::new(),
        }
    }

    /// The call of `config` that dbt adds to a generic test: what its declaration configures, and an alias where its name is too
    /// long for a table.
    fn test_config(&self, test: &TestDetail) -> String {
        let Some(generic) = &test.generic else {
            return String::new();
        };
        let value = |key: &str| {
            let short = || {
                self.node
                    .unrendered_config
                    .get(key)
                    .filter(|_| key == "alias")
            };
            generic.config.get(key).or_else(short)
        };
        let settings: Vec<String> = TEST_CONFIG
            .iter()
            .filter_map(|key| Some((key, value(key)?)))
            .map(|(key, value)| match value {
                Value::String(text) => format!("{key}=\"{}\"", text.replace('"', "\\\"")),
                other => format!("{key}={}", in_python(other)),
            })
            .collect();
        if settings.is_empty() {
            return String::new();
        }
        format!("{{{{ config({}) }}}}", settings.join(","))
    }

    /// The folder that the seed's `original_file_path` starts from.
    fn root_path(&self) -> Option<String> {
        let Detail::Seed { path } = &self.node.detail else {
            return None;
        };
        let path = path.to_string_lossy().replace('\\', "/");
        path.strip_suffix(&self.node.original_file_path)
            .map(|root| root.trim_end_matches('/').to_owned())
    }
}

/// The keys that dbt passes on to `config`, in its order.
const TEST_CONFIG: [&str; 14] = [
    "severity",
    "tags",
    "enabled",
    "where",
    "limit",
    "warn_if",
    "error_if",
    "fail_calc",
    "store_failures",
    "store_failures_as",
    "meta",
    "database",
    "schema",
    "alias",
];

/// A value as Python writes it.
fn in_python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => {
            let quote = if text.contains('\'') && !text.contains('"') {
                '"'
            } else {
                '\''
            };
            let escaped = text.replace('\\', "\\\\").replace('\n', "\\n");
            let escaped = if quote == '\'' {
                escaped.replace('\'', "\\'")
            } else {
                escaped
            };
            format!("{quote}{escaped}{quote}")
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(in_python).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| format!("'{key}': {}", in_python(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Number(number) => number.to_string(),
    }
}

fn ref_entry(call: &RefCall) -> Value {
    json!({ "name": call.name, "package": call.package, "version": call.version })
}

fn generic_call(test: &TestDetail) -> String {
    test.generic.as_ref().map_or_else(String::new, |generic| {
        let namespace = generic.namespace.as_ref().map(|name| format!("{name}."));
        format!(
            "{{{{ {}test_{}(**_dbt_generic_test_kwargs) }}}}",
            namespace.unwrap_or_default(),
            generic.name
        )
    })
}

/// Where the YAML of a test's node stands: `models.orders`, `sources.raw`.
fn file_key_name(node: &Node) -> String {
    match &node.detail {
        Detail::Source(detail) => format!("sources.{}", detail.source_name),
        _ => {
            let key = match node.resource_type {
                ResourceType::Seed => "seeds",
                ResourceType::Snapshot => "snapshots",
                ResourceType::Analysis => "analyses",
                _ => "models",
            };
            format!("{key}.{}", node.name)
        }
    }
}

pub(super) fn sha256(text: &str) -> String {
    use std::fmt::Write as _;
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

pub(super) struct ConfigOf<'a>(pub(super) &'a Node);

impl Serialize for ConfigOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        config::serialize(self.0, serializer)
    }
}

struct Columns<'a>(&'a Node);

impl Serialize for Columns<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.columns.iter().map(|(name, column)| {
            let name = column.written.as_ref().unwrap_or(name);
            (name, ColumnEntry(column))
        }))
    }
}

/// Written as it is read: a project has ten times as many columns as nodes.
struct ColumnEntry<'a>(&'a Column);

impl Serialize for ColumnEntry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(column) = self;
        let constraints = column.constraints.iter();
        let constraints: Vec<Value> = constraints.map(|c| constraint(c, false)).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", column.written.as_ref().unwrap_or(&column.name))?;
        map.serialize_entry("description", &column.description)?;
        map.serialize_entry("meta", &column.meta)?;
        map.serialize_entry("data_type", &column.data_type)?;
        map.serialize_entry("constraints", &constraints)?;
        map.serialize_entry("quote", &column.quote)?;
        map.serialize_entry("config", &ColumnConfig(column))?;
        map.serialize_entry("tags", &column.tags)?;
        map.serialize_entry("granularity", &column.granularity)?;
        map.serialize_entry("doc_blocks", &column.doc_blocks)?;
        map.end()
    }
}

struct ColumnConfig<'a>(&'a Column);

impl Serialize for ColumnConfig<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("meta", &self.0.meta)?;
        map.serialize_entry("tags", &self.0.tags)?;
        map.end()
    }
}

fn constraint(constraint: &Constraint, of_model: bool) -> Value {
    let kind = match constraint.kind {
        ConstraintKind::NotNull => "not_null",
        ConstraintKind::Unique => "unique",
        ConstraintKind::PrimaryKey => "primary_key",
        ConstraintKind::ForeignKey => "foreign_key",
        ConstraintKind::Check => "check",
        ConstraintKind::Custom => "custom",
    };
    let mut entry = json!({
        "type": kind,
        "name": constraint.name,
        "expression": constraint.expression,
        "warn_unenforced": constraint.warn_unenforced,
        "warn_unsupported": constraint.warn_unsupported,
        "to": constraint.to,
        "to_columns": constraint.to_columns,
    });
    if of_model {
        entry["columns"] = constraint.columns.clone().into();
    }
    entry
}
