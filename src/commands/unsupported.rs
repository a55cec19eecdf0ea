//! Commands of dbt that Redstart does not have yet: known by name, so that nobody looks for a typing mistake.

use std::ffi::OsString;

use clap::Subcommand;

use super::{Outcome, Stop};
use crate::diagnostic::Diagnostic;

#[derive(Subcommand, Debug)]
pub enum Verb {
    #[command(hide = true)]
    Clone(Anything),
    #[command(hide = true)]
    Retry(Anything),
}

/// Whatever follows.
#[derive(clap::Args, Debug)]
pub struct Anything {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    words: Vec<OsString>,
}

impl Verb {
    pub(super) fn run(&self) -> Result<Outcome, Stop> {
        Err(command(match self {
            Self::Clone(_) => "clone",
            Self::Retry(_) => "retry",
        }))
    }
}

/// Says that a command of dbt is not there.
pub(super) fn command(name: &str) -> Stop {
    Stop::refused(Diagnostic::error(
        "unsupported-command",
        format!("the command `{name}` is not supported yet"),
    ))
}
