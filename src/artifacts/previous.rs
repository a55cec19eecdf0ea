//! What runs left behind: how long nodes take, and what tests found.
//!
//! `run_results.json` holds the last run alone, as dbt has it; `last_results.json` beside it holds the last result of every node,
//! so that a run of a few nodes does not make the dictionary forget the others.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::file::write_json;

use crate::manifest::{Manifest, NodeId};
use crate::redact::Redactor;
use crate::run::{NodeResult, RunResults, Status};

const FILE: &str = "last_results.json";

/// So many row counts of earlier builds are kept for each node; of those that are the same one after the other, the first and the last.
const KEPT: usize = 12;

/// Results by `unique_id`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Previous {
    /// The last result of each node.
    pub results: BTreeMap<String, LastResult>,
}

/// What became of a node when it last ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastResult {
    /// dbt's word: `success`, `pass`, `fail`, ….
    pub status: String,
    /// How long it took.
    pub seconds: f64,
    /// Rows a test found.
    pub failures: Option<u64>,
    /// Rows in the relation after a build.
    pub rows: Option<u64>,
    /// Rows that were rejected, where the node has a table of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<u64>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Rows after the builds before, each with its end, the oldest first; of many, the last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<(Timestamp, u64)>,
    /// Of a test, what it was told, where templates say that: with other variables they say something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
}

#[derive(Deserialize)]
struct File {
    results: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    unique_id: String,
    status: String,
    #[serde(default)]
    execution_time: f64,
    #[serde(default)]
    failures: Option<u64>,
    #[serde(default)]
    timing: Vec<Stretch>,
    #[serde(default)]
    adapter_response: serde_json::Map<String, serde_json::Value>,
}

impl Entry {
    fn number(&self, key: &str) -> Option<u64> {
        let value = self.adapter_response.get(key);
        value.and_then(serde_json::Value::as_u64)
    }
}

#[derive(Deserialize)]
struct Stretch {
    completed_at: Option<Timestamp>,
}

impl Previous {
    /// Reads what all runs left in the target folder; nothing before the first one.
    ///
    /// # Errors
    /// When a file is there and cannot be read as such. A caller may go on without it.
    pub fn load(folder: &Path) -> io::Result<Self> {
        match std::fs::read(folder.join(FILE)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Self::read(&folder.join("run_results.json"))
            }
            Err(error) => Err(error),
        }
    }

    /// Leaves it in the target folder for [`Previous::load`].
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, folder: &Path, redactor: &Redactor) -> io::Result<()> {
        write_json(&folder.join(FILE), self, redactor)
    }

    /// Reads `run_results.json`; nothing when there is none.
    ///
    /// # Errors
    /// When the file is there and cannot be read as such. A caller may go on without it.
    pub fn read(path: &Path) -> io::Result<Self> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let file: File = serde_json::from_slice(&bytes)?;
        let results = file.results.into_iter().map(|entry| {
            // An increment affects fewer rows than its table has; what a test answers are no rows of anything.
            let is_test = ["test.", "unit_test."]
                .iter()
                .any(|kind| entry.unique_id.starts_with(kind));
            let rows = entry
                .number("rows")
                .or(entry.number("rows_affected"))
                .filter(|_| !is_test);
            let rejected = entry.number("rows_rejected");
            let last = LastResult {
                status: entry.status,
                seconds: entry.execution_time,
                failures: entry.failures,
                rows,
                rejected,
                completed_at: entry
                    .timing
                    .iter()
                    .filter_map(|stretch| stretch.completed_at)
                    .max(),
                history: Vec::new(),
                told: None,
            };
            (entry.unique_id, last)
        });
        Ok(Self {
            results: results.collect(),
        })
    }

    /// The same with the results of a run over it; a node that was skipped keeps what it had, one that is gone is forgotten.
    #[must_use]
    pub fn then(mut self, manifest: &Manifest, run: &RunResults) -> Self {
        self.results
            .retain(|id, _| manifest.by_unique_id.contains_key(id));
        for result in &run.results {
            if result.status != Status::Skipped {
                let id = manifest.node(result.node).unique_id.clone();
                let before = self.results.remove(&id);
                let mut last = last(result);
                last.history = before.map(LastResult::passed).unwrap_or_default();
                self.results.insert(id, last);
            }
        }
        self
    }

    /// How long a node took when it last ran.
    pub fn seconds(&self, manifest: &Manifest, id: NodeId) -> Option<f64> {
        let last = self.results.get(&manifest.node(id).unique_id)?;
        Some(last.seconds)
    }
}

impl LastResult {
    /// The row counts after each build that is known, the oldest first.
    pub fn row_counts(&self) -> Vec<(Timestamp, u64)> {
        let own = self.completed_at.zip(self.rows);
        let own = own.filter(|_| self.status == "success");
        self.history.iter().copied().chain(own).collect()
    }

    /// Its row counts as those of builds before the next one.
    fn passed(self) -> Vec<(Timestamp, u64)> {
        let mut counts = self.row_counts();
        if let [.., (_, before), (_, between), (_, last)] = counts.as_slice()
            && before == between
            && between == last
        {
            counts.remove(counts.len() - 2);
        }
        counts.drain(..counts.len().saturating_sub(KEPT));
        counts
    }
}

fn last(result: &NodeResult) -> LastResult {
    let timing = [result.compile, result.execute];
    LastResult {
        status: result.status.as_str().to_owned(),
        seconds: super::seconds(result),
        failures: result.failures,
        rejected: result.set_aside_in_all.or(result.set_aside),
        rows: result.rows,
        completed_at: timing.iter().flatten().map(|timing| timing.completed).max(),
        history: Vec::new(),
        told: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(rows: Option<u64>, status: &str, second: i64) -> LastResult {
        LastResult {
            status: status.to_owned(),
            seconds: 0.0,
            failures: None,
            rows,
            rejected: None,
            completed_at: Timestamp::from_second(second).ok(),
            history: Vec::new(),
            told: None,
        }
    }

    fn counts(builds: &[(Option<u64>, &str)]) -> Vec<u64> {
        let mut last: Option<LastResult> = None;
        for ((rows, status), second) in builds.iter().zip(1..) {
            let mut next = built(*rows, status, second);
            next.history = last.map(LastResult::passed).unwrap_or_default();
            last = Some(next);
        }
        let counts = last.map(|last| last.row_counts()).unwrap_or_default();
        counts.into_iter().map(|(_, rows)| rows).collect()
    }

    #[test]
    fn row_counts_of_builds_are_kept_the_newest_and_without_repetition() {
        let good = |rows| (Some(rows), "success");
        assert_eq!(counts(&[good(1), (None, "error"), good(3)]), [1, 3]);
        assert_eq!(counts(&[(None, "success"), (None, "success")]), [0; 0]);
        let same = [good(5), good(5), good(5), good(5), good(6)];
        assert_eq!(counts(&same), [5, 5, 6]);
        let many: Vec<_> = (0..40).map(good).collect();
        let kept = counts(&many);
        assert_eq!((kept.len(), kept[0], kept[12]), (13, 27, 39));
    }
}
