//! The flags of dbt: said on the command line, else by `DBT_*` in the environment, else under `flags:` of the project file.
//!
//! In: the arguments of clap, the environment, the project file. Out: [`Flags`], by name.

mod project;
pub mod table;
mod values;

pub use project::{ProjectFlags, read as read_project_flags};
pub use values::Flags;

use std::ffi::OsString;

use clap::builder::{BoolishValueParser, OsStr, PossibleValuesParser, Resettable};
use clap::{Arg, ArgAction, Command, value_parser};

use table::{FLAGS, Flag, Kind, Role};

/// The prefix of dbt's newer names of its variables, which go before `DBT_`.
const ENGINE: &str = "DBT_ENGINE_";

/// dbt's older names of variables, which still go before the new ones.
const OLDER: [(&str, &str); 3] = [
    ("DBT_DEFER", "DBT_DEFER_TO_STATE"),
    ("DBT_FAVOR_STATE", "DBT_FAVOR_STATE_MODE"),
    ("DBT_STATE", "DBT_ARTIFACT_STATE_PATH"),
];

/// Adds what the tables declare, hidden from help.
pub fn add(command: Command) -> Command {
    let declared = |flag: &&Flag| flag.role != Role::Declared;
    let command = command.mut_subcommands(with_fail_fast);
    FLAGS
        .iter()
        .filter(declared)
        .fold(command, |command, flag| {
            let (on, off) = arguments(flag);
            off.into_iter().fold(command.arg(on), Command::arg)
        })
}

/// dbt takes `--fail-fast` behind every command; where nothing runs node by node it means nothing.
fn with_fail_fast(command: Command) -> Command {
    if command.has_subcommands() {
        return command.mut_subcommands(with_fail_fast);
    }
    let id = "fail_fast";
    if command.get_arguments().any(|known| known.get_id() == id) {
        return command;
    }
    let flag = |id: &'static str, long: &'static str| {
        let flag = Arg::new(id).long(long).hide(true);
        flag.action(ArgAction::SetTrue)
    };
    command
        .arg(
            flag(id, "fail-fast")
                .short('x')
                .overrides_with("no_fail_fast"),
        )
        .arg(flag("no_fail_fast", "no-fail-fast").overrides_with(id))
}

fn arguments(flag: &Flag) -> (Arg, Option<Arg>) {
    let hidden = |id: String| {
        let long = id.replace('_', "-");
        Arg::new(id).long(long).global(true).hide(true)
    };
    let mut on = hidden(flag.key());
    if let Some(variable) = flag.variable {
        on = on.env(variable).hide_env_values(true);
    }
    match flag.kind {
        Kind::Switch(default) => {
            let on = on
                .action(ArgAction::SetTrue)
                .default_value(if default { "true" } else { "false" })
                .value_parser(BoolishValueParser::new())
                .overrides_with(flag.opposite());
            let off = hidden(flag.opposite())
                .action(ArgAction::SetTrue)
                .overrides_with(flag.key());
            (on, Some(off))
        }
        Kind::Number(_) => (on.value_parser(value_parser!(i64).range(1..)), None),
        Kind::Choice(words, _) => {
            let words = PossibleValuesParser::new(words);
            (on.value_parser(words).ignore_case(true), None)
        }
        Kind::Text | Kind::Words | Kind::Mapping => (on, None),
    }
}

/// The command line with what the environment and the project say behind it: a variable that is empty says nothing,
/// `DBT_ENGINE_X` goes before `DBT_X`, and a flag of the project is what holds by default. Where the words say `--no-x`, the variable
/// of `x` is not asked: clap would take the two for a contradiction.
pub fn tune(command: Command, project: &ProjectFlags, words: &[OsString]) -> Command {
    let of_argument = |argument: Arg| {
        let long = argument.get_long().unwrap_or_default();
        let opposite = format!("--no-{long}");
        let argument = if words.iter().any(|word| *word == *opposite) {
            argument.env(Resettable::<OsStr>::Reset)
        } else {
            variable(argument)
        };
        match project.by_default(argument.get_id().as_str()) {
            Some(value) => argument.default_value(value),
            None => argument,
        }
    };
    command
        .mut_args(of_argument)
        .mut_subcommands(|inner| tune(inner, project, words))
}

fn variable(argument: Arg) -> Arg {
    let said =
        |name: &std::ffi::OsStr| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let Some(name) = argument.get_env() else {
        return argument;
    };
    let older = OLDER.iter().find(|(new, _)| name == *new);
    if let Some((_, older)) = older.filter(|(_, older)| said(older.as_ref())) {
        return argument.env(older);
    }
    let newer = name.to_str().and_then(|name| name.strip_prefix("DBT_"));
    let newer = newer.map(|rest| format!("{ENGINE}{rest}"));
    match newer {
        Some(newer) if said(newer.as_ref()) => argument.env(newer),
        _ if said(name) => argument,
        // clap takes an empty variable for an empty value.
        _ if std::env::var_os(name).is_some() => argument.env(Resettable::<OsStr>::Reset),
        _ => argument,
    }
}
