//! Merged configuration, typed and checked.
//!
//! In: [`Merged`] values. Out: [`Config`], and everything that is wrong with the values.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::config::{
    Config, KnownMaterialization, OnConfigurationChange, OnSchemaChange, RejectLimit, Severity,
};
use super::in_jinja::InJinja;
use super::merge::{Merged, list};
use super::node::ResourceType;
use super::values::Values;
use crate::adapter::statement::{Dist, Index, SortType, TableAttributes};
use crate::diagnostic::{Diagnostic, Diagnostics, Level, Span, nearest};

/// Keys that every node may have.
/// What Redshift calls a thing, and what dbt does.
const OF_REDSHIFT: [(&str, &str); 6] = [
    ("distkey", "dist"),
    ("dist_key", "dist"),
    ("diststyle", "dist"),
    ("sortkey", "sort"),
    ("sort_key", "sort"),
    ("sortstyle", "sort_type"),
];

const COMMON_KEYS: [&str; 45] = [
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

/// The typed configuration of a node; what is wrong goes to `problems`, pointing at `at` where no better place is known.
pub fn typed(
    materializations: &Materializations<'_>,
    merged: Merged,
    kind: ResourceType,
    at: Option<&Span>,
    problems: &mut Diagnostics,
) -> Config {
    let mut reader = Reader {
        materializations: materializations.built_in,
        own: materializations.in_jinja,
        in_jinja: None,
        merged: &merged,
        at,
        problems,
    };
    let config = reader.config(kind);
    reader.warn_of_slips(kind);
    if kind == ResourceType::Model {
        super::no_effect::check(&config, &merged, problems);
    }
    let mut values = merged.values;
    if kind == ResourceType::Test {
        agree_on_failures(&config, &mut values);
    }
    if let Some(microbatch) = &config.microbatch {
        values.insert("begin", Value::from(microbatch.begin.to_string()));
    }
    Config {
        values,
        pre_hook: merged.pre_hook,
        post_hook: merged.post_hook,
        origins: merged.origins,
        ..config
    }
}

/// `store_failures` and `store_failures_as` say the same; where both are there, the second wins.
fn agree_on_failures(config: &Config, values: &mut Values) {
    match (&config.store_failures_as, config.store_failures) {
        (Some(kept_as), _) => {
            values.insert("store_failures", Value::Bool(kept_as != "ephemeral"));
        }
        (None, Some(kept)) => {
            let kept_as = if kept { "table" } else { "ephemeral" };
            values.insert("store_failures_as", Value::from(kept_as));
        }
        (None, None) => {}
    }
}

/// The materializations that a node can name.
#[derive(Clone, Copy, Debug)]
pub struct Materializations<'a> {
    /// Those that are built in.
    pub built_in: &'a [KnownMaterialization],
    /// Those written in Jinja.
    pub in_jinja: &'a InJinja,
}

struct Reader<'a> {
    materializations: &'a [KnownMaterialization],
    own: &'a InJinja,
    /// The macro that builds the node.
    in_jinja: Option<String>,
    merged: &'a Merged,
    at: Option<&'a Span>,
    problems: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn config(&mut self, kind: ResourceType) -> Config {
        self.in_jinja = self.built_in_jinja(kind);
        let (persist_relation, persist_columns) =
            super::persist_docs::read(self.merged, self.at, self.problems);
        let contract = self
            .merged
            .get("contract")
            .and_then(|contract| contract.get("enforced"))
            .and_then(Value::as_bool);
        let docs_show = self
            .merged
            .get("docs")
            .and_then(|docs| docs.get("show"))
            .and_then(Value::as_bool);
        Config {
            persist_docs_relation: persist_relation,
            persist_docs_columns: persist_columns,
            contract_enforced: contract.unwrap_or(false),
            docs_show: docs_show.unwrap_or(true),
            enabled: self.flag("enabled").unwrap_or(true),
            materialized: self.materialized(kind),
            in_jinja: self.in_jinja.clone(),
            tags: self.texts("tags"),
            meta: self
                .merged
                .get("meta")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
            schema: self.text("schema"),
            alias: self.text("alias"),
            database: self.text("database"),
            unique_key: self.texts("unique_key"),
            incremental_strategy: self.strategy(),
            microbatch: self.microbatch(kind),
            incremental_predicates: self.predicates(),
            merge_update_columns: self.texts("merge_update_columns"),
            merge_exclude_columns: self.texts("merge_exclude_columns"),
            on_schema_change: self.on_schema_change(),
            full_refresh: self.flag("full_refresh"),
            sql_header: self.text("sql_header"),
            grants: self.grants(),
            attributes: self.attributes(kind),
            auto_refresh: self.flag("auto_refresh").unwrap_or(false),
            on_configuration_change: self.on_configuration_change(),
            query_group: self.text("query_group"),
            bind: self.flag("bind").unwrap_or(true),
            column_types: self.column_types(),
            delimiter: self.delimiter(),
            quote_columns: self.flag("quote_columns"),
            severity: self.severity(),
            warn_if: self.condition("warn_if"),
            error_if: self.condition("error_if"),
            where_clause: self.text("where"),
            limit: self.limit(),
            fail_calc: self
                .text("fail_calc")
                .unwrap_or_else(|| "count(*)".to_owned()),
            store_failures: self.flag("store_failures"),
            store_failures_as: self.one_of("store_failures_as", &["table", "view", "ephemeral"]),
            group: self.text("group"),
            snapshot: self.snapshot(kind).map(Box::new),
            unload: self.unload().map(Box::new),
            rejects: self.flag("rejects").unwrap_or(false),
            reject_limit: self.reject_limit(),
            audit: self.flag("audit"),
            ..Config::default()
        }
    }

    fn snapshot(&mut self, kind: ResourceType) -> Option<super::snapshot_config::SnapshotConfig> {
        let enabled = self.merged.get("enabled") != Some(&Value::Bool(false));
        (kind == ResourceType::Snapshot && enabled)
            .then(|| super::snapshot_config::read(self.merged, self.at, self.problems))
            .flatten()
    }

    fn unload(&mut self) -> Option<super::unload::UnloadConfig> {
        let keys = match self.merged.get("unload")? {
            Value::Object(keys) => keys.clone(),
            Value::Null => return None,
            other => {
                let other = other.clone();
                self.wrong("unload", "a mapping with `to` and `format`", &other);
                return None;
            }
        };
        let at = self.place("unload");
        let place = |word: &str| {
            let all = at.as_ref()?;
            let found = all.text().find(word).filter(|_| !word.is_empty());
            Some(match found {
                Some(start) => {
                    let start = all.start + start;
                    Span::new(&all.source, start..start + word.len())
                }
                None => all.clone(),
            })
        };
        match super::unload::read(&keys, &place) {
            Ok(unload) => Some(unload),
            Err(problems) => {
                self.problems.extend(problems);
                None
            }
        }
    }

    fn place(&self, key: &str) -> Option<Span> {
        self.merged.origin(key).or_else(|| self.at.cloned())
    }

    fn wrong(&mut self, key: &str, what: &str, value: &Value) {
        let problem = Diagnostic::error(
            "bad-config",
            format!("`{key}` is {what}, not `{}`", shown(value)),
        )
        .at_some(self.place(key));
        self.problems.push(problem);
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.merged.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            other => {
                self.wrong(key, "a text", other);
                None
            }
        }
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        match self.merged.get(key)? {
            Value::Bool(flag) => Some(*flag),
            // What `{{ … }}` renders to inside a longer text is text.
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            other => {
                self.wrong(key, "`true` or `false`", other);
                None
            }
        }
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.merged.get(key) else {
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in list(value) {
            match item {
                Value::String(text) => texts.push(text),
                other => self.wrong(key, "a text or a list of texts", &other),
            }
        }
        texts
    }

    fn one_of(&mut self, key: &str, known: &[&str]) -> Option<String> {
        let text = self.text(key)?;
        let folded = text.to_lowercase();
        if known.contains(&folded.as_str()) {
            return Some(folded);
        }
        self.unknown(key, &text, known);
        None
    }

    fn unknown(&mut self, key: &str, value: &str, known: &[&str]) {
        let names = known
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ");
        let problem = Diagnostic::error("unknown-value", format!("`{key}` cannot be `{value}`"))
            .at_some(self.place(key))
            .did_you_mean(value, known.iter().copied())
            .help(format!("write one of {names}"));
        self.problems.push(problem);
    }

    fn built_in_jinja(&mut self, kind: ResourceType) -> Option<String> {
        if kind != ResourceType::Model {
            return None;
        }
        let named = |key| self.merged.get(key).and_then(Value::as_str);
        let materialized = named("materialized").unwrap_or("view");
        let built_in = self
            .materializations
            .iter()
            .any(|known| known.name == materialized);
        self.own
            .builds(materialized, built_in, named("incremental_strategy"))
    }

    fn materialized(&mut self, kind: ResourceType) -> String {
        let default = match kind {
            ResourceType::Seed => "seed",
            ResourceType::Test => "test",
            ResourceType::UnitTest => "unit",
            ResourceType::Source => "load",
            ResourceType::Snapshot => "snapshot",
            _ => "view",
        };
        let Some(name) = self.text("materialized") else {
            return default.to_owned();
        };
        if kind == ResourceType::Snapshot && name != "snapshot" {
            self.unknown("materialized", &name, &["snapshot"]);
        }
        if kind != ResourceType::Model || self.in_jinja.is_some() {
            return name;
        }
        let materializations = self.materializations;
        let built = || {
            materializations
                .iter()
                .map(|known| known.name)
                .filter(|name| !matches!(*name, "seed" | "load" | "test" | "snapshot"))
        };
        if built().any(|known| known == name) {
            return name;
        }
        let problem = if matches!(name.as_str(), "dynamic_table") {
            Diagnostic::error(
                "not-supported-yet",
                format!("`materialized: {name}` is not supported yet"),
            )
        } else {
            Diagnostic::error(
                "unknown-materialization",
                format!("there is no materialization `{name}`"),
            )
        };
        let names = built()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ");
        let problem = problem
            .at_some(self.place("materialized"))
            .did_you_mean(&name, built().chain(self.own.names()))
            .help(format!("write one of {names}"));
        self.problems.push(problem);
        default.to_owned()
    }

    fn predicates(&mut self) -> Vec<String> {
        let new = self.texts("incremental_predicates");
        if new.is_empty() {
            self.texts("predicates")
        } else {
            new
        }
    }

    fn on_configuration_change(&mut self) -> OnConfigurationChange {
        let known = &["apply", "continue", "fail"];
        match self.one_of("on_configuration_change", known).as_deref() {
            Some("continue") => OnConfigurationChange::Continue,
            Some("fail") => OnConfigurationChange::Fail,
            _ => OnConfigurationChange::Apply,
        }
    }

    fn on_schema_change(&mut self) -> OnSchemaChange {
        match self
            .one_of(
                "on_schema_change",
                &["ignore", "fail", "append_new_columns", "sync_all_columns"],
            )
            .as_deref()
        {
            Some("fail") => OnSchemaChange::Fail,
            Some("append_new_columns") => OnSchemaChange::AppendNewColumns,
            Some("sync_all_columns") => OnSchemaChange::SyncAllColumns,
            _ => OnSchemaChange::Ignore,
        }
    }

    /// A comparison that stands behind a number: `> 10`, `between 1 and 5`.
    fn condition(&mut self, key: &str) -> String {
        const WORDS: [&str; 5] = ["between ", "in ", "in(", "not ", "is "];
        const SIGNS: [&str; 8] = ["<", ">", "=", "!=", "<>", "<=", ">=", "=="];
        let Some(text) = self.text(key) else {
            return "!= 0".to_owned();
        };
        let begins = text.trim_start().to_lowercase();
        let sign: String = begins
            .chars()
            .take_while(|sign| "<>=!".contains(*sign))
            .collect();
        let compared_with = begins
            .strip_prefix(&sign)
            .is_some_and(|rest| !rest.trim().is_empty());
        let compares = SIGNS.contains(&sign.as_str()) && compared_with
            || WORDS.iter().any(|word| begins.starts_with(word));
        if !compares {
            let problem =
                Diagnostic::error("bad-config", format!("`{key}` is no comparison: `{text}`"))
                    .at_some(self.place(key))
                    .label("the number of failures stands before it")
                    .help(format!(
                        "write such as `{key}: \">10\"` or `{key}: \"between 1 and 5\"`"
                    ));
            self.problems.push(problem);
        }
        text
    }

    fn strategy(&mut self) -> Option<String> {
        const KEY: &str = "incremental_strategy";
        let known = ["append", "delete+insert", "merge", "microbatch"];
        let name = self.text(KEY)?.to_lowercase();
        if self.in_jinja.is_some() {
            return Some(name);
        }
        if name == "insert_overwrite" {
            let problem = Diagnostic::error(
                "not-supported-yet",
                format!("the incremental strategy `{name}` is not supported yet"),
            )
            .at_some(self.place(KEY))
            .help("write one of `append`, `delete+insert`, `merge`, `microbatch`");
            self.problems.push(problem);
            return None;
        }
        if name == "default" {
            return None;
        }
        self.one_of(KEY, &known)
    }

    fn microbatch(&mut self, kind: ResourceType) -> Option<super::microbatch::Microbatch> {
        let said = |key: &str, word: &str| {
            let value = self.merged.get(key).and_then(Value::as_str);
            value.is_some_and(|value| value.eq_ignore_ascii_case(word))
        };
        let wanted = kind == ResourceType::Model
            && said("materialized", "incremental")
            && said("incremental_strategy", "microbatch")
            && self.merged.get("enabled") != Some(&Value::Bool(false));
        wanted
            .then(|| super::microbatch::read(self.merged, self.at, self.problems))
            .flatten()
    }

    fn grants(&mut self) -> Vec<(String, Vec<String>)> {
        let Some(Value::Object(grants)) = self.merged.get("grants") else {
            return Vec::new();
        };
        grants
            .iter()
            .map(|(privilege, grantees)| {
                let grantees = list(grantees)
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect();
                (privilege.clone(), grantees)
            })
            .collect()
    }

    fn attributes(&mut self, kind: ResourceType) -> TableAttributes {
        if kind == ResourceType::Test {
            return TableAttributes::default();
        }
        let dist = self
            .text("dist")
            .map(|dist| match dist.to_lowercase().as_str() {
                "all" => Dist::All,
                "even" => Dist::Even,
                "auto" => Dist::Auto,
                _ => Dist::Key(dist),
            });
        let sort_type = self
            .one_of("sort_type", &["compound", "interleaved", "auto"])
            .map(|kind| match kind.as_str() {
                "interleaved" => SortType::Interleaved,
                "auto" => SortType::Auto,
                _ => SortType::Compound,
            });
        TableAttributes {
            dist,
            sort: self.texts("sort"),
            sort_type,
            backup: self.flag("backup"),
            indexes: self.indexes(),
            unlogged: self.flag("unlogged").unwrap_or(false),
        }
    }

    fn indexes(&mut self) -> Vec<Index> {
        let Some(value) = self.merged.get("indexes") else {
            return Vec::new();
        };
        let mut indexes = Vec::new();
        for item in list(value) {
            match index(&item) {
                Some(index) => indexes.push(index),
                None => self.wrong(
                    "indexes",
                    "a list of mappings with `columns`, and where wanted `unique` and `type`",
                    &item,
                ),
            }
        }
        indexes
    }

    fn column_types(&mut self) -> Vec<(String, String)> {
        match self.merged.get("column_types") {
            Some(Value::Object(types)) => {
                let mut typed = Vec::new();
                for (column, data_type) in types {
                    match data_type {
                        Value::String(data_type) => typed.push((column.clone(), data_type.clone())),
                        other => self.wrong("column_types", "a mapping of columns to types", other),
                    }
                }
                typed
            }
            Some(other) => {
                self.wrong("column_types", "a mapping of columns to types", other);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn delimiter(&mut self) -> Option<char> {
        let text = self.text("delimiter")?;
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) if character.is_ascii() => Some(character),
            _ => {
                self.wrong(
                    "delimiter",
                    "one ASCII character",
                    &Value::String(text.clone()),
                );
                None
            }
        }
    }

    fn severity(&mut self) -> Severity {
        match self.one_of("severity", &["error", "warn"]).as_deref() {
            Some("warn") => Severity::Warn,
            _ => Severity::Error,
        }
    }

    /// A number of rows, or a share of them such as `5%`.
    fn reject_limit(&mut self) -> Option<RejectLimit> {
        let value = self.merged.get("reject_limit")?;
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let limit = match text.trim().strip_suffix('%') {
            Some(percent) => {
                let percent = percent.trim().parse().ok();
                let percent = percent.filter(|percent| (0.0..=100.0).contains(percent));
                percent.map(RejectLimit::Percent)
            }
            None => text.trim().parse().ok().map(RejectLimit::Rows),
        };
        if limit.is_none() {
            self.wrong(
                "reject_limit",
                "a number of rows or a share of them such as `5%`",
                value,
            );
        }
        limit
    }

    fn limit(&mut self) -> Option<u64> {
        let value = self.merged.get("limit")?;
        let limit = value
            .as_u64()
            .or_else(|| value.as_str()?.trim().parse().ok());
        if limit.is_none() {
            self.wrong("limit", "a number of rows", value);
        }
        limit
    }

    /// dbt lets a key of the user's own pass; one that is a slip away from a known key is hardly meant.
    fn warn_of_slips(&mut self, kind: ResourceType) {
        // A materialization in Jinja may read any key.
        if kind == ResourceType::Exposure || self.in_jinja.is_some() {
            return;
        }
        let materializations = self.materializations;
        let of_materializations = || {
            materializations
                .iter()
                .flat_map(|known| known.keys.iter().copied())
        };
        for key in self.merged.origins.keys() {
            if COMMON_KEYS.contains(&key.as_str())
                || of_materializations().any(|known| known == key)
            {
                continue;
            }
            let meant = OF_REDSHIFT.iter().find(|(said, _)| said == key);
            let near = meant
                .map(|(_, meant)| *meant)
                .or_else(|| nearest(key, COMMON_KEYS.into_iter().chain(of_materializations())));
            if let Some(near) = near {
                self.problems.push(Diagnostic {
                    level: Level::Warning,
                    ..Diagnostic::error(
                        "unknown-config",
                        format!("the configuration `{key}` is unknown and has no effect"),
                    )
                    .at_some(self.place(key))
                    .help(format!("did you mean `{near}`?"))
                });
            }
        }
    }
}

/// One entry of `indexes`: `{columns: [a, b], unique: true, type: hash}`.
fn index(value: &Value) -> Option<Index> {
    let Value::Object(keys) = value else {
        return None;
    };
    let mut index = Index::default();
    for (key, value) in keys {
        match (key.as_str(), value) {
            ("columns", columns) => {
                let columns = list(columns).into_iter();
                index.columns = columns
                    .map(|column| column.as_str().map(str::to_owned))
                    .collect::<Option<_>>()?;
            }
            ("unique", Value::Bool(unique)) => index.unique = *unique,
            ("type", Value::String(method)) => index.method = Some(method.clone()),
            _ => return None,
        }
    }
    (!index.columns.is_empty()).then_some(index)
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::manifest::merge::Layer;
    use crate::project::yaml;

    const KNOWN: [KnownMaterialization; 4] = [
        known("view", &["bind"]),
        known("table", &["dist", "sort"]),
        known("incremental", &["unique_key", "incremental_strategy"]),
        known("ephemeral", &[]),
    ];

    const fn known(name: &'static str, keys: &'static [&'static str]) -> KnownMaterialization {
        KnownMaterialization { name, keys }
    }

    fn typed_of(text: &str) -> (Config, String) {
        let yaml = yaml::parse(&Source::new("dbt_project.yml", text)).unwrap();
        let mut problems = Diagnostics::default();
        let mut merged = Merged::new(defaults(ResourceType::Model));
        merged.apply(&Layer::of_mapping(&yaml).unwrap(), &mut problems);
        let known = Materializations {
            built_in: &KNOWN,
            in_jinja: &InJinja::default(),
        };
        let config = typed(&known, merged, ResourceType::Model, None, &mut problems);
        let told = problems.0.iter().map(|problem| {
            problem.to_string()
                + &problem
                    .help
                    .iter()
                    .map(|help| format!(" -- help: {help}"))
                    .collect::<String>()
        });
        (config, told.collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn every_wrong_value_is_named_at_its_place() {
        let (_, told) = typed_of(
            "materialized: tabel\nsort_type: zigzag\nenabled: maybe\non_schema_change: sync\nunique_keys: id\nmy_own: 1\nlimit: many\ntags: [1]\n",
        );
        insta::assert_snapshot!(told, @r"
        error[bad-config]: `enabled` is `true` or `false`, not `maybe` (dbt_project.yml:3:10)
        error[unknown-materialization]: there is no materialization `tabel` (dbt_project.yml:1:15) -- help: did you mean `table`? -- help: write one of `view`, `table`, `incremental`, `ephemeral`
        error[bad-config]: `tags` is a text or a list of texts, not `1` (dbt_project.yml:8:7)
        error[unknown-value]: `on_schema_change` cannot be `sync` (dbt_project.yml:4:19) -- help: write one of `ignore`, `fail`, `append_new_columns`, `sync_all_columns`
        error[unknown-value]: `sort_type` cannot be `zigzag` (dbt_project.yml:2:12) -- help: write one of `compound`, `interleaved`, `auto`
        error[bad-config]: `limit` is a number of rows, not `many` (dbt_project.yml:7:8)
        warning[unknown-config]: the configuration `unique_keys` is unknown and has no effect (dbt_project.yml:5:14) -- help: did you mean `unique_key`?
        ");
        insta::assert_snapshot!(typed_of("materialized: snapshot\n").1, @"error[unknown-materialization]: there is no materialization `snapshot` (dbt_project.yml:1:15) -- help: write one of `view`, `table`, `incremental`, `ephemeral`");
    }

    #[test]
    fn values_are_typed() {
        let (config, told) = typed_of(
            "materialized: incremental\nunique_key: [a, b]\ndist: user_id\nsort: ts\nsort_type: COMPOUND\nbind: false\nincremental_strategy: delete+insert\npersist_docs: {relation: true}\n",
        );
        assert_eq!(told, "");
        insta::assert_snapshot!(format!("{:?} {:?} {} {:?} {}", config.unique_key, config.attributes, config.bind, config.incremental_strategy, config.persist_docs_relation), @r#"["a", "b"] TableAttributes { dist: Some(Key("user_id")), sort: ["ts"], sort_type: Some(Compound), backup: None, indexes: [], unlogged: false } false Some("delete+insert") true"#);
    }
}
