//! What is on disk: the project's files as text, its YAML typed, its seeds, and the target of its profile.
//!
//! In: a folder and the words of the command line ([`Options`]). Out: [`Project`].
//! Resolves no name: a `ref` is text here, and a test is what YAML says it is.

mod docs;
pub mod environment;

pub mod files;
mod folders;
mod load;
pub mod packages;
pub mod profile;
pub mod project_file;
pub mod properties;
pub mod render;

pub mod seed;
pub mod selectors;
#[cfg(test)]
mod tests;
pub mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::data_tests;
use crate::diagnostic::{Source, Span};
use crate::jinja::{MacroFile, NamedBlock};
pub use environment::{Environment, Invocation, Secrets};
pub use profile::Target;
pub use project_file::ProjectFile;
pub use properties::Properties;
pub use render::Vars;
pub use selectors::Selector;

/// What the command line says about which project, profile and target are meant.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--project-dir`: the project's folder.
    pub root: PathBuf,
    /// The working folder.
    pub here: PathBuf,
    /// `--profiles-dir`.
    pub profiles_dir: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--target`.
    pub target: Option<String>,
    /// `--vars`: YAML.
    pub vars: Option<String>,
    /// `--threads`.
    pub threads: Option<usize>,
    /// `--target-path`.
    pub target_path: Option<PathBuf>,
    /// The environment variables, read once by the program's door.
    pub environment: Environment,
}

/// Every file of a project and of its packages, and the target it is built for.
#[derive(Debug)]
pub struct Project {
    /// The project itself.
    pub own: Package,
    /// The packages that are installed, by name.
    pub packages: Vec<Package>,
    /// Where results go (`target/`).
    pub target_path: PathBuf,
    /// The chosen target.
    pub target: Target,
    /// What `var` sees.
    pub vars: Vars,
    /// Environment variables.
    pub environment: Environment,
    /// What `selectors.yml` defines.
    pub selectors: Vec<Selector>,
    /// What is not known, because files are wrong.
    pub gaps: Gaps,
}

/// The files of one project: the own one, or one that it takes in as a package.
#[derive(Debug)]
pub struct Package {
    /// Its folder.
    pub root: PathBuf,
    /// What the paths of its files begin with, seen from the project's folder: nothing, or `dbt_packages/dbt_utils/`.
    pub prefix: String,
    /// Its name.
    pub name: String,
    /// `dbt_project.yml`, or what holds without it.
    pub file: ProjectFile,
    /// Models.
    pub models: Vec<File>,
    /// Seeds: CSV files, their text not kept.
    pub seeds: Vec<SeedFile>,
    /// Singular tests.
    pub singular_tests: Vec<File>,
    /// Macros, and generic tests that stand in the folder of tests.
    pub macros: Vec<File>,
    /// Analyses.
    pub analyses: Vec<File>,
    /// Rows of unit tests: CSV and SQL files in `fixtures/` of the folders of tests.
    pub fixtures: Vec<File>,
    /// Snapshots that stand in files of their own.
    pub snapshots: Vec<SnapshotBlock>,
    /// Docs blocks by name.
    pub docs: BTreeMap<String, DocsBlock>,
    /// What the property files declare.
    pub properties: Properties,
}

/// What of a project is not known because files are wrong: mistakes that only follow from it need not be told.
#[derive(Clone, Debug, Default)]
pub struct Gaps {
    /// The names of files that cannot be read or are refused.
    pub names: BTreeSet<String>,
    /// Whether something that property files declare is left out.
    pub properties: bool,
    /// Whether docs blocks are left out.
    pub docs: bool,
}

impl Gaps {
    /// Whether there are any.
    pub fn any(&self) -> bool {
        !self.names.is_empty() || self.properties || self.docs
    }
}

impl Project {
    /// The project itself, then its packages.
    pub fn all(&self) -> impl Iterator<Item = &Package> {
        std::iter::once(&self.own).chain(&self.packages)
    }

    /// The macros of the project and its packages, and the built-in generic tests.
    pub fn macro_files(&self) -> Vec<MacroFile> {
        let own = self.all().flat_map(|package| {
            package.macros.iter().map(|file| MacroFile {
                package: package.name.clone(),
                source: Arc::clone(&file.source),
            })
        });
        own.chain(data_tests::files()).collect()
    }
}

impl Package {
    /// A path from its own folder, of one from the project's folder.
    pub fn own_path<'p>(&self, path: &'p str) -> &'p str {
        path.strip_prefix(self.prefix.as_str()).unwrap_or(path)
    }
}

/// A template.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path from the project's folder, and its text.
    pub source: Arc<Source>,
    /// Its path below the folder it was found in, such as `staging/stg_orders.sql`.
    pub path: String,
}

impl File {
    /// Its name without folders and extension.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}

/// `{% snapshot name %} … {% endsnapshot %}`: a file can hold several.
#[derive(Clone, Debug)]
pub struct SnapshotBlock {
    /// The file it stands in.
    pub file: File,
    /// Its name and its body.
    pub block: NamedBlock,
}

/// A seed's file.
#[derive(Clone, Debug)]
pub struct SeedFile {
    /// Where it is.
    pub absolute: PathBuf,
    /// Its path from its package's folder, with `/`.
    pub original_file_path: String,
    /// Its path below the folder it was found in.
    pub path: String,
}

impl SeedFile {
    /// Its name without folders and extension.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}

/// `{% docs name %} … {% enddocs %}`.
#[derive(Clone, Debug)]
pub struct DocsBlock {
    /// The package it belongs to.
    pub package: String,
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Where its name stands.
    pub span: Span,
}
