//! `lock table`: which transaction keeps which tables from the locks of others.
//!
//! In: tables, sessions. Out: whether a lock was got, and who has one. Only locks wait for locks here: readers and writers are kept apart
//! by DuckDB's snapshots.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// A lock that a session has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lock {
    pub schema: String,
    pub table: String,
    pub pid: i32,
    pub user: String,
    pub since: Timestamp,
}

/// By schema and name, the session that holds it.
#[derive(Debug, Default)]
pub(super) struct Locks(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    by_table: BTreeMap<(String, String), Lock>,
    /// By session, the lock that it waits for.
    waiting: BTreeMap<i32, Lock>,
    /// How often somebody looked at all of them.
    looks: u64,
}

impl Locks {
    /// Takes a table for a session, unless another one has it.
    pub fn take(&self, table: (String, String), pid: i32, user: &str) -> bool {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (schema, name) = table.clone();
        let wanted = Lock {
            schema,
            table: name,
            pid,
            user: user.to_owned(),
            since: Timestamp::now(),
        };
        let lock = held.by_table.entry(table).or_insert_with(|| wanted.clone());
        let is_own = lock.pid == pid;
        match is_own {
            true => drop(held.waiting.remove(&pid)),
            false => drop(held.waiting.entry(pid).or_insert(wanted)),
        }
        is_own
    }

    /// Those that are held now, those that are waited for, and the number of this look at them.
    pub fn all(&self) -> (u64, Vec<Lock>, Vec<Lock>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.looks += 1;
        let listed = |locks: &mut dyn Iterator<Item = &Lock>| locks.cloned().collect();
        (
            held.looks,
            listed(&mut held.by_table.values()),
            listed(&mut held.waiting.values()),
        )
    }

    /// Frees what a session has.
    pub fn free(&self, pid: i32) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.by_table.retain(|_, lock| lock.pid != pid);
        held.waiting.remove(&pid);
    }
}
