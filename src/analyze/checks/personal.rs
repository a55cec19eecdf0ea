//! Personal data, followed along the lineage of columns, and where a project forbids it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Code, Found, Look, Settings};
use crate::analyze::{
    Analysis, Column as ReadColumn, ColumnRef, NodeAnalysis, steps, stored_columns,
};
use crate::diagnostic::{Diagnostic, Span};
use crate::graph::Graph;
use crate::manifest::node::{Column, Detail, Node};
use crate::manifest::{Manifest, NodeId, ResourceType};

pub(super) const CODES: &[Code] = &[Code::error("personal-data-exposed")];

/// A kind of personal data in a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// `pii`, or the name of a classification.
    pub name: Arc<str>,
    /// The column it comes from; none where it is declared.
    pub from: Option<ColumnRef>,
}

/// Which columns hold personal data, and how it came there.
#[derive(Clone, Debug, Default)]
pub struct Personal {
    columns: BTreeMap<ColumnRef, Vec<Class>>,
}

impl Personal {
    /// Follows what columns declare (`meta: {pii: true}`, `meta: {classification: …}`) to all that is made of them, unless one of the
    /// project's anonymisers stands around the value on every way. `meta: {pii: false}` on a column says that nothing personal is left.
    pub fn of(
        manifest: &Manifest,
        graph: &Graph,
        analysis: &Analysis,
        settings: &Settings,
    ) -> Self {
        let mut personal = Self::default();
        for &id in graph.order() {
            let node = manifest.node(id);
            // The rows of a test are made of columns as well, and nobody reads them.
            if node.resource_type == ResourceType::Test {
                personal.follow_into_test(manifest, analysis, settings, id);
                personal.guess(manifest, analysis, id);
                continue;
            }
            let mut all: BTreeMap<ColumnRef, Vec<&ReadColumn>> = BTreeMap::new();
            for (here, column) in stored_columns(manifest, analysis, id) {
                all.entry(here).or_default().push(column);
            }
            for column in node.columns.values() {
                let here = ColumnRef {
                    node: id,
                    column: column.name.to_lowercase().into(),
                };
                all.entry(here).or_default();
            }
            for (here, columns) in all {
                let declared = node
                    .columns
                    .values()
                    .find(|column| column.name.eq_ignore_ascii_case(&here.column));
                if says_harmless(node, &here.column) {
                    continue;
                }
                let mut classes: Vec<Class> = declared.map(classes).unwrap_or_default();
                for (from, through) in columns.into_iter().flat_map(|it| steps(manifest, it)) {
                    if !settings.anonymises(through) {
                        personal.pass_on(&from, &mut classes);
                    }
                }
                personal.put(here, classes);
            }
            personal.guess(manifest, analysis, id);
        }
        personal
    }

    /// The rows of a test, which are kept where it stores its failures, are made of what it reads.
    fn follow_into_test(
        &mut self,
        manifest: &Manifest,
        analysis: &Analysis,
        settings: &Settings,
        id: NodeId,
    ) {
        for column in &analysis.node(id).schema.columns {
            let classes = self.classes_in(manifest, settings, column);
            let here = ColumnRef {
                node: id,
                column: column.name.to_lowercase().into(),
            };
            self.put(here, classes);
        }
    }

    /// The kinds of personal data in a column of a query, which is no node that others read.
    pub fn classes_in(
        &self,
        manifest: &Manifest,
        settings: &Settings,
        column: &ReadColumn,
    ) -> Vec<Class> {
        let mut classes = Vec::new();
        for (from, through) in steps(manifest, column) {
            if !settings.anonymises(through) {
                self.pass_on(&from, &mut classes);
            }
        }
        classes
    }

    /// Where the columns of a node are not read from its query (it is late, written in Python, or not understood), those that are called
    /// like a personal column that it reads are taken for it.
    fn guess(&mut self, manifest: &Manifest, analysis: &Analysis, id: NodeId) {
        let node = manifest.node(id);
        let NodeAnalysis { schema, query, .. } = analysis.node(id);
        let is_read = query
            .as_ref()
            .is_some_and(|query| !query.columns.is_empty());
        let open = match node.resource_type {
            ResourceType::Test => !is_read || !schema.is_complete(),
            ResourceType::Model | ResourceType::Snapshot => !is_read,
            _ => false,
        };
        if !open {
            return;
        }
        for &read in &node.depends_on {
            let personal = self.of_node(read).map(|(from, _)| from.clone());
            for from in personal.collect::<Vec<_>>() {
                let told = match schema.column(&from.column) {
                    Some(_) => is_read,
                    None => schema.is_complete(),
                };
                if told || says_harmless(node, &from.column) {
                    continue;
                }
                let here = ColumnRef {
                    node: id,
                    column: Arc::clone(&from.column),
                };
                let mut classes = self.at(&here).to_vec();
                self.pass_on(&from, &mut classes);
                self.put(here, classes);
            }
        }
    }

    /// Adds the kinds of personal data in a column to those of one that is made of it.
    fn pass_on(&self, from: &ColumnRef, classes: &mut Vec<Class>) {
        for class in self.at(from) {
            if !classes.iter().any(|known| known.name == class.name) {
                classes.push(Class {
                    name: Arc::clone(&class.name),
                    from: Some(from.clone()),
                });
            }
        }
    }

    fn put(&mut self, column: ColumnRef, classes: Vec<Class>) {
        if !classes.is_empty() {
            self.columns.insert(column, classes);
        }
    }

    /// The kinds of personal data in a column.
    pub fn at(&self, column: &ColumnRef) -> &[Class] {
        self.columns.get(column).map_or(&[], Vec::as_slice)
    }

    /// The columns of a node that hold personal data, in lower case.
    pub fn of_node(&self, id: NodeId) -> impl Iterator<Item = (&ColumnRef, &[Class])> {
        let start = ColumnRef {
            node: id,
            column: Arc::from(""),
        };
        self.columns
            .range(start..)
            .take_while(move |(column, _)| column.node == id)
            .map(|(column, classes)| (column, classes.as_slice()))
    }

    /// The way of a class to a column, from where it is declared.
    pub fn path(&self, column: &ColumnRef, class: &str) -> Vec<ColumnRef> {
        let mut path = vec![column.clone()];
        let mut here = column;
        while let Some(before) = self
            .at(here)
            .iter()
            .find(|known| &*known.name == class)
            .and_then(|known| known.from.as_ref())
        {
            path.push(before.clone());
            here = before;
        }
        path.reverse();
        path
    }
}

/// Whether a node declares that nothing personal is left in a column.
fn says_harmless(node: &Node, column: &str) -> bool {
    node.columns.values().any(|declared| {
        declared.name.eq_ignore_ascii_case(column)
            && declared.meta.get("pii") == Some(&Value::Bool(false))
    })
}

/// What a column declares.
pub(super) fn classes(column: &Column) -> Vec<Class> {
    let mut names: Vec<&str> = Vec::new();
    if column.is_pii() {
        names.push("pii");
    }
    for key in ["classification", "classifications"] {
        match column.meta.get(key) {
            Some(Value::String(name)) => names.push(name),
            Some(Value::Array(all)) => names.extend(all.iter().filter_map(Value::as_str)),
            _ => {}
        }
    }
    names.dedup();
    names
        .into_iter()
        .map(|name| Class {
            name: name.into(),
            from: None,
        })
        .collect()
}

/// Whether a node or exposure may hold no personal data: `pii: forbid` in its configuration or its `meta`, or that of its schema.
fn forbids(node: &Node, settings: &Settings) -> bool {
    let says = |value: Option<&Value>| value.and_then(Value::as_str) == Some("forbid");
    let schema = node.relation.as_ref().map(|relation| relation.key().0);
    says(node.config.meta.get("pii"))
        || says(node.config.values.get("pii"))
        || schema.is_some_and(|schema| settings.forbidden_schemas.contains(&schema))
}

pub(super) fn check(look: &Look<'_>, found: &mut Found<'_>) {
    if !forbids(look.node, look.project.settings) {
        return;
    }
    match (&look.node.detail, look.node.resource_type) {
        (Detail::Exposure(_), _) => {
            for &id in &look.node.depends_on {
                exposed(look, id, found);
            }
        }
        (_, ResourceType::Model | ResourceType::Snapshot | ResourceType::Seed) => {
            exposed(look, look.id, found)
        }
        // The failures of a test are a table like another, where they are kept.
        (_, ResourceType::Test) if look.node.config.keeps_failures(false) => {
            exposed(look, look.id, found)
        }
        _ => {}
    }
}

fn exposed(look: &Look<'_>, id: NodeId, found: &mut Found<'_>) {
    let manifest = look.project.manifest;
    let name =
        |column: &ColumnRef| format!("{}.{}", manifest.node(column.node).name, column.column);
    for (column, classes) in look.project.personal.of_node(id) {
        for class in classes {
            let path = look.project.personal.path(column, &class.name);
            let steps: Vec<String> = path.iter().map(name).collect();
            let what = match look.node.resource_type {
                ResourceType::Exposure => format!(
                    "the exposure `{}` reads `{}`, which holds personal data ({})",
                    look.node.name,
                    name(column),
                    class.name
                ),
                ResourceType::Test => format!(
                    "the failures that `{}` keeps hold personal data in `{}` ({})",
                    look.node.name, column.column, class.name
                ),
                _ => format!("`{}` holds personal data ({})", name(column), class.name),
            };
            let mut told = Diagnostic::error("personal-data-exposed", format!("{what}, where it is forbidden"))
                .at_some(written(look, column).or_else(|| look.place()))
                .note(format!("the value came by {}", steps.join(" → ")))
                .help("leave the column out, or put it through one of the project's anonymisers (`flags: {check: {anonymisers: […]}}`)");
            let start = path.first().and_then(|first| declared_at(manifest, first));
            if let Some(start) = start {
                told = told.related("declared personal here", start);
            }
            found.tell(told);
        }
    }
}

/// Where the query of the node at hand writes a column.
fn written(look: &Look<'_>, column: &ColumnRef) -> Option<Span> {
    if column.node != look.id || !look.is_written() {
        return look.node.declared_at.clone();
    }
    let written = look
        .query()?
        .columns
        .iter()
        .find(|written| written.name.eq_ignore_ascii_case(&column.column))?;
    look.span(written.range.as_ref().filter(|range| !range.is_empty()))
}

fn declared_at(manifest: &Manifest, column: &ColumnRef) -> Option<Span> {
    let node = manifest.node(column.node);
    node.columns
        .values()
        .find(|known| known.name.eq_ignore_ascii_case(&column.column))?
        .declared_at
        .clone()
}
