//! `redstart deps`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{Outcome, Session, Stop};
use crate::diagnostic::Diagnostic;
use crate::packages::{self, LOCK_FILE, Request};

/// Install the packages that packages.yml or dependencies.yml names
///
/// The versions that were taken are kept in package-lock.yml; they stay until the entries change, or with --upgrade.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart deps                                            install what is named
  redstart deps --upgrade                                  take the newest versions that will do
  redstart deps --add-package dbt-labs/dbt_utils@1.3.0     name one more, then install
  redstart deps --add-package ../shared --source local")]
pub struct Args {
    /// Look up the newest versions, whatever the lock file says
    #[arg(long)]
    upgrade: bool,
    /// Write package-lock.yml and install nothing
    #[arg(long)]
    lock: bool,
    /// Add a package to packages.yml: name@version
    #[arg(long, value_name = "PACKAGE@VERSION")]
    add_package: Option<String>,
    /// Where the added package comes from
    #[arg(long, value_name = "SOURCE", value_parser = ["hub", "git", "local"], default_value = "hub", requires = "add_package")]
    source: String,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let root = session.global.root(&session.here);
        if let Some(package) = &self.add_package {
            add(&root, package, &self.source)?;
            session
                .terminal
                .info(format!("added {package} to packages.yml"));
        }
        let report = packages::install(&Request {
            root: &root,
            environment: &session.environment,
            vars: session.global.vars.as_deref(),
            upgrade: self.upgrade,
            lock_only: self.lock,
        })
        .map_err(Stop::Refused)?;
        session.terminal.diagnostics(&report.warnings.0);
        if report.packages.is_empty() {
            session
                .terminal
                .info("no packages are named in packages.yml or dependencies.yml");
            return Ok(Outcome::Done);
        }
        if report.locked {
            session.terminal.info(format!("wrote {LOCK_FILE}"));
        }
        for package in &report.packages {
            let verb = if self.lock { "locked" } else { "installed" };
            let newer = package.newer.as_ref();
            let newer = newer.map_or_else(String::new, |newer| format!(" (there is {newer})"));
            session.terminal.info(format!("{verb} {package}{newer}"));
        }
        Ok(Outcome::Done)
    }
}

/// Adds an entry at the end of `packages.yml`, which is made where it is not there.
fn add(root: &Path, package: &str, source: &str) -> Result<(), Stop> {
    let (name, version) = match package.rsplit_once('@') {
        // An address such as git@host:x has an @ of its own.
        Some((name, version)) if !name.is_empty() && !version.contains([':', '/']) => {
            (name, Some(version))
        }
        _ => (package, None),
    };
    let entry: Vec<(String, Value)> = match (source, version) {
        ("hub", None) => {
            return Err(Stop::refused(
                Diagnostic::error("missing-version", format!("`{package}` has no version"))
                    .help("write `--add-package dbt-labs/dbt_utils@1.3.0`"),
            ));
        }
        ("hub", Some(version)) => {
            let version = match version.contains(',') {
                true => json!(version.split(',').map(str::trim).collect::<Vec<_>>()),
                false => json!(version),
            };
            vec![
                ("package".to_owned(), json!(name)),
                ("version".to_owned(), version),
            ]
        }
        ("git", version) => {
            let revision = version.map(|version| ("revision".to_owned(), json!(version)));
            std::iter::once(("git".to_owned(), json!(name)))
                .chain(revision)
                .collect()
        }
        _ => vec![("local".to_owned(), json!(package))],
    };
    let path = root.join("packages.yml");
    let text = if path.is_file() {
        let text = fs::read_to_string(&path).map_err(|cause| unwritable(&cause))?;
        if text.contains(name) {
            return Err(Stop::refused(
                Diagnostic::error(
                    "package-is-named",
                    format!("packages.yml names `{name}` already"),
                )
                .help("change its version there"),
            ));
        }
        text
    } else {
        "packages:\n".to_owned()
    };
    // The indentation of the entries that are there.
    let indent: String = text
        .lines()
        .find(|line| line.trim_start().starts_with("- "))
        .map_or_else(
            || "  ".to_owned(),
            |line| line.chars().take_while(|first| *first == ' ').collect(),
        );
    let entry: Vec<_> = entry.iter().map(|(key, value)| (key, value)).collect();
    let line_end = if text.ends_with('\n') { "" } else { "\n" };
    let text = format!("{text}{line_end}{}", packages::entry_text(&entry, &indent));
    let beside = root.join("packages.yml.new");
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, &path))
        .map_err(|cause| unwritable(&cause))
}

fn unwritable(cause: &std::io::Error) -> Stop {
    Stop::refused(
        Diagnostic::error("unwritable-file", "packages.yml cannot be changed")
            .note(cause.to_string()),
    )
}
