//! `redstart test`.

use super::options::{FailFast, StoreFailures};
use super::pipeline::{self, Execution};
use super::selecting::{Kinds, Selecting};
use super::{Outcome, Session, Stop};
use crate::graph::Tests;
use crate::manifest::ResourceType;

/// Run the data tests of what is already built, and unit tests
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart test                              every test
  redstart test -s dim_users                 the tests of one model
  redstart test -s test_type:singular        only those that stand in files of their own
  redstart test -s test_type:unit            unit tests: models on given rows
  redstart test -s dim_users --store-failures  keep the rows that fail")]
pub struct Args {
    #[command(flatten)]
    selecting: Selecting,
    #[command(flatten)]
    kinds: Kinds,
    #[command(flatten)]
    fail_fast: FailFast,
    #[command(flatten)]
    store_failures: StoreFailures,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let kinds = [ResourceType::Test, ResourceType::UnitTest];
        let execution = Execution {
            verb: "test",
            request: self.selecting.request(self.kinds.of(&kinds, &kinds)),
            tests: Tests::Free,
            full_refresh: false,
            fail_fast: self.fail_fast.is_on(&session.global),
            store_failures: self.store_failures.store_failures,
            audit: false,
            atomic: false,
            show: false,
            check: false,
        };
        pipeline::execute(session, &execution)
    }
}
