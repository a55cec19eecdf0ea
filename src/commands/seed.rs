//! `redstart seed`.

use super::options::{FailFast, FullRefresh};
use super::pipeline::{self, Execution};
use super::selecting::Selecting;
use super::{Outcome, Session, Stop};
use crate::graph::Tests;
use crate::manifest::ResourceType;

/// Load the CSV files of the project into tables
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart seed                     every seed
  redstart seed -s weekdays --show  one seed, and its rows on the terminal
  redstart seed -f                  drop the tables first, for new columns")]
pub struct Args {
    #[command(flatten)]
    selecting: Selecting,
    #[command(flatten)]
    full_refresh: FullRefresh,
    #[command(flatten)]
    fail_fast: FailFast,

    /// Show the rows of each seed
    #[arg(long)]
    show: bool,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let execution = Execution {
            verb: "seed",
            request: self.selecting.request([ResourceType::Seed]),
            tests: Tests::Free,
            full_refresh: self.full_refresh.full_refresh,
            fail_fast: self.fail_fast.is_on(&session.global),
            store_failures: false,
            audit: false,
            atomic: false,
            show: self.show,
            check: false,
        };
        pipeline::execute(session, &execution)
    }
}
