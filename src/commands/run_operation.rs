//! `redstart run-operation`.

use jiff::Timestamp;

use super::pipeline::{self, Door};
use super::{Outcome, Session, Stop};
use crate::artifacts::run_results::Operated;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::Selection;
use crate::jinja::{Macro, MacroKind, Value};
use crate::project::render::to_jinja;
use crate::project::yaml;
use crate::run::results::Timing;

/// Call a macro of the project
///
/// What it runs in the warehouse stays there. On a DuckDB target that does not emulate Redshift, a `statement` block opens a
/// transaction that the macro must commit with `adapter.commit()`; `run_query` commits by itself.
#[derive(clap::Args, Debug)]
#[command(
    name = "run-operation",
    after_help = "Examples:
  redstart run-operation grant_select --args '{role: reporter}'
  redstart run-operation dbt_utils.log_info --args '{message: hello}'"
)]
pub struct Args {
    /// The macro: its name, or package.name
    #[arg(value_name = "MACRO")]
    name: String,

    /// Its arguments by name, as YAML
    #[arg(long, value_name = "YAML", default_value = "{}")]
    args: String,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let begun = Timestamp::now();
        let prepared = pipeline::prepare(session)?;
        let called_with = yaml::parse_mapping("--args", &self.args)
            .map_err(|wrong| Stop::Refused(Diagnostics::from(wrong)))?;
        let arguments: Vec<(String, Value)> = called_with
            .iter()
            .map(|(name, value)| (name.clone(), to_jinja(value)))
            .collect();
        let name = self.known(&prepared.macros, &prepared.project.own.name)?;
        let door = Door::of(&prepared)?;
        let warehouse = door.enter(session, &prepared)?;
        let compiler = pipeline::compiler(
            session,
            &prepared,
            &door,
            Some(warehouse.existing.clone()),
            false,
            &Selection::default(),
        );
        let called = Timestamp::now();
        let acted = compiler.operate(&name, &arguments, &warehouse.connection);
        let operated = Operated {
            name,
            done: acted.is_ok(),
            read: Timing {
                started: begun,
                completed: called,
            },
            called: Timing {
                started: called,
                completed: Timestamp::now(),
            },
        };
        pipeline::write_operated(session, &prepared, &operated, called_with.into())?;
        let acted = acted.map_err(|wrong| Stop::Failed((*wrong).into()))?;
        session.terminal.diagnostics(&acted.warnings);
        Ok(Outcome::Done)
    }

    /// The macro that is meant, as `package.name`: of the project, else of any package.
    fn known(&self, macros: &crate::jinja::Macros, root: &str) -> Result<String, Stop> {
        let (package, name) = match self.name.split_once('.') {
            Some((package, name)) => (Some(package), name),
            None => (None, self.name.as_str()),
        };
        let fits = |known: &&Macro| {
            known.kind == MacroKind::Macro
                && known.name == name
                && package.is_none_or(|package| known.package == package)
        };
        let found = macros
            .iter()
            .filter(fits)
            .min_by_key(|known| known.package != root);
        match found {
            Some(found) => Ok(format!("{}.{}", found.package, found.name)),
            None => {
                let names = macros.iter().map(|known| known.name.as_str());
                Err(Stop::refused(
                    Diagnostic::error(
                        "undefined-macro",
                        format!("there is no macro `{}` to run", self.name),
                    )
                    .one_of(name, names.filter(|name| !name.starts_with("__"))),
                ))
            }
        }
    }
}
