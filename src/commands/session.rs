//! One run of the program: what it was asked, the terminal it talks to, and how it ends.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;

use super::options::Global;
use crate::adapter;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::project::Environment;
use crate::report::{self, Terminal};
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
    running: Arc<AtomicBool>,
}

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
        let mut diagnostic = Diagnostic::error("warehouse", error.message);
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
    /// A session from the words of the command line; `answers` says whether standard output belongs to the command's answer.
    pub fn new(verb: &'static str, global: Global, answers: bool) -> Self {
        let invocation_id = uuid::Uuid::new_v4().to_string();
        let terminal = Terminal::new(report::Options {
            color: global.output.color(),
            log_format: global.output.log_format,
            log_level: global.output.level(),
            quiet: global.output.quiet,
            answers,
            invocation_id: invocation_id.clone(),
            now: Timestamp::now,
        });
        Self {
            verb,
            global,
            // A folder that is gone is found out by what reads a file in it.
            here: std::env::current_dir().unwrap_or_default(),
            environment: Environment::of_process(),
            terminal: Arc::new(terminal),
            cancel: Cancel::new(),
            invocation_id,
            started: Timestamp::now(),
            running: Arc::default(),
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

    /// From now on, Ctrl-C raises [`Session::cancel`]; a second one ends the program at once.
    pub fn begin_run(&self) {
        self.running.store(true, Ordering::SeqCst);
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
