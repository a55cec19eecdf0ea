//! `redstart show`.

use super::compile::Format;
use super::options::FullRefresh;
use super::pipeline;
use super::selecting::Selecting;
use super::{Outcome, Session, Stop};

/// Show the rows of a query without building anything
#[derive(clap::Args, Debug)]
#[command(
    group = clap::ArgGroup::new("what").required(true).args(["select", "models", "inline"]).multiple(false),
    after_help = "Examples:
  redstart show -s top_songs                            the first rows of a model
  redstart show -s top_songs --limit 20 --output json   as JSON, alone on standard output
  redstart show --inline \"select count(*) from {{ ref('dim_users') }}\""
)]
pub struct Args {
    #[command(flatten)]
    pub(super) selecting: Selecting,
    #[command(flatten)]
    pub(super) full_refresh: FullRefresh,

    /// Run this template instead of a node's
    #[arg(long, value_name = "SQL")]
    pub(super) inline: Option<String>,

    /// At most this many rows; -1 for all
    #[arg(
        long,
        value_name = "N",
        default_value_t = 5,
        allow_negative_numbers = true
    )]
    pub(super) limit: i64,

    /// A table for people, or JSON rows alone
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) output: Format,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let prepared = pipeline::prepare(session)?;
        let request = self.selecting.request(pipeline::compiled_kinds());
        pipeline::select(session, &prepared, &request)?;
        Err(pipeline::unwired())
    }
}
