//! `redstart parse`.

use super::pipeline::{self, TargetFolder};
use super::{Outcome, Session, Stop};

/// Check the project without a warehouse: files, names, graph; and write manifest.json
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart parse                    report every mistake there is
  redstart parse --log-format json  the same for programs")]
pub struct Args {}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let prepared = pipeline::prepare(session)?;
        TargetFolder::of(session, &prepared)?.write_parsed()?;
        let nodes = prepared.manifest.nodes.len();
        let s = if nodes == 1 { "" } else { "s" };
        let name = &prepared.project.own.name;
        session
            .terminal
            .info(format!("{name}: {nodes} node{s}, no errors"));
        Ok(Outcome::Done)
    }
}
