//! Cycles: who reads whom in a circle, with the place of each call.

use std::collections::{BTreeMap, VecDeque};

use petgraph::Direction;
use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;

use super::{NodeSet, neighbors};
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::manifest::{Manifest, Node, NodeId};

/// One diagnostic for each group of nodes that can reach one another, with its shortest cycle through the first of them.
pub(super) fn diagnostics(manifest: &Manifest, edges: &DiGraph<NodeId, ()>) -> Diagnostics {
    let mut cycles: Vec<Vec<NodeId>> = tarjan_scc(edges)
        .into_iter()
        .filter_map(|group| {
            let group: NodeSet = group.into_iter().map(|place| edges[place]).collect();
            shortest_cycle(edges, &group)
        })
        .collect();
    cycles.sort();
    Diagnostics(
        cycles
            .iter()
            .map(|cycle| diagnostic(manifest, cycle))
            .collect(),
    )
}

/// From the first node of the group over what it reads back to itself; the first node is not repeated.
fn shortest_cycle(edges: &DiGraph<NodeId, ()>, group: &NodeSet) -> Option<Vec<NodeId>> {
    let start = *group.first()?;
    let mut reached_from: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(reader) = queue.pop_front() {
        for read in neighbors(edges, reader, Direction::Incoming) {
            if read == start {
                let mut cycle = vec![reader];
                while let Some(before) = reached_from.get(cycle.last()?) {
                    cycle.push(*before);
                }
                cycle.reverse();
                return Some(cycle);
            }
            if group.contains(&read) && !reached_from.contains_key(&read) {
                reached_from.insert(read, reader);
                queue.push_back(read);
            }
        }
    }
    None
}

fn diagnostic(manifest: &Manifest, cycle: &[NodeId]) -> Diagnostic {
    let nodes: Vec<&Node> = cycle.iter().map(|id| manifest.node(*id)).collect();
    let pairs = nodes.iter().zip(nodes.iter().cycle().skip(1));
    let path = nodes
        .iter()
        .chain(nodes.first())
        .map(|node| format!("`{}`", node.name))
        .collect::<Vec<_>>()
        .join(" → ");
    let message = match nodes.as_slice() {
        [only] => format!("`{}` reads itself", only.name),
        _ => format!("these nodes read one another in a cycle: {path}"),
    };
    let mut diagnostic = Diagnostic::error("cycle", message);
    for (reader, read) in pairs {
        let what = format!("`{}` reads `{}`", reader.name, read.name);
        match call(reader, read) {
            Some(span) if diagnostic.span.is_none() => {
                diagnostic = diagnostic.at(span).label(what);
            }
            Some(span) => diagnostic = diagnostic.related(what, span),
            None => diagnostic = diagnostic.note(what),
        }
    }
    diagnostic.help(match nodes.as_slice() {
        [_] => "an incremental model reads its own table with `{{ this }}`",
        _ => "take one of these references out, or move what both need into a model of its own",
    })
}

/// Where one node reads another: the call, or else the file.
fn call(reader: &Node, read: &Node) -> Option<Span> {
    let of_ref = reader
        .refs
        .iter()
        .find(|call| {
            call.name == read.name
                && call
                    .package
                    .as_ref()
                    .is_none_or(|package| *package == read.package_name)
        })
        .and_then(|call| call.span.clone());
    of_ref
        .or_else(|| {
            reader
                .sources
                .iter()
                .find(|call| call.table == read.name)
                .and_then(|call| call.span.clone())
        })
        .or_else(|| reader.code.as_ref().map(|code| Span::file(&code.source)))
        .or_else(|| reader.declared_at.clone())
}

#[cfg(test)]
mod tests {
    use super::super::Graph;
    use super::super::shop::manifest_of_models;

    fn said(models: &[(&str, &str)]) -> String {
        let diagnostics = Graph::new(&manifest_of_models(models)).unwrap_err();
        let mut text = String::new();
        for diagnostic in diagnostics {
            let label = diagnostic.label.clone().unwrap_or_default();
            text += &format!("{diagnostic}: {label}\n");
            for (what, span) in diagnostic.related {
                text += &format!("  {what} ({})\n", span.place());
            }
            text += &format!("  help: {}\n", diagnostic.help.join("; "));
        }
        text
    }

    #[test]
    fn every_cycle_is_told_with_the_place_of_each_call() {
        insta::assert_snapshot!(said(&[
            ("a", "select *\nfrom {{ ref('b') }}"),
            ("b", "select * from {{ ref('c') }}"),
            ("c", "select * from {{ ref('a') }}"),
            ("free", "select * from {{ ref('a') }}"),
            ("own", "select * from {{ ref('own') }}"),
        ]), @r"
        error[cycle]: these nodes read one another in a cycle: `a` → `b` → `c` → `a` (models/a.sql:2:9): `a` reads `b`
          `b` reads `c` (models/b.sql:1:18)
          `c` reads `a` (models/c.sql:1:18)
          help: take one of these references out, or move what both need into a model of its own
        error[cycle]: `own` reads itself (models/own.sql:1:18): `own` reads `own`
          help: an incremental model reads its own table with `{{ this }}`
        ");
    }

    #[test]
    fn the_shortest_of_several_cycles_is_told() {
        insta::assert_snapshot!(said(&[
            ("a", "{{ ref('b') }} {{ ref('c') }}"),
            ("b", "{{ ref('c') }}"),
            ("c", "{{ ref('a') }}"),
        ]), @r"
        error[cycle]: these nodes read one another in a cycle: `a` → `c` → `a` (models/a.sql:1:19): `a` reads `c`
          `c` reads `a` (models/c.sql:1:4)
          help: take one of these references out, or move what both need into a model of its own
        ");
    }
}
