//! `flags:` of `dbt_project.yml`, read before anything else of the project.

use std::collections::BTreeMap;
use std::path::Path;

use clap::builder::OsStr;
use serde_json::Value;

use super::table::{BEHAVIOURS, FLAGS, Flag, Kind, OF_ADAPTERS};
use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::project::yaml::{self, Yaml};

/// What a project says of flags.
#[derive(Clone, Debug, Default)]
pub struct ProjectFlags {
    defaults: BTreeMap<String, String>,
    behaviours: BTreeMap<String, bool>,
    /// `log-path` of the project file, an older place for the flag.
    pub log_path: Option<String>,
    /// `target-path` of the project file.
    pub target_path: Option<String>,
}

impl ProjectFlags {
    /// What holds by default for the argument with this id.
    pub fn by_default(&self, id: &str) -> Option<OsStr> {
        self.defaults.get(id).map(OsStr::from)
    }

    /// A flag of behaviour, where the project says it.
    pub fn behaviour(&self, name: &str) -> Option<bool> {
        self.behaviours.get(name).copied()
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.defaults.is_empty()
    }
}

/// Reads the flags of the project in a folder, and what is wrong with them. A file that cannot be read says nothing: the project's
/// loader tells why.
pub fn read(root: &Path) -> (ProjectFlags, Diagnostics) {
    let mut flags = ProjectFlags::default();
    let mut problems = Diagnostics::default();
    let Ok(text) = std::fs::read_to_string(root.join("dbt_project.yml")) else {
        return (flags, problems);
    };
    let Ok(document) = yaml::parse(&Source::new("dbt_project.yml", text)) else {
        return (flags, problems);
    };
    let plain = |key: &str| {
        let path = document.get(key).and_then(Yaml::as_str);
        path.filter(|path| !path.contains("{{")).map(str::to_owned)
    };
    flags.log_path = plain("log-path");
    flags.target_path = plain("target-path");
    let Some(said) = document.get("flags") else {
        return (flags, problems);
    };
    for (key, value) in said.entries() {
        let name = key.key_text();
        if matches!(name.as_str(), "check" | "docs") {
            // Our own, for `redstart check` and the site, which read them themselves.
            continue;
        }
        if BEHAVIOURS.iter().any(|(known, _)| *known == name)
            || OF_ADAPTERS.contains(&name.as_str())
        {
            match value.to_json().as_bool() {
                Some(value) => drop(flags.behaviours.insert(name, value)),
                None => problems.push(value.expected("`true` or `false`")),
            }
            continue;
        }
        let found = FLAGS
            .iter()
            .find(|flag| flag.in_project && flag.key() == name);
        match found.map(|flag| word(flag, value)) {
            Some(Ok(value)) => flags.defaults.extend(value.map(|value| (name, value))),
            Some(Err(problem)) => problems.push(problem),
            None => problems.push(unknown(&name, key)),
        }
    }
    (flags, problems)
}

/// A value as the command line would say it; none for `null`.
fn word(flag: &Flag, value: &Yaml) -> Result<Option<String>, Diagnostic> {
    let json = value.to_json();
    Ok(match (flag.kind, &json) {
        (_, Value::Null) => None,
        (Kind::Switch(_), Value::Bool(on)) => Some(on.to_string()),
        (Kind::Number(_), Value::Number(number)) if number.as_u64().is_some_and(|it| it > 0) => {
            Some(number.to_string())
        }
        (Kind::Choice(words, _), Value::String(word)) => {
            if !words.contains(&word.to_lowercase().as_str()) {
                return Err(value
                    .expected(&format!("one of `{}`", words.join("`, `")))
                    .did_you_mean(word, words.iter().copied()));
            }
            Some(word.clone())
        }
        (Kind::Mapping, Value::Object(_)) => Some(json.to_string()),
        (Kind::Text | Kind::Words, Value::String(text)) => Some(text.clone()),
        (Kind::Switch(_), _) => return Err(value.expected("`true` or `false`")),
        (Kind::Number(_), _) => return Err(value.expected("a whole number")),
        (Kind::Mapping, _) => return Err(value.expected("a mapping")),
        _ => return Err(value.expected("a text")),
    })
}

fn unknown(name: &str, key: &Yaml) -> Diagnostic {
    let flags = FLAGS.iter().filter(|flag| flag.in_project);
    let known: Vec<String> = flags.map(Flag::key).collect();
    let known = known.iter().map(String::as_str);
    let behaviours = BEHAVIOURS.iter().map(|(name, _)| *name);
    let problem = Diagnostic::warning("unknown-flag", format!("there is no flag `{name}`"))
        .at(key.span.clone())
        .did_you_mean(name, known.chain(behaviours));
    match FLAGS.iter().find(|flag| flag.key() == name) {
        Some(flag) => problem.help(format!("say it on the command line: `--{}`", flag.name)),
        None => problem,
    }
}
