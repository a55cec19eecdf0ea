//! The keys of a target of type `duckdb`.
//!
//! In: a [`TargetConfig`]. Out: a [`Target`] whose warehouse is a [`Config`]. Opens nothing.

use std::path::PathBuf;

use super::super::copy::Folders;
use super::super::emulating;
use super::super::target::{Places, Target, TargetConfig, TargetKey, Warehouse};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// How an embedded DuckDB is opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The file; none keeps the database in memory.
    pub path: Option<PathBuf>,
    /// The name of the database in SQL.
    pub database: String,
    /// Whether it takes Redshift's SQL.
    pub emulates_redshift: bool,
    /// `SET` for every connection, name and value.
    pub settings: Vec<(String, String)>,
    /// Where that is written.
    pub places: Places,
    /// Folders that stand for prefixes of S3.
    pub s3: Folders,
}

/// The keys that are understood.
const KEYS: [&str; 9] = [
    "type",
    "path",
    "schema",
    "database",
    "threads",
    "settings",
    "extensions",
    "emulate",
    "s3",
];

/// Keys of dbt-duckdb that are known and not supported.
const REFUSED: [&str; 11] = [
    "attach",
    "config_options",
    "disable_transactions",
    "filesystems",
    "is_ducklake",
    "keep_open",
    "module_paths",
    "plugins",
    "remote",
    "retries",
    "secrets",
];

/// Extensions that are part of the library.
const EXTENSIONS: [&str; 4] = ["core_functions", "icu", "json", "parquet"];

impl Config {
    /// Understands the keys of a `duckdb` target.
    ///
    /// # Errors
    /// Every key that is unknown or holds what it should not.
    pub fn understand(config: &TargetConfig) -> Result<Target, Diagnostics> {
        let mut found = Diagnostics::default();
        let mut note = |result: Result<(), Diagnostic>| {
            if let Err(diagnostic) = result {
                found.push(diagnostic);
            }
        };
        let mut threads = 1;
        let mut schema = None;
        let mut database = None;
        let mut understood = Self {
            path: None,
            database: String::new(),
            emulates_redshift: false,
            settings: Vec::new(),
            places: config.places(),
            s3: Folders::default(),
        };
        for key in &config.keys {
            note(match key.name.as_str() {
                "type" => Ok(()),
                "path" => path(key, config).map(|path| {
                    understood.path = path;
                }),
                "schema" => key.text().map(|text| schema = Some(text)),
                "database" => key.text().map(|text| database = Some(text)),
                "threads" => key.count().map(|count| threads = count),
                "settings" => settings(key).map(|settings| {
                    understood.settings = settings;
                }),
                "extensions" => extensions(key),
                "emulate" => emulate(key).map(|()| understood.emulates_redshift = true),
                "s3" => key.folders(config).map(|folders| understood.s3 = folders),
                _ => Err(unknown(key)),
            });
        }
        // A folder that stands for a place without being written in the profile is that of a backup.
        let s3 = config.get("s3").filter(|key| key.key_span.is_some());
        if let (Some(key), false) = (s3, config.get("emulate").is_some()) {
            note(Err(Diagnostic::error(
                "bad-target-value",
                "`s3` maps the files of COPY, which only a target that emulates Redshift has",
            )
            .at_some(key.key_span.clone())
            .help("add `emulate: redshift` to the target")));
        }
        let own = understood
            .path
            .as_ref()
            .and_then(|path| path.file_stem())
            .map_or_else(
                || "memory".to_owned(),
                |stem| stem.to_string_lossy().into_owned(),
            );
        understood.database = database.unwrap_or(own);
        let taken = understood.database.to_lowercase();
        let beside = taken == "memory" && understood.path.is_some();
        if beside || RESERVED.contains(&taken.as_str()) {
            let key = config.get("path").or(config.get("database"));
            note(Err(Diagnostic::error(
                "bad-target-value",
                format!(
                    "`{taken}` cannot be the name of the database: DuckDB has one of this name"
                ),
            )
            .at_some(key.and_then(|key| key.value_span.clone()))
            .help(
                "the name is `database` of the target, or that of the file: choose another",
            )));
        }
        let target = Target {
            name: config.name.clone(),
            dialect: understood.dialect(),
            database: understood.database.clone(),
            schema: schema.unwrap_or_else(|| understood.default_schema().to_owned()),
            threads,
            warehouse: Warehouse::DuckDb(understood),
        };
        found.or(target).map(|(target, _)| target)
    }

    /// dbt's name of the adapter as the project's Jinja sees it.
    pub(super) fn dialect(&self) -> &'static str {
        if self.emulates_redshift {
            "redshift"
        } else {
            "duckdb"
        }
    }

    fn default_schema(&self) -> &'static str {
        if self.emulates_redshift {
            "public"
        } else {
            "main"
        }
    }
}

/// Names of databases that are always there; `memory` is another where a file is opened.
const RESERVED: [&str; 3] = ["system", "temp", emulating::PRELUDE];

fn unknown(key: &TargetKey) -> Diagnostic {
    if REFUSED.contains(&key.name.as_str()) {
        return Diagnostic::error(
            "unsupported-target-key",
            format!("`{}` of dbt-duckdb is not supported", key.name),
        )
        .at_some(key.key_span.clone())
        .help("take it out of the target: Redstart opens one file by itself");
    }
    Diagnostic::error(
        "unknown-target-key",
        format!("a target of type `duckdb` has no key `{}`", key.name),
    )
    .at_some(key.key_span.clone())
    .label(format!("not one of {}", KEYS.join(", ")))
    .did_you_mean(&key.name, KEYS)
}

fn path(key: &TargetKey, config: &TargetConfig) -> Result<Option<PathBuf>, Diagnostic> {
    match key.text()?.as_str() {
        ":memory:" => Ok(None),
        "" => Err(key.wrong("the path of a file, or `:memory:`")),
        remote if remote.starts_with("md:") || remote.contains("://") => Err(Diagnostic::error(
            "bad-target-value",
            "a database over the network is not supported",
        )
        .at_some(key.value_span.clone())
        .help("name a local file")),
        path => Ok(Some(config.folder.join(path))),
    }
}

fn emulate(key: &TargetKey) -> Result<(), Diagnostic> {
    match key.text()?.as_str() {
        "redshift" => Ok(()),
        other => Err(Diagnostic::error(
            "bad-target-value",
            format!("DuckDB cannot emulate `{other}`"),
        )
        .at_some(key.value_span.clone())
        .help("the only value is `redshift`")
        .did_you_mean(other, ["redshift"])),
    }
}

fn settings(key: &TargetKey) -> Result<Vec<(String, String)>, Diagnostic> {
    let wrong = || key.wrong("a map of settings, each with one value");
    let serde_json::Value::Object(map) = &key.value else {
        return Err(wrong());
    };
    map.iter()
        .map(|(name, value)| match value {
            _ if !name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_') =>
            {
                Err(wrong())
            }
            serde_json::Value::String(text) => Ok((name.clone(), text.clone())),
            serde_json::Value::Number(_) | serde_json::Value::Bool(_) => {
                Ok((name.clone(), value.to_string()))
            }
            _ => Err(wrong()),
        })
        .collect()
}

fn extensions(key: &TargetKey) -> Result<(), Diagnostic> {
    let serde_json::Value::Array(names) = &key.value else {
        return Err(key.wrong("a list of names"));
    };
    for name in names {
        let Some(name) = name.as_str() else {
            return Err(key.wrong("a list of names"));
        };
        if !EXTENSIONS.contains(&name) {
            return Err(Diagnostic::error(
                "extension-not-built-in",
                format!("the DuckDB extension `{name}` is not built in"),
            )
            .at_some(key.value_span.clone())
            .note("redstart downloads nothing at run time")
            .help(format!("built in are {}", EXTENSIONS.join(", "))));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn target(keys: serde_json::Value) -> Result<Target, Diagnostics> {
        Target::understand(&TargetConfig::of_json("dev", keys))
    }

    fn refused(keys: serde_json::Value) -> String {
        target(keys)
            .unwrap_err()
            .into_iter()
            .map(|diagnostic| format!("{diagnostic} | {}\n", diagnostic.help.join(" | ")))
            .collect()
    }

    #[test]
    fn a_target_that_emulates_redshift_is_redshift_to_the_project() {
        let target = target(json!({
            "type": "duckdb", "path": "target/sparkify.duckdb", "emulate": "redshift", "threads": 4,
            "settings": {"memory_limit": "1GB", "threads": 2},
            "s3": {"s3://sparkify/": "fixtures/"},
        }))
        .unwrap();
        assert_eq!(
            (
                target.dialect,
                target.database.as_str(),
                target.schema.as_str(),
                target.threads
            ),
            ("redshift", "sparkify", "public", 4)
        );
        let Warehouse::DuckDb(config) = target.warehouse else {
            panic!("a DuckDB");
        };
        assert_eq!(
            config.path.unwrap(),
            PathBuf::from("/project/target/sparkify.duckdb")
        );
        assert_eq!(config.settings[1], ("threads".to_owned(), "2".to_owned()));
    }

    #[test]
    fn a_plain_target_speaks_duckdb_in_memory_and_in_main() {
        let target = target(json!({"type": "duckdb", "path": ":memory:"})).unwrap();
        assert_eq!(
            (
                target.dialect,
                target.database.as_str(),
                target.schema.as_str(),
                target.threads
            ),
            ("duckdb", "memory", "main", 1)
        );
    }

    #[test]
    fn every_wrong_key_is_told_at_once() {
        insta::assert_snapshot!(refused(json!({
            "type": "duckdb", "pth": "x", "threads": 0, "emulate": "redshfit", "plugins": [],
            "extensions": ["json", "httpfs"], "s3": {"gs://a": "b"}, "settings": ["x"], "database": "temp",
        })), @"
        error[unknown-target-key]: a target of type `duckdb` has no key `pth` | did you mean `path`?
        error[bad-target-value]: `threads` of the target must be a whole number above zero | 
        error[bad-target-value]: DuckDB cannot emulate `redshfit` | the only value is `redshift` | did you mean `redshift`?
        error[unsupported-target-key]: `plugins` of dbt-duckdb is not supported | take it out of the target: Redstart opens one file by itself
        error[extension-not-built-in]: the DuckDB extension `httpfs` is not built in | built in are core_functions, icu, json, parquet
        error[bad-target-value]: `s3` of the target must be a map from `s3://bucket/prefix` to a folder, or to the keys of a store (`region`, `endpoint_url`, …) | 
        error[bad-target-value]: `settings` of the target must be a map of settings, each with one value | 
        error[bad-target-value]: `temp` cannot be the name of the database: DuckDB has one of this name | the name is `database` of the target, or that of the file: choose another
        ");
    }

    #[test]
    fn a_file_called_memory_would_hide_the_one_in_memory() {
        let keys = json!({"type": "duckdb", "path": "memory.duckdb"});
        insta::assert_snapshot!(refused(keys), @"error[bad-target-value]: `memory` cannot be the name of the database: DuckDB has one of this name | the name is `database` of the target, or that of the file: choose another");
    }

    #[test]
    fn a_type_that_is_not_there_is_told_with_the_nearest() {
        insta::assert_snapshot!(refused(json!({"type": "duckbd"})), @"error[unknown-adapter]: there is no adapter of type `duckbd` | did you mean `duckdb`?");
        insta::assert_snapshot!(refused(json!({"path": "x"})), @"error[missing-target-key]: the target `dev` has no `type` | add `type: duckdb` (duckdb, postgres, redshift)");
    }
}
