//! `redstart build`.

use super::options::{Audit, Checking, FailFast, FullRefresh, StoreFailures};
use super::pipeline::{self, Execution};
use super::selecting::{Kinds, Selecting};
use super::{Outcome, Session, Stop};
use crate::graph::Tests;
use crate::manifest::ResourceType;

const KINDS: [ResourceType; 8] = [
    ResourceType::Model,
    ResourceType::Seed,
    ResourceType::Snapshot,
    ResourceType::Source,
    ResourceType::Test,
    ResourceType::UnitTest,
    ResourceType::Exposure,
    ResourceType::SavedQuery,
];

/// Build everything in order: loads, seeds and models, each followed by its tests
///
/// A node that the database would refuse fails before the first statement. A node is built when all it reads is built and its tests have
/// passed; what stands on a failure is skipped. At the end, the artifacts and the data dictionary are written to the target folder.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart build                              everything
  redstart build -s +fct_songplays            one table and all it stands on
  redstart build -s tag:nightly --exclude path:models/analytics
  redstart build -s source:raw+ -f            from the raw files on, incremental tables anew
  redstart build -s tag:finance+ --atomic     all of it is published at once, or nothing")]
pub struct Args {
    #[command(flatten)]
    selecting: Selecting,
    #[command(flatten)]
    kinds: Kinds,
    #[command(flatten)]
    full_refresh: FullRefresh,
    #[command(flatten)]
    fail_fast: FailFast,
    #[command(flatten)]
    audit: Audit,
    #[command(flatten)]
    store_failures: StoreFailures,

    /// Show the rows of each seed
    #[arg(long)]
    show: bool,

    #[command(flatten)]
    checking: Checking,

    /// Build and test everything aside, and publish it in one transaction, or nothing of it
    #[arg(long)]
    atomic: bool,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let execution = Execution {
            verb: "build",
            request: self.selecting.request(self.kinds.of(&KINDS, &KINDS)),
            tests: Tests::First,
            full_refresh: self.full_refresh.full_refresh,
            fail_fast: self.fail_fast.is_on(&session.global),
            store_failures: self.store_failures.store_failures,
            audit: self.audit.audit,
            atomic: self.atomic,
            show: self.show,
            check: self.checking.is_on(),
        };
        pipeline::execute(session, &execution)
    }
}
