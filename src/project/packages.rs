//! The packages that a project names in `packages.yml` or `dependencies.yml`, and those that are installed.
//!
//! In: the project's folder. Out: [`Declared`] packages, which `deps` installs, and [`Installed`] ones, which are read with the project.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Package;
use super::files;
use super::project_file::Draft;
use super::render::YamlRenderer;
use super::yaml::{self, Spanned, Yaml};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};

/// The files that may name packages, in the order in which dbt looks.
const FILES: [&str; 2] = ["packages.yml", "dependencies.yml"];

/// A package that a project names.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Where it comes from.
    pub origin: Origin,
    /// What the entry says, rendered and as written.
    pub entry: Entry,
    /// Where it is named.
    pub span: Span,
}

/// An entry of `packages:`.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Its Jinja rendered.
    pub rendered: Map<String, Value>,
    /// As written: a secret stays the name of its variable.
    pub written: Map<String, Value>,
}

/// Where a package comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A folder, from the project's own.
    Local {
        /// The folder.
        path: String,
    },
    /// A repository.
    Git {
        /// Its address.
        url: String,
        /// A branch, a tag or a commit; none is the default branch.
        revision: Option<String>,
        /// The folder in it that holds the package.
        subdirectory: Option<String>,
        /// Whether to warn when it follows a branch.
        warn_unpinned: bool,
    },
    /// An archive.
    Tarball {
        /// Its address.
        url: String,
        /// The name under which it is installed.
        name: String,
    },
    /// A package of the hub.
    Hub {
        /// `namespace/name`.
        name: String,
        /// The versions that will do, each as written (`>=1.0.0`); all must hold.
        versions: Vec<String>,
        /// Whether a prerelease will do.
        prerelease: bool,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    local: Option<Spanned<String>>,
    git: Option<Spanned<String>>,
    tarball: Option<Spanned<String>>,
    package: Option<Spanned<String>>,
    private: Option<Spanned<String>>,
    revision: Option<Yaml>,
    version: Option<Yaml>,
    subdirectory: Option<String>,
    name: Option<Spanned<String>>,
    #[serde(rename = "warn-unpinned", alias = "warn_unpinned")]
    warn_unpinned: Option<bool>,
    #[serde(rename = "install-prerelease", alias = "install_prerelease")]
    install_prerelease: Option<bool>,
    #[serde(rename = "unrendered")]
    _unrendered: Option<Yaml>,
    #[serde(rename = "provider")]
    _provider: Option<String>,
}

/// The packages that a project's files name; Jinja in `packages.yml` is rendered.
///
/// # Errors
/// YAML that is none, an entry that is none, `projects:` of dbt Mesh.
pub fn declared(
    root: &Path,
    prefix: &str,
    renderer: &YamlRenderer,
) -> Result<Vec<Declared>, Diagnostics> {
    let mut problems = Diagnostics::default();
    let mut all = Vec::new();
    for name in FILES {
        let path = root.join(name);
        if !path.is_file() {
            continue;
        }
        let source = files::read(&path, &format!("{prefix}{name}"))?;
        let written = yaml::parse(&source)?;
        let document = if name == "packages.yml" {
            renderer.render(&written, &|_| true, &mut problems)
        } else {
            written.clone()
        };
        if let Some(first) = document
            .get("projects")
            .and_then(Yaml::as_seq)
            .and_then(<[Yaml]>::first)
        {
            problems.push(
                Diagnostic::error("not-supported", "projects of dbt Mesh are not supported")
                    .at(first.span.clone())
                    .help("name the other project as a package: `packages: [{git: …}]`"),
            );
        }
        read(&document, &written, &mut all, &mut problems);
    }
    problems.or(all).map(|(all, _)| all)
}

/// The packages that a lock file names.
///
/// # Errors
/// An entry that is none.
pub fn locked(source: &Arc<Source>, renderer: &YamlRenderer) -> Result<Vec<Declared>, Diagnostics> {
    let written = yaml::parse(source)?;
    let (mut all, mut problems) = (Vec::new(), Diagnostics::default());
    let document = renderer.render(&written, &|_| true, &mut problems);
    read(&document, &written, &mut all, &mut problems);
    problems.or(all).map(|(all, _)| all)
}

/// A package as the hub tells what another one needs.
///
/// # Errors
/// An entry that is none.
pub fn of_json(entry: &Value, span: &Span) -> Result<Declared, Diagnostic> {
    let item = Yaml::from_json(entry, span);
    item.to::<Shape>()?.declared(&item, &item)
}

fn read(document: &Yaml, written: &Yaml, all: &mut Vec<Declared>, problems: &mut Diagnostics) {
    let items = |yaml: &Yaml| -> Vec<Yaml> {
        let packages = yaml.get("packages").and_then(Yaml::as_seq);
        packages.unwrap_or_default().to_vec()
    };
    for (item, written) in items(document).iter().zip(&items(written)) {
        let shape = item.clone().read::<Shape>(problems, |_, _| false);
        match shape.map(|shape| shape.declared(item, written)) {
            Some(Ok(declared)) => all.push(declared),
            Some(Err(problem)) => problems.push(problem),
            None => {}
        }
    }
}

impl Shape {
    fn declared(self, item: &Yaml, written: &Yaml) -> Result<Declared, Diagnostic> {
        let span = item.span.clone();
        if let Some(private) = &self.private {
            return Err(
                Diagnostic::error("not-supported", "`private` packages need dbt Cloud")
                    .at(private.span.clone())
                    .help("name the repository with `git:`"),
            );
        }
        let named = [&self.local, &self.git, &self.tarball, &self.package];
        if named.iter().filter(|key| key.is_some()).count() != 1 {
            return Err(
                item.expected("a package with one of `package`, `git`, `local` and `tarball`")
            );
        }
        let text = |yaml: &Yaml| yaml.key_text();
        let origin = if let Some(path) = self.local {
            Origin::Local { path: path.value }
        } else if let Some(url) = self.git {
            let revision = match &self.revision {
                Some(yaml) => yaml
                    .as_seq()
                    .map_or_else(|| Some(text(yaml)), |list| list.first().map(text)),
                None => None,
            };
            Origin::Git {
                url: url.value,
                revision,
                subdirectory: self.subdirectory,
                warn_unpinned: self.warn_unpinned.unwrap_or(true),
            }
        } else if let Some(url) = self.tarball {
            let Some(name) = self.name else {
                return Err(Diagnostic::error("missing-key", "a tarball needs `name`")
                    .at(url.span)
                    .help("write the name of the package beside it: `name: dbt_utils`"));
            };
            Origin::Tarball {
                url: url.value,
                name: name.value,
            }
        } else {
            let Some(package) = self.package else {
                return Err(item.expected("a package"));
            };
            if package
                .value
                .split('/')
                .filter(|part| !part.is_empty())
                .count()
                != 2
            {
                return Err(Diagnostic::error(
                    "bad-package",
                    format!("`{}` is no package of the hub", package.value),
                )
                .at(package.span)
                .help("write its namespace and its name, such as `dbt-labs/dbt_utils`"));
            }
            let Some(version) = &self.version else {
                return Err(Diagnostic::error(
                    "missing-key",
                    format!("`{}` needs `version`", package.value),
                )
                .at(package.span)
                .help("write the versions that will do: `version: [\">=1.0.0\", \"<2.0.0\"]`"));
            };
            let versions = match version.as_seq() {
                Some(list) => list.iter().map(text).collect(),
                None => vec![text(version)],
            };
            Origin::Hub {
                name: package.value,
                versions,
                prerelease: self.install_prerelease.unwrap_or(false),
            }
        };
        let entry = Entry {
            rendered: item.to_object(),
            written: written.to_object(),
        };
        Ok(Declared {
            origin,
            entry,
            span,
        })
    }
}

/// A package in the project's folder of packages, its `dbt_project.yml` read for the first time.
#[derive(Debug)]
pub struct Installed {
    /// Its folder.
    pub folder: PathBuf,
    /// What the paths of its files begin with.
    pub prefix: String,
    /// Its project file.
    pub draft: Draft,
}

/// The packages that are installed, by folder.
///
/// # Errors
/// Packages that are named and not installed, and files that cannot be read.
pub fn installed(
    root: &Path,
    install_path: &str,
    renderer: &YamlRenderer,
) -> Result<Vec<Installed>, Diagnostics> {
    let declared = declared(root, "", renderer)?;
    let folder = root.join(install_path);
    let mut folders = Vec::new();
    if folder.is_dir() {
        let entries = std::fs::read_dir(&folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let entries = entries.map_err(|error| {
            Diagnostic::error(
                "unreadable-file",
                format!("`{install_path}` cannot be read"),
            )
            .note(error.to_string())
        })?;
        folders.extend(
            entries
                .into_iter()
                .map(|entry| entry.path())
                .filter(|path| {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    path.is_dir() && !name.starts_with("__") && !name.starts_with('.')
                }),
        );
        folders.sort();
    }
    if let Some(first) = declared.first().filter(|_| declared.len() > folders.len()) {
        return Err(Diagnostic::error(
            "missing-packages",
            format!(
                "the project names {} and {} installed in `{install_path}`",
                count(declared.len()),
                match folders.len() {
                    0 => "none is".to_owned(),
                    1 => "one is".to_owned(),
                    several => format!("{several} are"),
                }
            ),
        )
        .at(first.span.clone())
        .help("run `redstart deps`")
        .into());
    }
    folders
        .into_iter()
        .map(|folder| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let prefix = format!("{}/{name}/", install_path.trim_end_matches('/'));
            if !folder.join("dbt_project.yml").is_file() {
                return Err(Diagnostic::error(
                    "bad-package",
                    format!("`{prefix}` is no package: it has no `dbt_project.yml`"),
                )
                .help("remove the folder and run `redstart deps`")
                .into());
            }
            Ok(Installed {
                draft: Draft::read(&folder, &prefix)?,
                prefix,
                folder,
            })
        })
        .collect()
}

fn count(packages: usize) -> String {
    match packages {
        1 => "one package".to_owned(),
        several => format!("{several} packages"),
    }
}

/// Two packages of one name would be one.
///
/// # Errors
/// The first name that two packages have.
pub fn distinct(own: &Package, packages: &[Package]) -> Result<(), Diagnostic> {
    let mut seen: Vec<&Package> = vec![own];
    for package in packages {
        if let Some(first) = seen.iter().find(|seen| seen.name == package.name) {
            let place = |package: &Package| match package.prefix.as_str() {
                "" => "the project itself".to_owned(),
                prefix => format!("`{prefix}`"),
            };
            return Err(Diagnostic::error(
                "duplicate-package",
                format!(
                    "two packages have the name `{}`: {} and {}",
                    package.name,
                    place(first),
                    place(package)
                ),
            )
            .help("remove one of them"));
        }
        seen.push(package);
    }
    Ok(())
}
