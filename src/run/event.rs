//! What a run tells while it goes on. `report/` listens.

use super::results::NodeResult;
use crate::diagnostic::Diagnostic;
use crate::manifest::NodeId;

/// One thing that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// The run begins.
    Started {
        /// How many nodes will have a turn.
        total: usize,
        /// Workers.
        threads: usize,
    },
    /// A node's turn begins.
    NodeStarted {
        /// The node.
        node: NodeId,
        /// Its number among `total`, from 1.
        index: usize,
    },
    /// A node's turn is over.
    NodeFinished {
        /// What became of it.
        result: &'a NodeResult,
        /// Its number among `total`, from 1.
        index: usize,
    },
    /// A section is tried again.
    Retrying {
        /// The node.
        node: NodeId,
        /// What the warehouse said.
        reason: String,
        /// The next attempt, from 2.
        attempt: u32,
    },
    /// `log(…, info=true)` or `print` of a template.
    Message {
        /// The words.
        text: String,
        /// Whether it goes to the terminal, or only to a debug log.
        info: bool,
    },
    /// A warning, at once and again at the end.
    Warning(&'a Diagnostic),
    /// All that was built is shown, by one transaction.
    Published {
        /// How many tables and views.
        relations: usize,
        /// How long the transaction took.
        elapsed: std::time::Duration,
    },
    /// Ctrl-C: running statements are being cancelled.
    Cancelling,
}
