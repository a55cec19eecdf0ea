//! A turn of a template that asks the warehouse, and what it did there.
//!
//! In: a worker's session. Out: [`Turn`], and [`Acted`] once it is over.
//! Sends nothing itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::lock;
use super::world::SharedConnection;
use crate::diagnostic::Diagnostic;
use crate::jinja::Value;

/// A late node's turn: what its template may ask, and what is known by then.
#[derive(Clone)]
pub struct Turn {
    /// The worker's own session.
    pub connection: SharedConnection,
    /// Plain names that hold only now, such as `results` in `on-run-end`.
    pub names: Arc<BTreeMap<String, Value>>,
    /// Set where the template does the work itself: a materialization or an operation.
    acting: Option<Arc<Mutex<Acting>>>,
}

#[derive(Default)]
struct Acting {
    acted: Acted,
    /// Whether statements that ask for a transaction get one.
    transactions: bool,
    open: bool,
}

/// What a materialization or an operation did.
#[derive(Clone, Debug, Default)]
pub struct Acted {
    /// The SQL that was sent, as the template wrote it.
    pub sent: Vec<String>,
    /// What the warehouse said to the statement called `main`, and its rows where it told them.
    pub main: Option<(String, Option<u64>)>,
    /// What is worth a look.
    pub warnings: Vec<Diagnostic>,
}

impl Turn {
    /// A turn with nothing but a session.
    pub fn on(connection: &SharedConnection) -> Self {
        Self::with(connection, BTreeMap::new())
    }

    /// A turn with a session and names that hold only now.
    pub fn with(connection: &SharedConnection, names: BTreeMap<String, Value>) -> Self {
        Self {
            connection: Arc::clone(connection),
            names: Arc::new(names),
            acting: None,
        }
    }

    /// The same turn, where the template does the work itself. With `transactions`, a statement that asks for a transaction opens one,
    /// which lasts until the template commits.
    #[must_use]
    pub fn acting(self, transactions: bool) -> Self {
        Self {
            acting: Some(Arc::new(Mutex::new(Acting {
                transactions,
                ..Acting::default()
            }))),
            ..self
        }
    }

    /// What was done so far.
    pub fn acted(&self) -> Acted {
        let acting = self.acting.as_ref();
        acting.map_or_else(Acted::default, |acting| lock(acting).acted.clone())
    }

    /// Whether a transaction is open.
    pub fn is_open(&self) -> bool {
        self.acting.as_ref().is_some_and(|acting| lock(acting).open)
    }

    /// Whether the template may open transactions.
    pub(super) fn acts(&self) -> bool {
        let acting = self.acting.as_ref();
        acting.is_some_and(|acting| lock(acting).transactions)
    }

    pub(super) fn set_open(&self, open: bool) {
        if let Some(acting) = &self.acting {
            lock(acting).open = open;
        }
    }

    /// Notes what is sent.
    pub(super) fn note(&self, sql: &str) {
        if let Some(acting) = &self.acting {
            lock(acting).acted.sent.push(sql.trim().to_owned());
        }
    }

    /// Notes what SQL of the template itself did to the transaction.
    pub(super) fn watch(&self, sql: &str) {
        for statement in sql.split(';') {
            let word = statement.split_whitespace().next().unwrap_or_default();
            match word.to_ascii_lowercase().as_str() {
                "begin" | "start" => self.set_open(true),
                "commit" | "rollback" | "end" | "abort" => self.set_open(false),
                _ => {}
            }
        }
    }

    /// Notes the answer to the statement called `main`.
    pub(super) fn set_main(&self, response: &Value) {
        if let Some(acting) = &self.acting {
            let rows = response.get_attr("rows_affected").ok();
            let rows = rows.and_then(|rows| u64::try_from(rows).ok());
            lock(acting).acted.main = Some((response.to_string(), rows));
        }
    }
}
