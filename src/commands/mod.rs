//! The door: the words of the command line, and for each verb the pipeline it needs.
//!
//! In: the arguments of the program. Out: its exit code.
//! Decides nothing about projects; a command is its arguments and the steps it calls.

mod flags;
pub mod options;
pub mod pipeline;
pub mod selecting;
mod session;

mod backup;
mod build;
mod check;
mod clean;
mod clone;
mod compile;
mod completions;
mod debug;
mod deps;
mod docs;
#[cfg(feature = "duckdb")]
mod emulator;
mod impact;
mod init;
mod lineage;
mod load;
mod ls;
mod parse;
mod restore;
mod retry;
mod run;
mod run_operation;
mod seed;
mod show;
mod snapshot;
mod source;
mod test;
mod unload;

pub use session::{Outcome, Session, Stop};

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::diagnostic::{Diagnostics, nearest};
use flags::{Flags, ProjectFlags};
use options::Global;
use session::Retried;

/// Builds SQL models into tested tables on Amazon Redshift, and runs the same models on an embedded DuckDB.
#[derive(Parser, Debug)]
#[command(
    name = "redstart",
    version,
    disable_version_flag = true,
    args_override_self = true,
    max_term_width = 100,
    after_help = "Examples:
  redstart init shop && cd shop     a project that builds at once
  redstart build                    build and test everything
  redstart build -s +orders         orders and all it stands on
  redstart test -s tag:nightly      only the tests of these nodes

`redstart help build` tells more about a command."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    global: Global,

    /// Print the version
    #[arg(short = 'V', short_alias = 'v', long, action = clap::ArgAction::Version)]
    version: (),
}

#[derive(Subcommand, Debug)]
enum Command {
    Init(init::Args),
    Debug(debug::Args),
    Deps(deps::Args),
    Parse(parse::Args),
    #[command(visible_alias = "list")]
    Ls(ls::Args),
    Compile(compile::Args),
    Check(check::Args),
    Lineage(lineage::Args),
    Impact(impact::Args),
    Seed(seed::Args),
    Snapshot(snapshot::Args),
    #[command(visible_alias = "sources")]
    Source(source::Args),
    Load(load::Args),
    Run(run::Args),
    RunOperation(run_operation::Args),
    Retry(retry::Args),
    Clone(clone::Args),
    Test(test::Args),
    Build(build::Args),
    Show(show::Args),
    Unload(Box<unload::Args>),
    Backup(backup::Args),
    Restore(restore::Args),
    Docs(docs::Args),
    Clean(clean::Args),
    #[cfg(feature = "duckdb")]
    Emulator(emulator::Args),
    Completions(completions::Args),
}

/// Runs the program with these arguments, the first of which is its own name.
pub fn main(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    // Before clap speaks, whose words are coloured too.
    if arguments
        .iter()
        .any(|word| word == "--no-color" || word == "--no-use-colors")
    {
        anstream::ColorChoice::Never.write_global();
    }
    let called = match Called::read(&arguments) {
        Ok(called) => called,
        Err(error) => return usage(error),
    };
    let session = Session::new(&called);
    session.listen_for_ctrl_c();
    let ended = match called.problems {
        Ok(()) => called.cli.command.run(&session),
        Err(problem) => Err(Stop::Refused(problem)),
    };
    session.end(ended)
}

/// What the program was called with.
pub struct Called {
    cli: Cli,
    flags: Flags,
    /// `log-path` of the project file.
    log_path: Option<String>,
    /// `target-path` of the project file.
    target_path: Option<String>,
    /// What is wrong with the flags of the project, or refused; else warnings that were told.
    problems: Result<(), Diagnostics>,
    warnings: Diagnostics,
}

impl Called {
    /// Runs the command for some nodes, within another call of the program.
    fn run_for(&self, session: &Session, retried: Retried) -> Result<Outcome, Stop> {
        self.problems.clone().map_err(Stop::Refused)?;
        let mut again = Session::new(self);
        again.cancel = session.cancel.clone();
        again.running_as(session);
        again.retried = Some(retried);
        self.cli.command.run(&again)
    }

    /// Understands the words of the command line, with the environment and the flags of the project behind them.
    ///
    /// # Errors
    /// What clap says, help and version too.
    fn read(arguments: &[OsString]) -> Result<Self, clap::Error> {
        let read = |project: &ProjectFlags| {
            let command = flags::tune(command_line(), project, arguments);
            let matches = command.try_get_matches_from(arguments)?;
            Ok::<_, clap::Error>((Cli::from_arg_matches(&matches)?, matches))
        };
        let (mut cli, mut matches) = read(&ProjectFlags::default())?;
        let here = std::env::current_dir().unwrap_or_default();
        let (said, found) = flags::read_project_flags(&cli.global.root(&here));
        let mut problems = Ok(());
        let mut warnings = Diagnostics::default();
        if found.has_errors() {
            problems = Err(found);
        } else {
            warnings = found;
        }
        if problems.is_ok() && !said.is_empty() {
            (cli, matches) = read(&said)?;
        }
        let flags = Flags::read(&matches, &said).unwrap_or_else(|wrong| {
            problems = Err(wrong.into());
            Flags::default()
        });
        Ok(Self {
            cli,
            flags,
            log_path: said.log_path,
            target_path: said.target_path,
            problems,
            warnings,
        })
    }
}

/// The whole command line, also for completions.
fn command_line() -> clap::Command {
    flags::add(Cli::command())
}

impl Command {
    fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        match self {
            Self::Init(args) => args.run(session),
            Self::Debug(args) => args.run(session),
            Self::Deps(args) => args.run(session),
            Self::Parse(args) => args.run(session),
            Self::Ls(args) => args.run(session),
            Self::Compile(args) => args.run(session),
            Self::Check(args) => args.run(session),
            Self::Lineage(args) => args.run(session),
            Self::Impact(args) => args.run(session),
            Self::Seed(args) => args.run(session),
            Self::Snapshot(args) => args.run(session),
            Self::Source(args) => args.run(session),
            Self::Load(args) => args.run(session),
            Self::Run(args) => args.run(session),
            Self::RunOperation(args) => args.run(session),
            Self::Retry(args) => args.run(session),
            Self::Clone(args) => args.run(session),
            Self::Test(args) => args.run(session),
            Self::Build(args) => args.run(session),
            Self::Show(args) => args.run(session),
            Self::Unload(args) => args.run(session),
            Self::Backup(args) => args.run(session),
            Self::Restore(args) => args.run(session),
            Self::Docs(args) => args.run(session),
            Self::Clean(args) => args.run(session),
            #[cfg(feature = "duckdb")]
            Self::Emulator(args) => args.run(session),
            Self::Completions(args) => args.run(session),
        }
    }

    /// The command's name, as artifacts and `flags.WHICH` tell it.
    fn verb(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::Debug(_) => "debug",
            Self::Deps(_) => "deps",
            Self::Parse(_) => "parse",
            Self::Ls(_) => "list",
            Self::Compile(_) => "compile",
            Self::Check(_) => "check",
            Self::Lineage(_) => "lineage",
            Self::Impact(_) => "impact",
            Self::Seed(_) => "seed",
            Self::Snapshot(_) => "snapshot",
            Self::Source(_) => "freshness",
            Self::Load(_) => "load",
            Self::Run(_) => "run",
            Self::RunOperation(_) => "run-operation",
            Self::Retry(_) => "retry",
            Self::Clone(_) => "clone",
            Self::Test(_) => "test",
            Self::Build(_) => "build",
            Self::Show(_) => "show",
            Self::Unload(_) => "unload",
            Self::Backup(_) => "backup",
            Self::Restore(_) => "restore",
            Self::Docs(_) => "generate",
            Self::Clean(_) => "clean",
            #[cfg(feature = "duckdb")]
            Self::Emulator(_) => "emulator",
            Self::Completions(_) => "completions",
        }
    }

    /// Whether what the command tells is kept in the log file.
    fn logs(&self) -> bool {
        match self {
            Self::Init(_) | Self::Clean(_) | Self::Completions(_) => false,
            #[cfg(feature = "duckdb")]
            Self::Emulator(_) => false,
            _ => true,
        }
    }

    /// Whether the command's answer is JSON that a program reads.
    fn answers_alone(&self) -> bool {
        matches!(self, Self::Show(args) if args.output == compile::Format::Json)
    }

    /// Whether standard output belongs to the command's answer.
    fn answers(&self) -> bool {
        if let Self::Check(args) = self {
            return args.answers();
        }
        matches!(
            self,
            Self::Ls(_)
                | Self::Compile(_)
                | Self::Lineage(_)
                | Self::Impact(_)
                | Self::Show(_)
                | Self::Completions(_)
        )
    }
}

/// Help and version go to standard output; what is wrong with the command line to standard error, with exit code 2.
fn usage(mut error: clap::Error) -> ExitCode {
    // Nobody is left to be told when the stream is closed.
    let code = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            return ExitCode::from(2);
        }
        ErrorKind::InvalidSubcommand | ErrorKind::MissingSubcommand => "unknown-command",
        ErrorKind::UnknownArgument => "unknown-flag",
        ErrorKind::MissingRequiredArgument => "missing-flag",
        ErrorKind::ArgumentConflict => "conflicting-flags",
        _ => "bad-flag",
    };
    nearest_first(&mut error);
    of_other_commands(&mut error);
    let said = error.render().ansi().to_string();
    let said = said
        .replacen("error:", &format!("error[{code}]:"), 1)
        .replace("tip:", "help:")
        .replace("For more information, try", "help: for more, try");
    let _ = anstream::stderr().write_all(said.as_bytes());
    ExitCode::from(2)
}

/// Says whose flag it is, where another command has it: a flag that only looks like it is another thing.
fn of_other_commands(error: &mut clap::Error) {
    let Some(ContextValue::String(said)) = error.get(ContextKind::InvalidArg) else {
        return;
    };
    let Some(flag) = said
        .strip_prefix("--")
        .filter(|_| error.kind() == ErrorKind::UnknownArgument)
    else {
        return;
    };
    let flag = flag.split('=').next().unwrap_or(flag);
    let command = Cli::command();
    // Before the command it is of none.
    let is_command = |word: &String| command.find_subcommand(word).is_some();
    let words = std::env::args().skip(1);
    if !words
        .take_while(|word| !word.starts_with(said))
        .any(|word| is_command(&word))
    {
        return;
    }
    let has = |command: &&clap::Command| {
        let mut flags = command.get_arguments();
        flags.any(|known| known.get_long() == Some(flag) && !known.is_hide_set())
    };
    let owners = command.get_subcommands().filter(has);
    let owners: Vec<String> = owners
        .map(|owner| format!("`{}`", owner.get_name()))
        .collect();
    if owners.is_empty() {
        return;
    }
    let told = format!("`--{flag}` is a flag of {}", owners.join(", "));
    error.remove(ContextKind::SuggestedArg);
    error.insert(
        ContextKind::Suggested,
        ContextValue::StyledStrs(vec![told.into()]),
    );
}

/// Offers the nearest command: the parser's own measure likes `unload` better for `biuld`, and nothing for `rnu`.
fn nearest_first(error: &mut clap::Error) {
    let Some(ContextValue::String(said)) = error.get(ContextKind::InvalidSubcommand) else {
        return;
    };
    let command = Cli::command();
    // That of `docs` and `source` has commands of its own.
    let among = match error.get(ContextKind::SuggestedSubcommand) {
        Some(ContextValue::Strings(similar)) => similar.clone(),
        _ => {
            let all = command.get_subcommands().map(|inner| inner.get_name());
            all.map(str::to_owned).collect()
        }
    };
    let Some(nearest) = nearest(said, among.iter().map(String::as_str)).map(str::to_owned) else {
        return;
    };
    error.insert(
        ContextKind::SuggestedSubcommand,
        ContextValue::Strings(vec![nearest]),
    );
}

#[cfg(test)]
mod tests;
