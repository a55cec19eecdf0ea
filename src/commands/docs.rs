//! `redstart docs generate`.

use std::collections::BTreeSet;

use clap::Subcommand;

use super::pipeline::{self, Door, TargetFolder};
use super::selecting::Selecting;
use super::{Outcome, Session, Stop, unsupported};
use crate::artifacts::Previous;

/// Write the documentation of the project
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Generate(Generate),
    #[command(hide = true)]
    Serve(unsupported::Anything),
}

/// Write the data dictionary and catalog.json from what is built
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart docs generate               target/index.html, dictionary.md, dictionary.csv, catalog.json
  redstart docs generate -s dimensions only the tables of one folder")]
pub(super) struct Generate {
    #[command(flatten)]
    pub(super) selecting: Selecting,

    /// Use what is compiled already
    #[arg(long, overrides_with = "compile")]
    pub(super) no_compile: bool,

    /// Compile first: the default
    #[arg(long, hide = true, overrides_with = "no_compile")]
    pub(super) compile: bool,

    /// Do not ask the warehouse for columns
    #[arg(long)]
    pub(super) empty_catalog: bool,

    /// One page that holds everything: it always is
    #[arg(long, hide = true)]
    pub(super) r#static: bool,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        match &self.verb {
            Verb::Generate(args) => args.run(session),
            Verb::Serve(_) => Err(unsupported::command("docs serve")),
        }
    }
}

impl Generate {
    fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let prepared = pipeline::prepare(session)?;
        let request = self.selecting.request(pipeline::compiled_kinds());
        let selection = pipeline::select(session, &prepared, &request)?;
        let door = Door::of(&prepared)?;
        let folder = TargetFolder::of(session, &prepared)?;
        if !self.no_compile {
            let compiler = pipeline::compiler(session, &prepared, &door, None, false, &selection);
            let compiled = compiler.all(selection.iter()).map_err(Stop::Refused)?;
            let texts: Vec<Option<&str>> = prepared
                .manifest
                .ids()
                .map(|id| compiled.sql(id).map(|sql| sql.text.as_str()))
                .collect();
            folder.write_manifest(&compiled, &texts, &BTreeSet::new())?;
        }
        let last = Previous::load(&folder.path(""))?;
        pipeline::dictionary::write(session, &prepared, &door, &last)?;
        Ok(Outcome::Done)
    }
}
