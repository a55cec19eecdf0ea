//! Personal data, followed along the lineage of columns, and where a project forbids it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Code, Found, Look, Settings};
use crate::analyze::{Analysis, ColumnGraph, ColumnRef};
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
        let columns = ColumnGraph::new(manifest, analysis);
        let mut personal = Self::default();
        for &id in graph.order() {
            let node = manifest.node(id);
            let named = analysis
                .node(id)
                .schema
                .columns
                .iter()
                .map(|column| column.name.to_lowercase());
            let mut all: Vec<String> = named
                .chain(
                    node.columns
                        .values()
                        .map(|column| column.name.to_lowercase()),
                )
                .collect();
            all.sort();
            all.dedup();
            for name in all {
                let here = ColumnRef {
                    node: id,
                    column: name.into(),
                };
                let declared = node
                    .columns
                    .values()
                    .find(|column| column.name.eq_ignore_ascii_case(&here.column));
                if declared
                    .is_some_and(|column| column.meta.get("pii") == Some(&Value::Bool(false)))
                {
                    continue;
                }
                let mut classes: Vec<Class> = declared.map(classes).unwrap_or_default();
                for edge in columns.parents(&here) {
                    if edge
                        .through
                        .functions
                        .iter()
                        .any(|name| settings.anonymisers.contains(&**name))
                    {
                        continue;
                    }
                    for class in personal.at(&edge.from) {
                        if !classes.iter().any(|known| known.name == class.name) {
                            classes.push(Class {
                                name: Arc::clone(&class.name),
                                from: Some(edge.from.clone()),
                            });
                        }
                    }
                }
                if !classes.is_empty() {
                    personal.columns.insert(here, classes);
                }
            }
        }
        personal
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

/// Whether a node or exposure may hold no personal data: `pii: forbid` in its configuration or its `meta`.
fn forbids(node: &Node) -> bool {
    let says = |value: Option<&Value>| value.and_then(Value::as_str) == Some("forbid");
    says(node.config.meta.get("pii")) || says(node.config.values.get("pii"))
}

pub(super) fn check(look: &Look<'_>, found: &mut Found<'_>) {
    if !forbids(look.node) {
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
                _ => format!("`{}` holds personal data ({})", name(column), class.name),
            };
            let mut told = Diagnostic::error("personal-data-exposed", format!("{what}, where `pii: forbid` holds"))
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
    if column.node != look.id {
        return look.node.declared_at.clone();
    }
    let (_, range) = look
        .query()?
        .columns
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(&column.column))?;
    look.span(range.as_ref().filter(|range| !range.is_empty()))
}

fn declared_at(manifest: &Manifest, column: &ColumnRef) -> Option<Span> {
    let node = manifest.node(column.node);
    node.columns
        .values()
        .find(|known| known.name.eq_ignore_ascii_case(&column.column))?
        .declared_at
        .clone()
}
