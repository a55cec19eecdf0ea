//! `redstart docs diff`: what changed for the readers of a project since an earlier state.

use std::path::PathBuf;

use crate::artifacts::file::write_whole;
use crate::artifacts::state::{self, State};
use crate::commands::pipeline::{self, TargetFolder};
use crate::commands::{Outcome, Session, Stop, impact};
use crate::docs::{Changes, site};

/// Tell readers what changed since an earlier state: tables, descriptions, tests, owners, and who reads the columns that changed
///
/// Writes changes.html and changes.md to the target folder, and the page "What changed" of the site that is there. The state is a folder with the manifest.json of an earlier run, of
/// Redstart or dbt; with a lineage.json beside it, it is also told who reads the columns that changed. Opens no connection.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart docs diff --state prod-artifacts
  redstart docs diff --state prod-artifacts --print   the Markdown alone, for a pull request")]
pub(super) struct Diff {
    /// Folder with the artifacts to compare with
    #[arg(long, value_name = "FOLDER", env = "DBT_STATE", hide_env_values = true)]
    state: PathBuf,

    /// Print the Markdown instead of writing files
    #[arg(long)]
    print: bool,
}

impl Diff {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let folder = session.here.join(&self.state);
        let earlier = State::read(&folder).map_err(Stop::refused)?;
        let before = earlier.manifest().map_err(Stop::refused)?;
        let prepared = pipeline::prepare(session)?;
        let impact = match state::lineage(&folder) {
            Ok(lineage) => Some(impact::since(session, &prepared, &lineage)?),
            Err(_) => None,
        };
        let now = pipeline::as_json(session, &prepared);
        let project = &prepared.manifest.project_name;
        let mut changes = Changes::new(project, before, &now, impact.as_ref());
        let called = folder.file_name().map(|name| name.to_string_lossy());
        changes.compared.folder = called.unwrap_or_default().into_owned();
        let redacted = |text: String| prepared.redactor.redact(&text).into_owned();
        let markdown = redacted(changes.markdown());
        if self.print {
            session.terminal.answer(&markdown)?;
            return Ok(Outcome::Done);
        }
        let target = TargetFolder::of(session, &prepared)?;
        let page = target.path("changes.html");
        write_whole(&target.path("changes.md"), markdown.as_bytes())?;
        let link = site::write_changes(&target.path(""), &changes.json(), &prepared.redactor)?;
        write_whole(&page, redacted(changes.page(link)).as_bytes())?;
        session
            .terminal
            .info(format!("What changed is in {}", page.display()));
        Ok(Outcome::Done)
    }
}
