//! `lock table`: which transaction keeps which tables from the locks of others.
//!
//! In: tables, sessions. Out: whether a lock was got. Only locks wait for locks here: readers and writers are kept apart by DuckDB's snapshots.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// By schema and name, the session that holds it.
#[derive(Debug, Default)]
pub(super) struct Locks(Mutex<BTreeMap<(String, String), i32>>);

impl Locks {
    /// Takes a table for a session, unless another one has it.
    pub fn take(&self, table: (String, String), pid: i32) -> bool {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *held.entry(table).or_insert(pid) == pid
    }

    /// Frees what a session has.
    pub fn free(&self, pid: i32) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, holder| *holder != pid);
    }
}
