//! `redstart source freshness` and `redstart source sync`.

use std::path::PathBuf;

use clap::Subcommand;

use super::options::FailFast;
use super::pipeline::{self, Execution};
use super::selecting::Selecting;
use super::{Outcome, Session, Stop};
use crate::graph::Tests;
use crate::manifest::ResourceType;

/// Look at the sources of the project
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart source freshness       whether their rows are young enough
  redstart source sync            keep their columns, for checks without a warehouse")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    #[command(alias = "snapshot-freshness")]
    Freshness(Freshness),
    Sync(Sync),
}

/// Look whether the rows of the sources are young enough
///
/// A source is looked at where it has `freshness`: the youngest `loaded_at_field` of its rows, or what its `loaded_at_query` answers,
/// against `warn_after` and `error_after`. What was found is in `sources.json` of the target folder.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart source freshness                       every source with a limit
  redstart source freshness -s source:raw.events  one table")]
struct Freshness {
    #[command(flatten)]
    selecting: Selecting,
    #[command(flatten)]
    fail_fast: FailFast,

    /// Write what was found to this file in the place of sources.json
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Write the columns of the sources, as the warehouse has them, to `source_columns.json` beside the project file
///
/// `check`, `lineage` and `impact` read that file, so that they know all columns of a source without a connection. It is meant to be
/// committed. A source that the project loads is not in it: its declaration tells its columns.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart source sync            ask the warehouse of the default target
  redstart source sync -t prod    ask that of another target")]
struct Sync {}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let args = match &self.verb {
            Verb::Freshness(args) => args,
            Verb::Sync(_) => return pipeline::sync(session),
        };
        let execution = Execution {
            verb: "freshness",
            request: args.selecting.request([ResourceType::Source]),
            tests: Tests::Free,
            full_refresh: false,
            fail_fast: args.fail_fast.is_on(&session.global),
            store_failures: false,
            audit: false,
            atomic: false,
            show: false,
            check: false,
        };
        pipeline::freshness(session, &execution, args.output.as_deref())
    }
}
