//! The steps of a run: what each does, as data, and what it waits for.
//!
//! In: `Manifest`, `Selection`, `Compiled`, what exists. Out: [`Plan`].
//! Executes nothing.

use crate::adapter::Statement;
use crate::manifest::NodeId;

/// What a run does, in steps; printed by a dry run, executed by `run/`.
#[derive(Debug, Default)]
pub struct Plan {
    /// The steps; a step waits only for steps before it in the list.
    pub steps: Vec<Step>,
}

/// One node's turn.
#[derive(Debug)]
pub struct Step {
    /// The node.
    pub node: NodeId,
    /// What is done.
    pub work: Work,
    /// Places in `Plan::steps` of what must be done before.
    pub waits_for: Vec<usize>,
}

/// What is done for a node.
#[derive(Debug)]
pub enum Work {
    /// Statements known before the run began.
    Build(Build),
    /// A query whose answer decides a data test.
    Test(TestQuery),
    /// The node can only be compiled at its turn, because its template asks the warehouse.
    Late,
    /// Nothing runs in the warehouse (an ephemeral model, an exposure, a source that is only read).
    Nothing,
}

/// The statements that make a node's relation, in sections.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Build {
    /// The sections, in order.
    pub sections: Vec<Section>,
    /// The relation whose rows the report counts, if any.
    pub counts: Option<crate::relation::Relation>,
}

/// Statements that stand or fall together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// Whether they run in one transaction.
    pub transaction: bool,
    /// Whether the whole may be tried again when somebody else was first: only when all statements are ours.
    pub retryable: bool,
    /// The statements.
    pub statements: Vec<Statement>,
}

/// How a data test is decided.
#[derive(Clone, Debug, PartialEq)]
pub struct TestQuery {
    /// The query whose rows are failures, in the dialect of the target, without a limit.
    pub failures: String,
    /// Where failures are kept, when they are (`store_failures`).
    pub store: Option<Build>,
}
