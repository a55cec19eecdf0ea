//! `redstart snapshot`.

use super::options::{Checking, FailFast};
use super::pipeline::{self, Execution};
use super::selecting::Selecting;
use super::{Outcome, Session, Stop};
use crate::graph::Tests;
use crate::manifest::ResourceType;

/// Bring the histories of snapshots up to date
///
/// A row of the history ends when the row of the query changed or, with `hard_deletes`, is gone; what is new begins. A snapshot that
/// fails or is stopped leaves its history as it was.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart snapshot                       every snapshot
  redstart snapshot -s orders_history     one of them
  redstart snapshot --exclude tag:nightly")]
pub struct Args {
    #[command(flatten)]
    selecting: Selecting,
    #[command(flatten)]
    fail_fast: FailFast,
    #[command(flatten)]
    checking: Checking,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let execution = Execution {
            verb: "snapshot",
            request: self.selecting.request([ResourceType::Snapshot]),
            tests: Tests::Free,
            full_refresh: false,
            fail_fast: self.fail_fast.is_on(&session.global),
            store_failures: false,
            audit: false,
            atomic: false,
            show: false,
            check: self.checking.is_on(),
        };
        pipeline::execute(session, &execution)
    }
}
