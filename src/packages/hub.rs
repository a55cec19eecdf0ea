//! The index of packages: which versions there are, what they need, where their archives lie.
//!
//! In: a package's name and the versions that will do. Out: the version that is taken.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use semver::Version;
use serde::Deserialize;
use serde_json::Value;

use super::http;
use super::version::Condition;
use crate::diagnostic::Diagnostic;
use crate::project::Environment;

/// Where dbt's index is; `DBT_PACKAGE_HUB_URL` names another.
const ADDRESS: &str = "https://hub.getdbt.com/";

/// The version of dbt whose behaviour is ours.
const DBT_VERSION: Version = Version::new(1, 11, 0);

/// The index, asked once for each package.
pub struct Hub {
    address: String,
    known: Mutex<BTreeMap<String, Package>>,
}

/// A version that was chosen.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    /// The version.
    pub version: String,
    /// The name of the project in it.
    pub project: String,
    /// The newest one there is, where it is newer.
    pub newer: Option<String>,
}

#[derive(Clone, Deserialize)]
struct Package {
    versions: BTreeMap<String, Release>,
}

#[derive(Clone, Deserialize)]
struct Release {
    name: String,
    #[serde(default)]
    packages: Vec<Value>,
    #[serde(default)]
    require_dbt_version: Value,
    downloads: Downloads,
}

#[derive(Clone, Deserialize)]
struct Downloads {
    tarball: String,
}

impl Hub {
    /// The index that the environment names, or dbt's.
    pub fn new(environment: &Environment) -> Self {
        let address = environment.get("DBT_PACKAGE_HUB_URL").unwrap_or(ADDRESS);
        Self {
            address: address.trim_end_matches('/').to_owned(),
            known: Mutex::default(),
        }
    }

    /// The newest version that meets all conditions.
    ///
    /// # Errors
    /// When there is no such package, a condition is none, or no version meets them.
    pub fn choose(
        &self,
        name: &str,
        versions: &[String],
        prerelease: bool,
    ) -> Result<Choice, Diagnostic> {
        let mut conditions = Vec::new();
        for text in versions {
            conditions.extend(Condition::read_all(text).ok_or_else(|| {
                Diagnostic::error("bad-version", format!("`{text}` is no version of `{name}`"))
                    .help("write `1.2.3`, or a range such as `[\">=1.0.0\", \"<2.0.0\"]`")
            })?);
        }
        let package = self.package(name)?;
        let prerelease = prerelease || conditions.iter().any(Condition::names_prerelease);
        let mut all: Vec<(Version, &Release)> = package
            .versions
            .iter()
            .filter_map(|(version, release)| Some((Version::parse(version).ok()?, release)))
            .filter(|(version, _)| prerelease || version.pre.is_empty())
            .collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        let fits: Vec<_> = all
            .iter()
            .filter(|(_, release)| suits_dbt(&release.require_dbt_version))
            .collect();
        let chosen = fits
            .iter()
            .rev()
            .find(|(version, _)| conditions.iter().all(|condition| condition.holds(version)));
        let Some((version, release)) = chosen else {
            let there: Vec<String> = all.iter().map(|(version, _)| version.to_string()).collect();
            let last = there.len().saturating_sub(12);
            let problem = Diagnostic::error(
                "no-such-version",
                format!("no version of `{name}` is {}", versions.join(" and ")),
            );
            let excluded = all
                .iter()
                .any(|(version, _)| conditions.iter().all(|condition| condition.holds(version)));
            return Err(if excluded {
                problem.help(format!("there are some, but not for dbt {DBT_VERSION}"))
            } else {
                problem.help(format!("there are {}", there[last..].join(", ")))
            });
        };
        let newest = fits.last().map(|(newest, _)| newest);
        Ok(Choice {
            version: version.to_string(),
            project: release.name.clone(),
            newer: newest
                .filter(|newest| *newest > version)
                .map(ToString::to_string),
        })
    }

    /// What a version needs in turn.
    ///
    /// # Errors
    /// When the index cannot be reached.
    pub fn needs(&self, name: &str, version: &str) -> Result<Vec<Value>, Diagnostic> {
        Ok(self.release(name, version)?.packages)
    }

    /// Where a version's archive is.
    ///
    /// # Errors
    /// When the index cannot be reached, or has no such version.
    pub fn archive(&self, name: &str, version: &str) -> Result<String, Diagnostic> {
        Ok(self.release(name, version)?.downloads.tarball)
    }

    fn release(&self, name: &str, version: &str) -> Result<Release, Diagnostic> {
        let package = self.package(name)?;
        package.versions.get(version).cloned().ok_or_else(|| {
            Diagnostic::error(
                "no-such-version",
                format!("the hub has no version {version} of `{name}`"),
            )
            .help("run `redstart deps --upgrade`")
        })
    }

    fn package(&self, name: &str) -> Result<Package, Diagnostic> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(package) = known.get(name) {
            return Ok(package.clone());
        }
        let url = format!("{}/api/v1/{name}.json", self.address);
        let Some(bytes) = http::get(&url)? else {
            return Err(Diagnostic::error(
                "unknown-package",
                format!("the hub has no package `{name}`"),
            )
            .note(format!("asked {url}"))
            .help(
                "look up its name on the hub; a package that is not there is named with `git:`",
            ));
        };
        let package: Package = serde_json::from_slice(&bytes).map_err(|cause| {
            Diagnostic::error("bad-index", format!("the answer of {url} cannot be read"))
                .note(cause.to_string())
        })?;
        known.insert(name.to_owned(), package.clone());
        Ok(package)
    }
}

/// Whether a version may be used with our dbt: a text, a list, or nothing.
fn suits_dbt(required: &Value) -> bool {
    super::version::suits(required, &DBT_VERSION)
}
