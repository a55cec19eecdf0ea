//! `redstart check`.

use std::collections::BTreeSet;

use clap::ValueEnum;

use super::pipeline::{self, Analysed, Door, TargetFolder};
use super::selecting::Selecting;
use super::{Outcome, Session, Stop};
use crate::artifacts::Previous;
use crate::diagnostic::{Diagnostics, Level, counted};
use crate::manifest::{NodeId, ResourceType};
use crate::report::checks;

/// Find mistakes in the SQL and in what YAML says of it, before anything runs
///
/// Opens no connection. Every query is read as the target's database would read it: names, columns, types, contracts, tests, keys, personal
/// data; then comes advice. Exit code 1 when there is an error.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart check                          the whole project
  redstart check -s state:modified+       some nodes
  redstart check --output github          annotations of a pull request; also: json, sarif
A line that ends in `-- noqa: code` is not told; `flags: {check: {levels: {code: off}}}` in dbt_project.yml sets levels.")]
pub struct Args {
    #[command(flatten)]
    selecting: Selecting,

    /// How it is told
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

/// How checks are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON array
    Json,
    /// For code scanning
    Sarif,
    /// Annotations of GitHub's workflows
    Github,
}

/// Kinds of nodes that are checked.
const KINDS: [ResourceType; 6] = [
    ResourceType::Model,
    ResourceType::Seed,
    ResourceType::Snapshot,
    ResourceType::Test,
    ResourceType::Source,
    ResourceType::Exposure,
];

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let prepared = pipeline::prepare(session)?;
        let selection = pipeline::select(session, &prepared, &self.selecting.request(KINDS))?;
        let door = Door::of(&prepared)?;
        // What is wrong in one template hides nothing in another node.
        let compiled = pipeline::compiled_offline(session, &prepared, &door, |_| true);
        let reading = pipeline::reading(&prepared, &compiled)?;
        let mut analysed = Analysed { compiled, reading };
        let folder = TargetFolder::of(session, &prepared)?;
        // How large a table is decides about some advice; without an earlier build, names do.
        let last = Previous::load(&folder.path("")).unwrap_or_default();
        analysed.reading = analysed.reading.with_rows(&prepared.manifest, &last);
        let nodes: BTreeSet<NodeId> = selection.iter().collect();
        let wrong = analysed.compiled.only(|id| nodes.contains(&id)).mistakes();
        let mut found = wrong.0;
        found.extend(pipeline::check(
            &prepared,
            &analysed.compiled,
            &analysed.reading,
            &nodes,
        ));
        pipeline::write_lineage(session, &prepared, &analysed.compiled, &analysed.reading)?;
        match self.output {
            Format::Text => {
                session.terminal.diagnostics(&found);
                for (id, reason) in analysed
                    .compiled
                    .late()
                    .filter(|(id, _)| nodes.contains(id))
                {
                    let name = &prepared.manifest.node(id).name;
                    session.terminal.debug(format!(
                        "`{name}` is late ({reason}): its query is not checked"
                    ));
                }
                let errors = found.iter().filter(|one| one.level == Level::Error).count();
                session.terminal.info(format!(
                    "Checked {}: {}, {}",
                    counted(nodes.len() as u64, "node"),
                    counted(errors as u64, "error"),
                    counted((found.len() - errors) as u64, "warning")
                ));
            }
            Format::Json => session.terminal.answer(&checks::json(&found))?,
            Format::Sarif => session.terminal.answer(&checks::sarif(&found))?,
            Format::Github => session.terminal.answer(&checks::github(&found))?,
        }
        Ok(match Diagnostics(found).has_errors() {
            true => Outcome::Failed,
            false => Outcome::Done,
        })
    }

    /// Whether standard output belongs to the answer.
    pub(super) fn answers(&self) -> bool {
        self.output != Format::Text
    }
}
