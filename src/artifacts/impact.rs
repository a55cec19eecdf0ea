//! What a change of a project does to its columns: two `lineage.json` side by side.
//!
//! In: the file of an earlier state, and that of now. Out: [`Impact`], the nodes that changed with their columns, and who reads these.
//! What is not known to be whole is not known to lack anything.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What changed between two states of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    /// The nodes that changed, by `unique_id`.
    pub nodes: Vec<NodeImpact>,
    /// How many nodes are the same.
    pub unchanged: usize,
}

/// A node that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeImpact {
    /// Its `unique_id`.
    pub unique_id: String,
    /// What happened to it.
    pub kind: NodeChange,
    /// Its columns that changed, in order.
    pub columns: Vec<ColumnImpact>,
    /// The nodes that read it, by any way.
    pub readers: BTreeSet<String>,
}

/// What happened to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeChange {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Columns changed, and its rows come about as before.
    Columns,
    /// Filters, joins or groups changed: its rows may be others.
    Rows,
    /// Its query reads differently, and all that is known of its columns is the same.
    Query,
}

/// A column that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnImpact {
    /// Its name.
    pub name: String,
    /// What happened to it.
    pub change: Change,
    /// The columns that are made of it, by any number of steps: node and column.
    pub readers: BTreeSet<Name>,
}

/// A node's `unique_id` and a column.
pub type Name = (String, String);

/// What happened to a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is gone; a new column of the node that is made of the same may be its new name.
    Removed {
        /// That column.
        renamed: Option<String>,
    },
    /// Its type is another.
    Type {
        /// The type before.
        from: String,
        /// The type now.
        to: String,
    },
    /// It is made of other columns, or in another way.
    Meaning {
        /// What it was made of.
        from: String,
        /// What it is made of.
        to: String,
    },
    /// It is new.
    Added,
}

impl Change {
    /// Whether what reads the column may break or tell something else.
    pub fn matters(&self) -> bool {
        *self != Self::Added
    }

    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Removed { renamed: None } => "removed",
            Self::Removed { renamed: Some(_) } => "renamed",
            Self::Type { .. } => "type",
            Self::Meaning { .. } => "meaning",
            Self::Added => "added",
        }
    }

    /// What is known beyond the word.
    pub fn told(&self) -> String {
        match self {
            Self::Removed {
                renamed: Some(name),
            } => format!("perhaps `{name}` now"),
            Self::Type { from, to } => format!("{from} → {to}"),
            Self::Meaning { from, to } => format!("was {from}; now {to}"),
            Self::Removed { renamed: None } | Self::Added => String::new(),
        }
    }
}

impl NodeChange {
    /// What is said of a node as a whole.
    pub fn told(self) -> &'static str {
        match self {
            Self::Added => "is new",
            Self::Removed => "is gone",
            Self::Columns => "has columns that changed",
            Self::Rows => "may have other rows: its filters, joins or groups changed",
            Self::Query => "is computed in another way from the same columns",
        }
    }

    /// Whether those who read its rows may feel it.
    pub fn rows_may_be_others(self) -> bool {
        !matches!(self, Self::Added | Self::Columns)
    }
}

/// Compares two files.
pub fn compare(earlier: &Value, now: &Value) -> Impact {
    let (before, after) = (State::of(earlier), State::of(now));
    let mut impact = Impact::default();
    let all: BTreeSet<&&str> = before.nodes.keys().chain(after.nodes.keys()).collect();
    for unique_id in all {
        let (old, new) = (before.nodes.get(*unique_id), after.nodes.get(*unique_id));
        let changed = match (old, new) {
            (Some(old), Some(new)) => changed(unique_id, old, new, (&before, &after)),
            (Some(_), None) => Some(NodeImpact {
                unique_id: (*unique_id).to_owned(),
                kind: NodeChange::Removed,
                columns: Vec::new(),
                readers: before.readers_of_node(unique_id),
            }),
            _ => Some(NodeImpact {
                unique_id: (*unique_id).to_owned(),
                kind: NodeChange::Added,
                columns: Vec::new(),
                readers: BTreeSet::new(),
            }),
        };
        match changed {
            Some(changed) => impact.nodes.push(changed),
            None => impact.unchanged += 1,
        }
    }
    impact
}

fn changed(
    unique_id: &str,
    old: &Value,
    new: &Value,
    (before, after): (&State<'_>, &State<'_>),
) -> Option<NodeImpact> {
    let columns = columns(unique_id, old, new, (before, after));
    let rows = old["influences"] != new["influences"];
    let query = old["fingerprint"].is_string()
        && new["fingerprint"].is_string()
        && old["fingerprint"] != new["fingerprint"];
    let kind = match (rows, columns.is_empty(), query) {
        (true, ..) => NodeChange::Rows,
        (_, false, _) => NodeChange::Columns,
        (.., true) => NodeChange::Query,
        _ => return None,
    };
    Some(NodeImpact {
        unique_id: unique_id.to_owned(),
        kind,
        columns,
        readers: after.readers_of_node(unique_id),
    })
}

fn columns(
    unique_id: &str,
    old: &Value,
    new: &Value,
    (before, after): (&State<'_>, &State<'_>),
) -> Vec<ColumnImpact> {
    let (olds, news) = (known(old), known(new));
    let whole = |node: &Value| node["complete"] == true;
    let at = |name: &str| (unique_id.to_owned(), name.to_lowercase());
    let mut all = Vec::new();
    for (name, column) in &olds {
        let readers = |state: &State<'_>| state.readers(&at(name));
        let Some(now) = news.get(name) else {
            if whole(new) {
                all.push(ColumnImpact {
                    name: name.clone(),
                    change: Change::Removed {
                        renamed: new_name(column, &olds, &news),
                    },
                    readers: readers(before),
                });
            }
            continue;
        };
        let change = if let (Some(from), Some(to)) =
            (column["data_type"].as_str(), now["data_type"].as_str())
            && from != to
        {
            Change::Type {
                from: from.to_owned(),
                to: to.to_owned(),
            }
        } else if column["from"] != now["from"] {
            Change::Meaning {
                from: made_of(column),
                to: made_of(now),
            }
        } else {
            continue;
        };
        all.push(ColumnImpact {
            name: name.clone(),
            change,
            readers: readers(after),
        });
    }
    let added = news
        .keys()
        .filter(|name| whole(old) && !olds.contains_key(*name));
    all.extend(added.map(|name| ColumnImpact {
        name: name.clone(),
        change: Change::Added,
        readers: BTreeSet::new(),
    }));
    all
}

/// A new column that is made of the same columns as one that is gone.
fn new_name(
    gone: &Value,
    olds: &BTreeMap<String, &Value>,
    news: &BTreeMap<String, &Value>,
) -> Option<String> {
    let origins = |column: &Value| -> BTreeSet<Name> {
        let from = column["from"].as_array().into_iter().flatten();
        from.filter_map(name_of).collect()
    };
    let wanted = origins(gone);
    let mut same = news.iter().filter(|(name, column)| {
        !olds.contains_key(*name) && !wanted.is_empty() && origins(column) == wanted
    });
    match (same.next(), same.next()) {
        (Some((name, _)), None) => Some(name.clone()),
        _ => None,
    }
}

/// The columns of a node that it has by itself, by name in lower case; the others come and go with those who read them.
fn known(node: &Value) -> BTreeMap<String, &Value> {
    let columns = node["columns"].as_array().into_iter().flatten();
    columns
        .filter(|column| column["implied"] != true)
        .filter_map(|column| Some((column["name"].as_str()?.to_lowercase(), column)))
        .collect()
}

fn name_of(value: &Value) -> Option<Name> {
    let node = value["node"].as_str()?.to_owned();
    Some((node, value["column"].as_str()?.to_lowercase()))
}

/// What a column is made of, in words.
fn made_of(column: &Value) -> String {
    let from = column["from"].as_array().into_iter().flatten();
    let words: Vec<String> = from
        .filter_map(|origin| {
            let (node, name) = name_of(origin)?;
            let how = origin["how"].as_str()?;
            let functions = origin["functions"].as_array().into_iter().flatten();
            let functions: Vec<&str> = functions.filter_map(Value::as_str).collect();
            let by = match functions.is_empty() {
                true => String::new(),
                false => format!(" by {}", functions.join(", ")),
            };
            Some(format!("{how} from {}.{name}{by}", short(&node)))
        })
        .collect();
    match words.is_empty() {
        true => "no column".to_owned(),
        false => words.join(", "),
    }
}

/// A node as people call it: the last part of its `unique_id`, for a source the last two.
pub fn short(unique_id: &str) -> String {
    let parts: Vec<&str> = unique_id.split('.').collect();
    match parts.as_slice() {
        ["source", _, source, table] => format!("{source}.{table}"),
        [_, _, name @ ..] if !name.is_empty() => name.join("."),
        _ => unique_id.to_owned(),
    }
}

/// A file, and who reads whom in it.
struct State<'a> {
    nodes: BTreeMap<&'a str, &'a Value>,
    readers: BTreeMap<Name, BTreeSet<Name>>,
    nodes_reading: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> State<'a> {
    fn of(file: &'a Value) -> Self {
        let mut state = Self {
            nodes: BTreeMap::new(),
            readers: BTreeMap::new(),
            nodes_reading: BTreeMap::new(),
        };
        for (unique_id, node) in file["nodes"].as_object().into_iter().flatten() {
            // Nothing of the project reads the failures that a test keeps.
            if node["resource_type"] == "test" {
                continue;
            }
            state.nodes.insert(unique_id, node);
            for column in node["columns"].as_array().into_iter().flatten() {
                let Some(name) = column["name"].as_str() else {
                    continue;
                };
                for origin in column["from"].as_array().into_iter().flatten() {
                    state.read(origin, unique_id);
                    if let Some(origin) = name_of(origin) {
                        let reader = (unique_id.clone(), name.to_lowercase());
                        state.readers.entry(origin).or_default().insert(reader);
                    }
                }
            }
            for origin in node["influences"].as_array().into_iter().flatten() {
                state.read(origin, unique_id);
            }
        }
        state
    }

    fn read(&mut self, origin: &'a Value, by: &'a str) {
        if let Some(node) = origin["node"].as_str() {
            self.nodes_reading.entry(node).or_default().insert(by);
        }
    }

    /// The columns that are made of one, by any number of steps.
    fn readers(&self, of: &Name) -> BTreeSet<Name> {
        let mut found = BTreeSet::new();
        let mut open = vec![of];
        while let Some(name) = open.pop() {
            for reader in self.readers.get(name).into_iter().flatten() {
                if found.insert(reader.clone()) {
                    open.push(reader);
                }
            }
        }
        found
    }

    /// The nodes that read one, by any number of steps.
    fn readers_of_node(&self, of: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![of];
        while let Some(name) = open.pop() {
            for reader in self.nodes_reading.get(name).into_iter().flatten() {
                if found.insert((*reader).to_owned()) {
                    open.push(reader);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn file(columns: Value, fingerprint: &str) -> Value {
        json!({"nodes": {
            "model.shop.orders": {"complete": true, "columns": columns, "influences": [], "fingerprint": fingerprint},
            "model.shop.daily": {"complete": true, "influences": [], "columns": [
                {"name": "n", "data_type": "bigint", "from": [{"node": "model.shop.orders", "column": "id", "how": "aggregated", "functions": ["count"]}]},
                {"name": "money", "data_type": "integer", "from": [{"node": "model.shop.orders", "column": "total", "how": "renamed", "functions": []}]},
            ]},
        }})
    }

    fn column(name: &str, data_type: &str, of: &str) -> Value {
        json!({"name": name, "data_type": data_type, "from": [{"node": "source.shop.raw.o", "column": of, "how": "copied", "functions": []}]})
    }

    #[test]
    fn what_reads_a_column_that_changes_is_told_and_what_is_only_written_anew_is_not() {
        let old = file(
            json!([
                column("id", "integer", "id"),
                column("total", "integer", "total"),
                column("old", "date", "at")
            ]),
            "a",
        );
        let new = file(
            json!([
                column("ID", "bigint", "id"),
                column("total", "integer", "amount"),
                column("at", "date", "at"),
                column("x", "date", "z")
            ]),
            "b",
        );
        let impact = compare(&old, &new);
        assert_eq!(impact.unchanged, 1);
        let [orders] = impact.nodes.as_slice() else {
            panic!("{impact:?}")
        };
        assert_eq!(orders.kind, NodeChange::Columns);
        let told: Vec<String> = orders
            .columns
            .iter()
            .map(|column| format!("{} {:?} {:?}", column.name, column.change, column.readers))
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        id Type { from: "integer", to: "bigint" } {("model.shop.daily", "n")}
        old Removed { renamed: Some("at") } {}
        total Meaning { from: "copied from raw.o.total", to: "copied from raw.o.amount" } {("model.shop.daily", "money")}
        at Added {}
        x Added {}
        "#);
        assert_eq!(
            compare(&old, &old),
            Impact {
                nodes: Vec::new(),
                unchanged: 2
            }
        );
    }

    #[test]
    fn a_query_that_reads_differently_is_told_where_its_columns_are_the_same() {
        let columns = json!([column("id", "integer", "id")]);
        let impact = compare(&file(columns.clone(), "a"), &file(columns, "b"));
        assert_eq!(impact.nodes[0].kind, NodeChange::Query);
        assert_eq!(
            impact.nodes[0].readers,
            BTreeSet::from(["model.shop.daily".to_owned()])
        );
    }
}
