//! The steps of a run: what each does, as data, and what it waits for.
//!
//! In: `Manifest`, the selected nodes, what `compile` made of them, what exists. Out: [`Plan`].
//! Every statement has been at the adapter's door, so that refusals come before anything runs. Executes nothing.

mod aim;
mod door;
mod known;
mod never;
mod place;
mod planner;
mod together;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use known::{Known, Planned};
pub(crate) use place::{home, place_of, place_of_copy};
pub use planner::{Options, Planner};
pub use together::{Publication, ShownNode, is_view};

use crate::adapter::{Prepared, Statement};
use crate::compile::Sql;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::microbatch::Batches;
use crate::manifest::{Manifest, NodeId};
use crate::materialization::{Hidden, Phase, Rest};
use crate::relation::Relation;

/// What a run does, in steps; printed by a dry run, executed by `run/`.
#[derive(Debug, Default)]
pub struct Plan {
    /// Schemas that must be made first.
    pub schemas: Vec<Order>,
    /// `on-run-start`, in order, one after the other.
    pub start: Vec<Step>,
    /// The steps; a step waits only for steps before it in the list.
    pub steps: Vec<Step>,
    /// `on-run-end`, in order, one after the other, whatever became of the steps.
    pub end: Vec<Step>,
    /// Drops of what a killed run left that was to be shown together.
    pub leftovers: Vec<Order>,
    /// What is done first at the turn of a node that goes on with a copy of its table.
    pub copies: BTreeMap<NodeId, Section>,
    /// The columns of what the steps make, as far as they can be told.
    pub planned: Planned,
    /// What is worth a look, though it stops nothing.
    pub warnings: Vec<Diagnostic>,
}

impl Plan {
    /// Has nodes fail that are known to be wrong, and all that fail in this way come first, so that all mistakes are told at once: a refused
    /// step waits for nothing. But what would say the same once more waits, and is skipped: a test of what is refused, and a node that is
    /// shown only when a refused test has passed.
    pub fn refuse(&mut self, manifest: &Manifest, wrong: &BTreeMap<NodeId, Diagnostics>) {
        let operations = self.start.iter_mut().chain(&mut self.end);
        for step in operations.chain(&mut self.steps) {
            if let Some(wrong) = wrong.get(&step.node) {
                step.work = Work::Refused(wrong.clone());
            }
        }
        let refused: BTreeMap<NodeId, usize> = (self.steps.iter().zip(0..))
            .filter(|(step, _)| step.is_refused())
            .map(|(step, place)| (step.node, place))
            .collect();
        if refused.is_empty() {
            return;
        }
        for step in &mut self.steps {
            let node = manifest.node(step.node);
            let mut more: Vec<NodeId> = match &step.work {
                Work::Refused(_) => {
                    step.waits_for.clear();
                    Vec::new()
                }
                Work::Build(build) => {
                    let audit = build.audit.iter();
                    audit
                        .flat_map(|it| it.tests.iter().map(|(test, _)| *test))
                        .collect()
                }
                _ => Vec::new(),
            };
            if node.resource_type.is_test() {
                more.extend(&node.depends_on);
            }
            let places = more.iter().filter_map(|id| refused.get(id).copied());
            step.waits_for.extend(places);
            step.waits_for.sort_unstable();
            step.waits_for.dedup();
        }
    }

    /// What is wrong with its nodes, all of it.
    pub fn refused(&self) -> Diagnostics {
        let steps = self.start.iter().chain(&self.steps).chain(&self.end);
        let refused = steps.filter_map(|step| match &step.work {
            Work::Refused(wrong) => Some(wrong.0.iter().cloned()),
            _ => None,
        });
        Diagnostics(refused.flatten().collect())
    }
}

/// One node's turn.
#[derive(Debug)]
pub struct Step {
    /// The node.
    pub node: NodeId,
    /// What is done.
    pub work: Work,
    /// Places in `Plan::steps` of what must be done before, in order.
    pub waits_for: Vec<usize>,
    /// The SQL as compiled, with the way back to the template; none while the node is late.
    pub sql: Option<Arc<Sql>>,
    /// The batches that it is done in; the work and the SQL are those of the first.
    pub batches: Batches,
}

impl Step {
    /// Whether it is known to fail.
    pub fn is_refused(&self) -> bool {
        matches!(self.work, Work::Refused(_))
    }
}

/// What is done for a node.
#[derive(Debug)]
pub enum Work {
    /// Statements known before the run began.
    Build(Box<Build>),
    /// A query whose answer decides a data test.
    Test(Box<Test>),
    /// A unit test: its queries are made at its turn, when the columns of what its model reads can be asked.
    UnitTest,
    /// A query that measures how old the rows of a source are; what is wrong with it is told at its turn and stops no other.
    Freshness(Result<Box<Query>, Box<Diagnostic>>),
    /// The node can only be compiled at its turn, because its template asks the warehouse.
    Late,
    /// What is wrong with the node, or what the warehouse refuses: told first, and stops what depends on it.
    Refused(Diagnostics),
    /// A materialization written in Jinja does the work at the node's turn.
    InJinja,
    /// Nothing: an exposure has its turn, so that it is told when what it stands on failed.
    NoOp,
}

/// The statements that make a node's relation, as the warehouse takes them.
#[derive(Debug)]
pub struct Build {
    /// The sections, in order.
    pub sections: Vec<Section>,
    /// What else there is to do, once the sections ran and the columns of a relation can be asked.
    pub then: Option<Box<Rest>>,
    /// What is built beside and not yet published, with its drop for when the build fails on the way.
    pub staging: Option<Order>,
    /// What else is built beside, with its drop.
    pub also: Vec<Order>,
    /// The tests that decide whether the new rows are shown.
    pub audit: Option<Arc<Audit>>,
    /// The table whose rows are counted, and the query that counts them where the warehouse has not said.
    pub counts: Option<Count>,
    /// Drops for the end of the run, when what is bound to the replaced relation has been made anew.
    pub last: Vec<Order>,
}

/// Tests that decide whether the new rows of a node are shown.
#[derive(Debug)]
pub struct Audit {
    /// The tests: about what is built beside, or, where nothing is, about the relation inside the transaction that changes it.
    pub tests: Vec<(NodeId, Test)>,
    /// Tests that ask the warehouse while they render: they are compiled when they are asked.
    pub late: Vec<NodeId>,
    /// Where the rows stand until they are shown; none where they are asked about in their place.
    pub beside: Option<Relation>,
    /// How what is built beside is kept, where one of them fails; empty where nothing is.
    pub keep: Vec<Order>,
    /// How the rows that were to come to a table that stays are kept, where one of them fails inside of the transaction.
    pub keep_added: Vec<Order>,
}

/// How the rows of a new table are counted.
#[derive(Debug)]
pub struct Count {
    /// Whether the statements that fill the table say how many rows it has; an increment says only what was added.
    pub by_statements: bool,
    /// The query.
    pub query: Prepared,
}

/// Statements that stand or fall together.
#[derive(Debug)]
pub struct Section {
    /// What the section is for.
    pub phase: Phase,
    /// Whether the whole may be tried again when somebody else was first.
    pub retryable: bool,
    /// The statements, with `begin` and `commit` where they run in one transaction.
    pub orders: Vec<Order>,
}

impl Section {
    /// Whether it is one transaction.
    pub fn is_transaction(&self) -> bool {
        let first = self.orders.first();
        first.is_some_and(|order| order.statement == Statement::Begin)
    }
}

/// A statement, and how the warehouse takes it.
#[derive(Clone, Debug)]
pub struct Order {
    /// The statement.
    pub statement: Statement,
    /// As it is sent.
    pub prepared: Prepared,
}

/// How a data test is decided.
#[derive(Debug)]
pub struct Test {
    /// Keeps the failures, before they are counted.
    pub store: Option<Build>,
    /// The query that answers one row: `failures`, `should_warn`, `should_error`.
    pub check: Query,
    /// The query whose rows are failures.
    pub failures: Query,
    /// What of the failures nobody may see.
    pub hidden: Hidden,
}

/// A query, and how the warehouse takes it.
#[derive(Debug)]
pub struct Query {
    /// In the dialect of the target.
    pub text: String,
    /// As it is sent.
    pub prepared: Prepared,
}
