//! `redstart load`.

use super::options::{FailFast, FullRefresh};
use super::pipeline::{self, Execution};
use super::selecting::Selecting;
use super::{Outcome, Session, Stop};
use crate::graph::Tests;
use crate::manifest::ResourceType;

/// Load the raw files of sources with `external.copy` into their tables
///
/// On Redshift by its COPY from S3; on an engine that emulates it, by the same COPY from the folder that the target's `s3` key names.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart load                       every source that is loaded
  redstart load -s source:raw.events  one table")]
pub struct Args {
    #[command(flatten)]
    selecting: Selecting,
    #[command(flatten)]
    full_refresh: FullRefresh,
    #[command(flatten)]
    fail_fast: FailFast,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let execution = Execution {
            verb: "load",
            request: self.selecting.request([ResourceType::Source]),
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
