//! Lineage for people: a tree, and a drawing.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Args, column_name};
use crate::analyze::{Analysis, ColumnGraph, ColumnRef, Edge};
use crate::manifest::Manifest;

/// A tree a column and a direction.
pub(super) fn tree(
    args: &Args,
    manifest: &Manifest,
    analysis: &Analysis,
    graph: &ColumnGraph,
    starts: &[ColumnRef],
) -> String {
    let mut text = String::new();
    for start in starts {
        let column = analysis.node(start.node).schema.column(&start.column);
        let data_type = column.and_then(|column| column.data_type.as_deref());
        let _ = write!(text, "{}", column_name(manifest, start));
        let _ = match data_type {
            Some(data_type) => writeln!(text, " ({data_type})"),
            None => writeln!(text),
        };
        for (upstream, title) in [(true, "made of"), (false, "read by")] {
            if !args.follows(upstream) {
                continue;
            }
            let _ = writeln!(text, "  {title}");
            let mut branch = Branch {
                manifest,
                graph,
                upstream,
                text: &mut text,
                seen: BTreeSet::from([start.clone()]),
            };
            if !branch.grow(start, 2, args.depth) {
                let _ = writeln!(
                    text,
                    "    {}",
                    if upstream {
                        "no other column"
                    } else {
                        "no model"
                    }
                );
            }
        }
        if args.follows(true) {
            influences(manifest, analysis, start, &mut text);
        }
    }
    text
}

/// What the rows of the column's node depend on.
fn influences(manifest: &Manifest, analysis: &Analysis, start: &ColumnRef, text: &mut String) {
    let influences = &analysis.node(start.node).influences;
    if influences.is_empty() {
        return;
    }
    let _ = writeln!(text, "  its rows depend on");
    for (origin, kinds) in influences {
        let node = manifest
            .by_unique_id
            .get(&*origin.table)
            .map(|id| super::shown(manifest.node(*id)));
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        let _ = writeln!(
            text,
            "    {}.{} ({})",
            node.unwrap_or_default(),
            origin.column,
            kinds.join(", ")
        );
    }
}

struct Branch<'a> {
    manifest: &'a Manifest,
    graph: &'a ColumnGraph,
    upstream: bool,
    text: &'a mut String,
    seen: BTreeSet<ColumnRef>,
}

impl Branch<'_> {
    /// Writes what stands behind a column, and whether anything does. What was told once is not told again.
    fn grow(&mut self, column: &ColumnRef, indent: usize, depth: Option<usize>) -> bool {
        if depth == Some(0) {
            return true;
        }
        let edges = if self.upstream {
            self.graph.parents(column)
        } else {
            self.graph.children(column)
        };
        for edge in edges {
            let next = if self.upstream { &edge.from } else { &edge.to };
            let functions: Vec<&str> = edge.through.functions.iter().map(AsRef::as_ref).collect();
            let by = if functions.is_empty() {
                String::new()
            } else {
                format!(" by {}", functions.join(", "))
            };
            let _ = write!(
                self.text,
                "{}{}: {}{by}",
                "  ".repeat(indent),
                column_name(self.manifest, next),
                edge.through.how.as_str()
            );
            if self.seen.insert(next.clone()) {
                let _ = writeln!(self.text);
                let next = next.clone();
                self.grow(&next, indent + 1, depth.map(|depth| depth - 1));
            } else {
                let more = if self.upstream {
                    self.graph.parents(next)
                } else {
                    self.graph.children(next)
                };
                let _ = writeln!(
                    self.text,
                    "{}",
                    if more.is_empty() { "" } else { " (see above)" }
                );
            }
        }
        !edges.is_empty()
    }
}

/// A drawing in Mermaid's words: a box a node, its columns inside.
pub(super) fn mermaid(manifest: &Manifest, edges: &[Edge], starts: &[ColumnRef]) -> String {
    let mut columns: BTreeSet<&ColumnRef> = starts.iter().collect();
    columns.extend(edges.iter().flat_map(|edge| [&edge.from, &edge.to]));
    let id = |column: &ColumnRef| {
        let name: String = column
            .column
            .chars()
            .map(|letter| {
                if letter.is_ascii_alphanumeric() {
                    letter
                } else {
                    '_'
                }
            })
            .collect();
        format!("n{}_{name}", column.node.0)
    };
    let mut text = String::from("flowchart LR\n");
    let mut open = None;
    for column in columns {
        if open != Some(column.node) {
            if open.is_some() {
                text.push_str("  end\n");
            }
            open = Some(column.node);
            let _ = writeln!(
                text,
                "  subgraph n{}[\"{}\"]",
                column.node.0,
                super::shown(manifest.node(column.node))
            );
        }
        let _ = writeln!(
            text,
            "    {}[\"{}\"]",
            id(column),
            column.column.replace('"', "#quot;")
        );
    }
    if open.is_some() {
        text.push_str("  end\n");
    }
    for edge in edges {
        let _ = writeln!(
            text,
            "  {} -->|{}| {}",
            id(&edge.from),
            edge.through.how.as_str(),
            id(&edge.to)
        );
    }
    text
}
