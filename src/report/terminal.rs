//! Where messages go: as lines or as JSON, to standard output or standard error, without secrets.
//!
//! Standard output holds the log of a run, as in dbt. Where a command's answer goes there (`show`, `ls`, `compile`), it holds nothing
//! else, and the log goes to standard error. Mistakes that stop a command before it ran go to standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::again::Again;
use super::log_file::{FileOptions, LogFile};
use super::message::{LogLevel, Message, Telling, diagnostic_data};
use super::paint::{Painter, tally};
use super::palette::Palette;
use super::progress::Progress;
use super::recap;
use crate::artifacts::timestamp;
use crate::diagnostic::{Diagnostic, Level};
use crate::manifest::Manifest;
use crate::redact::Redactor;
use crate::run::{Event, RunResults};

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` asks otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How a command talks.
#[derive(Clone, Debug)]
pub struct Options {
    /// Colours.
    pub color: Color,
    /// Lines or JSON.
    pub log_format: LogFormat,
    /// The least that is shown.
    pub log_level: LogLevel,
    /// Errors only.
    pub quiet: bool,
    /// Whether standard output belongs to the command's answer.
    pub answers: bool,
    /// Whether nothing else may stand there, not even what templates print.
    pub answers_alone: bool,
    /// The id of this run of the program.
    pub invocation_id: String,
    /// The clock.
    pub now: fn() -> Timestamp,
    /// The columns of a line, where the terminal is not to be asked.
    pub width: Option<usize>,
    /// Flags that commands in advice are said with.
    pub again: Again,
    /// The file that everything is told to once more.
    pub file: Option<FileOptions>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            color: Color::Auto,
            log_format: LogFormat::Text,
            log_level: LogLevel::Info,
            quiet: false,
            answers: false,
            answers_alone: false,
            invocation_id: String::new(),
            now: Timestamp::now,
            width: None,
            again: Again::default(),
            file: None,
        }
    }
}

/// The two streams of the program.
pub struct Terminal {
    options: Options,
    palette: Palette,
    painter: Painter,
    live: bool,
    state: Mutex<State>,
}

struct State {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    redactor: Redactor,
    /// Warnings told before the run; told once more at its end.
    warnings: Vec<Diagnostic>,
    progress: Option<Progress>,
    file: Option<LogFile>,
}

impl Terminal {
    /// The terminal, pipe or file that the program was started with.
    pub fn new(options: Options) -> Self {
        let choice = anstream::AutoStream::choice(&io::stdout());
        let color = match options.color {
            Color::Auto => choice != anstream::ColorChoice::Never && io::stdout().is_terminal(),
            Color::Always => true,
            Color::Never => false,
        };
        let live = io::stdout().is_terminal() && io::stderr().is_terminal();
        let mut terminal = Self::with_streams(
            options,
            Box::new(anstream::AutoStream::always(io::stdout())),
            Box::new(anstream::AutoStream::always(io::stderr())),
        );
        terminal.palette = Palette(color);
        terminal.painter.color = color;
        terminal.live = live
            && terminal.options.log_format == LogFormat::Text
            && terminal.threshold() <= LogLevel::Info;
        if let Some(width) = terminal.options.width {
            terminal.painter.width = width.max(40);
        } else if let Some((width, _)) = terminal_size::terminal_size() {
            terminal.painter.width = usize::from(width.0).clamp(40, terminal.painter.width);
        }
        terminal.open_file();
        terminal
    }

    /// Any two streams, without progress; colours only when they are asked for.
    pub fn with_streams(
        options: Options,
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
    ) -> Self {
        let color = options.color == Color::Always;
        let painter = Painter {
            color,
            again: options.again.clone(),
            ..Painter::default()
        };
        Self {
            options,
            palette: Palette(color),
            painter,
            live: false,
            state: Mutex::new(State {
                out,
                err,
                redactor: Redactor::default(),
                warnings: Vec::new(),
                progress: None,
                file: None,
            }),
        }
    }

    /// Opens the log file; one that cannot be written is told, and no reason to stop.
    fn open_file(&self) {
        let Some(file) = self.options.file.clone() else {
            return;
        };
        let place = file.folder.display().to_string();
        let at = (self.options.now)();
        match LogFile::open(file, &self.options.invocation_id, at) {
            Ok(file) => self.state().file = Some(file),
            Err(error) => self.diagnostics(&[Diagnostic::warning(
                "log-file",
                format!("the log file cannot be written in `{place}`"),
            )
            .note(error.to_string())
            .help("name another folder with --log-path")]),
        }
    }

    /// From now on, these values are masked in every byte that is written.
    pub fn hide(&self, redactor: Redactor) {
        self.state().redactor = redactor;
    }

    /// The command's answer, alone on standard output; the text brings its own line end.
    ///
    /// # Errors
    /// When standard output cannot be written; a reader that went away (`| head`) is no error.
    pub fn answer(&self, text: &str) -> io::Result<()> {
        let mut state = self.state();
        let text = state.redactor.redact(text).into_owned();
        let written = state
            .out
            .write_all(text.as_bytes())
            .and_then(|()| state.out.flush());
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// The command's answer, or a part of it, as an event: its words and a line end, or with the log format of programs a line of JSON.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub fn answer_event(&self, message: &Message) -> io::Result<()> {
        let line = match self.options.log_format {
            LogFormat::Text => message.text.clone(),
            LogFormat::Json => self.json(message),
        };
        self.answer(&(line + "\n"))
    }

    /// What a template prints: on standard output, unless a program reads the answer there.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub fn print(&self, text: &str) -> io::Result<()> {
        let message = Message::printed(text);
        if self.options.answers_alone {
            self.write(&message.text, true);
            return Ok(());
        }
        self.answer_event(&message)
    }

    /// Tells the user something about the course of things.
    pub fn info(&self, text: impl Into<String>) {
        self.tell(&Message::new("Note", "Z050", LogLevel::Info, text));
    }

    /// Tells what only `--log-level debug` shows.
    pub fn debug(&self, text: impl Into<String>) {
        self.tell(&Message::new("Note", "Z050", LogLevel::Debug, text));
    }

    /// Tells one message.
    pub fn tell(&self, message: &Message) {
        self.tell_file(message);
        if message.level < self.threshold() {
            return;
        }
        let line = match self.options.log_format {
            LogFormat::Text => message.text.clone(),
            LogFormat::Json => self.json(message),
        };
        self.write(&line, self.options.answers);
    }

    /// Paints what a step found, and how much of it there was. Warnings are told once more at the end of a run.
    pub fn diagnostics(&self, diagnostics: &[Diagnostic]) {
        let warnings = diagnostics.iter().filter(|d| d.level == Level::Warning);
        self.state().warnings.extend(warnings.cloned());
        self.paint(diagnostics, true);
    }

    /// Listens to a run.
    pub fn run<'a>(&'a self, manifest: &'a Manifest, target: &'a str) -> Listener<'a> {
        Listener {
            terminal: self,
            manifest,
            target,
            told: Mutex::new(Told::default()),
        }
    }

    fn tell_file(&self, message: &Message) {
        let mut state = self.state();
        let State { file, redactor, .. } = &mut *state;
        let Some(file) = file.as_mut().filter(|file| file.wants(message.level)) else {
            return;
        };
        let text = if file.is_json() {
            self.json(message)
        } else {
            message.text.clone()
        };
        let text = redactor.redact(&text);
        // As on the terminal: a log that cannot be written is no reason to stop a run.
        drop(file.tell(&text, message.level, (self.options.now)()));
    }

    fn paint(&self, diagnostics: &[Diagnostic], stopped: bool) {
        if self.options.log_format == LogFormat::Text {
            for diagnostic in diagnostics {
                self.tell_file(&of_diagnostic(diagnostic));
            }
        }
        let shown: Vec<&Diagnostic> = diagnostics
            .iter()
            .filter(|diagnostic| level(diagnostic) >= self.threshold())
            .collect();
        if shown.is_empty() {
            return;
        }
        if self.options.log_format == LogFormat::Json {
            for diagnostic in shown {
                self.tell(&of_diagnostic(diagnostic));
            }
            return;
        }
        let to_err = stopped || self.options.answers;
        for diagnostic in &shown {
            self.write(&format!("{}\n", self.painter.paint(diagnostic)), to_err);
        }
        if stopped {
            let shown: Vec<Diagnostic> = shown.into_iter().cloned().collect();
            self.write(&tally(&shown), to_err);
        }
    }

    fn threshold(&self) -> LogLevel {
        if self.options.quiet {
            self.options.log_level.max(LogLevel::Error)
        } else {
            self.options.log_level
        }
    }

    /// dbt's shape of a structured log line.
    fn json(&self, message: &Message) -> String {
        json!({
            "data": message.data,
            "info": {
                "category": "",
                "code": message.code,
                "extra": {},
                "invocation_id": self.options.invocation_id,
                "level": message.level.as_str(),
                "msg": message.text,
                "name": message.name,
                "pid": std::process::id(),
                "thread": std::thread::current().name().unwrap_or("worker"),
                "ts": timestamp((self.options.now)()),
            }
        })
        .to_string()
    }

    fn write(&self, line: &str, to_err: bool) {
        let mut state = self.state();
        let State {
            out,
            err,
            redactor,
            progress,
            ..
        } = &mut *state;
        let line = redactor.redact(line);
        let stream = if to_err { err } else { out };
        // A log that nobody reads any more is no reason to stop a run.
        let mut write = || drop(writeln!(stream, "{line}").and_then(|()| stream.flush()));
        match progress {
            Some(progress) => progress.suspend(write),
            None => write(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A diagnostic as a message, painted without colours.
fn of_diagnostic(diagnostic: &Diagnostic) -> Message {
    Message {
        name: "ProjectDiagnostic",
        code: diagnostic.code,
        level: level(diagnostic),
        text: super::paint(diagnostic),
        data: diagnostic_data(diagnostic),
    }
}

fn level(diagnostic: &Diagnostic) -> LogLevel {
    match diagnostic.level {
        Level::Error => LogLevel::Error,
        Level::Warning => LogLevel::Warn,
    }
}

/// The ear of a [`Terminal`] at a run.
pub struct Listener<'a> {
    terminal: &'a Terminal,
    manifest: &'a Manifest,
    target: &'a str,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    total: usize,
    warnings: Vec<Diagnostic>,
}

impl Listener<'_> {
    /// Tells an event at once. May be called by every worker.
    pub fn event(&self, event: &Event<'_>) {
        self.note(event);
        self.progress(event);
        let message = self.telling().event(event);
        self.terminal.tell(&message);
        if let Event::NodeFinished { result, .. } = event {
            self.at_once(result);
        }
    }

    /// Tells what went wrong once more, and the counts.
    pub fn finish(self, results: &RunResults) {
        let progress = self.terminal.state().progress.take();
        if let Some(progress) = progress {
            progress.clear();
        }
        let mut all = std::mem::take(&mut self.terminal.state().warnings);
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(told.warnings.iter().cloned());
        drop(told);
        all.extend(recap::recap(self.manifest, results));
        let mut once: Vec<Diagnostic> = Vec::new();
        for diagnostic in all {
            if !once.contains(&diagnostic) {
                once.push(diagnostic);
            }
        }
        once.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.level));
        if self.terminal.options.log_format == LogFormat::Text {
            self.blank_line();
        }
        self.terminal.paint(&once, false);
        for message in self.telling().summary(results) {
            self.terminal.tell(&message);
        }
    }

    fn blank_line(&self) {
        self.terminal
            .tell(&Message::new("Formatting", "Z017", LogLevel::Info, ""));
    }

    fn note(&self, event: &Event<'_>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { total, .. } => told.total = *total,
            Event::Warning(diagnostic) => told.warnings.push((*diagnostic).clone()),
            _ => {}
        }
    }

    fn progress(&self, event: &Event<'_>) {
        if !self.terminal.live {
            return;
        }
        let mut state = self.terminal.state();
        match (event, &mut state.progress) {
            (Event::Started { total, .. }, progress) => {
                *progress = Some(Progress::new(*total, self.terminal.painter.color));
            }
            (Event::NodeStarted { node, .. }, Some(progress)) => {
                let name = super::message::description(self.manifest.node(*node));
                progress.started(*node, name);
            }
            (Event::NodeFinished { result, .. }, Some(progress)) => progress.finished(result.node),
            _ => {}
        }
    }

    /// Under the line of a node: in a line each, what is painted in full at the end; and the statements, for who debugs.
    fn at_once(&self, result: &crate::run::NodeResult) {
        if self.terminal.options.log_format == LogFormat::Json {
            return;
        }
        for diagnostic in recap::of_node(self.manifest.node(result.node), result) {
            let text = format!("      {diagnostic}");
            let data = Value::Null;
            let (name, code) = ("ProjectDiagnostic", diagnostic.code);
            let level = level(&diagnostic);
            self.terminal.tell(&Message {
                name,
                code,
                level,
                text,
                data,
            });
        }
        for sql in &result.sent {
            let text = format!("      {}", sql.trim().replace('\n', "\n      "));
            let message = Message::new("SQLQuery", "E016", LogLevel::Debug, text);
            self.terminal.tell(&message);
        }
    }

    fn telling(&self) -> Telling<'_> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        Telling {
            manifest: self.manifest,
            total: told.total,
            palette: match self.terminal.options.log_format {
                LogFormat::Text => self.terminal.palette,
                LogFormat::Json => Palette(false),
            },
            target: self.target,
        }
    }
}
