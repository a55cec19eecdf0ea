//! The target of a profile: where the project is built.
//!
//! In: `profiles.yml` and the words of the command line. Out: [`Target`].
//! Does not know what an adapter makes of the values.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::files;
use super::render::{Vars, YamlRenderer};
use super::yaml::{self, Spanned, Yaml};
use super::{Options, Secrets};
use crate::adapter::{TargetConfig, TargetKey};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span, nearest};

/// The warehouses that a target can name, with the keys that each knows besides [`COMMON_KEYS`].
const KINDS: [(&str, &[&str]); 3] = [
    (
        "duckdb",
        &[
            "path",
            "emulate",
            "s3",
            "extensions",
            "settings",
            "attach",
            "config_options",
            "use_credential_provider",
            "retries",
            "filesystems",
            "plugins",
            "secrets",
            "is_ducklake",
            "disable_transactions",
            "keep_open",
            "module_paths",
            "external_root",
            "remote",
        ],
    ),
    (
        "postgres",
        &[
            "host",
            "user",
            "pass",
            "password",
            "port",
            "dbname",
            "database",
            "emulate",
            "s3",
            "connect_timeout",
            "role",
            "search_path",
            "keepalives_idle",
            "sslmode",
            "sslcert",
            "sslkey",
            "sslrootcert",
            "application_name",
            "retries",
            "autocommit",
        ],
    ),
    (
        "redshift",
        &[
            "host",
            "user",
            "pass",
            "password",
            "port",
            "dbname",
            "database",
            "method",
            "cluster_id",
            "iam_profile",
            "region",
            "access_key_id",
            "secret_access_key",
            "autocreate",
            "db_groups",
            "ra3_node",
            "role",
            "sslmode",
            "sslrootcert",
            "connect_timeout",
            "retries",
            "retry_all",
            "autocommit",
            "token_endpoint",
            "idc_region",
            "issuer_url",
            "idp_listen_port",
            "idc_client_display_name",
            "idp_response_timeout",
            "is_serverless",
            "serverless_work_group",
            "serverless_acct_id",
            "query_group",
            "s3",
            "datasharing",
            "tcp_keepalive",
            "tcp_keepalive_idle",
            "tcp_keepalive_interval",
            "tcp_keepalive_count",
            "allow_concurrent_drops",
            "drop_without_cascade",
            "application_name",
            "staging",
        ],
    ),
];
const COMMON_KEYS: [&str; 4] = ["type", "schema", "threads", "run_history"];

/// The keys of a store under `s3` and `staging`.
const STORE_KEYS: [&str; 7] = [
    "location",
    "iam_role",
    "region",
    "endpoint_url",
    "iam_profile",
    "access_key_id",
    "secret_access_key",
];

/// One output of a profile, its values rendered and typed.
#[derive(Clone, Debug)]
pub struct Target {
    /// The profile it belongs to.
    pub profile_name: String,
    /// Its name, such as `dev`.
    pub name: String,
    /// `type`: `duckdb`, `postgres` or `redshift`.
    pub kind: String,
    /// `emulate`: the warehouse whose SQL it takes, if not its own.
    pub emulate: Option<String>,
    /// `schema`: where models without a schema of their own go.
    pub schema: String,
    /// The database it connects to, by the name that `target.database` shows.
    pub database: String,
    /// `threads`, or what the command line says.
    pub threads: usize,
    /// Every key, in the order of the file.
    pub values: IndexMap<String, TargetValue>,
    /// Passwords and secret variables among the values.
    pub secrets: Secrets,
    /// Where the output is declared.
    pub span: Span,
}

/// A value of a target.
#[derive(Clone, Debug)]
pub struct TargetValue {
    /// The value, Jinja rendered.
    pub value: Value,
    /// Where it is written.
    pub span: Span,
}

impl Target {
    /// The warehouse whose SQL the project is written in: `target.type` in Jinja.
    pub fn dialect(&self) -> &str {
        self.emulate.as_deref().unwrap_or(&self.kind)
    }

    /// A key's value.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key).map(|value| &value.value)
    }

    /// The output as an adapter reads it; its relative paths start from `folder`.
    pub fn config(&self, folder: &Path) -> TargetConfig {
        let own = |name: &str, value: Value| TargetKey {
            name: name.to_owned(),
            key_span: self.values.get(name).map(|value| value.span.clone()),
            value,
            value_span: self.values.get(name).map(|value| value.span.clone()),
        };
        let decided = ["name", "schema", "database", "dbname", "threads"];
        let mut keys = vec![
            own("schema", Value::from(self.schema.as_str())),
            own("database", Value::from(self.database.as_str())),
            own("threads", Value::from(self.threads)),
        ];
        keys.extend(
            self.values
                .iter()
                .filter(|(name, _)| !decided.contains(&name.as_str()))
                .map(|(name, value)| own(name, value.value.clone())),
        );
        TargetConfig {
            name: self.name.clone(),
            folder: folder.to_owned(),
            origin: Some(self.span.clone()),
            keys,
        }
    }

    /// `target` as Jinja sees it: what is no secret.
    pub fn to_jinja(&self) -> Map<String, Value> {
        let mut shown = self
            .values
            .iter()
            .filter(|(key, _)| !is_secret_key(key))
            .map(|(key, value)| (key.clone(), value.value.clone()))
            .collect::<Map<_, _>>();
        for (key, value) in [
            ("profile_name", self.profile_name.as_str()),
            ("target_name", &self.name),
            ("name", &self.name),
            ("type", self.dialect()),
            ("schema", &self.schema),
            ("database", &self.database),
            ("dbname", &self.database),
        ] {
            shown.insert(key.to_owned(), Value::from(value));
        }
        shown.insert("threads".to_owned(), Value::from(self.threads));
        shown
    }
}

/// The target that the options choose.
///
/// # Errors
/// A missing file, profile, target or key, or values that do not fit.
pub fn load(
    options: &Options,
    profile: Option<&Yaml>,
    project_name: &str,
    vars: &Vars,
) -> Result<Target, Diagnostics> {
    let path = find(options)?;
    let source = files::read(&path, &files::shown_path(&options.root, &path))?;
    let profiles = yaml::parse(&source)?;
    let shown = without_secrets(&source, &profiles);
    let show = |span: &mut Span| {
        if Arc::ptr_eq(&span.source, &source) {
            span.source = Arc::clone(&shown);
        }
    };
    match choose(options, profile, project_name, vars, &profiles) {
        Ok(mut target) => {
            // What an adapter says of its keys later stands in the same lines.
            show(&mut target.span);
            target
                .values
                .values_mut()
                .for_each(|value| show(&mut value.span));
            Ok(target)
        }
        Err(mut problems) => {
            for problem in &mut problems.0 {
                let related = problem.related.iter_mut().map(|(_, span)| span);
                problem.span.iter_mut().chain(related).for_each(show);
            }
            Err(problems)
        }
    }
}

/// The names of the other targets of a target's profile, in the order of the file; none where it cannot be read.
pub fn others(options: &Options, of: &Target) -> Vec<String> {
    let profiles = find(options).ok().and_then(|path| {
        let source = files::read(&path, &files::shown_path(&options.root, &path)).ok()?;
        yaml::parse(&source).ok()
    });
    let outputs = profiles
        .as_ref()
        .and_then(|profiles| profiles.get(&of.profile_name)?.get("outputs"));
    let names = outputs.into_iter().flat_map(Yaml::entries);
    let names = names.map(|(name, _)| name.key_text());
    names.filter(|name| *name != of.name).collect()
}

fn choose(
    options: &Options,
    profile: Option<&Yaml>,
    project_name: &str,
    vars: &Vars,
    profiles: &Yaml,
) -> Result<Target, Diagnostics> {
    let mut problems = Diagnostics::default();
    let renderer = YamlRenderer::new(
        project_name,
        &options.environment,
        vars.clone(),
        None,
        false,
    );
    let profile = profile.map(|name| renderer.render(name, &|_| true, &mut problems));
    if problems.has_errors() {
        return Err(problems);
    }
    let profile = profile.as_ref().map(Yaml::to).transpose()?;
    let (profile_name, chosen) = choose_profile(options, profile.as_ref(), project_name, profiles)?;
    let renderer = YamlRenderer::new(project_name, &options.environment, vars.clone(), None, true);
    let mut render = |yaml: &Yaml| renderer.render(yaml, &|_| true, &mut problems);

    let default = chosen.get("target").map(&mut render);
    let (name, output) = choose_target(options, default.as_ref(), &profile_name, chosen)?;
    let output = render(output);
    if problems.has_errors() {
        return Err(problems);
    }
    let mut secrets = Secrets::default();
    renderer
        .secrets_read()
        .iter()
        .for_each(|secret| secrets.add(secret));
    make(options, profile_name, name, &output, secrets)
}

fn find(options: &Options) -> Result<PathBuf, Diagnostic> {
    let folders = match (
        &options.profiles_dir,
        options.environment.get("DBT_PROFILES_DIR"),
    ) {
        (Some(folder), _) => vec![folder.clone()],
        (None, Some(folder)) => vec![PathBuf::from(folder)],
        (None, None) => {
            let home = options
                .environment
                .get("HOME")
                .or_else(|| options.environment.get("USERPROFILE"));
            // dbt looks where it was called, which is mostly the project's folder.
            let called = Some(&options.here).filter(|here| **here != options.root);
            std::iter::once(options.root.clone())
                .chain(called.cloned())
                .chain(home.map(|home| Path::new(home).join(".dbt")))
                .collect()
        }
    };
    let paths = folders
        .iter()
        .map(|folder| folder.join("profiles.yml"))
        .collect::<Vec<_>>();
    paths.iter().find(|path| path.is_file()).cloned().ok_or_else(|| {
        let mut diagnostic = Diagnostic::error("missing-profiles", "there is no `profiles.yml`");
        for path in &paths {
            let shown = files::shown_path(&options.here, path);
            diagnostic = diagnostic.note(format!("looked for {shown}"));
        }
        let diagnostic = diagnostic.help("write one, or name its folder with --profiles-dir; `redstart init` writes a project that has one");
        or_elsewhere(options, diagnostic)
    })
}

/// Where nothing says that the folder is a project's, it may be the wrong one.
fn or_elsewhere(options: &Options, diagnostic: Diagnostic) -> Diagnostic {
    if options.root.join("dbt_project.yml").is_file() {
        return diagnostic;
    }
    let folder = match options.root == options.here {
        true => "this folder".to_owned(),
        false => format!("`{}`", files::shown_path(&options.here, &options.root)),
    };
    diagnostic.help(format!(
        "{folder} has no dbt_project.yml: if the project is elsewhere, name its folder with --project-dir"
    ))
}

/// The names of a mapping, in backticks.
fn names(yaml: &Yaml) -> String {
    yaml.entries()
        .iter()
        .map(|(key, _)| format!("`{}`", key.key_text()))
        .collect::<Vec<_>>()
        .join(", ")
}

fn choose_profile<'y>(
    options: &Options,
    declared: Option<&Spanned<String>>,
    project_name: &str,
    profiles: &'y Yaml,
) -> Result<(String, &'y Yaml), Diagnostic> {
    if !profiles.is_map() {
        return Err(profiles.expected("a mapping of profiles"));
    }
    let of_environment = options.environment.get("DBT_PROFILE");
    let wanted = options
        .profile
        .as_deref()
        .or(of_environment)
        .or(declared.map(|name| name.value.as_str()));
    if let Some(wanted) = wanted {
        let explicit = options.profile.is_some() || of_environment.is_some();
        return profiles
            .get(wanted)
            .map(|profile| (wanted.to_owned(), profile))
            .ok_or_else(|| {
                let at = declared.filter(|_| !explicit).map_or_else(
                    || Span::file(&profiles.span.source),
                    |name| name.span.clone(),
                );
                Diagnostic::error(
                    "missing-profile",
                    format!(
                        "there is no profile `{wanted}` in {}",
                        profiles.span.source.path
                    ),
                )
                .at(at)
                .did_you_mean(
                    wanted,
                    profiles
                        .entries()
                        .iter()
                        .filter_map(|(key, _)| key.as_str()),
                )
                .help(format!("the profiles are {}", names(profiles)))
            });
    }
    if let Some(profile) = profiles.get(project_name) {
        return Ok((project_name.to_owned(), profile));
    }
    let mut only = profiles
        .entries()
        .iter()
        .filter(|(key, _)| key.as_str() != Some("config"));
    match (only.next(), only.next()) {
        (Some((key, profile)), None) => Ok((key.key_text(), profile)),
        (None, _) => Err(
            Diagnostic::error("missing-profile", "`profiles.yml` holds no profile")
                .at(Span::file(&profiles.span.source)),
        ),
        _ => {
            let wrong = Diagnostic::error(
                "missing-profile",
                format!("there is no profile `{project_name}` for this project"),
            )
            .at(Span::file(&profiles.span.source))
            .help(format!(
                "choose one with --profile, or with `profile:` in dbt_project.yml; the profiles are {}",
                names(profiles)
            ));
            Err(or_elsewhere(options, wrong))
        }
    }
}

fn choose_target<'y>(
    options: &Options,
    default: Option<&Yaml>,
    profile_name: &str,
    profile: &'y Yaml,
) -> Result<(String, &'y Yaml), Diagnostic> {
    if !profile.is_map() {
        return Err(profile.expected("a mapping with `target` and `outputs`"));
    }
    let Some(outputs) = profile.get("outputs") else {
        return Err(Diagnostic::error(
            "missing-key",
            format!("the profile `{profile_name}` has no `outputs`"),
        )
        .at(profile.span.clone())
        .help("list its targets: `outputs: {dev: {type: duckdb, path: shop.duckdb}}`"));
    };
    let explicit = options
        .target
        .as_deref()
        .or_else(|| options.environment.get("DBT_TARGET"));
    let wanted = match (explicit, default) {
        (Some(wanted), _) => wanted,
        (None, Some(default)) => default
            .as_str()
            .ok_or_else(|| default.expected("the name of a target"))?,
        (None, None) => "default",
    };
    let Some(output) = outputs.get(wanted) else {
        let at = default
            .filter(|_| explicit.is_none())
            .or(outputs.entries().first().map(|(name, _)| name))
            .map_or_else(|| outputs.span.clone(), |at| at.span.clone());
        return Err(Diagnostic::error(
            "missing-target",
            format!("the profile `{profile_name}` has no target `{wanted}`"),
        )
        .at(at)
        .did_you_mean(
            wanted,
            outputs.entries().iter().filter_map(|(key, _)| key.as_str()),
        )
        .help(format!("the targets are {}", names(outputs))));
    };
    if !output.is_map() {
        return Err(output.expected("a mapping of connection values"));
    }
    Ok((wanted.to_owned(), output))
}

fn is_secret_key(key: &str) -> bool {
    [
        "pass",
        "password",
        "token",
        "secret",
        "private_key",
        "access_key_id",
        "secret_access_key",
    ]
    .contains(&key)
        || key.contains("password")
        || key.contains("secret")
}

fn make(
    options: &Options,
    profile_name: String,
    name: String,
    output: &Yaml,
    mut secrets: Secrets,
) -> Result<Target, Diagnostics> {
    let mut problems = Diagnostics::default();
    let kind = match text(output, "type") {
        Ok(Some(kind)) => kind,
        Ok(None) => {
            return Err(Diagnostic::error(
                "missing-key",
                format!("the target `{name}` has no `type`"),
            )
            .at(output.span.clone())
            .help("write one of `duckdb`, `postgres`, `redshift`")
            .into());
        }
        Err(problem) => return Err(problem.into()),
    };
    let Some((_, keys)) = KINDS.iter().find(|(known, _)| *known == kind) else {
        return Err(
            Diagnostic::error("unknown-adapter", format!("there is no adapter `{kind}`"))
                .at_some(output.get("type").map(|kind| kind.span.clone()))
                .did_you_mean(&kind, KINDS.iter().map(|(known, _)| *known))
                .help("the adapters are `duckdb`, `postgres` and `redshift`")
                .into(),
        );
    };
    check_keys(output, &kind, keys, &mut problems);
    let mut field = |key: &str| {
        text(output, key).unwrap_or_else(|problem| {
            problems.push(problem);
            None
        })
    };
    let emulate = field("emulate");
    let schema = field("schema");
    let database = field("dbname").or_else(|| field("database"));
    let path = field("path");
    if let Some(emulate) = emulate.as_deref().filter(|emulate| *emulate != "redshift") {
        problems.push(
            Diagnostic::error("unknown-value", format!("`{emulate}` cannot be emulated"))
                .at_some(output.get("emulate").map(|value| value.span.clone()))
                .help("only `emulate: redshift` is known; leave the key out to speak the engine's own SQL"),
        );
    }
    let threads = threads(options, output).unwrap_or_else(|problem| {
        problems.push(problem);
        1
    });
    let schema = schema
        .or_else(|| (kind == "duckdb").then(|| "main".to_owned()))
        .unwrap_or_else(|| {
            problems.push(
                Diagnostic::error(
                    "missing-key",
                    format!("the target `{name}` has no `schema`"),
                )
                .at(output.span.clone())
                .help("write the schema that models are built in"),
            );
            String::new()
        });
    let values = output
        .entries()
        .iter()
        .map(|(key, value)| {
            (
                key.key_text(),
                TargetValue {
                    value: value.to_json(),
                    span: value.span.clone(),
                },
            )
        })
        .collect::<IndexMap<_, _>>();
    // By its text: a password of digits is a number to YAML.
    hide(output, &mut secrets);
    let target = Target {
        database: database.unwrap_or_else(|| database_of_path(path.as_deref())),
        profile_name,
        name,
        kind,
        emulate,
        schema,
        threads,
        values,
        secrets,
        span: output.span.clone(),
    };
    problems.or(target).map(|(target, _)| target)
}

/// Hides the secrets of a target, those of the stores under `s3` too.
fn hide(output: &Yaml, secrets: &mut Secrets) {
    for (key, value) in output.entries() {
        if value.is_map() {
            hide(value, secrets);
        } else if is_secret_key(&key.key_text()) && !value.is_null() {
            secrets.add(&value.key_text());
        }
    }
}

/// The file without the secrets that stand in it: what is told of its lines before a target is known, nothing else hides.
fn without_secrets(source: &Arc<Source>, profiles: &Yaml) -> Arc<Source> {
    let mut secrets = Vec::new();
    find_secrets(profiles, None, &mut secrets);
    let mut text = source.text.clone();
    for range in secrets {
        // As many bytes and characters as before: places stay what they are.
        let masked: String = source.text[range.clone()].chars().map(masked).collect();
        text.replace_range(range, &masked);
    }
    Source::new(source.path.clone(), text)
}

/// Where secrets stand as they are; a template is none. Under a key that nobody knows may stand a secret whose key is mistyped.
fn find_secrets(yaml: &Yaml, under: Option<&str>, found: &mut Vec<Range<usize>>) {
    let kind = yaml.get("type").map(Yaml::key_text);
    let known_here = KINDS
        .iter()
        .find(|(name, _)| Some(*name) == kind.as_deref())
        .map(|(_, keys)| *keys);
    for (key, value) in yaml.entries() {
        let name = key.key_text();
        let unknown = match (under, known_here) {
            (Some("s3" | "staging"), _) => {
                !STORE_KEYS.contains(&name.as_str()) && !name.starts_with("s3://")
            }
            (_, Some(keys)) => !is_known(&name, keys),
            _ => false,
        };
        if value.is_map() {
            // The stores of `s3` stand one level deeper, below their prefixes.
            let inside = match under {
                Some("s3") => "s3",
                _ => &name,
            };
            find_secrets(value, Some(inside), found);
        } else if (unknown || is_secret_key(&name)) && !value.span.text().contains("{{") {
            found.push(value.span.start..value.span.end);
        }
    }
}

fn is_known(name: &str, keys: &[&str]) -> bool {
    keys.contains(&name) || COMMON_KEYS.contains(&name) || matches!(name, "name" | "database")
}

fn masked(letter: char) -> char {
    match (letter, letter.len_utf8()) {
        ('\n', _) => '\n',
        (_, 1) => '*',
        (_, 2) => '·',
        (_, 3) => '•',
        _ => '𝄀',
    }
}

fn check_keys(output: &Yaml, kind: &str, keys: &[&str], problems: &mut Diagnostics) {
    for (key, _) in output.entries() {
        let name = key.key_text();
        if is_known(&name, keys) {
            continue;
        }
        let known = || keys.iter().chain(&COMMON_KEYS).copied();
        let problem = Diagnostic::error(
            "unknown-key",
            format!("a `{kind}` target has no key `{name}`"),
        )
        .at(key.span.clone());
        problems.push(match instead(kind, &name) {
            Some(help) => problem.help(help),
            None if nearest(&name, known()).is_some() => problem.did_you_mean(&name, known()),
            None => problem.help(format!(
                "take it out: the keys of a `{kind}` target are {}",
                known()
                    .map(|key| format!("`{key}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
        });
    }
}

/// What takes the place of keys that other versions and adapters of dbt have.
fn instead(kind: &str, key: &str) -> Option<&'static str> {
    Some(match (kind, key) {
        ("redshift", "keepalives_idle") => "write `tcp_keepalive_idle`",
        ("redshift", "search_path") => "set it for the user: `alter user … set search_path to …`",
        ("redshift", "sslcert" | "sslkey") => {
            "take it out: Redshift knows no certificates of clients"
        }
        ("redshift", "emulate") => "take it out: it is for targets of type `duckdb` and `postgres`",
        _ => return None,
    })
}

/// A key's value as text: numbers are taken by their text, since `env_var` and YAML disagree about types.
fn text(output: &Yaml, key: &str) -> Result<Option<String>, Diagnostic> {
    match output.get(key) {
        None => Ok(None),
        Some(value) if value.is_null() => Ok(None),
        Some(value) if value.is_map() || value.as_seq().is_some() => Err(value.expected("a text")),
        Some(value) => Ok(Some(value.key_text())),
    }
}

fn threads(options: &Options, output: &Yaml) -> Result<usize, Diagnostic> {
    if let Some(threads) = options.threads {
        return Ok(threads.max(1));
    }
    let Some(value) = output.get("threads").filter(|value| !value.is_null()) else {
        return Ok(1);
    };
    value
        .key_text()
        .trim()
        .parse::<usize>()
        .ok()
        .filter(|threads| *threads > 0)
        .ok_or_else(|| value.expected("a number of threads, at least 1"))
}

/// DuckDB names a database after its file.
fn database_of_path(path: Option<&str>) -> String {
    path.filter(|path| !path.starts_with(':'))
        .and_then(|path| Path::new(path).file_stem())
        .map_or_else(
            || "memory".to_owned(),
            |stem| stem.to_string_lossy().into_owned(),
        )
}
