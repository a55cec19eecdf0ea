//! What became of each node.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::adapter::{LoadError, Table};
use crate::diagnostic::Diagnostic;
use crate::manifest::NodeId;
use crate::manifest::microbatch::Batch;
use crate::relation::Relation;

/// dbt's outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A model, seed or load was built.
    Success,
    /// A test found no failures.
    Pass,
    /// A test found failures and its severity is `warn`.
    Warn,
    /// A test found failures.
    Fail,
    /// The warehouse, or Redstart, refused.
    Error,
    /// Something that it stands on failed.
    Skipped,
    /// Some batches of a model were built, and others were not.
    PartialSuccess,
    /// There was nothing to do, as for every exposure.
    NoOp,
}

impl Status {
    /// dbt's word in `run_results.json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Skipped => "skipped",
            Self::PartialSuccess => "partial success",
            Self::NoOp => "no-op",
        }
    }

    /// Whether the run as a whole failed because of it.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Fail | Self::Error | Self::PartialSuccess)
    }
}

/// What became of one node.
#[derive(Clone, Debug)]
pub struct NodeResult {
    /// The node.
    pub node: NodeId,
    /// Its outcome.
    pub status: Status,
    /// One line for people: `12 rows`, `Got 8 results, configured to fail if != 0`.
    pub message: Option<String>,
    /// Rows in the relation after a build.
    pub rows: Option<u64>,
    /// Rows that the statements brought, as far as the warehouse said so.
    pub filled: Option<u64>,
    /// Rows a test found.
    pub failures: Option<u64>,
    /// How old the rows of a source are, where that was asked.
    pub age: Option<super::age::Measured>,
    /// A few of those rows, without personal columns.
    pub sample: Option<Table>,
    /// Files that a load read, where that is known.
    pub files: Option<u64>,
    /// Rows that went to the table of rejected rows, where the node has one.
    pub set_aside: Option<u64>,
    /// Rows that this table has now, where those of earlier runs are in it too.
    pub set_aside_in_all: Option<u64>,
    /// The query that brought the rows, by its number in the log of the warehouse, where that was asked.
    pub query_id: Option<i64>,
    /// The relation in which all of them are kept, where they are (`store_failures`).
    pub stored: Option<Relation>,
    /// Whether there are such rows, of which nobody may see any column.
    pub sample_hidden: bool,
    /// Rows a load left out, within `MAXERROR`, as far as they are told one by one.
    pub rejected: Vec<LoadError>,
    /// How many it left out.
    pub left_out: u64,
    /// Rows for which a load failed, as far as they are told.
    pub bad_rows: Vec<LoadError>,
    /// The file in which all of them are told, where it was written.
    pub told_in: Option<String>,
    /// What went wrong, placed in the user's files.
    pub diagnostics: Vec<Diagnostic>,
    /// The SQL as compiled, where the node has any.
    pub compiled_code: Option<String>,
    /// The statements really sent, in order.
    pub sent: Vec<String>,
    /// When the node's template was compiled.
    pub compile: Option<Timing>,
    /// When it ran.
    pub execute: Option<Timing>,
    /// The worker, from 1.
    pub thread: usize,
    /// What became of each batch, of a model that is built in batches.
    pub batches: Option<Batched>,
}

/// What became of the batches of a model.
#[derive(Clone, Debug, Default)]
pub struct Batched {
    /// Batches that an earlier run built, of which this one was the rest.
    pub before: Vec<(DateTime, DateTime)>,
    /// The batches of this run, in order.
    pub now: Vec<BatchResult>,
}

/// What became of one batch.
#[derive(Clone, Debug)]
pub struct BatchResult {
    /// The batch.
    pub batch: Batch,
    /// Whether it was built.
    pub built: bool,
    /// Its SQL as compiled, if it came so far.
    pub compiled_code: Option<String>,
    /// The statements really sent, in order.
    pub sent: Vec<String>,
}

impl Batched {
    /// How many batches of this run were built.
    pub fn built(&self) -> usize {
        self.now.iter().filter(|result| result.built).count()
    }

    /// What became of the model, with dbt's words.
    pub fn verdict(&self) -> (Status, String) {
        let (built, all) = (self.built(), self.now.len());
        if built == all {
            (Status::Success, "SUCCESS".to_owned())
        } else if built == 0 {
            (Status::Error, "ERROR".to_owned())
        } else {
            let words = format!("PARTIAL SUCCESS ({built}/{all})");
            (Status::PartialSuccess, words)
        }
    }
}

impl NodeResult {
    /// A result with nothing to tell but its outcome.
    pub fn new(node: NodeId, status: Status) -> Self {
        Self {
            node,
            status,
            message: None,
            rows: None,
            filled: None,
            failures: None,
            age: None,
            sample: None,
            files: None,
            set_aside: None,
            set_aside_in_all: None,
            query_id: None,
            stored: None,
            sample_hidden: false,
            rejected: Vec::new(),
            left_out: 0,
            bad_rows: Vec::new(),
            told_in: None,
            diagnostics: Vec::new(),
            compiled_code: None,
            sent: Vec::new(),
            compile: None,
            execute: None,
            thread: 0,
            batches: None,
        }
    }
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Its begin.
    pub started: Timestamp,
    /// Its end.
    pub completed: Timestamp,
}

impl Timing {
    /// How long it was; zero when the clock went back.
    pub fn duration(&self) -> Duration {
        Duration::try_from(self.completed.duration_since(self.started)).unwrap_or_default()
    }
}

/// What became of a run.
#[derive(Clone, Debug, Default)]
pub struct RunResults {
    /// One result a node, in the order in which they finished.
    pub results: Vec<NodeResult>,
    /// How long the run took, from its first statement.
    pub elapsed: Duration,
    /// Whether it was stopped by Ctrl-C.
    pub cancelled: bool,
}

impl RunResults {
    /// Whether anything in the project failed: exit code 1.
    pub fn failed(&self) -> bool {
        self.results.iter().any(|result| result.status.is_failure())
    }

    /// The result of a node, if it had its turn.
    pub fn of(&self, node: NodeId) -> Option<&NodeResult> {
        self.results.iter().find(|result| result.node == node)
    }
}
