//! The keys of a target of type `postgres`: those of dbt-postgres.
//!
//! In: a [`TargetConfig`]. Out: a [`Target`] whose warehouse is a [`Config`]. Connects to nothing.

use std::time::Duration;

use super::super::copy::Folders;
use super::super::target::{Places, Target, TargetConfig, TargetKey, Warehouse};
use super::super::wire::tls::{PemFile, SslMode, Trust};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// How a server is reached.
#[derive(Clone, PartialEq)]
pub struct Config {
    /// A name, an address, or the folder of a Unix socket.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The user.
    pub user: String,
    /// The password, where one is needed.
    pub password: Option<String>,
    /// The database.
    pub database: String,
    /// How long a connection may take; none waits for ever.
    pub connect_timeout: Option<Duration>,
    /// How often a connection is tried again.
    pub retries: u32,
    /// After how long in silence the system asks whether the other side is there; none leaves it to the system.
    pub keepalives_idle: Option<Duration>,
    /// The schemas in which names without one are looked up.
    pub search_path: Option<String>,
    /// The role that the session takes.
    pub role: Option<String>,
    /// What the server shows in its list of sessions.
    pub application_name: String,
    /// Whether the connection is encrypted, and who must be on the other side.
    pub sslmode: SslMode,
    /// The certificate that the client shows.
    pub sslcert: Option<PemFile>,
    /// Its key.
    pub sslkey: Option<PemFile>,
    /// The certificates of the authorities that are trusted; none means those of the system.
    pub sslrootcert: Option<PemFile>,
    /// Folders that stand for prefixes of S3.
    pub s3: Folders,
    /// Whether it takes Redshift's SQL.
    pub emulates_redshift: bool,
    /// Where its keys are written.
    pub places: Places,
}

impl std::fmt::Debug for Config {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &self.user)
            .field("database", &self.database)
            .field("sslmode", &self.sslmode)
            .finish_non_exhaustive()
    }
}

/// The keys that are understood.
const KEYS: [&str; 23] = [
    "type",
    "host",
    "user",
    "password",
    "pass",
    "port",
    "dbname",
    "database",
    "schema",
    "threads",
    "keepalives_idle",
    "connect_timeout",
    "retries",
    "autocommit",
    "search_path",
    "role",
    "sslmode",
    "sslcert",
    "sslkey",
    "sslrootcert",
    "application_name",
    "s3",
    "emulate",
];

impl Config {
    /// Understands the keys of a `postgres` target.
    ///
    /// # Errors
    /// Every key that is unknown, missing or holds what it should not.
    pub fn understand(config: &TargetConfig) -> Result<Target, Diagnostics> {
        let mut found = Diagnostics::default();
        let mut threads = 1;
        let mut schema = None;
        let mut understood = Self {
            host: String::new(),
            port: 5432,
            user: String::new(),
            password: None,
            database: String::new(),
            connect_timeout: Some(Duration::from_secs(10)),
            retries: 1,
            keepalives_idle: None,
            search_path: None,
            role: None,
            application_name: "redstart".to_owned(),
            sslmode: SslMode::Prefer,
            sslcert: None,
            sslkey: None,
            sslrootcert: None,
            s3: Folders::default(),
            emulates_redshift: false,
            places: config.places(),
        };
        for key in config.keys.iter().filter(|key| !key.value.is_null()) {
            let result = match key.name.as_str() {
                "schema" => key.text().map(|text| schema = Some(text)),
                "threads" => key.count().map(|count| threads = count),
                _ => understood.take(key, config),
            };
            if let Err(problem) = result {
                found.push(problem);
            }
        }
        let required = [
            ("host", !understood.host.is_empty()),
            ("user", !understood.user.is_empty()),
            ("dbname", !understood.database.is_empty()),
            (
                "schema",
                schema.as_ref().is_some_and(|name| !name.is_empty()),
            ),
        ];
        for (name, _) in required.iter().filter(|(_, there)| !there) {
            let key = config.get(name).or_else(|| match *name {
                "dbname" => config.get("database"),
                _ => None,
            });
            found.push(
                Diagnostic::error(
                    "missing-target-key",
                    format!("the target `{}` has no `{name}`", config.name),
                )
                .at_some(
                    key.and_then(|key| key.value_span.clone())
                        .or_else(|| config.origin.clone()),
                ),
            );
        }
        if understood.sslcert.is_some() != understood.sslkey.is_some() {
            let alone = config.get("sslcert").or_else(|| config.get("sslkey"));
            found.push(
                Diagnostic::error(
                    "missing-target-key",
                    "`sslcert` and `sslkey` are of use only together",
                )
                .at_some(
                    alone
                        .and_then(|key| key.key_span.clone())
                        .or_else(|| config.origin.clone()),
                ),
            );
        }
        let target = Target {
            name: config.name.clone(),
            dialect: understood.dialect(),
            database: understood.database.clone(),
            schema: schema.unwrap_or_default(),
            threads,
            warehouse: Warehouse::Postgres(Box::new(understood)),
        };
        found.or(target).map(|(target, _)| target)
    }

    /// One key of how the server is reached.
    fn take(&mut self, key: &TargetKey, config: &TargetConfig) -> Result<(), Diagnostic> {
        match key.name.as_str() {
            "type" | "name" => {}
            "host" => self.host = key.text()?,
            "port" => self.port = key.port()?,
            "user" => self.user = key.text()?,
            "password" | "pass" => {
                self.password = Some(key.text()?).filter(|password| !password.is_empty());
            }
            "dbname" | "database" => self.database = key.text()?,
            "connect_timeout" => self.connect_timeout = key.seconds()?,
            "keepalives_idle" => self.keepalives_idle = key.seconds()?,
            "retries" => {
                self.retries = u32::try_from(key.number()?)
                    .map_err(|_| key.wrong("a whole number of attempts"))?;
            }
            // Either way, what belongs together is sent in one transaction, and the rest is committed as it is done.
            "autocommit" => {
                key.flag()?;
            }
            "search_path" => self.search_path = Some(key.text()?),
            "role" => self.role = Some(key.text()?),
            "application_name" => self.application_name = key.text()?,
            "sslmode" => self.sslmode = SslMode::of(key)?,
            "sslcert" => self.sslcert = Some(PemFile::of(key, &config.folder)?),
            "sslkey" => self.sslkey = Some(PemFile::of(key, &config.folder)?),
            "sslrootcert" => self.sslrootcert = PemFile::of_authorities(key, &config.folder)?,
            "s3" => self.s3 = key.folders(config)?,
            "emulate" => self.emulates_redshift = emulate(key)?,
            _ => return Err(unknown(key)),
        }
        Ok(())
    }

    /// Whom a connection trusts.
    pub(super) fn trust(&self) -> Trust<'_> {
        Trust {
            mode: self.sslmode,
            roots: self.sslrootcert.as_ref(),
            client: self.sslcert.as_ref().zip(self.sslkey.as_ref()),
        }
    }

    /// dbt's name of the adapter as the project's Jinja sees it.
    pub(super) fn dialect(&self) -> &'static str {
        if self.emulates_redshift {
            "redshift"
        } else {
            "postgres"
        }
    }

    /// Whether the server is reached through a socket of this machine's files.
    pub(super) fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }
}

fn emulate(key: &TargetKey) -> Result<bool, Diagnostic> {
    match key.text()?.as_str() {
        "redshift" => Ok(true),
        other => Err(key
            .wrong("`redshift`: no other warehouse is emulated")
            .did_you_mean(other, ["redshift"])),
    }
}

fn unknown(key: &TargetKey) -> Diagnostic {
    Diagnostic::error(
        "unknown-target-key",
        format!("a target of type `postgres` has no key `{}`", key.name),
    )
    .at_some(key.key_span.clone())
    .label(format!("not one of {}", KEYS.join(", ")))
    .did_you_mean(&key.name, KEYS)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn target(keys: serde_json::Value) -> Result<Target, Diagnostics> {
        Target::understand(&TargetConfig::of_json("dev", keys))
    }

    #[test]
    fn every_key_of_dbt_postgres_is_understood() {
        let target = target(json!({
            "type": "postgres", "host": "db", "user": "me", "pass": "x", "port": "6432", "dbname": "shop",
            "schema": "analytics", "threads": 4, "keepalives_idle": 0, "connect_timeout": 3, "retries": 2,
            "search_path": "a, b", "role": "builder", "autocommit": false, "sslmode": "verify-full", "sslcert": "c.pem",
            "sslkey": "k.pem", "sslrootcert": "ca.pem", "application_name": "nightly", "s3": {"s3://b/": "files"},
        }))
        .unwrap();
        assert_eq!(
            (
                target.dialect,
                target.database.as_str(),
                target.schema.as_str(),
                target.threads
            ),
            ("postgres", "shop", "analytics", 4)
        );
        let config = match target.warehouse {
            Warehouse::Postgres(config) => config,
            #[cfg(feature = "duckdb")]
            Warehouse::DuckDb(_) => panic!("a server"),
            Warehouse::Redshift(_) => panic!("a server of PostgreSQL"),
        };
        assert_eq!((config.port, config.retries), (6432, 2));
        assert_eq!(config.connect_timeout, Some(Duration::from_secs(3)));
        assert_eq!(config.keepalives_idle, None, "0 leaves it to the system");
        assert_eq!(config.sslmode, SslMode::VerifyFull);
        let certificate = config.sslcert.expect("a certificate");
        assert_eq!(certificate.path, std::path::Path::new("/project/c.pem"));
    }

    #[test]
    fn every_wrong_key_is_told_at_once() {
        let told: String = target(json!({
            "type": "postgres", "hots": "db", "port": 0, "sslmode": "verify", "emulate": "redshfit", "sslkey": "k",
        }))
        .unwrap_err()
        .into_iter()
        .map(|diagnostic| format!("{diagnostic} | {}\n", diagnostic.help.join(" | ")))
        .collect();
        insta::assert_snapshot!(told, @r"
        error[unknown-target-key]: a target of type `postgres` has no key `hots` | did you mean `host`?
        error[bad-target-value]: `port` of the target must be a port, from 1 to 65535 | 
        error[bad-target-value]: `sslmode` of the target must be one of disable, allow, prefer, require, verify-ca, verify-full | 
        error[bad-target-value]: `emulate` of the target must be `redshift`: no other warehouse is emulated | did you mean `redshift`?
        error[missing-target-key]: the target `dev` has no `host` | 
        error[missing-target-key]: the target `dev` has no `user` | 
        error[missing-target-key]: the target `dev` has no `dbname` | 
        error[missing-target-key]: the target `dev` has no `schema` | 
        error[missing-target-key]: `sslcert` and `sslkey` are of use only together |
        ");
    }
}
