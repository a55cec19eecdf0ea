//! What the page of one item says.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::inherited::Inherited;
use super::items::{Item, Items, folder};
use super::{ColumnEdge, Input, RowEdge};
use crate::docs::dictionary::{Column, Table, Test, UNCOUNTED};
use crate::docs::html;
use crate::docs::words::{constraint, declared, person};
use crate::manifest::node::Detail;
use crate::manifest::unit_test::{Fixture, FixtureRows};
use crate::manifest::{Node, NodeId, ResourceType};

/// The other columns of one: `[item, column, how]`.
type Edges<'a> = Vec<(usize, &'a str, u8)>;

/// Writes the facts.
pub struct Facts<'a> {
    input: &'a Input<'a>,
    items: &'a Items<'a>,
    /// By node and column in lower case.
    from: BTreeMap<(NodeId, &'a str), Edges<'a>>,
    to: BTreeMap<(NodeId, &'a str), Edges<'a>>,
    inherited: Inherited<'a>,
    /// `[item, column, kinds]` by the node whose rows it decides.
    chosen: BTreeMap<NodeId, Vec<(usize, &'a str, String)>>,
    /// `[item, kinds]` by the node and column that decide its rows.
    decides: BTreeMap<(NodeId, &'a str), Vec<(usize, String)>>,
    /// Unit tests by their model.
    units: BTreeMap<NodeId, Vec<&'a Node>>,
}

impl<'a> Facts<'a> {
    /// Sorts the lineage of columns by its ends.
    pub fn new(input: &'a Input<'a>, items: &'a Items<'a>) -> Self {
        let mut from: BTreeMap<(NodeId, &str), Edges<'_>> = BTreeMap::new();
        let mut to: BTreeMap<(NodeId, &str), Edges<'_>> = BTreeMap::new();
        for ColumnEdge {
            from: (read, column),
            to: (made, other),
            how,
        } in input.lineage
        {
            let (Some(reads), Some(makes)) = (items.of_node(*read), items.of_node(*made)) else {
                continue;
            };
            let how = *how as u8;
            from.entry((*made, other))
                .or_default()
                .push((reads, column, how));
            to.entry((*read, column))
                .or_default()
                .push((makes, other, how));
        }
        let mut chosen: BTreeMap<NodeId, Vec<(usize, &str, String)>> = BTreeMap::new();
        let mut decides: BTreeMap<(NodeId, &str), Vec<(usize, String)>> = BTreeMap::new();
        for RowEdge {
            from: (read, column),
            to,
            kinds,
        } in input.influences
        {
            let (Some(reads), Some(makes)) = (items.of_node(*read), items.of_node(*to)) else {
                continue;
            };
            let how = kinds.join(", ");
            chosen
                .entry(*to)
                .or_default()
                .push((reads, column, how.clone()));
            decides
                .entry((*read, column))
                .or_default()
                .push((makes, how));
        }
        Self {
            input,
            items,
            from,
            to,
            inherited: Inherited::new(input),
            chosen,
            decides,
            units: units_of(input),
        }
    }

    /// Everything of one item; what is not known is left out.
    pub fn of(&self, item: &Item<'a>) -> Value {
        let mut facts = Map::new();
        put(&mut facts, "html", markdown(item.description()));
        put(&mut facts, "folder", text(folder(item.file(self.input))));
        put(&mut facts, "file", text(item.file(self.input)));
        match item {
            Item::Table(table, _) => self.table(&mut facts, table),
            Item::Node(id, node) => self.node(&mut facts, *id, node),
            Item::Macro(macro_) => {
                put(&mut facts, "code", text(&self.masked(&macro_.sql)));
                let arguments = macro_.arguments.iter().map(|(name, kind, description)| {
                    json!({ "name": name, "type": kind, "html": markdown(description) })
                });
                put(&mut facts, "arguments", list(arguments));
            }
            Item::Doc(_) => {}
        }
        facts.into()
    }

    fn table(&self, facts: &mut Map<String, Value>, table: &Table) {
        let node = self.input.manifest.node(table.node);
        put(facts, "kind", text(&table.kind));
        put(facts, "relation", text(&table.relation));
        let elsewhere = table.elsewhere.iter();
        put(facts, "elsewhere", list(elsewhere.map(|it| json!(it))));
        put(facts, "grain", table.grain.as_deref().and_then(text));
        put(facts, "rows", table.rows.map(Value::from));
        let uncounted = table.is_uncounted().then(|| Value::from(UNCOUNTED));
        put(facts, "uncounted", uncounted);
        put(facts, "built", table.last_built.as_deref().and_then(text));
        put(facts, "owner", table.owner.as_deref().and_then(text));
        put(facts, "dist", table.dist.as_deref().and_then(text));
        put(facts, "sort", table.sort.as_deref().and_then(text));
        put(facts, "tags", list(table.tags.iter().map(|tag| json!(tag))));
        let mut chips = Vec::new();
        if table.contract {
            chips.push(json!("contract enforced"));
        }
        if let Some(group) = &table.group {
            chips.push(json!(format!("group {group}")));
        }
        if let Some(access) = &table.access {
            chips.push(json!(format!("access {access}")));
        }
        put(facts, "chips", list(chips));
        put(
            facts,
            "columns",
            list(
                table
                    .columns
                    .iter()
                    .map(|column| self.column(table, column)),
            ),
        );
        let chosen = self.chosen.get(&table.node).into_iter().flatten();
        put(facts, "chosen", list(chosen.map(|edge| json!(edge))));
        let units = self.units.get(&table.node).into_iter().flatten();
        put(facts, "units", list(units.map(|node| self.unit(node))));
        let figures = table.figures.iter();
        let figures = figures.map(|(name, value)| json!([name, value]));
        put(facts, "figures", list(figures));
        put(
            facts,
            "tests",
            list(table.tests.iter().map(|test| self.test(test))),
        );
        put(
            facts,
            "constraints",
            list(
                node.constraints
                    .iter()
                    .map(|it| json!(self.masked(&constraint(it)))),
            ),
        );
        self.code(facts, table.node, node);
        put(facts, "meta", table.meta.as_deref().and_then(text));
        put(
            facts,
            "freshness",
            table.freshness.as_deref().and_then(text),
        );
        let rejected = table.rejected.as_ref();
        put(
            facts,
            "rejected",
            rejected.map(|(rows, stand)| json!([rows, stand])),
        );
        let failed = table.failed.as_ref();
        put(facts, "failed", failed.map(|last| json!(last)));
        let history = table.history.iter();
        put(facts, "history", list(history.map(|count| json!(count))));
    }

    /// What a unit test of a table gives and wants, and what became of it last.
    fn unit(&self, node: &Node) -> Value {
        let mut facts = Map::new();
        put(&mut facts, "name", text(&node.name));
        put(&mut facts, "html", markdown(&node.description));
        if let Some(last) = self.input.previous.results.get(&node.unique_id) {
            put(&mut facts, "status", text(&last.status));
        }
        if let Detail::UnitTest(test) = &node.detail {
            let given = test.given.iter();
            let given =
                given.map(|given| json!([self.masked(&given.input.value), rows(&given.fixture)]));
            put(&mut facts, "given", list(given));
            put(&mut facts, "expect", rows(&test.expect).map(Value::from));
        }
        put(&mut facts, "file", declared(node).as_deref().and_then(text));
        facts.into()
    }

    fn node(&self, facts: &mut Map<String, Value>, id: NodeId, node: &Node) {
        put(
            facts,
            "tags",
            list(node.config.tags.iter().map(|tag| json!(tag))),
        );
        self.code(facts, id, node);
        match &node.detail {
            Detail::Exposure(exposure) => {
                put(facts, "kind", text(&exposure.kind));
                let owner = person(&exposure.owner);
                put(facts, "owner", owner.as_deref().and_then(text));
                let label = exposure.label.as_deref();
                put(facts, "label", label.and_then(text));
                put(
                    facts,
                    "maturity",
                    exposure.maturity.as_deref().and_then(text),
                );
                let url = exposure.url.as_deref();
                let safe =
                    url.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
                put(facts, "url", safe.and_then(text));
            }
            Detail::Test(_) => {
                if let Some(last) = self.input.previous.results.get(&node.unique_id) {
                    put(facts, "status", text(&last.status));
                    put(facts, "failures", last.failures.map(Value::from));
                }
            }
            _ => {}
        }
    }

    /// Where it is written, as it is written, and as it is compiled.
    fn code(&self, facts: &mut Map<String, Value>, id: NodeId, node: &Node) {
        let written = node.code.as_ref().filter(|code| code.made_from.is_none());
        put(
            facts,
            "code",
            written.and_then(|code| text(&self.masked(code.text().trim()))),
        );
        put(
            facts,
            "compiled",
            self.compiled(id).and_then(|sql| text(&sql)),
        );
        put(facts, "declared", declared(node).as_deref().and_then(text));
    }

    fn masked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.input.dictionary.hidden.masked(text)
    }

    fn compiled(&self, id: NodeId) -> Option<Cow<'a, str>> {
        let sql = self.input.compiled.get(id.index()).copied().flatten()?;
        Some(self.input.dictionary.hidden.masked(sql.trim()))
    }

    fn column(&self, table: &Table, column: &Column) -> Value {
        let mut facts = Map::new();
        put(&mut facts, "name", text(&column.name));
        put(
            &mut facts,
            "type",
            column.data_type.as_deref().and_then(text),
        );
        put(
            &mut facts,
            "nullable",
            (column.nullable == Some(false)).then_some(Value::Bool(false)),
        );
        put(&mut facts, "key", column.key().and_then(text));
        let own = markdown(&column.description);
        if own.is_none()
            && let Some((node, description)) = self.inherited.of(table, column)
            && let Some(from) = self.items.of_node(node)
        {
            put(&mut facts, "html", markdown(description));
            put(&mut facts, "inherited", Some(from.into()));
        }
        put(&mut facts, "html", own);
        put(
            &mut facts,
            "pii",
            column.personal().as_deref().and_then(text),
        );
        put(
            &mut facts,
            "tags",
            list(column.tags.iter().map(|tag| json!(tag))),
        );
        let meta = column.meta.iter();
        put(
            &mut facts,
            "meta",
            list(meta.map(|(key, value)| json!([key, value]))),
        );
        let constraints = column.constraints.iter();
        put(
            &mut facts,
            "constraints",
            list(constraints.map(|it| json!(it))),
        );
        let points = column.references.iter().filter_map(|reference| {
            let target = self.items.of_anchor(reference.table.anchor.as_deref())?;
            Some(json!([target, reference.column]))
        });
        put(&mut facts, "points", list(points));
        put(
            &mut facts,
            "tests",
            list(column.tests.iter().map(|test| self.test(test))),
        );
        let name = column.name.to_lowercase();
        let name = name.as_str();
        put(
            &mut facts,
            "from",
            self.from.get(&(table.node, name)).map(|edges| json!(edges)),
        );
        put(
            &mut facts,
            "to",
            self.to.get(&(table.node, name)).map(|edges| json!(edges)),
        );
        let decides = self.decides.get(&(table.node, name));
        put(&mut facts, "rows", decides.map(|edges| json!(edges)));
        facts.into()
    }

    fn test(&self, test: &Test) -> Value {
        let mut facts = Map::new();
        put(&mut facts, "name", text(&test.name));
        put(&mut facts, "label", text(&test.label));
        let own = self.items.of_node(test.node);
        put(&mut facts, "item", own.map(Value::from));
        put(&mut facts, "status", test.status.as_deref().and_then(text));
        let failures = test.failures.filter(|failures| *failures > 0);
        put(&mut facts, "failures", failures.map(Value::from));
        put(
            &mut facts,
            "warns",
            test.only_warns.then_some(Value::Bool(true)),
        );
        let kept = test.kept.as_ref().map(|kept| kept.told());
        put(&mut facts, "kept", kept.as_deref().and_then(text));
        put(
            &mut facts,
            "sql",
            self.compiled(test.node).and_then(|sql| text(&sql)),
        );
        facts.into()
    }
}

/// The unit tests that are shown, by their model.
pub fn units_of<'a>(input: &Input<'a>) -> BTreeMap<NodeId, Vec<&'a Node>> {
    let mut units: BTreeMap<NodeId, Vec<&Node>> = BTreeMap::new();
    let all = &input.manifest.nodes;
    let shown = all
        .iter()
        .filter(|node| node.resource_type == ResourceType::UnitTest && node.config.docs_show);
    for node in shown {
        // What it reads first is its model.
        if let Some(model) = node.depends_on.first() {
            units.entry(*model).or_default().push(node);
        }
    }
    units
}

/// How many rows a fixture has; a query has as many as it answers.
pub fn rows(fixture: &Fixture) -> Option<usize> {
    match &fixture.rows {
        FixtureRows::Values(rows) => Some(rows.len()),
        FixtureRows::Sql { .. } => None,
    }
}

fn put(facts: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        facts.insert(name.to_owned(), value);
    }
}

fn text(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| text.into())
}

fn list(values: impl IntoIterator<Item = Value>) -> Option<Value> {
    let values: Vec<Value> = values.into_iter().collect();
    (!values.is_empty()).then(|| values.into())
}

/// Safe HTML of a description, if there is one.
fn markdown(description: &str) -> Option<Value> {
    let description = description.trim();
    (!description.is_empty()).then(|| html::markdown(description).trim().into())
}
