//! One run of the program: what it was asked, the terminal it talks to, and how it ends.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Map, Value};

use super::Called;
use super::flags::Flags;
use super::options::Global;
use crate::adapter::{self, ErrorClass};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::project::{Environment, Invocation};
use crate::redact::Redactor;
use crate::report::{self, Color, FileFormat, FileOptions, LogLevel, Terminal};
use crate::run::Cancel;

/// dbt's exit codes.
const DONE: u8 = 0;
const FAILED: u8 = 1;
const STOPPED: u8 = 2;

/// What every command works with.
pub struct Session {
    /// The command's name.
    pub verb: &'static str,
    /// The flags that every command takes.
    pub global: Global,
    /// All flags of dbt, by name.
    pub flags: Flags,
    /// The folder the program was started in.
    pub here: PathBuf,
    /// The environment variables, read once.
    pub environment: Environment,
    /// Where everything is told.
    pub terminal: Arc<Terminal>,
    /// Raised by Ctrl-C.
    pub cancel: Cancel,
    /// The id of this run of the program.
    pub invocation_id: String,
    /// When the program was started.
    pub started: Timestamp,
    /// What is tried again, in the place of any selection.
    pub retried: Option<Retried>,
    /// `target-path` of the project file.
    target_path: Option<String>,
    running: Arc<AtomicBool>,
}

/// What an earlier run left to do.
#[derive(Clone, Debug, Default)]
pub struct Retried {
    /// The nodes, by `unique_id`.
    pub nodes: BTreeSet<String>,
    /// Of nodes that were built in batches, some of which failed: the stretches that were built, and those that were not.
    pub batches: BTreeMap<String, (Stretches, Stretches)>,
    /// When that run was started.
    pub started: Option<Timestamp>,
}

/// Stretches of time, each with its first moment and the first after it.
pub type Stretches = Vec<(DateTime, DateTime)>;

/// How a command ended that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is well.
    Done,
    /// Something in the project failed: it was told.
    Failed,
    /// Ctrl-C stopped it: it was told.
    Cancelled,
}

/// Why a command did not come to its end.
#[derive(Debug)]
pub enum Stop {
    /// What the command is about failed: nodes that cannot be compiled or planned, a set-up that `debug` finds wrong. Exit code 1.
    Failed(Diagnostics),
    /// What kept the command from its work (a file, a name, a selector, a flag, the connection): exit code 2.
    Refused(Diagnostics),
    /// Anything else: a file that cannot be written, standard output closed.
    Other(anyhow::Error),
}

impl Stop {
    /// Stops for one reason outside the project.
    pub fn refused(diagnostic: Diagnostic) -> Self {
        Self::Refused(diagnostic.into())
    }
}

impl From<adapter::Error> for Stop {
    fn from(error: adapter::Error) -> Self {
        let code = match error.class {
            ErrorClass::Cancelled => "cancelled",
            _ => "warehouse",
        };
        let mut diagnostic = Diagnostic::error(code, error.message).at_some(error.place);
        diagnostic.notes.extend(error.detail);
        diagnostic.help.extend(error.help);
        Self::refused(diagnostic)
    }
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.into())
    }
}

impl Session {
    /// A session from what the program was called with.
    pub fn new(called: &Called) -> Self {
        let invocation_id = uuid::Uuid::new_v4().to_string();
        let command = &called.cli.command;
        let mut global = called.cli.global.clone();
        let flags = called.flags.clone();
        if flags.is("single_threaded") {
            global.threads = Some(1);
        }
        // A folder that is gone is found out by what reads a file in it.
        let here = std::env::current_dir().unwrap_or_default();
        let started = Timestamp::now();
        let environment = Environment::of_process(Invocation {
            started,
            id: invocation_id.clone(),
        });
        let width = flags
            .is_said("printer_width")
            .then(|| flags.number("printer_width"));
        let terminal = Terminal::new(report::Options {
            color: global.output.color(),
            log_format: global.output.log_format,
            log_level: global.output.level(),
            quiet: global.output.quiet && !global.output.no_quiet,
            answers: command.answers(),
            answers_alone: command.answers_alone(),
            invocation_id: invocation_id.clone(),
            now: Timestamp::now,
            width: width
                .flatten()
                .and_then(|width| usize::try_from(width).ok()),
            again: global.again(),
            file: command.logs().then(|| log_file(called, &here)).flatten(),
        });
        terminal.hide(Redactor::new(
            environment.secrets().iter().map(str::to_owned),
        ));
        terminal.diagnostics(&flags.warnings.apply(called.warnings.0.clone()));
        for note in flags.idle() {
            terminal.info(note);
        }
        Self {
            verb: command.verb(),
            global,
            flags,
            here,
            environment,
            terminal: Arc::new(terminal),
            cancel: Cancel::new(),
            invocation_id,
            started,
            retried: None,
            target_path: called.target_path.clone(),
            running: Arc::default(),
        }
    }

    /// The folder of artifacts, known before the project is read.
    pub fn target_folder(&self) -> PathBuf {
        let root = self.global.root(&self.here);
        match (&self.global.target_path, &self.target_path) {
            (Some(path), _) => root.join(path),
            (None, Some(path)) => root.join(path),
            (None, None) => root.join("target"),
        }
    }

    /// Makes Ctrl-C end the program with dbt's exit code; from [`Session::begin_run`] on, the run ends itself first.
    pub fn listen_for_ctrl_c(&self) {
        let (running, cancel) = (Arc::clone(&self.running), self.cancel.clone());
        let listening = ctrlc::set_handler(move || {
            let again = cancel.is_requested();
            // What the warehouse does for us ends too.
            cancel.request();
            if again || !running.load(Ordering::SeqCst) {
                std::process::exit(STOPPED.into());
            }
        });
        if let Err(error) = listening {
            self.terminal
                .debug(format!("Ctrl-C ends the program at once: {error}"));
        }
    }

    /// Listens to the same Ctrl-C as another session.
    pub(super) fn running_as(&mut self, other: &Self) {
        self.running = Arc::clone(&other.running);
    }

    /// From now on, Ctrl-C raises [`Session::cancel`]; a second one ends the program at once.
    pub fn begin_run(&self) {
        self.running.store(true, Ordering::SeqCst);
    }

    /// The command line as it was written.
    pub fn command(&self) -> String {
        let words = std::env::args_os().skip(1);
        let words = words.map(|word| word.to_string_lossy().into_owned());
        std::iter::once("redstart".to_owned())
            .chain(words)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// How the program was called, as `run_results.json` and `invocation_args_dict` tell it.
    pub fn arguments(&self) -> Map<String, Value> {
        let mut arguments = self.flags.arguments();
        arguments.insert("which".to_owned(), self.verb.into());
        arguments.insert("invocation_command".to_owned(), self.command().into());
        arguments
    }

    /// Tells warnings, those that are not passed over.
    ///
    /// # Errors
    /// Where one of them is an error by `--warn-error` or `--warn-error-options`.
    pub fn tell(&self, warnings: Diagnostics) -> Result<(), Stop> {
        let found = Diagnostics(self.flags.warnings.apply(warnings.0));
        if found.has_errors() {
            return Err(Stop::Refused(found));
        }
        self.terminal.diagnostics(&found.0);
        Ok(())
    }

    /// Tells why a command stopped, and says how the program ends.
    pub fn end(&self, ended: Result<Outcome, Stop>) -> ExitCode {
        let code = match ended {
            Ok(Outcome::Done) => DONE,
            Ok(Outcome::Failed) => FAILED,
            Ok(Outcome::Cancelled) => STOPPED,
            Err(Stop::Failed(diagnostics)) => {
                self.terminal.diagnostics(&diagnostics.0);
                FAILED
            }
            Err(Stop::Refused(diagnostics)) => {
                self.terminal.diagnostics(&diagnostics.0);
                STOPPED
            }
            Err(Stop::Other(error)) => {
                self.terminal
                    .diagnostics(&[Diagnostic::error("failed", format!("{error:#}"))]);
                STOPPED
            }
        };
        ExitCode::from(code)
    }
}

/// The log file: in the folder of `--log-path`, else in that of the project file, else in `logs` of a project that has such a file.
fn log_file(called: &Called, here: &Path) -> Option<FileOptions> {
    let (flags, root) = (&called.flags, called.cli.global.root(here));
    let folder = match (flags.text("log_path"), &called.log_path) {
        (Some(path), _) => here.join(path),
        (None, Some(path)) => root.join(path),
        (None, None) if root.join("dbt_project.yml").is_file() => root.join("logs"),
        (None, None) => return None,
    };
    // What is said for the terminal holds for the file too, where nothing is said for the file.
    let said = |file: &'static str, both: &'static str| {
        let leads = flags.is_said(both) && !flags.is_said(file);
        flags.text(if leads { both } else { file })
    };
    let level = match said("log_level_file", "log_level") {
        _ if called.cli.global.output.level() == LogLevel::Debug => LogLevel::Debug,
        Some("none") => return None,
        Some("info") => LogLevel::Info,
        Some("warn") => LogLevel::Warn,
        Some("error") => LogLevel::Error,
        _ => LogLevel::Debug,
    };
    let format = match said("log_format_file", "log_format") {
        Some("json") => FileFormat::Json,
        Some("text") => FileFormat::Text,
        _ => FileFormat::Debug,
    };
    let colors = match flags.is_said("use_colors_file") {
        true => flags.is("use_colors_file"),
        false => called.cli.global.output.color() == Color::Always,
    };
    Some(FileOptions {
        folder,
        format,
        level,
        colors,
        most_bytes: flags.number("log_file_max_bytes").unwrap_or(u64::MAX),
    })
}
