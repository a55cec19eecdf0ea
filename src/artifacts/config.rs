//! A node's `config` with all keys that dbt writes, the defaults of its kind where nothing is set.

use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use crate::manifest::config::{Hook, Severity};
use crate::manifest::{Config, Node, ResourceType};

/// Keys whose value is written from the typed field, because dbt normalizes it.
fn typed(config: &Config, kind: ResourceType, key: &str) -> Option<Value> {
    Some(match key {
        "enabled" => config.enabled.into(),
        "materialized" => config.materialized.as_str().into(),
        "tags" => config.tags.clone().into(),
        "meta" => config.meta.clone().into(),
        "schema" => config.schema.clone().into(),
        "alias" => config.alias.clone().into(),
        "database" => config.database.clone().into(),
        "group" => config.group.clone().into(),
        "pre-hook" => hooks(&config.pre_hook),
        "post-hook" => hooks(&config.post_hook),
        "grants" => grants(&config.grants),
        "docs" => docs(config),
        "contract" => contract(config.contract_enforced),
        // As written, or else dbt's own word.
        "severity" => match (config.values.get("severity"), config.severity) {
            (Some(written), _) if written.is_string() => written.clone(),
            (_, Severity::Error) => "ERROR".into(),
            (_, Severity::Warn) => "WARN".into(),
        },
        "fail_calc" | "warn_if" | "error_if" if kind == ResourceType::Test => {
            let value = match key {
                "fail_calc" => &config.fail_calc,
                "warn_if" => &config.warn_if,
                _ => &config.error_if,
            };
            value.as_str().into()
        }
        "where" => config.where_clause.clone().into(),
        "limit" => config.limit.into(),
        "column_types" => config
            .column_types
            .iter()
            .map(|(name, data_type)| (name.clone(), Value::from(data_type.as_str())))
            .collect::<Map<_, _>>()
            .into(),
        _ => return None,
    })
}

/// dbt's `docs`.
pub(super) fn docs(config: &Config) -> Value {
    let written = config.values.get("docs");
    let color = written.and_then(|docs| docs.get("node_color"));
    json!({ "show": config.docs_show, "node_color": color })
}

/// dbt's `contract`.
pub(super) fn contract(enforced: bool) -> Value {
    json!({ "enforced": enforced, "alias_types": true })
}

/// What dbt writes for a source without a limit of age.
pub(super) fn no_freshness() -> Value {
    let never = json!({ "count": null, "period": null });
    json!({ "warn_after": never, "error_after": never, "filter": null })
}

fn hooks(hooks: &[Hook]) -> Value {
    hooks
        .iter()
        .map(|hook| json!({ "sql": hook.sql, "transaction": hook.transaction, "index": null }))
        .collect()
}

fn grants(grants: &[(String, Vec<String>)]) -> Value {
    let pairs = grants
        .iter()
        .map(|(privilege, grantees)| (privilege.clone(), grantees.clone().into()));
    Value::Object(pairs.collect())
}

/// The keys that dbt writes for a kind, in its order, with their defaults.
fn keys(kind: ResourceType) -> impl Iterator<Item = (&'static str, Value)> {
    let common = [
        "enabled",
        "alias",
        "schema",
        "database",
        "tags",
        "meta",
        "group",
        "static_analysis",
        "materialized",
    ];
    let test = [
        "severity",
        "store_failures",
        "store_failures_as",
        "where",
        "limit",
        "fail_calc",
        "warn_if",
        "error_if",
    ];
    let node = [
        "incremental_strategy",
        "batch_size",
        "lookback",
        "begin",
        "persist_docs",
        "post-hook",
        "pre-hook",
        "quoting",
        "column_types",
        "full_refresh",
        "unique_key",
        "on_schema_change",
        "on_configuration_change",
        "grants",
        "packages",
        "docs",
        "contract",
        "event_time",
        "concurrent_batches",
    ];
    let source = [
        "enabled",
        "event_time",
        "freshness",
        "loaded_at_field",
        "loaded_at_query",
        "meta",
        "tags",
        "static_analysis",
    ];
    let keys: Vec<&'static str> = match kind {
        ResourceType::Test => common.into_iter().chain(test).collect(),
        ResourceType::Source => source.to_vec(),
        ResourceType::Exposure => vec!["enabled", "tags", "meta"],
        // They bring their own.
        ResourceType::SemanticModel | ResourceType::Metric | ResourceType::SavedQuery => vec![],
        ResourceType::UnitTest => vec!["tags", "meta", "enabled", "static_analysis"],
        ResourceType::Model => common
            .into_iter()
            .chain(node)
            .chain(["access", "freshness"])
            .collect(),
        ResourceType::Seed => common
            .into_iter()
            .chain(node)
            .chain(["delimiter", "quote_columns"])
            .collect(),
        ResourceType::Snapshot => common
            .into_iter()
            .chain(node)
            .chain([
                "strategy",
                "target_schema",
                "target_database",
                "updated_at",
                "check_cols",
                "snapshot_meta_column_names",
                "dbt_valid_to_current",
            ])
            .collect(),
        ResourceType::Analysis | ResourceType::Operation => {
            common.into_iter().chain(node).collect()
        }
    };
    keys.into_iter().map(|key| (key, default(key)))
}

fn default(key: &str) -> Value {
    match key {
        "lookback" => 1.into(),
        "persist_docs" | "quoting" | "snapshot_meta_column_names" => json!({}),
        "packages" => json!([]),
        "on_schema_change" => "ignore".into(),
        "on_configuration_change" => "apply".into(),
        "access" => "protected".into(),
        "delimiter" => ",".into(),
        _ => Value::Null,
    }
}

/// Serializes with serde's `serialize_with`: dbt's keys first, then what else is configured.
pub(super) fn serialize<S: Serializer>(node: &Node, serializer: S) -> Result<S::Ok, S::Error> {
    let config = &node.config;
    let mut map = serializer.serialize_map(None)?;
    let mut written = Vec::new();
    for (key, mut default) in keys(node.resource_type) {
        if key == "freshness" && node.resource_type == ResourceType::Source {
            default = no_freshness();
        }
        written.push(key);
        match (
            typed(config, node.resource_type, key),
            config.values.get(key),
        ) {
            (Some(value), _) => map.serialize_entry(key, &value)?,
            (None, Some(value)) => map.serialize_entry(key, value)?,
            (None, None) => map.serialize_entry(key, &default)?,
        }
    }
    for (key, value) in config.values.iter() {
        // dbt knows the hooks by both names and writes them under one.
        if !written.contains(&key.as_str()) && key != "pre_hook" && key != "post_hook" {
            map.serialize_entry(key, value)?;
        }
    }
    map.end()
}
