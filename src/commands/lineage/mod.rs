//! `redstart lineage`: where a column comes from, and what is made of it.

mod openlineage;
mod text;

use std::sync::Arc;

use clap::ValueEnum;

use super::pipeline::{self, Door, Prepared};
use super::{Outcome, Session, Stop};
use crate::analyze::{Analysis, ColumnGraph, ColumnRef, Edge};
use crate::diagnostic::{Diagnostic, nearest};
use crate::manifest::node::Detail;
use crate::manifest::{Manifest, Node, NodeId, ResourceType};

/// Tell where a column comes from, and what is made of it
///
/// Reads the project's SQL, not the warehouse. `model.column` names a column of a model, seed, snapshot or source table
/// (`source.table.column`); a model alone means all its columns.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart lineage dim_users.level                       both directions
  redstart lineage dim_users.level --upstream            what it is made of
  redstart lineage raw.events.level --downstream         what is made of it
  redstart lineage fct_orders --output mermaid           a drawing of all its columns
  redstart lineage --output openlineage                  every model, for a catalog of data")]
pub struct Args {
    /// The column: model.column
    #[arg(value_name = "COLUMN")]
    pub(super) column: Option<String>,

    /// Only what it is made of
    #[arg(long, conflicts_with = "downstream")]
    pub(super) upstream: bool,

    /// Only what is made of it
    #[arg(long)]
    pub(super) downstream: bool,

    /// How many steps to follow [default: all]
    #[arg(long, value_name = "N")]
    pub(super) depth: Option<usize>,

    /// How it is told
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) output: Format,
}

/// How lineage is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A tree for people
    Text,
    /// One JSON object with the steps
    Json,
    /// A drawing for Markdown
    Mermaid,
    /// OpenLineage events, one a line
    Openlineage,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let prepared = pipeline::prepare(session)?;
        let door = Door::of(&prepared)?;
        let analysed = pipeline::analysed(session, &prepared, &door)?;
        pipeline::write_lineage(session, &prepared, &analysed.compiled, &analysed.reading)?;
        let manifest = &*prepared.manifest;
        let graph = ColumnGraph::new(manifest, &analysed.reading.analysis);
        let Some(asked) = &self.column else {
            if self.output == Format::Openlineage {
                let all = models(manifest).map(|id| {
                    openlineage::event(session, &prepared, &analysed.reading.analysis, id)
                });
                let text: String = all.map(|event| format!("{event}\n")).collect();
                session.terminal.answer(&text)?;
                return Ok(Outcome::Done);
            }
            return Err(Stop::refused(
                Diagnostic::error("missing-argument", "which column?").help(
                    "name one as `model.column`, or ask for `--output openlineage` of all models",
                ),
            ));
        };
        let starts = columns(manifest, &analysed.reading.analysis, asked)
            .map_err(|wrong| Stop::refused(*wrong))?;
        let text = match self.output {
            Format::Text => text::tree(self, manifest, &analysed.reading.analysis, &graph, &starts),
            Format::Json => self.json(manifest, &graph, &starts),
            Format::Mermaid => text::mermaid(manifest, &self.edges(&graph, &starts), &starts),
            Format::Openlineage => {
                let mut nodes: Vec<NodeId> = starts.iter().map(|column| column.node).collect();
                nodes.dedup();
                nodes
                    .into_iter()
                    .map(|id| {
                        format!(
                            "{}\n",
                            openlineage::event(session, &prepared, &analysed.reading.analysis, id)
                        )
                    })
                    .collect()
            }
        };
        session.terminal.answer(&text)?;
        Ok(Outcome::Done)
    }

    /// Whether a direction is asked for.
    fn follows(&self, upstream: bool) -> bool {
        match (self.upstream, self.downstream) {
            (false, false) => true,
            (up, _) => up == upstream,
        }
    }

    /// The steps that are asked for, each once.
    fn edges(&self, graph: &ColumnGraph, starts: &[ColumnRef]) -> Vec<Edge> {
        let mut edges = Vec::new();
        for start in starts {
            for upstream in [true, false] {
                if self.follows(upstream) {
                    for edge in graph.reach(start, upstream, self.depth) {
                        if !edges.contains(&edge) {
                            edges.push(edge);
                        }
                    }
                }
            }
        }
        edges.sort_by(|a, b| (&a.to, &a.from).cmp(&(&b.to, &b.from)));
        edges
    }

    fn json(&self, manifest: &Manifest, graph: &ColumnGraph, starts: &[ColumnRef]) -> String {
        let column = |column: &ColumnRef| serde_json::json!({ "node": manifest.node(column.node).unique_id, "column": &*column.column });
        let edges: Vec<serde_json::Value> = self
            .edges(graph, starts)
            .iter()
            .map(|edge| {
                let functions: Vec<&str> = edge.through.functions.iter().map(AsRef::as_ref).collect();
                serde_json::json!({ "from": column(&edge.from), "to": column(&edge.to), "how": edge.through.how.as_str(), "functions": functions })
            })
            .collect();
        let starts: Vec<serde_json::Value> = starts.iter().map(column).collect();
        serde_json::json!({ "columns": starts, "edges": edges }).to_string() + "\n"
    }
}

fn models(manifest: &Manifest) -> impl Iterator<Item = NodeId> {
    let made = |id: &NodeId| {
        matches!(
            manifest.node(*id).resource_type,
            ResourceType::Model | ResourceType::Snapshot
        )
    };
    manifest.ids().filter(made)
}

/// The name of a node as it is typed before a column.
pub(super) fn shown(node: &Node) -> String {
    match &node.detail {
        Detail::Source(source) => format!("{}.{}", source.source_name, node.name),
        _ => node.name.clone(),
    }
}

/// Nodes of this name: a model, seed or snapshot, a source table as `source.table`, or any `unique_id`.
pub(super) fn nodes_named(manifest: &Manifest, name: &str) -> Vec<NodeId> {
    let has_columns = |id: &NodeId| {
        matches!(
            manifest.node(*id).resource_type,
            ResourceType::Model
                | ResourceType::Seed
                | ResourceType::Snapshot
                | ResourceType::Source
        )
    };
    let named = |id: &NodeId| {
        let node = manifest.node(*id);
        node.unique_id == name || shown(node).eq_ignore_ascii_case(name)
    };
    manifest
        .ids()
        .filter(|id| has_columns(id) && named(id))
        .collect()
}

/// The columns that `model.column` or `model` names.
pub(super) fn columns(
    manifest: &Manifest,
    analysis: &Analysis,
    asked: &str,
) -> Result<Vec<ColumnRef>, Box<Diagnostic>> {
    let whole = nodes_named(manifest, asked);
    if let [node] = whole.as_slice() {
        let all = analysis.node(*node).schema.columns.iter();
        return Ok(all
            .map(|column| ColumnRef {
                node: *node,
                column: column.name.to_lowercase().into(),
            })
            .collect());
    }
    let (name, column) = asked.rsplit_once('.').unwrap_or((asked, ""));
    let nodes = nodes_named(manifest, name);
    let Some(&node) = nodes.first() else {
        let names: Vec<String> = manifest.nodes.iter().map(|node| shown(node)).collect();
        let wrong = Diagnostic::error(
            "unknown-node",
            format!("there is no model, seed, snapshot or source table `{name}`"),
        );
        return Err(Box::new(
            wrong.did_you_mean(name, names.iter().map(String::as_str)),
        ));
    };
    let schema = &analysis.node(node).schema;
    if schema.column(column).is_none() {
        let wrong = Diagnostic::error(
            "unknown-column",
            format!("`{name}` has no column `{column}`"),
        );
        let near = nearest(
            column,
            schema.columns.iter().map(|column| column.name.as_str()),
        );
        return Err(Box::new(match near {
            Some(near) => wrong.help(format!("did you mean `{near}`?")),
            None if !schema.is_complete() => {
                wrong.note("not all of its columns are known before it is built")
            }
            None => wrong,
        }));
    }
    let column: Arc<str> = column.to_lowercase().into();
    Ok(vec![ColumnRef { node, column }])
}

/// `model.column` of a column.
pub(super) fn column_name(manifest: &Manifest, column: &ColumnRef) -> String {
    format!("{}.{}", shown(manifest.node(column.node)), column.column)
}

/// What a model that is analysed is written to.
pub(super) fn namespace(prepared: &Prepared) -> String {
    let target = &prepared.project.target;
    let database = if target.database.is_empty() {
        "project"
    } else {
        &target.database
    };
    format!("{}://{database}", target.kind)
}
