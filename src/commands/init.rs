//! `redstart init`: a small project that builds and passes its tests at once.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{Outcome, Session, Stop};
use crate::diagnostic::Diagnostic;

/// The project, file by file. `{{name}}` in a text is the project's name.
const FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("init/README.md")),
    ("dbt_project.yml", include_str!("init/dbt_project.yml")),
    ("profiles.yml", include_str!("init/profiles.yml")),
    (".gitignore", include_str!("init/gitignore")),
    (
        "seeds/raw_customers.csv",
        include_str!("init/seeds/raw_customers.csv"),
    ),
    (
        "seeds/raw_orders.csv",
        include_str!("init/seeds/raw_orders.csv"),
    ),
    ("seeds/seeds.yml", include_str!("init/seeds/seeds.yml")),
    (
        "models/staging/stg_customers.sql",
        include_str!("init/models/staging/stg_customers.sql"),
    ),
    (
        "models/staging/stg_orders.sql",
        include_str!("init/models/staging/stg_orders.sql"),
    ),
    (
        "models/staging/staging.yml",
        include_str!("init/models/staging/staging.yml"),
    ),
    (
        "models/marts/customer_orders.sql",
        include_str!("init/models/marts/customer_orders.sql"),
    ),
    (
        "models/marts/marts.yml",
        include_str!("init/models/marts/marts.yml"),
    ),
    (
        "tests_sql/every_order_is_counted.sql",
        include_str!("init/tests_sql/every_order_is_counted.sql"),
    ),
];

/// Start a project: a folder with models, seeds, tests and a profile that builds at once
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart init shop && cd shop && redstart build
  redstart init shop --project-dir ~/work   in another folder")]
pub struct Args {
    /// Name of the project and of its folder: letters, digits and _
    name: String,

    /// Only for dbt's sake: the profile is part of the project and asks nothing
    #[arg(short, long, hide = true)]
    skip_profile_setup: bool,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        if !is_name(&self.name) {
            return Err(Stop::refused(
                Diagnostic::error(
                    "invalid-project-name",
                    format!("`{}` cannot be the name of a project", self.name),
                )
                .help("use letters, digits and _, with a letter first"),
            ));
        }
        let parent = match &session.global.project_dir {
            Some(folder) => session.here.join(folder),
            None => session.here.clone(),
        };
        let folder = parent.join(&self.name);
        refuse_to_overwrite(&folder, &self.name)?;
        write(&folder, &self.name)
            .with_context(|| format!("cannot write the project to {}", folder.display()))?;
        session.terminal.info(format!(
            "{} is ready, with its profile in {0}/profiles.yml. Next:\n\n  cd {0}\n  redstart build\n",
            self.name
        ));
        Ok(Outcome::Done)
    }
}

/// What dbt takes as the name of a project.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn refuse_to_overwrite(folder: &Path, name: &str) -> Result<(), Stop> {
    let taken = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    };
    if taken {
        return Err(Stop::refused(
            Diagnostic::error("already-exists", format!("`{name}` is there already"))
                .note(format!("nothing is written over: {}", folder.display()))
                .help("take another name, or remove it first"),
        ));
    }
    Ok(())
}

fn write(folder: &Path, name: &str) -> std::io::Result<()> {
    for (path, text) in FILES {
        let path: PathBuf = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text.replace("{{name}}", name))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_dbt_takes() {
        for name in ["shop", "_shop2", "Shop_1"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "2shop", "my-shop", "a/b", "..", "é"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn every_file_is_written_and_names_the_project() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        write(folder.path(), "shop")?;

        let project = fs::read_to_string(folder.path().join("dbt_project.yml"))?;
        assert!(project.contains("name: shop\n"));
        for (path, _) in FILES {
            let text = fs::read_to_string(folder.path().join(path))?;
            assert!(!text.contains("{{name}}"), "{path}");
            assert!(text.ends_with('\n'), "{path}");
        }
        Ok(())
    }
}
