//! `redstart run`.

use super::options::{Audit, Checking, FailFast, FullRefresh};
use super::pipeline::{self, Execution};
use super::selecting::Selecting;
use super::{Outcome, Session, Stop};
use crate::graph::Tests;
use crate::manifest::ResourceType;

/// Build models only: no loads, no seeds, no tests
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart run                      every model
  redstart run -s staging           the models below models/staging
  redstart run -s dim_users+ -x     a model and what reads it, up to the first failure")]
pub struct Args {
    #[command(flatten)]
    selecting: Selecting,
    #[command(flatten)]
    full_refresh: FullRefresh,
    #[command(flatten)]
    fail_fast: FailFast,
    #[command(flatten)]
    audit: Audit,
    #[command(flatten)]
    checking: Checking,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let execution = Execution {
            verb: "run",
            request: self.selecting.request([ResourceType::Model]),
            tests: Tests::Free,
            full_refresh: self.full_refresh.full_refresh,
            fail_fast: self.fail_fast.is_on(&session.global),
            store_failures: false,
            audit: self.audit.audit,
            atomic: false,
            show: false,
            check: self.checking.is_on(),
        };
        pipeline::execute(session, &execution)
    }
}
