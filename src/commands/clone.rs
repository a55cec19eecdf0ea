//! `redstart clone`.

use super::options::{FailFast, FullRefresh};
use super::pipeline::{self, Execution};
use super::selecting::{Kinds, Selecting};
use super::{Outcome, Session, Stop};
use crate::graph::Tests;
use crate::manifest::ResourceType;

const KINDS: [ResourceType; 3] = [
    ResourceType::Model,
    ResourceType::Seed,
    ResourceType::Snapshot,
];

/// Make each selected node a view of the relation that an earlier run built elsewhere
///
/// What is there already stays as it is, unless --full-refresh is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart clone --state prod-artifacts                 everything that production has
  redstart clone --state prod-artifacts -s +fct_orders  one table and all it stands on")]
pub struct Args {
    #[command(flatten)]
    selecting: Selecting,
    #[command(flatten)]
    kinds: Kinds,
    #[command(flatten)]
    full_refresh: FullRefresh,
    #[command(flatten)]
    fail_fast: FailFast,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let execution = Execution {
            verb: "clone",
            request: self.selecting.request(self.kinds.of(&KINDS, &KINDS)),
            tests: Tests::Free,
            full_refresh: self.full_refresh.full_refresh,
            fail_fast: self.fail_fast.is_on(&session.global),
            store_failures: false,
            audit: false,
            atomic: false,
            show: false,
            check: false,
        };
        pipeline::execute(session, &execution)
    }
}
