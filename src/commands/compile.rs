//! `redstart compile`.

use clap::ValueEnum;

use super::options::FullRefresh;
use super::pipeline;
use super::selecting::Selecting;
use super::{Outcome, Session, Stop};

/// Write the SQL of every node to target/compiled, and print that of selected ones
///
/// Opens no connection: a template that asks the warehouse while it is compiled is named and left out.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart compile                                     every node
  redstart compile -s dim_users                        print one model
  redstart compile -s dim_users --emulated             as it is sent to the emulating engine
  redstart compile --inline \"select * from {{ ref('dim_users') }}\"")]
pub struct Args {
    #[command(flatten)]
    pub(super) selecting: Selecting,
    #[command(flatten)]
    pub(super) full_refresh: FullRefresh,

    /// Compile this template instead of a node
    #[arg(long, value_name = "SQL", conflicts_with = "select")]
    pub(super) inline: Option<String>,

    /// Print statements as an engine that emulates Redshift is sent them
    #[arg(long)]
    pub(super) emulated: bool,

    /// How compiled SQL is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) output: Format,
}

/// How a command prints its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// One JSON value
    Json,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let prepared = pipeline::prepare(session)?;
        let request = self.selecting.request(pipeline::compiled_kinds());
        pipeline::select(session, &prepared, &request)?;
        Err(pipeline::unwired())
    }
}
