//! `redstart retry`: the last command again, for what did not come through.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::flags::table::{FLAGS, Flag, Kind, Role};
use super::options::FullRefresh;
use super::pipeline::stretch;
use super::selecting::Earlier;
use super::session::{Retried, Stretches};
use super::{Called, Outcome, Session, Stop};
use crate::artifacts::state::State;
use crate::diagnostic::Diagnostic;

/// Run the last command again, for the nodes that failed or were skipped
///
/// It is run with the flags it was called with; --threads and --vars may be said anew.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart retry                    what failed in the last run, and what was skipped for it
  redstart retry --state artifacts  the same of a run whose artifacts lie elsewhere")]
pub struct Args {
    #[command(flatten)]
    earlier: Earlier,
    #[command(flatten)]
    full_refresh: FullRefresh,
}

/// What became of nodes that are tried again.
const RETRYABLE: [&str; 5] = [
    "error",
    "fail",
    "skipped",
    "runtime error",
    "partial success",
];

/// Flags that are not taken over: where files lie, and what only selects.
const NOT_TAKEN_OVER: [&str; 12] = [
    "defer_state",
    "exclude",
    "log_path",
    "profiles_dir",
    "project_dir",
    "select",
    "selector",
    "show",
    "state",
    "target_path",
    "threads",
    "warn_error",
];

/// Flags that dbt does not know and artifacts tell.
const OWN: [&str; 2] = ["audit", "atomic"];

/// Whether a flag was given.
fn is_on(arguments: &Map<String, Value>, name: &str) -> bool {
    arguments.get(name).and_then(Value::as_bool) == Some(true)
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let (results, killed) = self.last_results(session)?;
        let arguments = results.get("args").and_then(Value::as_object);
        let empty = Map::new();
        let arguments = arguments.unwrap_or(&empty);
        let Some(command) = command(arguments) else {
            let which = arguments
                .get("which")
                .and_then(Value::as_str)
                .unwrap_or("?");
            let message = format!("the last command was `{which}`, which cannot be retried");
            return Err(Stop::refused(Diagnostic::error("not-retryable", message)));
        };
        let mut failed = failed(&results, session.flags.is("warn_error"));
        if is_on(arguments, "atomic") && !failed.is_empty() {
            failed = all(&results);
        }
        let mut words: Vec<OsString> = vec!["redstart".into()];
        words.extend(command.iter().map(OsString::from));
        words.extend(FLAGS.iter().filter_map(|flag| said_again(flag, arguments)));
        let own = OWN.iter().filter(|name| is_on(arguments, name));
        words.extend(own.map(|name| format!("--{name}").into()));
        words.extend(self.said_now(session));
        let again = Called::read(&words).map_err(|error| {
            let message = "the flags of the last command cannot be understood";
            Stop::refused(Diagnostic::error("not-retryable", message).note(error.to_string()))
        })?;
        let what = command.join(" ");
        if command
            .first()
            .is_some_and(|which| which == "run-operation")
        {
            if failed.is_empty() {
                let done = format!("Nothing to try again: `{what}` came through");
                session.terminal.info(done);
                return Ok(Outcome::Done);
            }
            session.terminal.info(format!("Trying {what} again"));
        } else {
            if killed {
                session.terminal.info(format!(
                    "The last run, `{what}`, left no results: it was ended from outside, or still goes on. All of it is tried again"
                ));
            }
            session.terminal.info(format!(
                "Trying {what} again for {}",
                crate::diagnostic::counted(failed.len() as u64, "node")
            ));
        }
        let retried = Retried {
            // Of what is published together, nothing is left to go on with.
            batches: match is_on(arguments, "atomic") {
                true => BTreeMap::new(),
                false => batches(&results),
            },
            started: started(&results),
            nodes: failed,
        };
        again.run_for(session, retried)
    }

    /// The results of the last run, and whether it left none: then they are those of a run that built nothing.
    fn last_results(&self, session: &Session) -> Result<(Value, bool), Stop> {
        let folder = self.folder(session);
        let missing = || {
            let message = format!("there is no last run in `{}`", folder.display());
            let help = "run a command first, or name the folder of its artifacts with --state";
            Stop::refused(Diagnostic::error("nothing-to-retry", message).help(help))
        };
        if !folder.is_dir() {
            return Err(missing());
        }
        let state = State::read(&folder).map_err(Stop::refused)?;
        if let Some(begun) = state.unfinished() {
            return Ok((begun.clone(), true));
        }
        let results = state.run_results().cloned().map_err(|_| missing())?;
        Ok((results, false))
    }

    fn folder(&self, session: &Session) -> PathBuf {
        match &self.earlier.state {
            Some(folder) => session.here.join(folder),
            None => session.target_folder(),
        }
    }

    /// What was said of this call: where the project lies, and what may be said anew.
    fn said_now(&self, session: &Session) -> Vec<OsString> {
        let global = &session.global;
        let mut words = Vec::new();
        let mut say = |flag: &str, value: Option<OsString>| {
            if let Some(value) = value {
                words.extend([OsString::from(format!("--{flag}")), value]);
            }
        };
        let path = |path: &Option<PathBuf>| path.clone().map(PathBuf::into_os_string);
        say("project-dir", path(&global.project_dir));
        say("profiles-dir", path(&global.profiles_dir));
        say("target-path", path(&global.target_path));
        say("defer-state", path(&self.earlier.defer_state));
        say("vars", global.vars.clone().map(OsString::from));
        let threads = global.threads.map(|threads| threads.to_string().into());
        say("threads", threads);
        let log = session
            .flags
            .is_said("log_path")
            .then(|| session.flags.text("log_path"));
        say("log-path", log.flatten().map(OsString::from));
        if session.flags.is("warn_error") {
            words.push("--warn-error".into());
        }
        words
    }
}

/// The words of the last command.
fn command(arguments: &Map<String, Value>) -> Option<Vec<String>> {
    let text = |key: &str| arguments.get(key).and_then(Value::as_str);
    let which = text("which")?;
    Some(match which {
        "build" | "run" | "test" | "seed" | "snapshot" | "compile" | "clone" | "load" => {
            vec![which.to_owned()]
        }
        "generate" => vec!["docs".to_owned(), which.to_owned()],
        "run-operation" => {
            let mut words = vec![which.to_owned(), text("macro")?.to_owned()];
            if let Some(with) = arguments.get("args").filter(|with| with.is_object()) {
                words.push(format!("--args={with}"));
            }
            words
        }
        _ => return None,
    })
}

/// Every node that had a turn: what is published together is built again together.
fn all(results: &Value) -> BTreeSet<String> {
    let all = results.get("results").and_then(Value::as_array);
    let ids = all.into_iter().flatten();
    let ids = ids.filter_map(|result| result.get("unique_id")?.as_str());
    ids.filter(|id| !id.starts_with("operation."))
        .map(str::to_owned)
        .collect()
}

fn failed(results: &Value, warnings_too: bool) -> BTreeSet<String> {
    let all = results.get("results").and_then(Value::as_array);
    let retried = all.into_iter().flatten().filter_map(|result| {
        let status = result.get("status")?.as_str()?;
        let id = result.get("unique_id")?.as_str()?;
        let again = RETRYABLE.contains(&status) || (warnings_too && status == "warn");
        (again && !id.starts_with("operation.")).then(|| id.to_owned())
    });
    retried.collect()
}

/// Of models that were built in batches, some of which failed: which were built, and which were not.
fn batches(results: &Value) -> BTreeMap<String, (Stretches, Stretches)> {
    let all = results.get("results").and_then(Value::as_array);
    let of = |result: &Value| {
        let id = result.get("unique_id")?.as_str()?;
        let batches = result.get("batch_results")?;
        let stretches = |key: &str| -> Option<Stretches> {
            batches.get(key)?.as_array()?.iter().map(stretch).collect()
        };
        let (built, open) = (stretches("successful")?, stretches("failed")?);
        // Where none was built, the model starts as it did, which may be from nothing.
        (!built.is_empty() && !open.is_empty()).then(|| (id.to_owned(), (built, open)))
    };
    all.into_iter().flatten().filter_map(of).collect()
}

/// When the last run was started, so that its batches are the same again.
fn started(results: &Value) -> Option<Timestamp> {
    let metadata = results.get("metadata")?;
    let at = |key: &str| metadata.get(key)?.as_str()?.parse().ok();
    at("invocation_started_at").or_else(|| at("generated_at"))
}

/// A flag of the last command as a word, where it was not left at its default.
fn said_again(flag: &Flag, arguments: &Map<String, Value>) -> Option<OsString> {
    let key = flag.key();
    if NOT_TAKEN_OVER.contains(&key.as_str())
        || matches!(flag.role, Role::Idle(_) | Role::Refused(_))
    {
        return None;
    }
    let value = arguments.get(&key)?;
    let word = match (flag.kind, value) {
        (Kind::Switch(default), Value::Bool(on)) if *on != default => {
            format!("--{}{}", if *on { "" } else { "no-" }, flag.name)
        }
        (Kind::Number(default), Value::Number(number)) if number.as_i64() != Some(default) => {
            format!("--{}={number}", flag.name)
        }
        (Kind::Choice(_, default), Value::String(word)) if word != default => {
            format!("--{}={word}", flag.name)
        }
        (Kind::Text, Value::String(text)) => format!("--{}={text}", flag.name),
        (Kind::Mapping, Value::Object(entries)) if has_something(entries) => {
            format!("--{}={value}", flag.name)
        }
        _ => return None,
    };
    Some(word.into())
}

/// Whether a mapping says anything: one of empty lists does not.
fn has_something(entries: &Map<String, Value>) -> bool {
    entries
        .values()
        .any(|value| value.as_array().is_none_or(|list| !list.is_empty()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_flags_of_dbts_artifacts_are_said_again_where_they_are_not_as_by_default() {
        let arguments = json!({
            "which": "build", "select": ["a"], "full_refresh": true, "write_json": true, "print": false, "partial_parse": false,
            "vars": {"a": 1}, "warn_error_options": {"error": [], "warn": [], "silence": []}, "indirect_selection": "eager",
            "printer_width": 100, "log_path": "/elsewhere", "profile": null, "target": "prod",
        });
        let arguments = arguments.as_object().unwrap();
        let words: Vec<_> = FLAGS
            .iter()
            .filter_map(|flag| said_again(flag, arguments))
            .collect();
        let expected = [
            "--full-refresh",
            "--no-print",
            "--printer-width=100",
            "--target=prod",
            "--vars={\"a\":1}",
        ];
        assert_eq!(words, expected);
        assert_eq!(command(arguments), Some(vec!["build".to_owned()]));
    }

    #[test]
    fn what_failed_or_was_skipped_is_tried_again_and_hooks_are_not() {
        let results = json!({"results": [
            {"unique_id": "model.a", "status": "error"}, {"unique_id": "model.b", "status": "skipped"},
            {"unique_id": "test.c", "status": "warn"}, {"unique_id": "operation.d", "status": "error"},
            {"unique_id": "model.e", "status": "success"},
        ]});
        assert_eq!(
            failed(&results, false).into_iter().collect::<Vec<_>>(),
            ["model.a", "model.b"]
        );
        assert_eq!(failed(&results, true).len(), 3);
    }
}
