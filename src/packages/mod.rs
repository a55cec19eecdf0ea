//! `deps`: the packages that a project names, fetched into its folder of packages.
//!
//! In: the project's folder. Out: the folder of packages, whole, and `package-lock.yml`, which says what is in it.
//! Reads of a package no more than its name and what it needs in turn.

mod fetch;
mod http;
mod hub;
mod lock;
pub mod version;

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::project::packages::{self, Declared, Origin};
use crate::project::project_file::Draft;
use crate::project::render::{Vars, YamlRenderer};
use crate::project::{Environment, yaml};
use fetch::Workshop;
use hub::Hub;
pub use lock::{LOCK_FILE, entry_text};

/// What `deps` is asked.
pub struct Request<'a> {
    /// The project's folder.
    pub root: &'a Path,
    /// Environment variables.
    pub environment: &'a Environment,
    /// `--vars`.
    pub vars: Option<&'a str>,
    /// Whether the newest versions that will do are looked up though the lock file has some.
    pub upgrade: bool,
    /// Whether only the lock file is written.
    pub lock_only: bool,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Report {
    /// The packages in the order in which they were named.
    pub packages: Vec<Pinned>,
    /// Whether the lock file was written anew.
    pub locked: bool,
    /// What the user should know.
    pub warnings: Diagnostics,
}

/// A package in one version.
#[derive(Clone, Debug)]
pub struct Pinned {
    /// Its name, which is its folder's.
    pub name: String,
    /// Where it comes from, in exactly one version.
    pub origin: Origin,
    /// Its entry in the lock file.
    pub entry: serde_json::Map<String, serde_json::Value>,
    /// A newer version that the hub has, if it has one.
    pub newer: Option<String>,
}

impl std::fmt::Display for Pinned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.origin {
            Origin::Hub { name, versions, .. } => write!(f, "{name} {}", versions.join(" ")),
            Origin::Git { revision, .. } => {
                let revision = revision.as_deref().unwrap_or("HEAD");
                write!(f, "{} at {revision}", self.name)
            }
            Origin::Local { path } => write!(f, "{} from {path}", self.name),
            Origin::Tarball { .. } => write!(f, "{} from its archive", self.name),
        }
    }
}

/// Fetches the packages that a project names, and those that they name.
///
/// Nothing of the folder of packages is touched before everything is there.
///
/// # Errors
/// What is wrong in the files that name packages, versions that cannot be had together, what cannot be reached.
pub fn install(request: &Request<'_>) -> Result<Report, Diagnostics> {
    let root = request.root;
    let command_line = match request.vars {
        Some(text) => yaml::parse_mapping("--vars", text)?,
        None => serde_json::Map::new(),
    };
    let draft = Draft::read(root, "")?;
    let vars = Vars {
        command_line,
        project: draft.vars.clone(),
        ..Vars::default()
    };
    let renderer = YamlRenderer::new(&draft.name.clone(), request.environment, vars, None, true);
    let declared = packages::declared(root, "", &renderer)?;
    let own_name = draft.name.clone();
    let install_path = draft.finish(root, &renderer)?.packages_install_path;
    if declared.is_empty() {
        return Ok(Report::default());
    }

    let mut report = Report::default();
    let workshop = Workshop::new(root, &install_path)?;
    let hub = Hub::new(request.environment);
    let hash = lock::hash(&declared);
    let known = if request.upgrade {
        None
    } else {
        lock::read(root, &hash, &renderer)?
    };
    let mut resolving = Resolving {
        root,
        renderer: &renderer,
        workshop: &workshop,
        hub: &hub,
        warnings: Diagnostics::default(),
    };
    report.packages = match known {
        Some(pinned) => pinned,
        None => {
            let pinned = resolving.resolve(declared)?;
            lock::write(root, &hash, &pinned)?;
            report.locked = true;
            pinned
        }
    };
    report.warnings = std::mem::take(&mut resolving.warnings);
    refuse_doubles(&own_name, &report.packages)?;
    if request.lock_only {
        return Ok(report);
    }
    for package in &report.packages {
        let folder = resolving.fetched(package)?;
        workshop.place(&folder, &package.name)?;
    }
    workshop.publish()?;
    Ok(report)
}

fn refuse_doubles(own: &str, pinned: &[Pinned]) -> Result<(), Diagnostic> {
    for (at, package) in pinned.iter().enumerate() {
        let first = pinned[..at].iter().find(|first| first.name == package.name);
        if first.is_some() || package.name == own {
            let other = first.map_or_else(|| "the project itself".to_owned(), ToString::to_string);
            return Err(Diagnostic::error(
                "duplicate-package",
                format!("`{package}` has the name of another: {other}"),
            )
            .help("name only one of them"));
        }
    }
    Ok(())
}

/// The search for versions that go together.
struct Resolving<'a> {
    root: &'a Path,
    renderer: &'a YamlRenderer,
    workshop: &'a Workshop,
    hub: &'a Hub,
    warnings: Diagnostics,
}

impl Resolving<'_> {
    /// The packages in one version each. As dbt does: each time one is named its conditions add up, the best version that
    /// meets all so far is taken, and what that one names is looked at next.
    fn resolve(&mut self, declared: Vec<Declared>) -> Result<Vec<Pinned>, Diagnostics> {
        let mut wanted: Vec<Wanted> = Vec::new();
        let mut pending: std::collections::VecDeque<Declared> = declared.into();
        let mut looked_at = std::collections::BTreeSet::new();
        while let Some(next) = pending.pop_front() {
            let at = match wanted.iter().position(|known| known.is_same(&next)) {
                Some(at) => {
                    wanted[at].add(next)?;
                    at
                }
                None => {
                    wanted.push(Wanted { declared: next });
                    wanted.len() - 1
                }
            };
            let pinned = self.pin(&wanted[at].declared)?;
            if !looked_at.insert(format!("{:?}", pinned.origin)) {
                continue;
            }
            pending.extend(self.needs(&pinned, &wanted[at].declared)?);
        }
        let mut pinned = Vec::with_capacity(wanted.len());
        for wanted in &wanted {
            pinned.push(self.pin(&wanted.declared)?);
        }
        Ok(pinned)
    }

    /// One version of a package.
    fn pin(&mut self, declared: &Declared) -> Result<Pinned, Diagnostics> {
        let mut entry = declared.entry.written.clone();
        match &declared.origin {
            Origin::Hub {
                name,
                versions,
                prerelease,
            } => {
                let choice = self
                    .hub
                    .choose(name, versions, *prerelease)
                    .map_err(|problem| problem.at(declared.span.clone()))?;
                let entry = serde_json::json!({
                    "name": choice.project, "package": name, "version": choice.version,
                });
                Ok(Pinned {
                    name: choice.project,
                    origin: Origin::Hub {
                        name: name.clone(),
                        versions: vec![choice.version],
                        prerelease: *prerelease,
                    },
                    entry: entry.as_object().cloned().unwrap_or_default(),
                    newer: choice.newer,
                })
            }
            Origin::Git {
                url,
                revision,
                subdirectory,
                warn_unpinned,
            } => {
                let (folder, commit) = self
                    .workshop
                    .clone_repository(url, revision.as_deref())
                    .map_err(|problem| problem.at(declared.span.clone()))?;
                let floats = revision
                    .as_deref()
                    .is_none_or(|revision| ["HEAD", "main", "master"].contains(&revision));
                if floats
                    && *warn_unpinned
                    && !self
                        .warnings
                        .0
                        .iter()
                        .any(|known| known.span.as_ref() == Some(&declared.span))
                {
                    self.warnings.push(
                        Diagnostic::warning("unpinned-package", "the package follows a branch")
                            .at(declared.span.clone())
                            .help("name a tag or a commit with `revision`, or set `warn-unpinned: false`"),
                    );
                }
                let folder = subdirectory
                    .as_ref()
                    .map_or_else(|| folder.clone(), |below| folder.join(below));
                entry.insert("revision".to_owned(), commit.clone().into());
                self.named(declared, &folder, entry, |_| Origin::Git {
                    url: url.clone(),
                    revision: Some(commit),
                    subdirectory: subdirectory.clone(),
                    warn_unpinned: false,
                })
            }
            Origin::Local { path } => {
                let folder = self.root.join(path);
                self.named(declared, &folder, entry, |_| declared.origin.clone())
            }
            Origin::Tarball { url, name } => {
                let folder = self
                    .workshop
                    .archive(url, name)
                    .map_err(|problem| problem.at(declared.span.clone()))?;
                self.named(declared, &folder, entry, |_| declared.origin.clone())
            }
        }
    }

    /// A package whose own project file tells its name.
    fn named(
        &self,
        declared: &Declared,
        folder: &Path,
        mut entry: serde_json::Map<String, serde_json::Value>,
        origin: impl FnOnce(&str) -> Origin,
    ) -> Result<Pinned, Diagnostics> {
        if !folder.join("dbt_project.yml").is_file() {
            return Err(Diagnostic::error("bad-package", "there is no `dbt_project.yml`")
                .at(declared.span.clone())
                .note(format!("looked in {}", folder.display()))
                .help("name the folder of a project; with `git`, `subdirectory` names the folder in the repository")
                .into());
        }
        let name = Draft::read(folder, &format!("{}/", folder.display()))?.name;
        entry.insert("name".to_owned(), name.clone().into());
        Ok(Pinned {
            origin: origin(&name),
            name,
            entry,
            newer: None,
        })
    }

    /// The packages that a package names.
    fn needs(&self, pinned: &Pinned, declared: &Declared) -> Result<Vec<Declared>, Diagnostics> {
        if let Origin::Hub { name, versions, .. } = &pinned.origin {
            let needs = self
                .hub
                .needs(name, versions.first().map_or("", String::as_str));
            return needs
                .and_then(|needs| {
                    let read = |entry| packages::of_json(entry, &declared.span);
                    needs.iter().map(read).collect()
                })
                .map_err(Into::into);
        }
        let folder = self.fetched(pinned)?;
        packages::declared(&folder, &format!("{}/", pinned.name), self.renderer)
    }

    /// The folder that a package was fetched into.
    fn fetched(&self, pinned: &Pinned) -> Result<PathBuf, Diagnostics> {
        let folder = match &pinned.origin {
            Origin::Hub { name, versions, .. } => {
                let version = versions.first().map_or("", String::as_str);
                let url = self.hub.archive(name, version)?;
                self.workshop.archive(&url, &pinned.name)?
            }
            Origin::Git {
                url,
                revision,
                subdirectory,
                ..
            } => {
                let (folder, _) = self.workshop.clone_repository(url, revision.as_deref())?;
                subdirectory
                    .as_ref()
                    .map_or_else(|| folder.clone(), |below| folder.join(below))
            }
            Origin::Local { path } => self.root.join(path),
            Origin::Tarball { url, name } => self.workshop.archive(url, name)?,
        };
        Ok(folder)
    }
}

/// A package with all that was asked of it so far.
struct Wanted {
    declared: Declared,
}

impl Wanted {
    fn is_same(&self, other: &Declared) -> bool {
        match (&self.declared.origin, &other.origin) {
            (Origin::Hub { name, .. }, Origin::Hub { name: other, .. }) => name == other,
            (
                Origin::Git {
                    url, subdirectory, ..
                },
                Origin::Git {
                    url: other,
                    subdirectory: below,
                    ..
                },
            ) => {
                let bare = |url: &str| {
                    url.trim_end_matches('/')
                        .trim_end_matches(".git")
                        .to_owned()
                };
                bare(url) == bare(other) && subdirectory == below
            }
            (a, b) => a == b,
        }
    }

    fn add(&mut self, other: Declared) -> Result<(), Diagnostic> {
        match (&mut self.declared.origin, other.origin) {
            (
                Origin::Hub {
                    versions,
                    prerelease,
                    ..
                },
                Origin::Hub {
                    versions: more,
                    prerelease: also,
                    ..
                },
            ) => {
                *prerelease |= also;
                for version in more {
                    if !versions.contains(&version) {
                        versions.push(version);
                    }
                }
                Ok(())
            }
            (
                Origin::Git { revision, url, .. },
                Origin::Git {
                    revision: again, ..
                },
            ) if *revision != again => {
                let shown = |revision: &Option<String>| {
                    revision.clone().unwrap_or_else(|| "HEAD".to_owned())
                };
                Err(Diagnostic::error(
                    "package-conflict",
                    format!(
                        "`{url}` is asked for at `{}` and at `{}`",
                        shown(revision),
                        shown(&again)
                    ),
                )
                .at(other.span)
                .related("the first time", self.declared.span.clone())
                .help("name one revision"))
            }
            _ => Ok(()),
        }
    }
}
