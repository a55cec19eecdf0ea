//! Everything that has a page, in a fixed order: tables layer by layer, then what is not a table.
//!
//! In: the site's [`Input`]. Out: [`Items`], and from it what the index of the site says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Input, overview};
use crate::artifacts::manifest::{Doc, Macro};
use crate::docs::dictionary::Table;
use crate::docs::words::last_of_id;
use crate::manifest::{Node, NodeId, ResourceType};

/// Pages whose data stand in one file.
const SHARD: usize = 100;
/// At the most so many files of pages.
const MOST_SHARDS: usize = 100;
/// The longest first words of a description in a list.
const SHORT: usize = 140;

/// The macros and docs blocks that selected nodes speak of; all, where none are selected.
struct Used<'a>(Option<BTreeSet<&'a str>>);

impl<'a> Used<'a> {
    fn new(input: &Input<'a>) -> Self {
        Self(input.selected.map(|selected| {
            let nodes = selected.iter().map(|id| input.manifest.node(*id));
            let said = nodes.flat_map(|node| {
                let columns = node.columns.values();
                let blocks = columns.flat_map(|column| &column.doc_blocks);
                let own = node.macros.iter().chain(&node.doc_blocks);
                own.chain(blocks).map(String::as_str)
            });
            said.collect()
        }))
    }

    fn has(&self, id: &str) -> bool {
        self.0.as_ref().is_none_or(|used| used.contains(id))
    }
}

/// One thing with a page.
pub enum Item<'a> {
    /// A model, seed, snapshot or source, with its layer.
    Table(&'a Table, &'a str),
    /// An exposure, analysis or singular test.
    Node(NodeId, &'a Node),
    /// A macro of the project.
    Macro(&'a Macro),
    /// A `docs` block.
    Doc(&'a Doc),
}

/// All of them.
pub struct Items<'a> {
    /// In their order.
    pub list: Vec<Item<'a>>,
    pub input: &'a Input<'a>,
    by_node: BTreeMap<NodeId, usize>,
    by_anchor: BTreeMap<&'a str, usize>,
    /// By item: what it reads, in order.
    reads: Vec<Vec<usize>>,
}

impl<'a> Items<'a> {
    /// Puts them in order. What is not to be shown (`docs: {show: false}`) is in none of them.
    pub fn new(input: &'a Input<'a>) -> Self {
        let mut list: Vec<Item<'a>> = Vec::new();
        for layer in &input.dictionary.layers {
            list.extend(
                layer
                    .tables
                    .iter()
                    .map(|table| Item::Table(table, layer.name.as_str())),
            );
        }
        list.extend(
            input
                .dictionary
                .inlined
                .iter()
                .map(|(layer, table)| Item::Table(table, layer.as_str())),
        );
        for kind in [
            ResourceType::Exposure,
            ResourceType::Analysis,
            ResourceType::Test,
        ] {
            let shown = input.manifest.ids().filter(|id| {
                let node = input.manifest.node(*id);
                let selected = input.selected.is_none_or(|selected| selected.contains(id));
                node.resource_type == kind && node.config.docs_show && is_singular(node) && selected
            });
            list.extend(shown.map(|id| Item::Node(id, input.manifest.node(id))));
        }
        let used = Used::new(input);
        let own = input.macros.iter().filter(|(id, macro_)| {
            !matches!(macro_.package_name.as_str(), "dbt" | "redstart") && used.has(id)
        });
        list.extend(own.map(|(_, macro_)| Item::Macro(macro_)));
        let blocks = input
            .docs
            .iter()
            .filter(|(id, doc)| !overview::is_overview(doc) && used.has(id));
        list.extend(blocks.map(|(_, doc)| Item::Doc(doc)));
        let mut by_node = BTreeMap::new();
        let mut by_anchor = BTreeMap::new();
        for (at, item) in list.iter().enumerate() {
            if let Some(node) = item.node() {
                by_node.insert(node, at);
            }
            if let Item::Table(table, _) = item {
                by_anchor.insert(table.anchor.as_str(), at);
            }
        }
        let reads = list
            .iter()
            .map(|item| {
                let node = item.node().map(|id| input.manifest.node(id));
                let reads = node.map_or(&[][..], |node| &node.depends_on);
                let mut reads: Vec<usize> = reads
                    .iter()
                    .filter_map(|read| by_node.get(read).copied())
                    .collect();
                reads.sort_unstable();
                reads
            })
            .collect();
        Self {
            list,
            input,
            by_node,
            by_anchor,
            reads,
        }
    }

    /// The place of a node.
    pub fn of_node(&self, id: NodeId) -> Option<usize> {
        self.by_node.get(&id).copied()
    }

    /// The place of a table by its anchor in the dictionary.
    pub fn of_anchor(&self, anchor: Option<&str>) -> Option<usize> {
        self.by_anchor.get(anchor?).copied()
    }

    /// How many items share a file.
    pub fn shard_size(&self) -> usize {
        SHARD.max(self.list.len().div_ceil(MOST_SHARDS))
    }

    /// The items file by file.
    pub fn shards(&self) -> impl Iterator<Item = &[Item<'a>]> {
        self.list.chunks(self.shard_size())
    }

    /// The tables with their layers.
    pub(super) fn tables(&self) -> impl Iterator<Item = (usize, &'a Table, &'a str)> {
        self.list
            .iter()
            .enumerate()
            .filter_map(|(at, item)| match item {
                Item::Table(table, layer) => Some((at, *table, *layer)),
                _ => None,
            })
    }

    /// One list a fact, all in the order of the items; names of kinds, layers and the like stand once.
    pub fn columns(&self) -> Value {
        let mut kinds = Names::default();
        let mut packages = Names::default();
        let mut layers = Names::default();
        let mut folders = Names::default();
        let mut materialized = Names::default();
        // Layers keep the order of the dictionary.
        for layer in &self.input.dictionary.layers {
            layers.place(&layer.name);
        }
        let mut lists: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        let mut tags: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, item) in self.list.iter().enumerate() {
            let mut put =
                |list: &'static str, value: Value| lists.entry(list).or_default().push(value);
            put("name", item.name(self.input).into());
            put("kind", kinds.place(item.kind(self.input)).into());
            put("package", packages.place(item.package(self.input)).into());
            put(
                "folder",
                folders.place(folder(item.file(self.input))).into(),
            );
            put("short", first_words(item.description()).into());
            for tag in item.tags() {
                tags.entry(tag).or_default().push(at);
            }
            let (layer, kind, rows) = match item {
                Item::Table(table, layer) => (
                    json!(layers.place(layer)),
                    table.kind.as_str(),
                    json!(table.rows),
                ),
                _ => (json!(-1), item.kind(self.input), Value::Null),
            };
            put("layer", layer);
            put("materializedOf", materialized.place(kind).into());
            put("rows", rows);
        }
        let mut index: Map<String, Value> = lists
            .into_iter()
            .map(|(list, values)| (list.to_owned(), values.into()))
            .collect();
        for list in [
            "name",
            "kind",
            "package",
            "folder",
            "short",
            "layer",
            "materializedOf",
            "rows",
        ] {
            index.entry(list).or_insert_with(|| json!([]));
        }
        index.insert("kinds".into(), kinds.names.into());
        index.insert("packages".into(), packages.names.into());
        index.insert("layers".into(), layers.names.into());
        index.insert("folders".into(), folders.names.into());
        index.insert("materialized".into(), materialized.names.into());
        index.insert("reads".into(), json!(self.reads));
        index.insert("tags".into(), json!(tags));
        index.into()
    }

    /// How much is described, tested and owned.
    pub fn coverage(&self) -> Value {
        let coverage = self.input.dictionary.coverage();
        let count = |wanted: fn(&Table) -> bool| {
            self.shown_tables()
                .filter(|(_, table)| wanted(table))
                .count()
        };
        json!({
            "columns": coverage.columns,
            "described": coverage.documented(),
            "tested": coverage.tested(),
            "tables": self.shown_tables().count(),
            "describedTables": count(|table| !table.description.is_empty()),
            "owned": count(|table| table.owner.is_some()),
        })
    }

    /// The tables of the dictionary, without ephemeral models, which hold nothing.
    fn shown_tables(&self) -> impl Iterator<Item = (usize, &'a Table)> {
        let inlined: BTreeSet<&str> = self
            .input
            .dictionary
            .inlined
            .iter()
            .map(|(_, table)| table.anchor.as_str())
            .collect();
        self.tables()
            .filter(move |(_, table, _)| !inlined.contains(table.anchor.as_str()))
            .map(|(at, table, _)| (at, table))
    }

    /// What lacks a description, a test, an owner.
    pub fn missing(&self) -> Value {
        let columns = |wanted: fn(&crate::docs::dictionary::Column) -> bool| -> Vec<Value> {
            self.shown_tables()
                .filter_map(|(at, table)| {
                    let gaps = table.columns.iter().filter(|column| wanted(column));
                    let gaps: Vec<Value> = gaps.map(|column| column.name.as_str().into()).collect();
                    let row = std::iter::once(at.into()).chain(gaps.iter().cloned());
                    (!gaps.is_empty()).then(|| row.collect())
                })
                .collect()
        };
        let tables = |wanted: fn(&Table) -> bool| -> Vec<Value> {
            self.shown_tables()
                .filter(|(_, table)| wanted(table))
                .map(|(at, _)| json!([at]))
                .collect()
        };
        json!({
            "described": columns(|column| column.description.trim().is_empty()),
            "tested": columns(|column| !column.tested),
            "tables": tables(|table| table.description.is_empty()),
            "owned": tables(|table| table.owner.is_none()),
        })
    }

    /// Which column of which table points to which: `[table, column, table, column]`.
    pub fn points(&self) -> Value {
        let mut points = Vec::new();
        for (at, table, _) in self.tables() {
            for column in &table.columns {
                for reference in &column.references {
                    if let Some(target) = self.of_anchor(reference.table.anchor.as_deref()) {
                        points.push(json!([at, column.name, target, reference.column]));
                    }
                }
            }
        }
        points.into()
    }

    /// The tables that were built last: `[item, when]`; none where all are of one moment, which says nothing.
    pub fn built_last(&self) -> Vec<Value> {
        let mut built: Vec<(&str, usize)> = self
            .tables()
            .filter_map(|(at, table, _)| Some((table.last_built.as_deref()?, at)))
            .collect();
        built.sort_by(|a, b| b.0.cmp(a.0).then(a.1.cmp(&b.1)));
        let of_one_moment = built.iter().all(|(when, _)| *when == built[0].0);
        if of_one_moment && built.len() == self.shown_tables().count() {
            return Vec::new();
        }
        built
            .into_iter()
            .take(24)
            .map(|(when, at)| json!([at, when]))
            .collect()
    }
}

impl<'a> Item<'a> {
    /// Its node, where it is one.
    pub fn node(&self) -> Option<NodeId> {
        match self {
            Self::Table(table, _) => Some(table.node),
            Self::Node(id, _) => Some(*id),
            Self::Macro(_) | Self::Doc(_) => None,
        }
    }

    /// As it is called, and as its `unique_id` ends.
    pub fn name(&self, input: &Input<'_>) -> String {
        match self {
            Self::Table(table, _) => last_of_id(input.manifest.node(table.node)),
            Self::Node(_, node) => last_of_id(node),
            Self::Macro(macro_) => macro_.name.clone(),
            Self::Doc(doc) => doc.name.clone(),
        }
    }

    /// dbt's word for its kind.
    pub fn kind(&self, input: &Input<'_>) -> &'static str {
        match self {
            Self::Table(table, _) => input.manifest.node(table.node).resource_type.as_str(),
            Self::Node(_, node) => node.resource_type.as_str(),
            Self::Macro(_) => "macro",
            Self::Doc(_) => "doc",
        }
    }

    /// Its tags.
    pub fn tags(&self) -> &'a [String] {
        match self {
            Self::Table(table, _) => &table.tags,
            Self::Node(_, node) => &node.config.tags,
            Self::Macro(_) | Self::Doc(_) => &[],
        }
    }

    fn package(&self, input: &'a Input<'_>) -> &'a str {
        match self {
            Self::Table(table, _) => &input.manifest.node(table.node).package_name,
            Self::Node(_, node) => &node.package_name,
            Self::Macro(macro_) => &macro_.package_name,
            Self::Doc(doc) => &doc.package_name,
        }
    }

    /// The file that holds it.
    pub fn file(&self, input: &'a Input<'_>) -> &'a str {
        match self {
            Self::Table(table, _) => &input.manifest.node(table.node).original_file_path,
            Self::Node(_, node) => &node.original_file_path,
            Self::Macro(macro_) => &macro_.path,
            Self::Doc(doc) => &doc.original_file_path,
        }
    }

    /// Markdown.
    pub fn description(&self) -> &'a str {
        match self {
            Self::Table(table, _) => &table.description,
            Self::Node(_, node) => node.description.trim(),
            Self::Macro(macro_) => macro_.description.trim(),
            Self::Doc(doc) => &doc.contents,
        }
    }

    /// Whether it is a test that is a query of its own.
    pub(super) fn is_singular_test(&self) -> bool {
        matches!(self, Self::Node(_, node) if node.resource_type == ResourceType::Test)
    }
}

fn is_singular(node: &Node) -> bool {
    match &node.detail {
        crate::manifest::node::Detail::Test(test) => test.generic.is_none(),
        _ => true,
    }
}

/// The folder of a file, without the last slash.
pub fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The first sentence or line of Markdown as plain words.
fn first_words(description: &str) -> String {
    let line = description
        .lines()
        .map(|line| line.trim_start_matches(['#', '>', '-', '*', ' ']).trim())
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let plain = line.replace(['`', '*', '_'], "");
    let sentence = plain
        .split_inclusive(". ")
        .next()
        .unwrap_or_default()
        .trim();
    match sentence.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &sentence[..end]),
        None => sentence.to_owned(),
    }
}

/// Names that are said by their places.
#[derive(Default)]
struct Names {
    names: Vec<String>,
    places: BTreeMap<String, usize>,
}

impl Names {
    fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }
}
