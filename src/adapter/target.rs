//! From a target as the profile writes it to a warehouse that is open.
//!
//! In: [`TargetConfig`], the keys of one output of `profiles.yml`, rendered, each with its place.
//! Out: [`Target`], every key understood, and through [`open`] an [`Adapter`].
//! Does not read files of the project.

use std::path::PathBuf;
use std::time::Duration;

use super::aws::Identity;
use super::aws::s3::Place;
use super::copy::Folders;
use super::{Adapter, Error};
use crate::diagnostic::{Diagnostic, Diagnostics, Span};

/// The types of targets that there are, as `type:` names them.
const TYPES: [&str; 3] = ["duckdb", "postgres", "redshift"];

/// One output of a profile, before its keys are understood.
#[derive(Clone, Debug)]
pub struct TargetConfig {
    /// The name of the output, such as `dev`.
    pub name: String,
    /// The folder that relative paths start from.
    pub folder: PathBuf,
    /// Where the output stands in the profile.
    pub origin: Option<Span>,
    /// Its keys in the order of the file, `type` among them.
    pub keys: Vec<TargetKey>,
}

impl TargetConfig {
    /// The value under a key.
    pub fn get(&self, name: &str) -> Option<&TargetKey> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// Warns of keys that are taken and mean nothing where they stand.
    pub fn idle_keys(&self) -> Vec<Diagnostic> {
        match self.get("type").and_then(|key| key.value.as_str()) {
            Some("redshift") => super::redshift::idle_keys(self),
            _ => Vec::new(),
        }
    }

    /// Where the values of the keys stand.
    pub(super) fn places(&self) -> Places {
        let placed = |key: &TargetKey| Some((key.name.clone(), key.value_span.clone()?));
        Places(self.keys.iter().filter_map(placed).collect())
    }
}

/// Where the values of a target's keys stand, for what only the warehouse finds wrong with them.
#[derive(Clone, Default, PartialEq)]
pub struct Places(Vec<(String, Span)>);

impl Places {
    /// Where the value of the first of the keys stands that is there.
    pub(super) fn of(&self, keys: &[&str]) -> Option<Span> {
        let placed = |key: &&str| self.0.iter().find(|(name, _)| name == key);
        let (_, place) = keys.iter().find_map(placed)?;
        Some(place.clone())
    }
}

impl std::fmt::Debug for Places {
    /// Without the file, which may hold passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Places").finish_non_exhaustive()
    }
}

#[cfg(test)]
impl TargetConfig {
    /// An output as a test writes it, in the folder `/project`.
    pub(super) fn of_json(name: &str, keys: serde_json::Value) -> Self {
        let serde_json::Value::Object(map) = keys else {
            panic!("keys are a map")
        };
        let key = |(name, value)| TargetKey {
            name,
            key_span: None,
            value,
            value_span: None,
        };
        Self {
            name: name.to_owned(),
            folder: PathBuf::from("/project"),
            origin: None,
            keys: map.into_iter().map(key).collect(),
        }
    }
}

/// One key of an output.
#[derive(Clone, Debug)]
pub struct TargetKey {
    /// The key.
    pub name: String,
    /// Where the key stands.
    pub key_span: Option<Span>,
    /// Its value, Jinja rendered.
    pub value: serde_json::Value,
    /// Where the value stands.
    pub value_span: Option<Span>,
}

impl TargetKey {
    /// A diagnostic on the value: what it should have been.
    pub(super) fn wrong(&self, expected: &str) -> Diagnostic {
        Diagnostic::error(
            "bad-target-value",
            format!("`{}` of the target must be {expected}", self.name),
        )
        .at_some(self.value_span.clone())
    }

    /// The value as text; a number counts as text, as in YAML `schema: 2024`.
    pub(super) fn text(&self) -> Result<String, Diagnostic> {
        match &self.value {
            serde_json::Value::String(text) => Ok(text.clone()),
            serde_json::Value::Number(number) => Ok(number.to_string()),
            _ => Err(self.wrong("text")),
        }
    }

    /// The value as a whole number above zero; text with digits counts, as `env_var` gives it.
    pub(super) fn count(&self) -> Result<usize, Diagnostic> {
        let number = match &self.value {
            serde_json::Value::String(text) => text.trim().parse().ok(),
            value => value
                .as_u64()
                .and_then(|number| usize::try_from(number).ok()),
        };
        number
            .filter(|&number| number > 0)
            .ok_or_else(|| self.wrong("a whole number above zero"))
    }

    /// The value as a whole number, zero included; text with digits counts, as `env_var` gives it.
    pub(super) fn number(&self) -> Result<u64, Diagnostic> {
        match &self.value {
            serde_json::Value::String(text) => text.trim().parse().ok(),
            value => value.as_u64(),
        }
        .ok_or_else(|| self.wrong("a whole number"))
    }

    /// The value as seconds; zero means none.
    pub(super) fn seconds(&self) -> Result<Option<Duration>, Diagnostic> {
        Ok(Some(self.number()?)
            .filter(|&seconds| seconds > 0)
            .map(Duration::from_secs))
    }

    /// The value as a port.
    pub(super) fn port(&self) -> Result<u16, Diagnostic> {
        u16::try_from(self.number()?)
            .ok()
            .filter(|&port| port > 0)
            .ok_or_else(|| self.wrong("a port, from 1 to 65535"))
    }

    /// The value as `true` or `false`; the words count, as `env_var` gives them.
    pub(super) fn flag(&self) -> Result<bool, Diagnostic> {
        match &self.value {
            serde_json::Value::Bool(flag) => Some(*flag),
            serde_json::Value::String(text) => text.trim().to_lowercase().parse().ok(),
            _ => None,
        }
        .ok_or_else(|| self.wrong("true or false"))
    }

    /// The value as what stands for prefixes of S3: a folder, or the keys of the store that holds the bucket itself.
    pub(super) fn folders(&self, config: &TargetConfig) -> Result<Folders, Diagnostic> {
        let wrong = || {
            self.wrong(
                "a map from `s3://bucket/prefix` to a folder, or to the keys of a store (`region`, `endpoint_url`, …)",
            )
        };
        let serde_json::Value::Object(map) = &self.value else {
            return Err(wrong());
        };
        let mut folders = Folders::default();
        for (prefix, folder) in map {
            match folder {
                _ if !prefix.starts_with("s3://") => return Err(wrong()),
                serde_json::Value::String(folder) => {
                    folders.insert(prefix, config.folder.join(folder));
                }
                serde_json::Value::Object(keys) => {
                    let of = format!("`{prefix}` under `s3`");
                    folders.insert_store(prefix, self.store(&of, &[], keys)?);
                }
                _ => return Err(wrong()),
            }
        }
        Ok(folders)
    }

    /// A store by its keys; `of` says whose they are, `others` which keys stand beside them.
    pub(super) fn store(
        &self,
        of: &str,
        others: &[&str],
        keys: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Place, Diagnostic> {
        const KEYS: [&str; 5] = [
            "region",
            "endpoint_url",
            "iam_profile",
            "access_key_id",
            "secret_access_key",
        ];
        let problem = |code, message: String| {
            Diagnostic::error(code, message).at_some(self.value_span.clone())
        };
        if let Some(unknown) = keys.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let message = format!("`{}` has no key `{unknown}`", self.name);
            let known = others.iter().chain(&KEYS).copied();
            return Err(problem("unknown-key", message).did_you_mean(unknown, known));
        }
        let text = |key: &str| match keys.get(key) {
            None | Some(serde_json::Value::Null) => Ok(None),
            Some(serde_json::Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(problem(
                "wrong-type",
                format!("`{key}` of {of} must be a text"),
            )),
        };
        let keys = match (text("access_key_id")?, text("secret_access_key")?) {
            (Some(id), Some(secret)) => Some((id, secret)),
            (None, None) => None,
            _ => {
                let message = format!(
                    "{of} has half a key: `access_key_id` and `secret_access_key` go together"
                );
                return Err(problem("missing-target-key", message));
            }
        };
        let endpoint_url = text("endpoint_url")?;
        if let Some(url) = &endpoint_url
            && !url.starts_with("http://")
            && !url.starts_with("https://")
        {
            let message = format!("`endpoint_url` of {of} is no address");
            return Err(
                problem("wrong-type", message).help("write it with `https://` or `http://`")
            );
        }
        Ok(Place {
            endpoint_url,
            identity: Identity {
                profile: text("iam_profile")?,
                keys,
                region: text("region")?,
            },
        })
    }
}

/// A target with every key understood: what the project's Jinja sees as `target`, and how to reach the warehouse.
#[derive(Clone, Debug)]
pub struct Target {
    /// The name of the output, such as `dev`.
    pub name: String,
    /// dbt's name of the adapter as the project's Jinja sees it: `redshift` where it is emulated.
    pub dialect: &'static str,
    /// The database.
    pub database: String,
    /// The schema that models go to unless they say otherwise.
    pub schema: String,
    /// How many workers run at a time.
    pub threads: usize,
    /// How the warehouse is reached.
    pub warehouse: Warehouse,
}

/// How a warehouse is reached.
#[derive(Clone, Debug)]
pub enum Warehouse {
    /// An embedded DuckDB.
    #[cfg(feature = "duckdb")]
    DuckDb(super::duckdb::Config),
    /// A PostgreSQL server.
    Postgres(Box<super::postgres::Config>),
    /// A Redshift cluster or workgroup.
    Redshift(Box<super::redshift::Config>),
}

/// Keys of a target that are for whoever runs something there, whatever the warehouse.
const OF_RUNS: [&str; 1] = ["run_history"];

impl Target {
    /// Understands the keys of an output.
    ///
    /// # Errors
    /// Every key that is unknown, missing or holds what it should not.
    pub fn understand(config: &TargetConfig) -> Result<Self, Diagnostics> {
        let mut config = config.clone();
        config.keys.retain(|key| !OF_RUNS.contains(&&*key.name));
        let config = &config;
        let Some(kind) = config.get("type") else {
            return Err(Diagnostic::error(
                "missing-target-key",
                format!("the target `{}` has no `type`", config.name),
            )
            .at_some(config.origin.clone())
            .help(format!("add `type: duckdb` ({})", TYPES.join(", ")))
            .into());
        };
        let name = kind.text()?;
        match name.as_str() {
            #[cfg(feature = "duckdb")]
            "duckdb" => super::duckdb::Config::understand(config),
            #[cfg(not(feature = "duckdb"))]
            "duckdb" => Err(Diagnostic::error(
                "adapter-not-built-in",
                "this build of redstart has no DuckDB in it",
            )
            .at_some(kind.value_span.clone())
            .help("build it with the cargo feature `duckdb`, which is on by default")
            .into()),
            "postgres" => super::postgres::Config::understand(config),
            "redshift" => super::redshift::Config::understand(config),
            other => Err(Diagnostic::error(
                "unknown-adapter",
                format!("there is no adapter of type `{other}`"),
            )
            .at_some(kind.value_span.clone())
            .label(format!("not one of {}", TYPES.join(", ")))
            .did_you_mean(other, TYPES)
            .into()),
        }
    }
}

/// The warehouse of a target; it is reached when the first connection is made.
///
/// # Errors
/// When it cannot be set up.
pub fn open(target: &Target) -> Result<Box<dyn Adapter>, Error> {
    match &target.warehouse {
        #[cfg(feature = "duckdb")]
        Warehouse::DuckDb(config) => Ok(Box::new(super::duckdb::DuckDb::new(config))),
        Warehouse::Postgres(config) => Ok(Box::new(super::postgres::Postgres::new(config))),
        Warehouse::Redshift(config) => Ok(Box::new(super::redshift::Redshift::new(config)?)),
    }
}
