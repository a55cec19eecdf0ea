//! What two nodes cannot both have: a name, an id, a relation.

use std::collections::{BTreeMap, HashMap};

use super::link::is_refable;
use super::node::{Node, ResourceType};
use super::versions;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::relation::Relation;

/// Names that two nodes have: of models for `ref`, of ids for everything, of relations in the warehouse.
pub(super) fn refuse<'a>(nodes: impl Iterator<Item = &'a Node>, problems: &mut Diagnostics) {
    let mut names: HashMap<(&str, &str, Option<String>), &Node> = HashMap::new();
    let mut ids: HashMap<&str, &Node> = HashMap::new();
    let mut relations: BTreeMap<(Option<&str>, String, String), &Node> = BTreeMap::new();
    let mut kept = KeptTwice::default();
    for node in nodes.filter(|node| node.config.enabled) {
        let version = node.version.as_ref();
        let version = version.map(|version| versions::text(&version.v));
        if is_refable(node)
            && let Some(first) = names.insert((&node.package_name, &node.name, version), node)
        {
            problems.push(double(
                node,
                first,
                "duplicate-name",
                format!(
                    "two files make something that `ref('{}')` could mean",
                    node.name
                ),
                "rename one of the files, or disable one",
            ));
            continue;
        }
        if let Some(first) = ids.insert(&node.unique_id, node) {
            let what = match node.resource_type {
                ResourceType::Test => format!("the same test is declared twice (`{}`)", node.name),
                kind => format!("there are two of the {kind} `{}`", node.name),
            };
            problems.push(double(
                node,
                first,
                "duplicate-name",
                what,
                "remove one, or give it a `name` of its own",
            ));
            continue;
        }
        problems.extend(kept.note(node, false));
        let built = is_refable(node) || node.config.materialized == "load";
        if let (true, Some(relation)) = (built, &node.relation) {
            problems.extend(reserved(node, &relation.identifier));
            let (schema, identifier) = relation.key();
            if let Some(first) =
                relations.insert((relation.database.as_deref(), schema, identifier), node)
            {
                let (one, other) = (&first.name, &node.name);
                let others = first.relation.as_ref().map(Relation::to_string);
                problems.push(double(
                    node,
                    first,
                    "duplicate-relation",
                    match others {
                        Some(others) if others != relation.to_string() => format!(
                            "`{one}` and `{other}` are built as `{others}` and `{relation}`, whose names differ only in case"
                        ),
                        _ => format!("`{one}` and `{other}` are both built as `{relation}`"),
                    },
                    "give one of them another `alias` or `schema`",
                ));
            }
        }
    }
}

/// A name under which something else is built for a while: the one would drop the other.
fn reserved(node: &Node, identifier: &str) -> Option<Diagnostic> {
    const ENDS: [&str; 9] = [
        "tmp", "next", "old", "old2", "old3", "old4", "failed", "all", "bad",
    ];
    let lower = identifier.to_lowercase();
    let (_, end) = lower.rsplit_once("__rs_")?;
    ENDS.contains(&end).then(|| {
        let message = format!("`{identifier}` is a name that a build itself gives and drops");
        Diagnostic::error("reserved-name", message).at_some(home(node))
    })
}

/// Tests that would keep their failures in one relation.
#[derive(Default)]
pub struct KeptTwice<'a> {
    relations: BTreeMap<(Option<&'a str>, String, String), &'a Node>,
}

impl<'a> KeptTwice<'a> {
    /// What is wrong with one more test beside those before it; `flag` is `--store-failures`.
    pub fn note(&mut self, node: &'a Node, flag: bool) -> Option<Diagnostic> {
        let keeps = node.resource_type == ResourceType::Test && node.config.keeps_failures(flag);
        let relation = node.relation.as_ref().filter(|_| keeps)?;
        let (schema, identifier) = relation.key();
        let place = (relation.database.as_deref(), schema, identifier);
        let first = self.relations.insert(place, node)?;
        Some(double(
            node,
            first,
            "duplicate-relation",
            format!("two tests keep their failures in `{relation}`"),
            "give one of them another `name` or `alias`",
        ))
    }
}

fn double(
    node: &Node,
    first: &Node,
    code: &'static str,
    message: String,
    help: &str,
) -> Diagnostic {
    let places = [home(node), home(first)];
    // The file of a seed is not kept: the other one has a line to show.
    let kept = |place: &Option<Span>| place.as_ref().is_some_and(|at| !at.source.text.is_empty());
    let (at, other, which) = match places {
        [at, other] if !kept(&at) && kept(&other) => (other, at, "the other"),
        [at, other] => (at, other, "the first"),
    };
    let problem = Diagnostic::error(code, message).at_some(at).help(help);
    match other {
        Some(span) => problem.related(which, span),
        None => problem.note(format!("the first is {}", first.original_file_path)),
    }
}

/// Where a node comes from: its file, or its declaration.
fn home(node: &Node) -> Option<Span> {
    let file = node
        .code
        .as_ref()
        .filter(|code| code.made_from.is_none())
        .map(|code| Span::file(&code.source));
    file.or_else(|| node.declared_at.clone()).or_else(|| {
        let source = crate::diagnostic::Source::new(node.original_file_path.clone(), "");
        Some(Span::file(&source))
    })
}
