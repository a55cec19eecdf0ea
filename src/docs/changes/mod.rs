//! What changed in a project since an earlier state, for its readers: Markdown for a pull request, and the same as a page.
//!
//! In: two manifests as JSON, ours or dbt's, and the impact on columns where both lineages are known. Out: [`Changes`], its two texts, and
//! what the site shows of them.
//! What has `docs: {show: false}` is left out on both sides.

#[cfg(test)]
mod tests;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::words::minute;
use crate::artifacts::impact::{self, Change, Impact, short};

/// What changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// The project.
    pub project: String,
    /// The folder of the earlier state, and when both were made, where that is known.
    pub compared: Compared,
    /// What is new: its name, its kind, its description.
    pub added: Vec<Thing>,
    /// What is gone.
    pub gone: Vec<Thing>,
    /// What is another.
    pub changed: Vec<Changed>,
    /// How many are the same.
    pub same: usize,
    /// Columns by lineage: what happened to each, and who reads it.
    pub columns: Vec<Reach>,
}

/// What was compared with what.
#[derive(Debug, Default)]
pub struct Compared {
    /// The folder of the earlier state, as people call it.
    pub folder: String,
    /// When the earlier state was made.
    pub before: Option<String>,
    /// When the state now was made.
    pub now: Option<String>,
}

/// Something with a page.
#[derive(Debug)]
pub struct Thing {
    /// Its `unique_id`.
    pub id: String,
    /// As people call it.
    pub name: String,
    /// dbt's word for its kind.
    pub kind: String,
    /// Its description.
    pub description: String,
}

/// A thing that is another.
#[derive(Debug)]
pub struct Changed {
    /// Its `unique_id`.
    pub id: String,
    /// As people call it.
    pub name: String,
    /// What changed about it: its name (`description`, `tests of user_id`), before and now.
    pub facts: Vec<(String, String, String)>,
}

/// A column whose values may be others, or which is gone.
#[derive(Debug)]
pub struct Reach {
    /// The `unique_id` of the node.
    pub id: String,
    /// `table.column`, or the table whose rows may be others.
    pub name: String,
    /// What happened to it.
    pub what: String,
    /// The nodes that read it, each with the column that is made of it.
    pub readers: Vec<(String, Option<String>)>,
}

impl Changes {
    /// Compares two manifests; `impact` tells of columns.
    pub fn new(project: &str, before: &Value, now: &Value, impact: Option<&Impact>) -> Self {
        let compared = Compared {
            folder: String::new(),
            before: made(before),
            now: made(now),
        };
        let (before, now) = (Side::of(before), Side::of(now));
        let mut changes = Self {
            project: project.to_owned(),
            compared,
            ..Self::default()
        };
        let nodes = impact.into_iter().flat_map(|impact| &impact.nodes);
        let nodes: BTreeMap<&str, _> = nodes.map(|node| (node.unique_id.as_str(), node)).collect();
        let all: BTreeSet<&&str> = before.nodes.keys().chain(now.nodes.keys()).collect();
        for id in all {
            match (before.nodes.get(*id), now.nodes.get(*id)) {
                (None, Some(node)) => changes.added.push(thing(id, node)),
                (Some(node), None) => changes.gone.push(thing(id, node)),
                (Some(old), Some(new)) => {
                    let mut facts = differing(before.facts(id, old), now.facts(id, new));
                    if let Some(node) = nodes.get(*id) {
                        facts.extend(undeclared(node, old, new));
                        facts.sort();
                    }
                    if facts.is_empty() {
                        changes.same += 1;
                    } else {
                        changes.changed.push(Changed {
                            id: (**id).to_owned(),
                            name: short(id),
                            facts,
                        });
                    }
                }
                (None, None) => {}
            }
        }
        if let Some(impact) = impact {
            changes.columns = reach(impact, &|id| {
                before.nodes.contains_key(id) || now.nodes.contains_key(id)
            });
        }
        changes
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        text::markdown(self)
    }

    /// As a page that stands alone, without any script; `site` is the address of the site beside it.
    pub fn page(&self, site: Option<&str>) -> String {
        text::page(self, site)
    }

    /// As the page of the site takes it.
    pub fn json(&self) -> Value {
        let things = |things: &[Thing]| -> Vec<Value> {
            let each = things.iter();
            each.map(|it| json!([it.id, it.name, it.kind, it.description]))
                .collect()
        };
        let changed = self.changed.iter();
        let columns = self.columns.iter();
        json!({
            "compared": [self.compared.folder, self.compared.before, self.compared.now],
            "same": self.same,
            "added": things(&self.added),
            "gone": things(&self.gone),
            "changed": changed.map(|it| json!([it.id, it.name, it.facts])).collect::<Vec<_>>(),
            "columns": columns.map(|it| json!([it.id, it.name, it.what, it.readers])).collect::<Vec<_>>(),
        })
    }
}

/// When a manifest was made.
fn made(manifest: &Value) -> Option<String> {
    let at = manifest.pointer("/metadata/generated_at")?.as_str()?;
    Some(minute(at.parse().ok()?))
}

/// Columns that came or went, of those that nobody declares.
fn undeclared(
    node: &impact::NodeImpact,
    old: &Value,
    new: &Value,
) -> Vec<(String, String, String)> {
    let declares = |node: &Value, name: &str| {
        let columns = node.get("columns").and_then(Value::as_object);
        let mut names = columns.into_iter().flat_map(|columns| columns.keys());
        names.any(|own| own.eq_ignore_ascii_case(name))
    };
    let columns = node.columns.iter().filter_map(|column| {
        let name = format!("column {}", column.name);
        let there = "there".to_owned();
        match &column.change {
            Change::Added if !declares(new, &column.name) => Some((name, String::new(), there)),
            Change::Removed { .. } if !declares(old, &column.name) => {
                Some((name, there, String::new()))
            }
            _ => None,
        }
    });
    columns.collect()
}

/// One of the two manifests.
struct Side<'a> {
    nodes: BTreeMap<&'a str, &'a Value>,
    /// The tests of a node, by column; those of the table have none.
    tests: BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<String>>>,
}

impl<'a> Side<'a> {
    fn of(manifest: &'a Value) -> Self {
        let entries = |list: &str| {
            let list = manifest.get(list).and_then(Value::as_object);
            list.into_iter().flatten()
        };
        let mut side = Self {
            nodes: BTreeMap::new(),
            tests: BTreeMap::new(),
        };
        for (id, node) in entries("nodes")
            .chain(entries("sources"))
            .chain(entries("exposures"))
        {
            match words(node, "resource_type") {
                "test" => {
                    let on = words(node, "attached_node");
                    let column = words(node, "column_name");
                    let tests = side.tests.entry(on).or_default().entry(column).or_default();
                    tests.insert(test(node));
                }
                "model" | "seed" | "snapshot" | "source" | "exposure" if is_shown(node) => {
                    side.nodes.insert(id, node);
                }
                _ => {}
            }
        }
        side
    }

    /// What a reader is told of a node, by name.
    fn facts(&self, id: &str, node: &Value) -> BTreeMap<String, String> {
        let config = node.get("config").unwrap_or(&Value::Null);
        let mut facts = BTreeMap::new();
        let mut put = |name: String, value: String| {
            if !value.trim().is_empty() {
                facts.insert(name, value.trim().to_owned());
            }
        };
        put("description".into(), words(node, "description").into());
        put("owner".into(), owner(node, config));
        put("tags".into(), list(node.get("tags")));
        put(
            "materialization".into(),
            words(config, "materialized").into(),
        );
        let contract = config.pointer("/contract/enforced");
        if contract == Some(&Value::Bool(true)) {
            put("contract".into(), "enforced".into());
        }
        let columns = node.get("columns").and_then(Value::as_object);
        for (name, column) in columns.into_iter().flatten() {
            put(format!("column {name}"), "declared".into());
            put(
                format!("description of {name}"),
                words(column, "description").into(),
            );
            put(format!("type of {name}"), words(column, "data_type").into());
        }
        for (column, tests) in self.tests.get(id).into_iter().flatten() {
            let name = match *column {
                "" => "tests".to_owned(),
                column => format!("tests of {column}"),
            };
            put(name, tests.iter().cloned().collect::<Vec<_>>().join("; "));
        }
        facts
    }
}

fn differing(
    before: BTreeMap<String, String>,
    mut now: BTreeMap<String, String>,
) -> Vec<(String, String, String)> {
    let mut facts = Vec::new();
    for (name, old) in before {
        let new = now.remove(&name).unwrap_or_default();
        if old != new {
            facts.push((name, old, new));
        }
    }
    facts.extend(
        now.into_iter()
            .map(|(name, new)| (name, String::new(), new)),
    );
    facts.sort();
    facts
}

fn reach(impact: &Impact, is_shown: &dyn Fn(&str) -> bool) -> Vec<Reach> {
    let mut found = Vec::new();
    for node in impact.nodes.iter().filter(|node| is_shown(&node.unique_id)) {
        let name = short(&node.unique_id);
        if node.kind.rows_may_be_others() {
            let readers = node.readers.iter().filter(|reader| is_shown(reader));
            found.push(Reach {
                id: node.unique_id.clone(),
                name: name.clone(),
                what: node.kind.told().to_owned(),
                readers: readers.map(|reader| (reader.clone(), None)).collect(),
            });
        }
        for column in node.columns.iter().filter(|column| column.change.matters()) {
            let readers = column.readers.iter().filter(|(node, _)| is_shown(node));
            let what = format!("{} {}", column.change.word(), column.change.told());
            found.push(Reach {
                id: node.unique_id.clone(),
                name: format!("{name}.{}", column.name),
                // Its names stand among words that are no Markdown.
                what: what.replace('`', "").trim().to_owned(),
                readers: readers
                    .map(|(node, column)| (node.clone(), Some(column.clone())))
                    .collect(),
            });
        }
    }
    found
}

fn thing(id: &str, node: &Value) -> Thing {
    Thing {
        id: id.to_owned(),
        name: short(id),
        kind: words(node, "resource_type").to_owned(),
        description: words(node, "description").trim().to_owned(),
    }
}

fn is_shown(node: &Value) -> bool {
    let said = node.pointer("/config/docs/show");
    said.or(node.pointer("/docs/show")) != Some(&Value::Bool(false))
}

/// A test as people call it: its name, and what it was told.
fn test(node: &Value) -> String {
    let Some(metadata) = node.get("test_metadata").filter(|it| it.is_object()) else {
        return words(node, "name").to_owned();
    };
    let told = metadata.get("kwargs").and_then(Value::as_object);
    let told: Vec<String> = told
        .into_iter()
        .flatten()
        .filter(|(name, _)| !matches!(name.as_str(), "model" | "column_name"))
        .map(|(name, value)| format!("{name} {}", plain(value)))
        .collect();
    match told.as_slice() {
        [] => words(metadata, "name").to_owned(),
        told => format!("{}: {}", words(metadata, "name"), told.join(", ")),
    }
}

fn owner(node: &Value, config: &Value) -> String {
    let of_exposure = node.get("owner");
    let said = config.pointer("/meta/owner").or(of_exposure);
    let named = said.and_then(|owner| owner.get("name").or_else(|| owner.get("email")));
    let group = config.get("group").or_else(|| node.get("group"));
    named.or(said).or(group).map(plain).unwrap_or_default()
}

fn list(value: Option<&Value>) -> String {
    value.map(plain).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn words<'a>(of: &'a Value, key: &str) -> &'a str {
    of.get(key).and_then(Value::as_str).unwrap_or_default()
}
