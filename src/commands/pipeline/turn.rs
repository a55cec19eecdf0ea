//! A build waits until no other one is at work where it builds.
//!
//! A plan stands on what the schemas hold at its start, so two builds into one schema take turns; a DuckDB file has one process at a
//! time. What is waited for, whose it is and since when is told; `--wait` says for how long.

use std::time::{Duration, Instant};

use super::warehouse::Door;
use crate::adapter::{self, Connection, ErrorClass};
use crate::commands::Session;

/// How long a build that waits for its turn sleeps before it asks again.
const MOMENT: Duration = Duration::from_millis(200);

/// The way of one build to its turn.
pub(super) struct Turn<'a> {
    session: &'a Session,
    begun: Instant,
    /// Whether it was told that it waits.
    told: bool,
}

impl<'a> Turn<'a> {
    /// It begins to wait now.
    pub(super) fn new(session: &'a Session) -> Self {
        Self {
            session,
            begun: Instant::now(),
            told: false,
        }
    }

    /// Opens a session, where another process may have the warehouse: it is waited for as long as `--wait` says, else not.
    ///
    /// # Errors
    /// What the warehouse answers.
    pub(super) fn connection(
        &mut self,
        door: &Door,
    ) -> Result<Box<dyn Connection>, adapter::Error> {
        loop {
            let error = match door.connect(self.session) {
                Err(error) if matches!(error.class, ErrorClass::Retryable { .. }) => error,
                done => return done,
            };
            if self.is_over(Duration::ZERO) {
                return Err(self.longer(error));
            }
            self.wait(|| format!("Waiting: {}", error.message))?;
        }
    }

    /// Waits until no other build is at work in some schemas, without an end where `--wait` says nothing.
    ///
    /// # Errors
    /// What the warehouse answers, and that the time is over.
    pub(super) fn claim(
        &mut self,
        connection: &mut dyn Connection,
        schemas: &[String],
    ) -> Result<(), adapter::Error> {
        while let Some(schema) = connection.claim(schemas)? {
            if self.is_over(Duration::MAX) {
                let held = connection.holder(&schema);
                let held = held.map_or(String::new(), |held| format!(": {held}"));
                let message = format!("another build is at work in the schema `{schema}`{held}");
                let error = adapter::Error::new(ErrorClass::User, message);
                return Err(self.longer(error));
            }
            self.wait(|| {
                let held = connection.holder(&schema);
                let held = held.map_or(String::new(), |held| format!(" ({held})"));
                format!("Waiting for another build into the schema `{schema}`{held}")
            })?;
        }
        Ok(())
    }

    /// Whether it was waited for as long as is wanted; `usual` where nobody says so.
    fn is_over(&self, usual: Duration) -> bool {
        self.begun.elapsed() >= self.session.global.wait.unwrap_or(usual)
    }

    fn longer(&self, mut error: adapter::Error) -> adapter::Error {
        let help = match self.session.global.wait {
            Some(wait) if !wait.is_zero() => {
                let waited = jiff::SignedDuration::try_from(wait).unwrap_or_default();
                format!("it was waited for {waited:#}: `--wait` takes a longer time")
            }
            _ => "wait for it with `--wait 10m`".to_owned(),
        };
        error.help = Some(match error.help {
            Some(before) => format!("{before}; {help}"),
            None => help,
        });
        error
    }

    fn wait(&mut self, words: impl FnOnce() -> String) -> Result<(), adapter::Error> {
        if self.session.cancel.is_requested() {
            return Err(adapter::Error::new(
                ErrorClass::Cancelled,
                "cancelled while another build had its turn",
            ));
        }
        if !self.told {
            self.told = true;
            self.session.terminal.info(words());
        }
        std::thread::sleep(MOMENT);
        Ok(())
    }
}
