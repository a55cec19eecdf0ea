//! What each flag is, and who said it.

use std::collections::BTreeMap;

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde_json::{Map, Value};

use super::ProjectFlags;
use super::table::{BEHAVIOURS, FLAGS, Flag, Kind, Role};
use crate::diagnostic::Diagnostic;
use crate::project::yaml;
use crate::warnings::Policy;

/// The flags of one call of the program, by their names with `_`.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    values: BTreeMap<String, Value>,
    said: BTreeMap<String, ValueSource>,
    /// Which warnings are errors.
    pub warnings: Policy,
}

/// dbt leaves these out of what it writes when they are off.
const FALSE_UNSAID: [&str; 9] = [
    "debug",
    "fail_fast",
    "full_refresh",
    "log_cache_events",
    "single_threaded",
    "store_failures",
    "use_experimental_parser",
    "warn_error",
    "version",
];

impl Flags {
    /// Reads the flags from what clap understood.
    ///
    /// # Errors
    /// `--warn-error-options` that cannot be understood, or beside `--warn-error`; a flag that is refused.
    pub fn read(matches: &ArgMatches, project: &ProjectFlags) -> Result<Self, Diagnostic> {
        let mut levels = vec![matches];
        while let Some((_, inner)) = levels[levels.len() - 1].subcommand() {
            levels.push(inner);
        }
        levels.reverse();
        let mut flags = Self::default();
        for flag in FLAGS {
            if let Some((value, source)) = value(&levels, flag)? {
                flags.values.insert(flag.key(), value);
                flags.said.insert(flag.key(), source);
            }
        }
        for (name, default) in BEHAVIOURS {
            let value = project.behaviour(name).unwrap_or(*default);
            flags.values.insert((*name).to_owned(), value.into());
        }
        flags.refuse()?;
        flags.warnings = flags.policy()?;
        Ok(flags)
    }

    /// Whether a switch is on.
    pub fn is(&self, name: &str) -> bool {
        self.values.get(name).and_then(Value::as_bool) == Some(true)
    }

    /// A flag that holds a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(Value::as_str)
    }

    /// A flag that holds a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.values.get(name).and_then(Value::as_u64)
    }

    /// A flag that was said by someone, and not left at its default.
    pub fn is_said(&self, name: &str) -> bool {
        let source = self.said.get(name);
        source.is_some_and(|source| *source != ValueSource::DefaultValue)
    }

    /// The flags as `run_results.json` tells them under `args`: what is not set is left out.
    pub fn arguments(&self) -> Map<String, Value> {
        let written = |(key, value): &(&String, &Value)| match value {
            Value::Null => false,
            Value::Bool(false) => !FALSE_UNSAID.contains(&key.as_str()),
            _ => true,
        };
        let pairs = self.values.iter().filter(written);
        pairs
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// All flags, in capital letters, as templates read `flags`.
    pub fn for_templates(&self) -> Map<String, Value> {
        let pairs = self.values.iter();
        pairs
            .map(|(key, value)| (key.to_uppercase(), value.clone()))
            .collect()
    }

    /// The flags of the command line that change nothing here, each with the reason.
    pub fn idle(&self) -> Vec<String> {
        let said = |flag: &&Flag| self.said.get(&flag.key()) == Some(&ValueSource::CommandLine);
        FLAGS
            .iter()
            .filter(said)
            .filter_map(|flag| match flag.role {
                Role::Idle(why) => Some(format!("--{} changes nothing here: {why}", flag.name)),
                _ => None,
            })
            .collect()
    }

    fn refuse(&self) -> Result<(), Diagnostic> {
        for flag in FLAGS {
            let off = self.values.get(&flag.key()) == Some(&Value::Bool(false));
            if let (Role::Refused(why), true) = (flag.role, off) {
                let message = format!("the flag `--no-{}` is not supported", flag.name);
                return Err(Diagnostic::error("unsupported-flag", message).note(why));
            }
        }
        Ok(())
    }

    fn policy(&mut self) -> Result<Policy, Diagnostic> {
        const OPTIONS: &str = "warn_error_options";
        let policy = match self.values.get(OPTIONS) {
            Some(options) if self.said.contains_key(OPTIONS) && !options.is_null() => {
                Policy::read(options)?
            }
            _ => Policy::default(),
        };
        let both = ["warn_error", OPTIONS].map(|name| self.said.get(name).copied());
        let by_hand = |source| {
            matches!(
                source,
                Some(ValueSource::CommandLine | ValueSource::EnvVariable)
            )
        };
        if both.into_iter().all(by_hand) {
            let message = "`--warn-error` and `--warn-error-options` cannot both be given";
            return Err(Diagnostic::error("bad-flag", message)
                .help("write `--warn-error-options '{error: all}'`"));
        }
        let policy = if self.is("warn_error") && !by_hand(both[1]) {
            Policy::all_are_errors()
        } else {
            policy
        };
        self.values.insert(OPTIONS.to_owned(), policy.to_json());
        Ok(policy)
    }
}

/// What the flag is: said on the command line at any level, else by a variable, else what holds by default.
fn value(levels: &[&ArgMatches], flag: &Flag) -> Result<Option<(Value, ValueSource)>, Diagnostic> {
    let (id, opposite) = (flag.key(), flag.opposite());
    let mut best: Option<(Value, ValueSource)> = None;
    let mut known = false;
    for level in levels {
        let has = |id: &str| level.try_contains_id(id).is_ok();
        known |= has(&id);
        if has(&opposite) && level.value_source(&opposite) == Some(ValueSource::CommandLine) {
            return Ok(Some((false.into(), ValueSource::CommandLine)));
        }
        let source = has(&id).then(|| level.value_source(&id)).flatten();
        let Some(source) =
            source.filter(|source| best.as_ref().is_none_or(|(_, best)| source > best))
        else {
            continue;
        };
        let Ok(Some(raw)) = level.try_get_raw(&id) else {
            continue;
        };
        let raw = raw.map(|raw| raw.to_string_lossy().into_owned()).collect();
        let value = read(flag, raw)?;
        best = Some((value, source));
    }
    let default = match flag.kind {
        Kind::Switch(default) => Value::Bool(default),
        Kind::Number(default) => default.into(),
        Kind::Choice(_, default) => default.into(),
        Kind::Words => Value::Array(Vec::new()),
        Kind::Mapping => Value::Object(Map::new()),
        Kind::Text => Value::Null,
    };
    Ok(best.or_else(|| known.then_some((default, ValueSource::DefaultValue))))
}

/// A value from its words.
fn read(flag: &Flag, mut raw: Vec<String>) -> Result<Value, Diagnostic> {
    if flag.kind == Kind::Words {
        return Ok(raw.into());
    }
    let Some(word) = raw.pop() else {
        return Ok(Value::Null);
    };
    Ok(match flag.kind {
        Kind::Switch(_) => matches!(
            word.to_lowercase().as_str(),
            "true" | "t" | "yes" | "y" | "on" | "1"
        )
        .into(),
        Kind::Number(_) => word.parse::<i64>().map_or(Value::Null, Value::from),
        Kind::Choice(..) => word.to_lowercase().into(),
        Kind::Mapping => yaml::parse_mapping(&format!("--{}", flag.name), &word)?.into(),
        Kind::Text | Kind::Words => word.into(),
    })
}
