//! `redstart impact`: what a change of the project does to its columns, and to those who read them.

mod text;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::pipeline::{self, Door, Prepared};
use super::{Outcome, Session, Stop};
use crate::artifacts::impact::{self, Change, ColumnImpact, Impact, NodeChange, NodeImpact};
use crate::artifacts::state;
use crate::manifest::node::Detail;
use crate::manifest::{Manifest, NodeId};

/// Tell what a change breaks: columns that are gone or changed, and the models, tests and exposures that read them
///
/// Compares the project with the lineage of an earlier state, which `build`, `compile`, `check` and `docs generate` write to the target
/// folder. Columns that are new, and queries that are only laid out anew, break nothing. Opens no connection.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart impact --state prod-artifacts                     for people
  redstart impact --state prod-artifacts --output markdown   for a pull request")]
pub struct Args {
    /// Folder with the lineage.json of the state to compare with
    #[arg(long, value_name = "FOLDER", env = "DBT_STATE", hide_env_values = true)]
    state: PathBuf,

    /// How it is told
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

/// How an impact is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For a pull request
    Markdown,
    /// One JSON object
    Json,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let earlier = state::lineage(&session.here.join(&self.state)).map_err(Stop::refused)?;
        let prepared = pipeline::prepare(session)?;
        let told = Told {
            impact: since(session, &prepared, &earlier)?,
            manifest: &prepared.manifest,
        };
        let answer = match self.output {
            Format::Text => text::plain(&told),
            Format::Markdown => text::markdown(&told),
            Format::Json => format!("{}\n", told.json()),
        };
        session.terminal.answer(&answer)?;
        Ok(Outcome::Done)
    }
}

/// What changed for the columns since an earlier lineage.
///
/// # Errors
/// Everything that is wrong in any of the templates.
pub(super) fn since(
    session: &Session,
    prepared: &Prepared,
    earlier: &Value,
) -> Result<Impact, Stop> {
    let door = Door::of(prepared)?;
    let analysed = pipeline::analysed(session, prepared, &door)?;
    let now = pipeline::lineage_json(prepared, &analysed.compiled, &analysed.reading)?;
    Ok(impact::compare(earlier, &now))
}

/// An impact, and the nodes that know what hangs on it.
struct Told<'a> {
    impact: Impact,
    manifest: &'a Manifest,
}

impl Told<'_> {
    fn id(&self, unique_id: &str) -> Option<NodeId> {
        self.manifest.by_unique_id.get(unique_id).copied()
    }

    /// The tests that look at a column.
    fn tests(&self, unique_id: &str, column: &str) -> Vec<&str> {
        let Some(id) = self.id(unique_id) else {
            return Vec::new();
        };
        let tests = self.manifest.nodes.iter().filter(|node| {
            matches!(&node.detail, Detail::Test(test) if test.attached_node == Some(id)
                && test.column_name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(column)))
        });
        tests.map(|node| node.name.as_str()).collect()
    }

    /// The exposures that show one of some nodes.
    fn exposures(&self, nodes: &BTreeSet<&str>) -> Vec<&str> {
        let ids: BTreeSet<NodeId> = nodes.iter().filter_map(|name| self.id(name)).collect();
        let exposures = self.manifest.nodes.iter().filter(|node| {
            matches!(node.detail, Detail::Exposure(_))
                && node.depends_on.iter().any(|id| ids.contains(id))
        });
        exposures.map(|node| node.name.as_str()).collect()
    }

    /// The exposures that a column reaches.
    fn shown(&self, node: &NodeImpact, column: &ColumnImpact) -> Vec<&str> {
        let readers = column.readers.iter().map(|(node, _)| node.as_str());
        self.exposures(&readers.chain([node.unique_id.as_str()]).collect())
    }

    /// The exposures that the rows of a node reach.
    fn reached(&self, node: &NodeImpact) -> Vec<&str> {
        let readers = node.readers.iter().map(String::as_str);
        self.exposures(&readers.chain([node.unique_id.as_str()]).collect())
    }

    fn json(&self) -> Value {
        let nodes = self.impact.nodes.iter().map(|node| {
            let columns = node.columns.iter().map(|column| {
                let readers = column.readers.iter().map(|(node, column)| json!({"node": node, "column": column}));
                let mut entry = json!({
                    "name": column.name,
                    "change": column.change.word(),
                    "read_by": readers.collect::<Vec<_>>(),
                    "tests": self.tests(&node.unique_id, &column.name),
                    "exposures": if column.change.matters() { self.shown(node, column) } else { Vec::new() },
                });
                match &column.change {
                    Change::Type { from, to } | Change::Meaning { from, to } => {
                        entry["from"] = from.as_str().into();
                        entry["to"] = to.as_str().into();
                    }
                    Change::Removed { renamed: Some(renamed) } => entry["renamed"] = renamed.as_str().into(),
                    _ => {}
                }
                entry
            });
            json!({
                "node": node.unique_id,
                "change": kind(node.kind),
                "columns": columns.collect::<Vec<_>>(),
                "read_by": node.readers,
                "exposures": self.reached(node),
            })
        });
        json!({"nodes": nodes.collect::<Vec<_>>(), "unchanged": self.impact.unchanged})
    }
}

/// The word for what happened to a node.
fn kind(kind: NodeChange) -> &'static str {
    match kind {
        NodeChange::Added => "added",
        NodeChange::Removed => "removed",
        NodeChange::Columns => "columns",
        NodeChange::Rows => "rows",
        NodeChange::Query => "query",
    }
}
