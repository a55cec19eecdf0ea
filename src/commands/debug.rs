//! `redstart debug`.

use super::pipeline;
use super::{Outcome, Session, Stop};

/// Check the set-up: project, profile, and whether the warehouse answers
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart debug              the default target
  redstart debug -t prod      another target
  redstart debug --config-dir the folder of profiles.yml")]
pub struct Args {
    /// Print the folder that holds profiles.yml and do nothing more
    #[arg(long)]
    pub(super) config_dir: bool,

    /// Only try the connection
    #[arg(long)]
    pub(super) connection: bool,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        pipeline::prepare(session)?;
        Err(pipeline::unwired())
    }
}
