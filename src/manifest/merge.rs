//! Configuration in layers: the project file from the root to the node's folder, then properties, then `config()`.
//!
//! In: [`Layer`]s from the weakest to the strongest. Out: [`Merged`] values, each with the place that said it last.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::config::Hook;
use super::values::Values;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::project::project_file::ConfigTree;
use crate::project::yaml::{Yaml, YamlValue};

/// Settings that belong together, in the order written.
#[derive(Clone, Debug, Default)]
pub struct Layer(pub Vec<Setting>);

/// One setting.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its key, without `+`.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// Where the value stands.
    pub span: Option<Span>,
}

impl Layer {
    /// Adds a setting from YAML; of a list of hooks, each at its own place.
    pub fn push(&mut self, key: &str, value: &Yaml) {
        if let (true, YamlValue::Seq(hooks)) = (key.contains("hook"), &value.value) {
            return hooks.iter().for_each(|hook| self.push(key, hook));
        }
        self.0.push(Setting {
            key: key.to_owned(),
            value: value.to_json(),
            span: Some(value.span.clone()),
        });
    }

    /// The entries of a YAML mapping (`config:`).
    ///
    /// # Errors
    /// When it is no mapping.
    pub fn of_mapping(config: &Yaml) -> Result<Self, Diagnostic> {
        if !config.is_map() && !config.is_null() {
            return Err(config.expected("a mapping of configuration"));
        }
        let mut layer = Self::default();
        for (key, value) in config.entries() {
            layer.push(&key.key_text(), value);
        }
        Ok(layer)
    }
}

/// The layers of a tree of the project file that hold for a node, from the root down.
pub fn layers_of_tree(tree: &ConfigTree, fqn: &[String]) -> Vec<Layer> {
    let mut layers = Vec::new();
    let mut level = tree.rendered.as_ref();
    let mut rest = fqn.iter();
    while let Some(node) = level {
        layers.push(level_layer(node));
        level = rest
            .next()
            .and_then(|part| node.get(part))
            .filter(|next| next.is_map());
    }
    layers
}

/// A key with `+` is configuration; without, it is so unless it holds a mapping, which then is a folder.
fn level_layer(level: &Yaml) -> Layer {
    let mut layer = Layer::default();
    for (key, value) in level.entries() {
        let text = key.key_text();
        match text.strip_prefix('+') {
            Some(name) => layer.push(name.trim(), value),
            None if !value.is_map() => layer.push(&text, value),
            None => {}
        }
    }
    layer
}

/// The same settings before Jinja was rendered, flat.
pub fn unrendered(tree: &ConfigTree, fqn: &[String]) -> Map<String, Value> {
    let raw = ConfigTree {
        rendered: tree.raw.clone(),
        raw: None,
    };
    let mut flat = Map::new();
    for setting in layers_of_tree(&raw, fqn)
        .into_iter()
        .flat_map(|layer| layer.0)
    {
        flat.insert(setting.key, setting.value);
    }
    flat
}

/// Configuration after all layers.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    /// Every key with its value; hooks as dbt's mappings.
    pub values: Values,
    /// Where the last word about a key stands.
    pub origins: BTreeMap<String, Span>,
    /// `pre-hook`.
    pub pre_hook: Vec<Hook>,
    /// `post-hook`.
    pub post_hook: Vec<Hook>,
}

impl Merged {
    /// Starts with defaults.
    pub fn new(defaults: &'static Map<String, Value>) -> Self {
        Self {
            values: Values::over(defaults),
            ..Self::default()
        }
    }

    /// Lays a stronger layer on top.
    pub fn apply(&mut self, layer: &Layer, problems: &mut Diagnostics) {
        for setting in &layer.0 {
            if let Err(problem) = self.set(setting) {
                problems.push(problem);
            }
        }
    }

    fn set(&mut self, setting: &Setting) -> Result<(), Diagnostic> {
        let Setting { key, value, span } = setting;
        match key.as_str() {
            "pre-hook" | "pre_hook" => {
                let hooks = hooks(value, span)?;
                self.pre_hook.extend(hooks);
                self.values.insert("pre-hook", hooks_json(&self.pre_hook));
            }
            "post-hook" | "post_hook" => {
                let hooks = hooks(value, span)?;
                self.post_hook.extend(hooks);
                self.values.insert("post-hook", hooks_json(&self.post_hook));
            }
            "tags" | "packages" => {
                let all = self.values.slot(key, || json!([]));
                if let Value::Array(all) = all {
                    for item in list(value) {
                        if !all.contains(&item) {
                            all.push(item);
                        }
                    }
                }
            }
            "meta"
            | "quoting"
            | "column_types"
            | "docs"
            | "contract"
            | "persist_docs"
            | "snapshot_meta_column_names"
                if value.is_object() =>
            {
                let clobbers = key == "persist_docs";
                let all = self.values.slot(key, || json!({}));
                if clobbers || !all.is_object() {
                    *all = value.clone();
                } else if let (Value::Object(all), Value::Object(new)) = (all, value) {
                    all.extend(new.iter().map(|(key, value)| (key.clone(), value.clone())));
                }
            }
            "grants" if value.is_object() => self.grant(value),
            _ => {
                self.values.insert(key, value.clone());
            }
        }
        if let Some(span) = span {
            self.origins
                .insert(key.replace("_hook", "-hook"), span.clone());
        }
        Ok(())
    }

    /// A privilege with `+` adds to its grantees, one without replaces them.
    fn grant(&mut self, new: &Value) {
        let all = self.values.slot("grants", || json!({}));
        let (Value::Object(all), Value::Object(new)) = (all, new) else {
            return;
        };
        for (privilege, grantees) in new {
            let (name, adds) = match privilege.strip_prefix('+') {
                Some(name) => (name, true),
                None => (privilege.as_str(), false),
            };
            let mut grantees = list(grantees);
            if let (true, Some(Value::Array(known))) = (adds, all.get(name)) {
                grantees.splice(0..0, known.iter().cloned());
            }
            all.insert(name.to_owned(), Value::Array(grantees));
        }
    }

    /// A key's value, if it is set to anything.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key).filter(|value| !value.is_null())
    }

    /// Where the last word about a key stands.
    pub fn origin(&self, key: &str) -> Option<Span> {
        self.origins.get(key).cloned()
    }
}

/// A value as a list: itself if it is not one.
pub fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.clone(),
        other => vec![other.clone()],
    }
}

fn hooks(value: &Value, span: &Option<Span>) -> Result<Vec<Hook>, Diagnostic> {
    let wrong = |found: &str| {
        Diagnostic::error(
            "bad-config",
            format!("a hook is a text of SQL, or a mapping with `sql`, not {found}"),
        )
        .at_some(span.clone())
    };
    // One after the other in the value; from one that is written otherwise than it reads on, the whole value is marked.
    let mut seen = 0;
    let mut hook = |sql: &str, transaction: bool| {
        let origin = span.as_ref().map(|value| {
            let rest = value.text().get(seen..).unwrap_or_default();
            let Some(at) = rest.find(sql).filter(|_| !sql.is_empty()) else {
                seen = usize::MAX;
                return value.clone();
            };
            let start = value.start + seen + at;
            seen += at + sql.len();
            Span::new(&value.source, start..start + sql.len())
        });
        Hook {
            sql: sql.to_owned(),
            transaction,
            origin,
        }
    };
    list(value)
        .iter()
        .map(|item| match item {
            Value::String(sql) => Ok(match hook_text(sql) {
                None => hook(sql, true),
                Some((sql, transaction)) => hook(&sql, transaction),
            }),
            Value::Object(entries) => {
                let sql = entries
                    .get("sql")
                    .and_then(Value::as_str)
                    .ok_or_else(|| wrong("one without `sql`"))?;
                Ok(hook(
                    sql,
                    entries
                        .get("transaction")
                        .and_then(Value::as_bool)
                        .unwrap_or(true),
                ))
            }
            other => Err(wrong(&other.to_string())),
        })
        .collect()
}

/// `before_begin("…")` and `in_transaction("…")` come out of the template as JSON text.
fn hook_text(sql: &str) -> Option<(String, bool)> {
    let value = serde_json::from_str::<Value>(sql.trim()).ok()?;
    let sql = value.get("sql")?.as_str()?.to_owned();
    Some((
        sql,
        value
            .get("transaction")
            .and_then(Value::as_bool)
            .unwrap_or(true),
    ))
}

fn hooks_json(hooks: &[Hook]) -> Value {
    hooks
        .iter()
        .map(|hook| json!({"sql": hook.sql, "transaction": hook.transaction, "index": null}))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::project::yaml;

    fn tree(text: &str) -> ConfigTree {
        let yaml = yaml::parse(&Source::new("dbt_project.yml", text)).unwrap();
        ConfigTree {
            rendered: Some(yaml.clone()),
            raw: Some(yaml),
        }
    }

    #[test]
    fn the_nearest_folder_wins_and_tags_add_up() {
        let tree = tree(
            "
+materialized: view
+tags: all
shop:
  +meta: {owner: a, team: b}
  marts:
    materialized: table
    +tags: [mart, all]
    +meta: {owner: c}
    +grants: {select: [x]}
    orders: {+enabled: false, +grants: {+select: y}}
",
        );
        let fqn = ["shop", "marts", "orders"].map(str::to_owned);
        let (mut merged, mut problems) = (Merged::default(), Diagnostics::default());
        for layer in layers_of_tree(&tree, &fqn) {
            merged.apply(&layer, &mut problems);
        }
        insta::assert_snapshot!(json!(merged.values), @r#"{"materialized":"table","tags":["all","mart"],"meta":{"owner":"c","team":"b"},"grants":{"select":["x","y"]},"enabled":false}"#);
        assert_eq!(
            merged.origin("materialized").unwrap().place(),
            "dbt_project.yml:7:19"
        );
    }

    #[test]
    fn hooks_of_every_layer_run_in_order() {
        let (mut merged, mut problems) = (Merged::default(), Diagnostics::default());
        for value in [
            json!("one"),
            json!(["two", {"sql": "three", "transaction": false}]),
            json!(5),
        ] {
            let setting = Setting {
                key: "pre_hook".into(),
                value,
                span: None,
            };
            merged.apply(&Layer(vec![setting]), &mut problems);
        }
        insta::assert_snapshot!(merged.values.get("pre-hook").unwrap(), @r#"[{"sql":"one","transaction":true,"index":null},{"sql":"two","transaction":true,"index":null},{"sql":"three","transaction":false,"index":null}]"#);
        insta::assert_snapshot!(problems.0[0], @"error[bad-config]: a hook is a text of SQL, or a mapping with `sql`, not 5");
    }
    #[test]
    fn each_hook_of_a_list_has_its_own_place() {
        let text = "pre_hook=['a b', \"a\", \"it\\'s\", 'a']";
        let source = Source::new("models/m.sql", text);
        let value = text.find('[').unwrap();
        let span = Some(Span::new(&source, value..text.len()));
        let hooks = hooks(&json!(["a b", "a", "it's", "a"]), &span).unwrap();
        let places = hooks.iter().map(|hook| hook.origin.as_ref().unwrap());
        let places: Vec<String> = places
            .map(|it| format!("{} {}", it.place(), it.text()))
            .collect();
        insta::assert_snapshot!(places.join("\n"), @r#"
        models/m.sql:1:12 a b
        models/m.sql:1:19 a
        models/m.sql:1:10 ['a b', "a", "it\'s", 'a']
        models/m.sql:1:10 ['a b', "a", "it\'s", 'a']
        "#);
    }
}
