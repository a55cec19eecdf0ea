//! Every statement that came, for tests to read and for `sys_query_history` to tell.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::adapter::LoadError;

/// A statement that came.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    /// Its number, counted from 1 over all sessions.
    pub query: i64,
    /// The session.
    pub pid: i32,
    /// The transaction it ran in.
    pub xid: i64,
    /// Who sent it.
    pub user: String,
    /// The text, byte for byte, without the semicolon.
    pub text: String,
    /// `query_group` of the session.
    pub label: String,
    /// When it came.
    pub started: Timestamp,
    /// When it was done.
    pub ended: Timestamp,
    /// Rows written or answered.
    pub rows: Option<u64>,
    /// SQLSTATE and message, where it failed.
    pub error: Option<(String, String)>,
    /// The table that a load filled, and how many files it read.
    pub loaded: Option<(String, u64)>,
    /// Rows that a load could not take.
    pub load_errors: Vec<LoadError>,
}

/// Who is told of statements.
type Told = Box<dyn Fn(&Logged) + Send + Sync>;

#[derive(Default)]
pub(super) struct Log(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    statements: Vec<Logged>,
    /// How many of them the catalog's tables hold.
    told: usize,
    listeners: Vec<Told>,
    next_xid: i64,
}

impl Log {
    /// Keeps a statement, and gives its number.
    pub fn add(&self, mut logged: Logged) -> i64 {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logged.query = i64::try_from(inner.statements.len() + 1).unwrap_or(i64::MAX);
        for listener in &inner.listeners {
            listener(&logged);
        }
        let query = logged.query;
        inner.statements.push(logged);
        query
    }

    pub fn all(&self) -> Vec<Logged> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.statements.clone()
    }

    /// The statements that nobody has asked for here before.
    pub fn news(&self) -> Vec<Logged> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let news = inner.statements[inner.told..].to_vec();
        inner.told = inner.statements.len();
        news
    }

    pub fn tell(&self, listener: Told) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.listeners.push(listener);
    }

    /// The number of one more transaction.
    pub fn transaction(&self) -> i64 {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.next_xid += 1;
        1000 + inner.next_xid
    }
}
