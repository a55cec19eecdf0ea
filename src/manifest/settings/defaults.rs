//! What dbt's configuration is where nothing is said, and the keys that any node may have.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::manifest::node::ResourceType;

/// What Redshift calls a thing, and what dbt does.
pub(super) const OF_REDSHIFT: [(&str, &str); 6] = [
    ("distkey", "dist"),
    ("dist_key", "dist"),
    ("diststyle", "dist"),
    ("sortkey", "sort"),
    ("sort_key", "sort"),
    ("sortstyle", "sort_type"),
];

/// Keys that every node may have.
pub(super) const COMMON_KEYS: [&str; 46] = [
    "encode",
    "audit",
    "rejects",
    "reject_limit",
    "query_group",
    "enabled",
    "materialized",
    "tags",
    "meta",
    "schema",
    "alias",
    "database",
    "pre-hook",
    "post-hook",
    "pre_hook",
    "post_hook",
    "full_refresh",
    "persist_docs",
    "sql_header",
    "unload",
    "grants",
    "contract",
    "group",
    "access",
    "docs",
    "packages",
    "quoting",
    "static_analysis",
    "on_configuration_change",
    "event_time",
    "batch_size",
    "lookback",
    "begin",
    "concurrent_batches",
    "column_types",
    "freshness",
    "snapshot_meta_column_names",
    "loaded_at_field",
    "loaded_at_query",
    "description",
    "name",
    "auto_refresh",
    "node_color",
    "copy_grants",
    "predicates",
    "labels",
];

/// dbt's configuration of a kind of node where nothing is said; the same for all its nodes.
pub fn defaults(kind: ResourceType) -> &'static Map<String, Value> {
    static ALL: LazyLock<[Map<String, Value>; ResourceType::ALL.len()]> = LazyLock::new(|| {
        ResourceType::ALL.map(|kind| match made_defaults(kind) {
            Value::Object(defaults) => defaults,
            _ => Map::new(),
        })
    });
    &ALL[kind as usize]
}

fn made_defaults(kind: ResourceType) -> Value {
    match kind {
        ResourceType::Test => json!({
            "enabled": true, "alias": null, "schema": "dbt_test__audit", "database": null, "tags": [], "meta": {}, "group": null,
            "materialized": "test", "severity": "ERROR", "store_failures": null, "store_failures_as": null, "where": null,
            "limit": null, "fail_calc": "count(*)", "static_analysis": null, "warn_if": "!= 0", "error_if": "!= 0",
        }),
        ResourceType::Source => {
            json!({"enabled": true, "meta": {}, "tags": [], "event_time": null, "freshness": {"warn_after": {"count": null, "period": null}, "error_after": {"count": null, "period": null}, "filter": null}, "loaded_at_field": null, "loaded_at_query": null, "static_analysis": null})
        }
        ResourceType::Exposure => json!({"enabled": true, "meta": {}, "tags": []}),
        ResourceType::UnitTest => {
            json!({"enabled": true, "meta": {}, "tags": [], "static_analysis": null})
        }
        _ => {
            let mut all = json!({
                "enabled": true, "alias": null, "schema": null, "database": null, "tags": [], "meta": {}, "group": null,
                "materialized": "view", "incremental_strategy": null, "batch_size": null, "lookback": 1, "begin": null,
                "persist_docs": {}, "post-hook": [], "pre-hook": [], "quoting": {}, "column_types": {}, "full_refresh": null,
                "unique_key": null, "on_schema_change": "ignore", "on_configuration_change": "apply", "grants": {}, "packages": [],
                "docs": {"show": true, "node_color": null}, "contract": {"enforced": false, "alias_types": true},
                "event_time": null, "concurrent_batches": null, "static_analysis": null,
            });
            if kind == ResourceType::Snapshot {
                all["materialized"] = json!("snapshot");
                for key in [
                    "strategy",
                    "target_schema",
                    "target_database",
                    "updated_at",
                    "check_cols",
                ] {
                    all[key] = Value::Null;
                }
                all["snapshot_meta_column_names"] = json!({
                    "dbt_valid_to": null, "dbt_valid_from": null, "dbt_scd_id": null, "dbt_updated_at": null, "dbt_is_deleted": null,
                });
                all["dbt_valid_to_current"] = Value::Null;
            }
            if kind == ResourceType::Seed {
                all["materialized"] = json!("seed");
                all["delimiter"] = json!(",");
                all["quote_columns"] = json!(null);
            }
            if kind == ResourceType::Model {
                all["access"] = json!("protected");
                all["freshness"] = json!(null);
            }
            all
        }
    }
}
