//! `redstart clean`.

use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::Context;

use super::{Outcome, Session, Stop};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};
use crate::project::yaml;

/// Folders that hold what people wrote, by the key that names them in dbt_project.yml.
const WRITTEN: [(&str, &[&str]); 8] = [
    ("model-paths", &["models"]),
    ("seed-paths", &["seeds"]),
    ("snapshot-paths", &["snapshots"]),
    ("macro-paths", &["macros"]),
    ("test-paths", &["tests", "tests_sql"]),
    ("analysis-paths", &["analyses"]),
    ("docs-paths", &[]),
    ("asset-paths", &[]),
];

/// Remove the target folder and the other clean-targets of the project
///
/// Only folders inside the project are removed, and none that holds models, seeds or anything else that was written by hand.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart clean
  redstart clean --project-dir shop")]
pub struct Args {}

impl Args {
    #[expect(clippy::unused_self, reason = "every command runs on its arguments")]
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let root = session.global.root(&session.here);
        if !root.is_dir() {
            let problem = Diagnostic::error(
                "missing-project",
                format!("there is no folder `{}`", root.display()),
            );
            return Err(Stop::refused(
                problem.help("name the project's folder with --project-dir"),
            ));
        }
        let root = fs::canonicalize(&root)
            .with_context(|| format!("cannot open the project folder {}", root.display()))?;
        let (targets, protected) = named_folders(session, &root)?;
        let mut refused = Diagnostics::default();
        let mut folders = Vec::new();
        for (target, span) in targets {
            match removable(&root, &target, &protected) {
                Ok(folder) => folders.push((target, folder)),
                Err(why) => refused.push(
                    Diagnostic::error("clean-refused", format!("`{target}` is not removed: {why}"))
                        .at_some(span),
                ),
            }
        }
        // All or nothing: what is named wrong is put right first.
        if refused.has_errors() {
            return Err(Stop::Refused(refused));
        }
        for (target, folder) in folders {
            if remove(&folder).with_context(|| format!("cannot remove {target}"))? {
                session.terminal.info(format!("removed {target}"));
            } else {
                session.terminal.info(format!("{target} is not there"));
            }
        }
        Ok(Outcome::Done)
    }
}

type Targets = Vec<(String, Option<Span>)>;

/// What is to be removed, and what must not be.
fn named_folders(session: &Session, root: &Path) -> Result<(Targets, Vec<String>), Stop> {
    let path = root.join("dbt_project.yml");
    let project = if path.is_file() {
        let text = fs::read_to_string(&path).context("cannot read dbt_project.yml")?;
        let source = Source::new("dbt_project.yml", text);
        yaml::parse(&source).map_err(|diagnostic| Stop::Refused(diagnostic.into()))?
    } else {
        yaml::Yaml::from_json(
            &serde_json::Value::Null,
            &Span::file(&Source::new("dbt_project.yml", "")),
        )
    };
    let texts = |key: &str| -> Option<Targets> {
        let items = project.get(key)?.as_seq()?;
        Some(
            items
                .iter()
                .filter_map(|item| Some((item.as_str()?.to_owned(), Some(item.span.clone()))))
                .collect(),
        )
    };
    let target_path = match &session.global.target_path {
        Some(path) => (path.to_string_lossy().into_owned(), None),
        None => match project.get("target-path").map(|path| (path, path.as_str())) {
            Some((yaml, Some(path))) => (path.to_owned(), Some(yaml.span.clone())),
            _ => ("target".to_owned(), None),
        },
    };
    let targets = texts("clean-targets").unwrap_or_else(|| vec![target_path]);
    let protected = WRITTEN
        .iter()
        .flat_map(|(key, default)| match texts(key) {
            Some(folders) => folders.into_iter().map(|(folder, _)| folder).collect(),
            None => default
                .iter()
                .map(|&folder| folder.to_owned())
                .collect::<Vec<_>>(),
        })
        .collect();
    Ok((targets, protected))
}

/// The folder that a target names, if it may be removed.
fn removable(root: &Path, target: &str, protected: &[String]) -> Result<PathBuf, String> {
    let folder = without_dots(&root.join(target));
    // A link on the way could lead out of the project.
    let parent = folder.parent().unwrap_or(&folder);
    let real = fs::canonicalize(parent).map_or_else(
        |_| folder.clone(),
        |parent| parent.join(folder.file_name().unwrap_or_default()),
    );
    if folder == *root || root.starts_with(&folder) {
        return Err("it holds the project itself".to_owned());
    }
    if !folder.starts_with(root) || !real.starts_with(root) {
        return Err("it is outside the project".to_owned());
    }
    for written in protected {
        let written_folder = without_dots(&root.join(written));
        if written_folder.starts_with(&folder) || folder.starts_with(&written_folder) {
            return Err(format!("`{written}` holds files of the project"));
        }
    }
    Ok(folder)
}

/// The path without `.` and `..`, as it is written; links are not followed.
fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}

/// Removes a folder or file; a link is removed, not what it points to.
fn remove(path: &Path) -> std::io::Result<bool> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
        Ok(found) if found.is_dir() => fs::remove_dir_all(path).map(|()| true),
        Ok(_) => fs::remove_file(path).map(|()| true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_inside_the_project_that_hold_nothing_written_are_removed() {
        let root = Path::new("/shop");
        let protected = ["models".to_owned()];
        for target in ["target", "./logs", "target/../dbt_packages", "a/b"] {
            assert!(removable(root, target, &protected).is_ok(), "{target}");
        }
        for target in [
            ".",
            "",
            "..",
            "../other",
            "/",
            "/tmp",
            "/shop",
            "models",
            "models/staging",
            "a/../..",
        ] {
            assert!(removable(root, target, &protected).is_err(), "{target}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_does_not_lead_out_of_the_project() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let root = fs::canonicalize(folder.path())?.join("shop");
        fs::create_dir_all(root.join("../elsewhere/kept"))?;
        fs::create_dir_all(&root)?;
        std::os::unix::fs::symlink(root.join("../elsewhere"), root.join("link"))?;

        assert!(removable(&root, "link/kept", &[]).is_err());
        let link = removable(&root, "link", &[]).unwrap();
        assert!(remove(&link)?);
        assert!(folder.path().join("elsewhere/kept").exists());
        Ok(())
    }
}
