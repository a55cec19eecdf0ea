//! The keys of a target of type `redshift`: those of dbt-redshift.
//!
//! In: a [`TargetConfig`]. Out: a [`Target`] whose warehouse is a [`Config`]. Connects to nothing.

use std::time::Duration;

use super::super::copy::Folders;
use super::super::target::{Places, Target, TargetConfig, TargetKey, Warehouse};
use super::super::wire::tls::{PemFile, SslMode, Trust};
use super::idle::is_serverless;
use super::login::{Iam, Method};
use super::staging::Staging;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::relation::Relation;

/// How a cluster or a workgroup is reached.
#[derive(Clone)]
pub struct Config {
    /// The name of the endpoint.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The schema that models go to unless they say otherwise.
    pub schema: String,
    /// Who logs in, and how.
    pub method: Method,
    /// `None` is `sslmode: disable`; else whether the certificate is checked for its authority alone, or for the name of the host too.
    pub sslmode: Option<SslMode>,
    /// The certificates of the authorities that are trusted; none means those of the system.
    pub sslrootcert: Option<PemFile>,
    /// How long a connection may take; none waits as long as the system does.
    pub connect_timeout: Option<Duration>,
    /// How often a connection is tried again.
    pub retries: u32,
    /// Whether `retries` counts for every error of the server.
    pub retry_all: bool,
    /// How the system asks whether the other side is there.
    pub keepalive: Option<Keepalive>,
    /// The role that the session takes.
    pub role: Option<String>,
    /// The query group of the session, where a model names none of its own.
    pub query_group: Option<String>,
    /// What the server shows in its list of sessions.
    pub application_name: String,
    /// Whether relations of other databases may be named.
    pub ra3_node: bool,
    /// Whether what exists is read by `show`, which knows shared databases.
    pub datasharing: bool,
    /// Where large seeds wait for their COPY.
    pub staging: Option<Staging>,
    /// Where the files of loads are looked at by Redstart itself; what is not named is looked for in AWS.
    pub s3: Folders,
    /// Where the keys are written.
    pub places: Places,
}

/// TCP keepalive; what is none is left to the system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keepalive {
    /// Seconds of silence before the first question.
    pub idle: Option<Duration>,
    /// Seconds between questions.
    pub interval: Option<Duration>,
    /// Questions without an answer before the connection counts as lost.
    pub count: Option<u32>,
}

impl std::fmt::Debug for Config {
    /// Without passwords and keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("database", &self.database)
            .field("sslmode", &self.sslmode)
            .finish_non_exhaustive()
    }
}

/// The keys that are understood: all of dbt-redshift 1.11, and `sslrootcert`, `application_name` and `staging` of our own.
const KEYS: [&str; 47] = [
    "type",
    "host",
    "port",
    "dbname",
    "database",
    "schema",
    "threads",
    "method",
    "user",
    "password",
    "pass",
    "cluster_id",
    "iam_profile",
    "access_key_id",
    "secret_access_key",
    "region",
    "autocreate",
    "db_groups",
    "is_serverless",
    "serverless_work_group",
    "serverless_acct_id",
    "ra3_node",
    "datasharing",
    "connect_timeout",
    "role",
    "sslmode",
    "sslrootcert",
    "retries",
    "retry_all",
    "autocommit",
    "query_group",
    "application_name",
    "tcp_keepalive",
    "tcp_keepalive_idle",
    "tcp_keepalive_interval",
    "tcp_keepalive_count",
    "allow_concurrent_drops",
    "drop_without_cascade",
    "token_endpoint",
    "idc_region",
    "issuer_url",
    "idp_listen_port",
    "idc_client_display_name",
    "idp_response_timeout",
    "name",
    "s3",
    "staging",
];

/// The keys of the methods that log in through a browser or another company's tokens.
pub(super) const IDENTITY_CENTER_KEYS: [&str; 6] = [
    "token_endpoint",
    "idc_region",
    "issuer_url",
    "idp_listen_port",
    "idc_client_display_name",
    "idp_response_timeout",
];

/// What the keys say about who logs in, before `method` decides which of them count.
#[derive(Default)]
struct Who {
    user: Option<String>,
    password: Option<String>,
    iam: Iam,
    key: Option<String>,
    secret: Option<String>,
}

impl Config {
    /// The database of a relation, where it is not the one that the target connects to.
    pub fn elsewhere<'r>(&self, relation: &'r Relation) -> Option<&'r str> {
        let named = relation.database.as_deref();
        named.filter(|_| relation.is_outside(&self.database))
    }

    /// Understands the keys of a `redshift` target.
    ///
    /// # Errors
    /// Every key that is unknown, missing or holds what it should not.
    pub fn understand(config: &TargetConfig) -> Result<Target, Diagnostics> {
        let mut found = Diagnostics::default();
        let mut threads = 1;
        let mut schema = None;
        let mut who = Who::default();
        let mut understood = Self {
            host: String::new(),
            port: 5439,
            database: String::new(),
            schema: String::new(),
            method: Method::Database {
                user: String::new(),
                password: String::new(),
            },
            sslmode: Some(SslMode::VerifyCa),
            sslrootcert: None,
            connect_timeout: None,
            retries: 1,
            retry_all: false,
            keepalive: Some(Keepalive::default()),
            role: None,
            query_group: None,
            application_name: "redstart".to_owned(),
            ra3_node: false,
            datasharing: false,
            staging: None,
            s3: Folders::default(),
            places: config.places(),
        };
        for key in config.keys.iter().filter(|key| !key.value.is_null()) {
            let result = match key.name.as_str() {
                "schema" => key.text().map(|text| schema = Some(text)),
                "threads" => key.count().map(|count| threads = count),
                _ => match who.take(key) {
                    Some(taken) => taken,
                    None => understood.take(key, config),
                },
            };
            if let Err(problem) = result {
                found.push(problem);
            }
        }
        // Whatever the order of the keys, `tcp_keepalive: false` leaves the other keys without a meaning.
        if let Some(key) = config.get("tcp_keepalive")
            && key.flag() == Ok(false)
        {
            understood.keepalive = None;
        }
        match who.method(config) {
            Ok(method) => understood.method = method,
            Err(problems) => found.extend(problems),
        }
        for (name, there) in [
            ("host", !understood.host.is_empty()),
            ("dbname", !understood.database.is_empty()),
            ("schema", schema.as_ref().is_some_and(|s| !s.is_empty())),
        ] {
            if !there {
                found.push(missing(config, name));
            }
        }
        understood.schema = schema.unwrap_or_default();
        let target = Target {
            name: config.name.clone(),
            dialect: "redshift",
            database: understood.database.clone(),
            schema: understood.schema.clone(),
            threads,
            warehouse: Warehouse::Redshift(Box::new(understood)),
        };
        found.or(target).map(|(target, _)| target)
    }

    /// One key of how the warehouse is reached.
    fn take(&mut self, key: &TargetKey, config: &TargetConfig) -> Result<(), Diagnostic> {
        let whole = |key: &TargetKey| {
            u32::try_from(key.number()?).map_err(|_| key.wrong("a smaller whole number"))
        };
        let keepalive = |of: &mut Self, set: &dyn Fn(&mut Keepalive)| {
            set(of.keepalive.get_or_insert_default());
        };
        match key.name.as_str() {
            "type" | "name" | "method" => {}
            "host" => self.host = key.text()?,
            "port" => self.port = key.port()?,
            "dbname" | "database" => self.database = key.text()?,
            "connect_timeout" => self.connect_timeout = key.seconds()?,
            "retries" => self.retries = whole(key)?,
            "retry_all" => self.retry_all = key.flag()?,
            "role" => self.role = Some(key.text()?),
            "query_group" => self.query_group = Some(key.text()?),
            "application_name" => self.application_name = key.text()?,
            "sslmode" => {
                // dbt's meaning: whoever does not say `disable` is encrypted, to a server with a certificate by a trusted authority.
                self.sslmode = match SslMode::of(key)? {
                    SslMode::Disable => None,
                    SslMode::VerifyFull => Some(SslMode::VerifyFull),
                    _ => Some(SslMode::VerifyCa),
                };
            }
            "sslrootcert" => self.sslrootcert = PemFile::of_authorities(key, &config.folder)?,
            "ra3_node" => self.ra3_node = key.flag()?,
            "datasharing" => self.datasharing = key.flag()?,
            "staging" => self.staging = Some(staging(key)?),
            "tcp_keepalive" => {
                key.flag()?;
            }
            "tcp_keepalive_idle" => {
                let idle = key.seconds()?;
                keepalive(self, &|all| all.idle = idle);
            }
            "tcp_keepalive_interval" => {
                let interval = key.seconds()?;
                keepalive(self, &|all| all.interval = interval);
            }
            "tcp_keepalive_count" => {
                let count = whole(key)?;
                keepalive(self, &|all| all.count = Some(count));
            }
            "autocommit" => {
                if !key.flag()? {
                    return Err(no_implicit_transactions(key));
                }
            }
            // What these ask for is what happens anyway: drops run beside one another, and never with `cascade`.
            "allow_concurrent_drops" | "drop_without_cascade" => {
                key.flag()?;
            }
            "s3" => self.s3 = key.folders(config)?,
            name if IDENTITY_CENTER_KEYS.contains(&name) => {}
            _ => return Err(unknown(key)),
        }
        Ok(())
    }

    /// Whom a connection trusts; none where it is not encrypted.
    pub(super) fn trust(&self) -> Option<Trust<'_>> {
        Some(Trust {
            mode: self.sslmode?,
            roots: self.sslrootcert.as_ref(),
            client: None,
        })
    }
}

impl Who {
    /// One key of who logs in; none where it is another kind of key.
    fn take(&mut self, key: &TargetKey) -> Option<Result<(), Diagnostic>> {
        let text = || Ok(Some(key.text()?).filter(|text| !text.is_empty()));
        Some(match key.name.as_str() {
            "user" => text().map(|user| self.user = user),
            "password" | "pass" => text().map(|password| self.password = password),
            "cluster_id" => text().map(|id| self.iam.cluster_id = id),
            "iam_profile" => text().map(|profile| self.iam.profile = profile),
            "region" => text().map(|region| self.iam.region = region),
            "access_key_id" => text().map(|id| self.key = id),
            "secret_access_key" => text().map(|secret| self.secret = secret),
            "autocreate" => key.flag().map(|flag| self.iam.autocreate = flag),
            "db_groups" => groups(key).map(|groups| self.iam.db_groups = groups),
            "is_serverless" => key.flag().map(|flag| self.iam.serverless = flag),
            "serverless_work_group" => text().map(|name| self.iam.work_group = name),
            // A part of the endpoint's name, which `host` holds already.
            "serverless_acct_id" => text().map(drop),
            _ => return None,
        })
    }

    /// The method, with what it needs.
    fn method(mut self, config: &TargetConfig) -> Result<Method, Diagnostics> {
        let key = config.get("method");
        let name = match key {
            Some(key) if !key.value.is_null() => key.text()?,
            _ => "database".to_owned(),
        };
        let mut found = Diagnostics::default();
        let mut need = |name: &'static str, value: Option<String>| {
            if value.is_none() {
                found.push(missing(config, name));
            }
            value.unwrap_or_default()
        };
        let method = match name.as_str() {
            "database" => Method::Database {
                user: need("user", self.user),
                password: need("password", self.password),
            },
            "iam" | "iam_role" => {
                // A workgroup gives its password to the identity of AWS, whoever that is.
                if name == "iam" && !is_serverless(config) {
                    self.iam.user = Some(need("user", self.user));
                }
                if self.key.is_some() != self.secret.is_some() {
                    let absent = match self.key {
                        Some(_) => "secret_access_key",
                        None => "access_key_id",
                    };
                    need(absent, None);
                }
                self.iam.keys = self.key.zip(self.secret);
                Method::Iam(self.iam)
            }
            "browser_identity_center" | "oauth_token_identity_center" => {
                found.push(
                    Diagnostic::error(
                        "unsupported-method",
                        format!("`method: {name}` is not supported"),
                    )
                    .at_some(key.and_then(|key| key.value_span.clone()))
                    .label("a login through an identity centre")
                    .help("use `database`, `iam` or `iam_role`"),
                );
                Method::Iam(Iam::default())
            }
            other => {
                let known = ["database", "iam", "iam_role"];
                found.push(
                    Diagnostic::error("unknown-value", format!("there is no method `{other}`"))
                        .at_some(key.and_then(|key| key.value_span.clone()))
                        .label("not a way to log in")
                        .did_you_mean(other, known)
                        .help("use `database`, `iam` or `iam_role`"),
                );
                Method::Iam(Iam::default())
            }
        };
        found.or(method).map(|(method, _)| method)
    }
}

/// Where seeds are staged.
fn staging(key: &TargetKey) -> Result<Staging, Diagnostic> {
    let serde_json::Value::Object(keys) = &key.value else {
        return Err(key.wrong("a map with `location: s3://bucket/prefix`"));
    };
    let (mut location, mut iam_role) = (String::new(), "default".to_owned());
    let mut rest = serde_json::Map::new();
    for (name, value) in keys {
        let text = value.as_str().filter(|text| !text.is_empty());
        match (name.as_str(), text) {
            ("location", Some(text)) => text.clone_into(&mut location),
            ("iam_role", Some(text)) => text.clone_into(&mut iam_role),
            ("location" | "iam_role", None) => {
                return Err(key.wrong(&format!("a map in which `{name}` is a text")));
            }
            _ => {
                rest.insert(name.clone(), value.clone());
            }
        }
    }
    let bucket = location
        .strip_prefix("s3://")
        .filter(|rest| !rest.is_empty() && !rest.starts_with('/'));
    if bucket.is_none() {
        return Err(key.wrong("a map with `location: s3://bucket/prefix`"));
    }
    Ok(Staging {
        location: location.trim_end_matches('/').to_owned(),
        iam_role,
        place: key.store("staging", &["location", "iam_role"], &rest)?,
    })
}

/// A list of names, or one.
fn groups(key: &TargetKey) -> Result<Vec<String>, Diagnostic> {
    let wrong = || key.wrong("a list of names of groups");
    match &key.value {
        serde_json::Value::String(name) => Ok(vec![name.clone()]),
        serde_json::Value::Array(names) => names
            .iter()
            .map(|name| name.as_str().map(str::to_owned).ok_or_else(wrong))
            .collect(),
        _ => Err(wrong()),
    }
}

fn missing(config: &TargetConfig, name: &str) -> Diagnostic {
    let key = config.get(name).or_else(|| match name {
        "dbname" => config.get("database"),
        "password" => config.get("pass"),
        _ => None,
    });
    Diagnostic::error(
        "missing-target-key",
        format!("the target `{}` has no `{name}`", config.name),
    )
    .at_some(
        key.and_then(|key| key.value_span.clone())
            .or_else(|| config.origin.clone()),
    )
}

fn no_implicit_transactions(key: &TargetKey) -> Diagnostic {
    Diagnostic::error(
        "unsupported-target-value",
        "`autocommit: false` is not supported",
    )
    .at_some(key.value_span.clone())
    .label("redstart opens and commits transactions itself")
    .help("leave it out: what belongs together is already sent in one transaction")
}

/// What is meant by keys of other versions and other types is told where the profile is read.
fn unknown(key: &TargetKey) -> Diagnostic {
    Diagnostic::error(
        "unknown-target-key",
        format!("a target of type `redshift` has no key `{}`", key.name),
    )
    .at_some(key.key_span.clone())
    .did_you_mean(&key.name, KEYS)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn understand(keys: serde_json::Value) -> Result<Target, Diagnostics> {
        Target::understand(&TargetConfig::of_json("prod", keys))
    }

    fn config(keys: serde_json::Value) -> Config {
        let target = understand(keys).unwrap();
        assert_eq!(target.dialect, "redshift");
        match target.warehouse {
            Warehouse::Redshift(config) => *config,
            _ => panic!("a warehouse of Redshift"),
        }
    }

    fn told(keys: serde_json::Value) -> String {
        understand(keys)
            .unwrap_err()
            .into_iter()
            .map(|diagnostic| format!("{diagnostic} | {}\n", diagnostic.help.join(" | ")))
            .collect()
    }

    #[test]
    fn every_key_of_dbt_redshift_is_understood() {
        let config = config(json!({
            "type": "redshift", "host": "c.x.eu-west-1.redshift.amazonaws.com", "dbname": "shop", "schema": "analytics", "threads": 8,
            "method": "database", "user": "builder", "pass": "x", "cluster_id": null, "iam_profile": "p", "region": "eu-west-1",
            "autocreate": false, "db_groups": ["etl"], "ra3_node": true, "datasharing": "true", "connect_timeout": 30, "role": "r",
            "sslmode": "verify-full", "sslrootcert": "ca.pem", "retries": 2, "retry_all": false, "autocommit": true,
            "query_group": "nightly", "tcp_keepalive": true, "tcp_keepalive_idle": 60, "tcp_keepalive_interval": 10,
            "tcp_keepalive_count": 3, "is_serverless": false, "allow_concurrent_drops": true, "drop_without_cascade": true,
            "application_name": "nightly", "idp_listen_port": 7890,
            "staging": {"location": "s3://lake/redstart/", "iam_role": "arn:aws:iam::1:role/lake", "region": "eu-west-1", "iam_profile": "writer"},
        }));
        assert_eq!((config.port, config.retries), (5439, 2));
        assert_eq!(config.sslmode, Some(SslMode::VerifyFull));
        let authorities = config.sslrootcert.expect("a file");
        assert_eq!(authorities.path, std::path::Path::new("/project/ca.pem"));
        assert_eq!(
            config.keepalive,
            Some(Keepalive {
                idle: Some(Duration::from_secs(60)),
                interval: Some(Duration::from_secs(10)),
                count: Some(3),
            })
        );
        assert!(config.datasharing && config.ra3_node);
        let staging = config.staging.unwrap();
        assert_eq!(staging.location, "s3://lake/redstart");
        assert_eq!(staging.place.identity.profile.as_deref(), Some("writer"));
    }

    #[test]
    fn a_staging_that_says_no_place_is_told() {
        let with = |staging: serde_json::Value| {
            told(json!({
                "type": "redshift", "host": "h", "dbname": "d", "schema": "s", "user": "u", "password": "p", "staging": staging,
            }))
        };
        insta::assert_snapshot!(
            [
                with(json!("s3://lake/")),
                with(json!({"location": "lake/seeds"})),
                with(json!({"location": "s3://lake", "iam_rol": "default"})),
                with(json!({"location": "s3://lake", "access_key_id": "AKIA"})),
                with(json!({"location": "s3://lake", "endpoint_url": "minio:9000"})),
            ]
            .concat(), @"
        error[bad-target-value]: `staging` of the target must be a map with `location: s3://bucket/prefix` | 
        error[bad-target-value]: `staging` of the target must be a map with `location: s3://bucket/prefix` | 
        error[unknown-key]: `staging` has no key `iam_rol` | did you mean `iam_role`?
        error[missing-target-key]: staging has half a key: `access_key_id` and `secret_access_key` go together | 
        error[wrong-type]: `endpoint_url` of staging is no address | write it with `https://` or `http://`
        ");
    }

    #[test]
    fn sslmode_means_what_it_means_in_dbt() {
        let mode = |mode: Option<&str>| {
            let keys = json!({
                "type": "redshift", "host": "h", "dbname": "d", "schema": "s", "user": "u", "password": "p", "sslmode": mode,
            });
            config(keys).sslmode
        };
        assert_eq!(mode(None), Some(SslMode::VerifyCa));
        assert_eq!(mode(Some("disable")), None);
        assert_eq!(mode(Some("allow")), Some(SslMode::VerifyCa));
        assert_eq!(mode(Some("prefer")), Some(SslMode::VerifyCa));
        assert_eq!(mode(Some("require")), Some(SslMode::VerifyCa));
        assert_eq!(mode(Some("verify-ca")), Some(SslMode::VerifyCa));
        assert_eq!(mode(Some("verify-full")), Some(SslMode::VerifyFull));
    }

    #[test]
    fn an_iam_login_knows_its_cluster_or_workgroup() {
        let method = |more: serde_json::Value| {
            let mut keys = json!({"type": "redshift", "host": "wg.1.eu-west-1.redshift.amazonaws.com", "dbname": "d", "schema": "s", "method": "iam_role"});
            for (key, value) in more.as_object().unwrap() {
                keys[key] = value.clone();
            }
            match config(keys).method {
                Method::Iam(iam) => iam,
                Method::Database { .. } => panic!("through IAM"),
            }
        };
        let cluster = method(
            json!({"cluster_id": "c", "db_groups": ["a", "b"], "method": "iam", "user": "u", "autocreate": true}),
        );
        assert_eq!(cluster.user.as_deref(), Some("u"));
        assert_eq!(cluster.db_groups, ["a", "b"]);
        assert!(cluster.autocreate && !cluster.serverless);
        let told = method(
            json!({"is_serverless": true, "serverless_work_group": "wg", "serverless_acct_id": 123_456}),
        );
        assert!(told.serverless);
        assert_eq!(told.work_group.as_deref(), Some("wg"));
    }

    #[test]
    fn every_wrong_key_is_told_at_once() {
        insta::assert_snapshot!(told(json!({
            "type": "redshift", "hots": "h", "sslmode": "verify", "autocommit": false, "s3": 1, "tcp_keepalive": "perhaps", "db_groups": 3,
        })), @"
        error[unknown-target-key]: a target of type `redshift` has no key `hots` | did you mean `host`?
        error[bad-target-value]: `sslmode` of the target must be one of disable, allow, prefer, require, verify-ca, verify-full | 
        error[unsupported-target-value]: `autocommit: false` is not supported | leave it out: what belongs together is already sent in one transaction
        error[bad-target-value]: `s3` of the target must be a map from `s3://bucket/prefix` to a folder, or to the keys of a store (`region`, `endpoint_url`, …) | 
        error[bad-target-value]: `tcp_keepalive` of the target must be true or false | 
        error[bad-target-value]: `db_groups` of the target must be a list of names of groups | 
        error[missing-target-key]: the target `prod` has no `user` | 
        error[missing-target-key]: the target `prod` has no `password` | 
        error[missing-target-key]: the target `prod` has no `host` | 
        error[missing-target-key]: the target `prod` has no `dbname` | 
        error[missing-target-key]: the target `prod` has no `schema` |
        ");
    }

    #[test]
    fn a_method_that_is_not_there_is_told_with_what_is() {
        let with = |more: serde_json::Value| {
            let mut keys = json!({"type": "redshift", "host": "h", "dbname": "d", "schema": "s"});
            for (key, value) in more.as_object().unwrap() {
                keys[key] = value.clone();
            }
            told(keys)
        };
        insta::assert_snapshot!(with(json!({"method": "browser_identity_center"})), @"error[unsupported-method]: `method: browser_identity_center` is not supported | use `database`, `iam` or `iam_role`");
        insta::assert_snapshot!(with(json!({"method": "imm"})), @"error[unknown-value]: there is no method `imm` | did you mean `iam`? | use `database`, `iam` or `iam_role`");
        insta::assert_snapshot!(with(json!({"method": "iam", "access_key_id": "k"})), @"
        error[missing-target-key]: the target `prod` has no `user` | 
        error[missing-target-key]: the target `prod` has no `secret_access_key` |
        ");
    }
}
