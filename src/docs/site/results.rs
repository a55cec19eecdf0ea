//! What runs found: tests, tables that were not built, the steps of the last run.
//!
//! In: the [`Items`]. Out: what the index and the files `tests` and `run` of the site say of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::facts::units_of;
use super::items::{Item, Items};
use crate::artifacts::previous::LastResult;
use crate::docs::words::{minute, name};
use crate::manifest::node::Detail;
use crate::manifest::{Node, NodeId, ResourceType};

/// One test, with the item that it is about.
struct Entry<'a> {
    item: usize,
    label: String,
    status: Option<&'a str>,
    failures: Option<u64>,
    column: Option<&'a str>,
    /// Empty for a test with a page of its own.
    name: String,
}

impl Entry<'_> {
    /// `[item, label, status, rows, column, name]`.
    fn json(&self) -> Value {
        json!([
            self.item,
            self.label,
            self.status,
            self.failures,
            self.column,
            self.name
        ])
    }
}

/// The order in which results are told: what is to be looked at first.
fn rank(status: Option<&str>) -> usize {
    let order = ["fail", "error", "warn", "skipped", "pass"];
    let place = status.map(|status| order.iter().position(|known| *known == status));
    place.map_or(order.len() + 1, |place| place.unwrap_or(order.len()))
}

fn has_failed(status: Option<&str>) -> bool {
    matches!(status, Some("fail" | "error"))
}

/// Tests by what they found.
pub struct Results<'a> {
    items: &'a Items<'a>,
    tests: Vec<Entry<'a>>,
}

impl<'a> Results<'a> {
    /// All tests of what is shown.
    pub fn new(items: &'a Items<'a>) -> Self {
        let mut results = Self {
            items,
            tests: Vec::new(),
        };
        let units = units_of(items.input);
        let mut tests = Vec::new();
        for (item, table, _) in items.tables() {
            let own = table.tests.iter().filter(|test| !test.singular);
            let own = own.map(|test| (None, test));
            let of_columns = table.columns.iter().flat_map(|column| {
                let name = Some(column.name.as_str());
                column.tests.iter().map(move |test| (name, test))
            });
            tests.extend(own.chain(of_columns).map(|(column, test)| Entry {
                item,
                label: test.label.clone(),
                status: test.status.as_deref(),
                failures: test.failures.filter(|rows| *rows > 0),
                column,
                name: test.name.clone(),
            }));
            for node in units.get(&table.node).into_iter().flatten() {
                tests.push(results.of_node(item, node, "unit test", node.name.clone()));
            }
        }
        for (item, one) in items.list.iter().enumerate() {
            if let Item::Node(_, node) = one
                && one.is_singular_test()
            {
                tests.push(results.of_node(item, node, "", String::new()));
            }
        }
        tests.sort_by_key(|test| rank(test.status));
        results.tests = tests;
        results
    }

    fn of_node(&self, item: usize, node: &Node, label: &str, name: String) -> Entry<'a> {
        let last = self.items.input.previous.results.get(&node.unique_id);
        Entry {
            item,
            label: label.to_owned(),
            status: last.map(|last| last.status.as_str()),
            failures: last.and_then(|last| last.failures).filter(|rows| *rows > 0),
            column: None,
            name,
        }
    }

    /// All of them, what failed first.
    pub fn all(&self) -> Value {
        self.tests.iter().map(Entry::json).collect()
    }

    /// Those that failed.
    pub fn failing(&self) -> Value {
        let failed = self.tests.iter().filter(|test| has_failed(test.status));
        failed.map(Entry::json).collect()
    }

    /// Those that found what they only warn of.
    pub fn warning(&self) -> Value {
        let warned = self.tests.iter().filter(|test| test.status == Some("warn"));
        warned.map(Entry::json).collect()
    }

    /// How many have which last result.
    pub fn counts(&self) -> Vec<Value> {
        let mut counts: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        for test in &self.tests {
            let status = test.status.unwrap_or("not run");
            *counts.entry((rank(test.status), status)).or_default() += 1;
        }
        counts
            .into_iter()
            .map(|((_, status), count)| json!([status, count]))
            .collect()
    }

    /// Tables whose last build failed: `[item, status, when]`.
    pub fn broken(&self) -> Vec<Value> {
        let broken = self.broken_tables();
        broken
            .map(|(item, last)| json!([item, last.status, last.completed_at.map(minute)]))
            .collect()
    }

    fn broken_tables(&self) -> impl Iterator<Item = (usize, &'a LastResult)> {
        let input = self.items.input;
        self.items.tables().filter_map(move |(item, table, _)| {
            let id = &input.manifest.node(table.node).unique_id;
            let last = input.previous.results.get(id)?;
            has_failed(Some(&last.status)).then_some((item, last))
        })
    }

    /// Tables that the last run skipped.
    pub fn skipped(&self) -> Vec<usize> {
        let input = self.items.input;
        let skipped = input.timeline.skipped.iter();
        let nodes = skipped.filter_map(|id| input.manifest.by_unique_id.get(id));
        let is_table = |item: &usize| matches!(self.items.list[*item], Item::Table(..));
        let items = nodes.filter_map(|id| self.items.of_node(*id));
        items.filter(is_table).collect()
    }

    /// Tables that are not as they should be: a test failed, or their last build.
    pub fn bad(&self) -> BTreeSet<usize> {
        let failed = self.tests.iter().filter(|test| has_failed(test.status));
        let failed = failed.map(|test| test.item);
        let bad = failed.chain(self.broken_tables().map(|(item, _)| item));
        bad.filter(|item| matches!(self.items.list[*item], Item::Table(..)))
            .collect()
    }

    /// The last run, step by step, and the places of those on the longest path through it.
    pub fn steps(&self) -> Value {
        let input = self.items.input;
        let timeline = input.timeline;
        let Some(start) = timeline.steps.iter().map(|step| step.started).min() else {
            return Value::Null;
        };
        let known = timeline.steps.iter().filter_map(|step| {
            let id = *input.manifest.by_unique_id.get(&step.unique_id)?;
            self.is_shown(id).then_some((step, id))
        });
        let known: Vec<_> = known.collect();
        let steps = known.iter().map(|(step, id)| {
            let node = input.manifest.node(*id);
            let name = match node.resource_type {
                ResourceType::Test => input.dictionary.hidden.test_name(input.manifest, *id),
                _ => name(node),
            };
            let item = self.items.of_node(*id);
            let about = about(node);
            let seconds = |from, to: jiff::Timestamp| to.duration_since(from).as_secs_f64();
            let mut step = json!({
                "name": name,
                "item": item.map_or(-1, |item| i64::try_from(item).unwrap_or(-1)),
                "status": step.status,
                "start": (seconds(start, step.started) * 1000.0).round() / 1000.0,
                "seconds": (seconds(step.started, step.completed) * 1000.0).round() / 1000.0,
                "thread": step.thread,
            });
            if let Some(about) = about.and_then(|about| self.items.of_node(about)) {
                step["about"] = about.into();
            }
            step
        });
        let steps: Vec<Value> = steps.collect();
        let critical: BTreeSet<&str> = timeline.critical(input.manifest).into_iter().collect();
        let on_path = known.iter().enumerate();
        let on_path = on_path.filter(|(_, (step, _))| critical.contains(step.unique_id.as_str()));
        json!({
            "steps": steps,
            "critical": on_path.map(|(at, _)| at).collect::<Vec<_>>(),
            "at": timeline.ended().map(minute),
        })
    }

    /// Whether a step may be told: neither its node nor what a test is about is hidden or left out by the selection.
    fn is_shown(&self, id: NodeId) -> bool {
        let input = self.items.input;
        let node = input.manifest.node(id);
        let about = about(node);
        let shown = |id: NodeId| input.manifest.node(id).config.docs_show;
        let selected = |id: &NodeId| input.selected.is_none_or(|selected| selected.contains(id));
        shown(id)
            && about.is_none_or(shown)
            && (selected(&id) || about.as_ref().is_some_and(selected))
    }
}

/// The node on whose page a test stands: what it is declared for, which is not always the first that it reads.
fn about(node: &Node) -> Option<NodeId> {
    let attached = match &node.detail {
        Detail::Test(test) => test.attached_node,
        Detail::UnitTest(_) => None,
        _ => return None,
    };
    attached.or_else(|| node.depends_on.first().copied())
}
