//! `redstart debug`.

use std::path::Path;
use std::sync::PoisonError;

use super::pipeline::{self, Door};
use super::{Outcome, Session, Stop};
use crate::adapter::Needs;
use crate::diagnostic::counted;
use crate::manifest::node::Detail;
use crate::project::Target;

/// Check the set-up: project, profile, and whether the warehouse answers
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart debug              the default target
  redstart debug -t prod      another target
  redstart debug --config-dir the folder of profiles.yml")]
pub struct Args {
    /// Print the folder that holds profiles.yml and do nothing more
    #[arg(long)]
    pub(super) config_dir: bool,

    /// Only try the connection
    #[arg(long)]
    pub(super) connection: bool,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        self.check(session).map_err(|stop| match stop {
            // As in dbt: what is wrong with the set-up is what this command was asked for.
            Stop::Refused(found) => Stop::Failed(found),
            other => other,
        })
    }

    fn check(&self, session: &Session) -> Result<Outcome, Stop> {
        let prepared = pipeline::prepare(session)?;
        let project = &prepared.project;
        let target = &project.target;
        if self.config_dir {
            let file = &target.span.source.path;
            let folder = Path::new(file).parent().unwrap_or(Path::new("."));
            session
                .terminal
                .answer(&format!("{}\n", project.own.root.join(folder).display()))?;
            return Ok(Outcome::Done);
        }
        let say = |line: String| session.terminal.info(line);
        if !self.connection {
            say(format!("redstart {}", env!("CARGO_PKG_VERSION")));
            say(format!(
                "project    {} in {}",
                project.own.name,
                project.own.root.display()
            ));
            say(format!(
                "profile    {} in {}",
                target.profile_name,
                target.span.place()
            ));
            say(format!("nodes      {}", prepared.manifest.nodes.len()));
        }
        say(format!(
            "target     {} ({}{})",
            target.name,
            target.kind,
            emulating(target)
        ));
        say(format!("schema     {}.{}", target.database, target.schema));
        let door = Door::of(&prepared)?;
        let warehouse = door.enter(session, &prepared)?;
        let checks = {
            let connection = warehouse.connection.lock();
            let mut connection = connection.unwrap_or_else(PoisonError::into_inner);
            connection.examine(&needs(&prepared))?
        };
        let mut missing = false;
        for check in checks {
            say(format!("{:<10} {}", check.what, check.found));
            if let Some(todo) = check.todo {
                // A connection in the clear works all the same.
                missing |= check.what != "TLS";
                say(format!("           to do: {todo}"));
            }
        }
        say(format!(
            "connection ok: {} in the project's schemas",
            counted(warehouse.existing.iter().count() as u64, "relation")
        ));
        if missing {
            return Ok(Outcome::Failed);
        }
        Ok(Outcome::Done)
    }
}

/// What a build of the whole project needs of the warehouse.
fn needs(prepared: &pipeline::Prepared) -> Needs {
    let mut needs = Needs {
        // A test makes a relation only where it keeps its failures.
        schemas: pipeline::schemas_of(prepared, |node| {
            !matches!(node.detail, Detail::Test(_)) || node.config.keeps_failures(false)
        }),
        ..Needs::default()
    };
    for node in prepared.manifest.nodes.iter() {
        let Detail::Source(source) = &node.detail else {
            continue;
        };
        match (&source.load, &node.relation) {
            (Some(load), _) => {
                let role = load.copy.iam_role.clone().map(|role| (role, "copy"));
                needs.roles.extend(role);
            }
            (None, Some(relation)) if node.config.enabled => needs.sources.push(relation.clone()),
            _ => {}
        }
    }
    needs.roles.sort();
    needs.roles.dedup();
    needs
}

fn emulating(target: &Target) -> String {
    match &target.emulate {
        Some(dialect) => format!(", emulating {dialect}"),
        None => String::new(),
    }
}
