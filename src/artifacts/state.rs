//! The artifacts of an earlier run, ours or dbt's: what is new, modified, failed or fresher since.
//!
//! In: a folder with `manifest.json`, `run_results.json`, `sources.json`, and our manifest as JSON. Out: `unique_id`s by the words
//! of the selector language (`state:modified`). The rules of what counts as modified are those that dbt 1.11 shows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::diagnostic::Diagnostic;
use crate::relation::Relation;

/// Configuration whose change is not a modification, because other things tell it.
const NOT_COMPARED: [&str; 5] = ["alias", "schema", "database", "tags", "group"];

/// The file that is there while a run goes on, and stays where one is killed.
pub const UNFINISHED: &str = "unfinished_run.json";

/// The artifacts in a folder.
#[derive(Clone, Debug)]
pub struct State {
    folder: PathBuf,
    manifest: Option<Value>,
    run_results: Option<Value>,
    unfinished: Option<Value>,
    sources: Option<Value>,
}

impl State {
    /// Reads what a folder holds.
    ///
    /// # Errors
    /// A folder that is not there, a file that is no JSON.
    pub fn read(folder: &Path) -> Result<Self, Diagnostic> {
        if !folder.is_dir() {
            let message = format!("there is no folder `{}` to compare with", folder.display());
            return Err(Diagnostic::error("state-missing", message)
                .help("--state names the folder with the artifacts of an earlier run"));
        }
        Ok(Self {
            folder: folder.to_owned(),
            manifest: read(&folder.join("manifest.json"))?,
            run_results: read(&folder.join("run_results.json"))?,
            unfinished: read(&folder.join(UNFINISHED))?,
            sources: read(&folder.join("sources.json"))?,
        })
    }

    /// The manifest.
    ///
    /// # Errors
    /// Where the folder holds none.
    pub fn manifest(&self) -> Result<&Value, Diagnostic> {
        self.manifest
            .as_ref()
            .ok_or_else(|| self.missing("manifest.json"))
    }

    /// The results of the run.
    ///
    /// # Errors
    /// Where the folder holds none.
    pub fn run_results(&self) -> Result<&Value, Diagnostic> {
        self.run_results
            .as_ref()
            .ok_or_else(|| self.missing("run_results.json"))
    }

    /// The last run, where it left no results.
    pub fn unfinished(&self) -> Option<&Value> {
        self.unfinished.as_ref()
    }

    fn missing(&self, name: &str) -> Diagnostic {
        let message = format!("there is no `{name}` in `{}`", self.folder.display());
        Diagnostic::error("state-missing", message)
    }

    /// The relation that a node had there, where it had one that may be read in its place.
    pub fn relation(&self, unique_id: &str) -> Option<Relation> {
        let node = self.manifest.as_ref()?.get("nodes")?.get(unique_id)?;
        let kind = text(node, "resource_type")?;
        let materialized = node
            .get("config")
            .and_then(|config| text(config, "materialized"));
        if !matches!(kind, "model" | "seed" | "snapshot") || materialized == Some("ephemeral") {
            return None;
        }
        Some(Relation {
            database: text(node, "database").map(str::to_owned),
            schema: text(node, "schema")?.to_owned(),
            identifier: text(node, "alias")
                .or_else(|| text(node, "name"))?
                .to_owned(),
        })
    }

    /// `unique_id`s by the words of the selector language that need this state.
    ///
    /// `ours` is our manifest as JSON, `current` the `sources.json` of the last `source freshness`; `unrendered` compares the schemas
    /// of sources as they are written (dbt's `state_modified_compare_more_unrendered_values`).
    ///
    /// # Errors
    /// A file that the words need and the folder does not hold.
    pub fn compare(
        &self,
        words: &BTreeSet<String>,
        ours: &Value,
        current: Option<&Value>,
        unrendered: bool,
    ) -> Result<BTreeMap<String, BTreeSet<String>>, Diagnostic> {
        let mut found = BTreeMap::new();
        let needs = |method: &str| words.iter().any(|word| word.starts_with(method));
        if needs("state:") {
            let comparison = Comparison::new(self.manifest()?, ours, unrendered);
            found.extend(comparison.by_words());
        }
        if needs("result:") {
            for result in results(self.run_results()?) {
                if let (Some(id), Some(status)) =
                    (text(result, "unique_id"), text(result, "status"))
                {
                    add(&mut found, format!("result:{status}"), id);
                }
            }
        }
        if needs("source_status:") {
            let before = self
                .sources
                .as_ref()
                .ok_or_else(|| self.missing("sources.json"))?;
            let current = current.ok_or_else(|| {
                let message = "there is no `sources.json` of this project to compare";
                Diagnostic::error("state-missing", message)
                    .help("run `redstart source freshness` first")
            })?;
            for result in results(current) {
                let (Some(id), Some(status)) = (text(result, "unique_id"), text(result, "status"))
                else {
                    continue;
                };
                add(&mut found, format!("source_status:{status}"), id);
                let old = results(before).find(|old| text(old, "unique_id") == Some(id));
                let at =
                    |result: &Value| text(result, "max_loaded_at").unwrap_or_default().to_owned();
                if old.is_none_or(|old| at(result) > at(old)) {
                    add(&mut found, "source_status:fresher".to_owned(), id);
                }
            }
        }
        Ok(found)
    }
}

/// The `lineage.json` of an earlier state.
///
/// # Errors
/// Where the folder has none, or one that is no JSON.
pub fn lineage(folder: &Path) -> Result<Value, Diagnostic> {
    read(&folder.join("lineage.json"))?.ok_or_else(|| {
        let message = format!("there is no `lineage.json` in `{}`", folder.display());
        Diagnostic::error("state-missing", message).help(
            "--state names the target folder of an earlier `build`, `check` or `docs generate`",
        )
    })
}

/// The words of the selector language in some texts that an earlier state answers.
pub fn words(texts: &[String]) -> BTreeSet<String> {
    let parts = texts.iter().flat_map(|text| text.split([' ', ',']));
    let parts = parts
        .map(|part| part.trim_start_matches(|c: char| c == '@' || c == '+' || c.is_ascii_digit()));
    let methods = ["state:", "result:", "source_status:"];
    parts
        .filter(|part| methods.iter().any(|method| part.starts_with(method)))
        .map(str::to_owned)
        .collect()
}

fn add(found: &mut BTreeMap<String, BTreeSet<String>>, word: String, id: &str) {
    found
        .entry(word.to_lowercase())
        .or_default()
        .insert(id.to_owned());
}

fn results(artifact: &Value) -> impl Iterator<Item = &Value> {
    artifact
        .get("results")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn read(path: &Path) -> Result<Option<Value>, Diagnostic> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, error.to_string())),
    };
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| unreadable(path, error.to_string()))
}

fn unreadable(path: &Path, why: String) -> Diagnostic {
    let message = format!("`{}` cannot be read", path.display());
    Diagnostic::error("state-unreadable", message).note(why)
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn object<'a>(value: &'a Value, key: &str) -> Option<&'a Map<String, Value>> {
    value.get(key).and_then(Value::as_object)
}

/// Two manifests side by side.
struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    unrendered: bool,
    /// Macros of projects that were changed, added or removed.
    macros: BTreeSet<&'a str>,
}

/// Where entries of a manifest stand.
const KINDS: [&str; 4] = ["nodes", "sources", "exposures", "unit_tests"];

impl<'a> Comparison<'a> {
    fn new(old: &'a Value, new: &'a Value, unrendered: bool) -> Self {
        let empty = || -> &'a Map<String, Value> {
            static EMPTY: std::sync::LazyLock<Map<String, Value>> =
                std::sync::LazyLock::new(Map::new);
            &EMPTY
        };
        let all = |of: &'a Value| object(of, "macros").unwrap_or_else(empty);
        let (before, after) = (all(old), all(new));
        // Blanks at the ends are the file's, and not the macro's.
        let body = |it: Option<&'a Value>| it.and_then(|it| text(it, "macro_sql")).map(str::trim);
        let changed = before
            .keys()
            .chain(after.keys())
            .filter(|id| body(before.get(*id)) != body(after.get(*id)))
            .map(String::as_str)
            .filter(|id| !of_a_tool(id));
        Self {
            old,
            new,
            unrendered,
            macros: changed.collect(),
        }
    }

    fn by_words(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut found = BTreeMap::new();
        for kind in KINDS {
            for (id, new) in object(self.new, kind).into_iter().flatten() {
                let old = KINDS.iter().find_map(|kind| self.old.get(kind)?.get(id));
                for word in self.said_of(kind, new, old) {
                    add(&mut found, format!("state:{word}"), id);
                }
            }
        }
        found
    }

    /// The words that hold for one entry.
    fn said_of(&self, kind: &str, new: &Value, old: Option<&Value>) -> Vec<&'static str> {
        let mut words = vec![if old.is_some() { "old" } else { "new" }];
        let is_node = kind == "nodes";
        let macros = is_node && self.calls_changed(new);
        let changed = |same: fn(&Value, &Value) -> bool| old.is_none_or(|old| !same(new, old));
        let modified = macros
            || match (kind, old) {
                ("nodes", None) | ("unit_tests", None) => true,
                // As in dbt: what was not there is new, and not modified.
                (_, None) => false,
                ("nodes", Some(old)) => !same_node(new, old),
                ("sources", Some(old)) => !self.same_source(new, old),
                ("exposures", Some(old)) => !same_exposure(new, old),
                (_, Some(old)) => new.get("checksum") != old.get("checksum"),
            };
        words.push(if modified { "modified" } else { "unmodified" });
        let parts: [(&'static str, bool); 6] = [
            ("modified.body", is_node && changed(same_body)),
            (
                "modified.configs",
                kind != "unit_tests" && changed(same_config),
            ),
            (
                "modified.persisted_descriptions",
                is_node && changed(same_descriptions),
            ),
            (
                "modified.relation",
                match kind {
                    "nodes" => changed(same_place),
                    "sources" => old.is_none_or(|old| !self.same_source_place(new, old)),
                    _ => false,
                },
            ),
            ("modified.macros", macros),
            ("modified.contract", is_node && changed(same_contract)),
        ];
        words.extend(
            parts
                .into_iter()
                .filter(|(_, holds)| *holds)
                .map(|(word, _)| word),
        );
        words
    }

    /// Whether a node calls, directly or through others, a macro that was changed.
    fn calls_changed(&self, node: &Value) -> bool {
        if self.macros.is_empty() {
            return false;
        }
        let mut seen = BTreeSet::new();
        let mut open = called(node);
        while let Some(id) = open.pop() {
            if self.macros.contains(id) {
                return true;
            }
            if seen.insert(id)
                && let Some(further) = self.new.get("macros").and_then(|all| all.get(id))
            {
                open.extend(called(further));
            }
        }
        false
    }

    fn same_source_place(&self, new: &Value, old: &Value) -> bool {
        let keys = if self.unrendered {
            ["unrendered_database", "unrendered_schema", "identifier"]
        } else {
            ["database", "schema", "identifier"]
        };
        keys.iter().all(|key| new.get(key) == old.get(key))
    }

    fn same_source(&self, new: &Value, old: &Value) -> bool {
        self.same_source_place(new, old)
            && same_config(new, old)
            && ["fqn", "quoting", "freshness", "loaded_at_field", "external"]
                .iter()
                .all(|key| full(new.get(key)) == full(old.get(key)))
    }
}

/// Macros of dbt and its adapters: each tool brings its own.
fn of_a_tool(id: &str) -> bool {
    const TOOLS: [&str; 8] = [
        "dbt",
        "dbt_bigquery",
        "dbt_databricks",
        "dbt_duckdb",
        "dbt_postgres",
        "dbt_redshift",
        "dbt_snowflake",
        "dbt_spark",
    ];
    id.split('.')
        .nth(1)
        .is_some_and(|package| TOOLS.contains(&package))
}

fn called(node: &Value) -> Vec<&str> {
    let macros = node.get("depends_on").and_then(|on| on.get("macros"));
    let macros = macros.and_then(Value::as_array).into_iter().flatten();
    macros.filter_map(Value::as_str).collect()
}

fn same_node(new: &Value, old: &Value) -> bool {
    let keys = |keys: &[&str]| keys.iter().all(|key| new.get(key) == old.get(key));
    if new.get("test_metadata").is_some() {
        return same_config(new, old) && keys(&["fqn"]);
    }
    same_body(new, old)
        && same_config(new, old)
        && same_descriptions(new, old)
        && same_place(new, old)
        && same_contract(new, old)
        && keys(&["fqn"])
        && (text(new, "resource_type") != Some("model")
            || keys(&["latest_version", "access", "deprecation_date"]))
}

fn same_body(new: &Value, old: &Value) -> bool {
    if text(new, "resource_type") == Some("seed") {
        return new.get("checksum") == old.get("checksum");
    }
    new.get("raw_code") == old.get("raw_code")
}

fn same_config(new: &Value, old: &Value) -> bool {
    let of = |value: &Value| -> BTreeMap<String, Value> {
        let all = object(value, "unrendered_config").into_iter().flatten();
        all.filter(|(key, _)| !NOT_COMPARED.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    };
    of(new) == of(old)
}

fn same_place(new: &Value, old: &Value) -> bool {
    let of = |value: &Value, key: &str| Some(object(value, "unrendered_config")?.get(key)?.clone());
    ["database", "schema", "alias"]
        .iter()
        .all(|key| of(new, key) == of(old, key))
}

fn same_descriptions(new: &Value, old: &Value) -> bool {
    let persisted = |what: &str| {
        let config = new
            .get("config")
            .and_then(|config| config.get("persist_docs"));
        config
            .and_then(|docs| docs.get(what))
            .and_then(Value::as_bool)
            == Some(true)
    };
    let columns = |value: &Value| -> BTreeMap<String, Option<String>> {
        let all = object(value, "columns").into_iter().flatten();
        all.map(|(name, column)| (name.clone(), text(column, "description").map(str::to_owned)))
            .collect()
    };
    (!persisted("relation") || new.get("description") == old.get("description"))
        && (!persisted("columns") || columns(new) == columns(old))
}

fn same_contract(new: &Value, old: &Value) -> bool {
    if text(new, "resource_type") != Some("model") {
        return true;
    }
    let enforced = |value: &Value| {
        let contract = value.get("contract").and_then(|it| it.get("enforced"));
        contract.and_then(Value::as_bool) == Some(true)
    };
    let checksum = |value: &Value| {
        value
            .get("contract")
            .and_then(|it| it.get("checksum"))
            .cloned()
    };
    match (enforced(old), enforced(new)) {
        (false, false) => true,
        (true, true) => checksum(old) == checksum(new),
        _ => false,
    }
}

fn same_exposure(new: &Value, old: &Value) -> bool {
    let on = |value: &Value| -> BTreeSet<String> {
        let nodes = value.get("depends_on").and_then(|on| on.get("nodes"));
        let nodes = nodes.and_then(Value::as_array).into_iter().flatten();
        nodes.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    [
        "fqn",
        "owner",
        "type",
        "maturity",
        "url",
        "description",
        "label",
    ]
    .iter()
    .all(|key| full(new.get(key)) == full(old.get(key)))
        && on(new) == on(old)
        && same_config(new, old)
}

/// A value without what is `null` in it, at any depth; nothing for what is empty then.
fn full(value: Option<&Value>) -> Option<Value> {
    match value? {
        Value::Null => None,
        Value::Object(entries) => {
            let entries = entries.iter();
            let kept: Map<String, Value> = entries
                .filter_map(|(key, value)| Some((key.clone(), full(Some(value))?)))
                .collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        other => Some(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn node(change: impl Fn(&mut Value)) -> Value {
        let mut node = json!({
            "resource_type": "model", "raw_code": "select 1", "fqn": ["shop", "a"], "access": "protected",
            "unrendered_config": {"materialized": "table", "tags": ["x"]}, "config": {"persist_docs": {"relation": true}},
            "description": "", "columns": {}, "contract": {"enforced": false, "checksum": null},
            "depends_on": {"macros": ["macro.shop.m"]},
        });
        change(&mut node);
        node
    }

    fn manifest(node: Option<Value>, text: &str) -> Value {
        let mut it = json!({
            "nodes": {},
            "macros": {
                "macro.shop.m": {"macro_sql": "m", "depends_on": {"macros": ["macro.shop.n"]}},
                "macro.shop.n": {"macro_sql": text}, "macro.dbt.x": {"macro_sql": text},
            }
        });
        if let Some(node) = node {
            it["nodes"]["model.shop.a"] = node;
        }
        it
    }

    /// The words that hold for the one node, after a change.
    fn said(old: &Value, new: &Value) -> String {
        let words = Comparison::new(old, new, false).by_words();
        words
            .into_keys()
            .map(|word| word.replace("state:", ""))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn what_is_modified_is_told_by_its_part() {
        let old = manifest(Some(node(|_| {})), "n");
        let changed = |change: fn(&mut Value)| said(&old, &manifest(Some(node(change)), "n"));
        assert_eq!(changed(|_| {}), "old unmodified");
        assert_eq!(
            changed(|it| it["raw_code"] = "select 2".into()),
            "modified modified.body old"
        );
        assert_eq!(
            changed(|it| it["unrendered_config"]["materialized"] = "view".into()),
            "modified modified.configs old"
        );
        assert_eq!(
            changed(|it| it["unrendered_config"]["tags"] = json!([])),
            "old unmodified"
        );
        assert_eq!(
            changed(|it| it["unrendered_config"]["alias"] = "b".into()),
            "modified modified.relation old"
        );
        assert_eq!(
            changed(|it| it["description"] = "words".into()),
            "modified modified.persisted_descriptions old"
        );
        assert_eq!(
            changed(|it| it["contract"]["enforced"] = true.into()),
            "modified modified.contract old"
        );
        assert_eq!(changed(|it| it["access"] = "public".into()), "modified old");
    }

    #[test]
    fn a_macro_that_a_macro_calls_modifies_and_those_of_dbt_do_not() {
        let old = manifest(Some(node(|_| {})), "n");
        let mut new = manifest(Some(node(|_| {})), "n");
        new["macros"]["macro.dbt.x"]["macro_sql"] = "other".into();
        assert_eq!(said(&old, &new), "old unmodified");
        assert_eq!(
            said(&old, &manifest(Some(node(|_| {})), "other")),
            "modified modified.macros old"
        );
    }

    #[test]
    fn a_node_that_was_not_there_is_new_and_modified() {
        let new = manifest(Some(node(|_| {})), "n");
        let told = said(&manifest(None, "n"), &new);
        assert!(told.starts_with("modified "), "{told}");
        assert!(told.ends_with(" new"), "{told}");
    }

    #[test]
    fn the_words_that_need_a_state_are_found_in_selectors() {
        let texts = ["2+state:modified+ tag:x,result:error".to_owned()];
        let found: Vec<String> = words(&texts).into_iter().collect();
        assert_eq!(found, ["result:error", "state:modified+"]);
    }
}
