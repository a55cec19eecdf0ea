//! One worker's session: its connection, sections sent and tried again, and a way for others to stop it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::results::Timing;
use super::turn::{Failure, Turn, fills};
use super::verdict::Verdict;
use super::voice::Voice;
use super::{Event, NodeResult, Run, Status, locked, remedy};
use crate::adapter::{Adapter, Comment, Error, ErrorClass, Outcome, Prepared, Statement, Table};
use crate::compile::SharedConnection;
use crate::diagnostic::Diagnostic;
use crate::manifest::NodeId;
use crate::materialization::Phase;
use crate::plan::{Order, Section, Step};
use crate::relation::{NothingKnown, Relation};

/// How often a section is tried in all.
pub(super) const ATTEMPTS: u32 = 6;
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The shortest pause before a lost connection is made anew.
pub(super) const RECONNECT: Duration = Duration::from_millis(200);
/// How long a pause sleeps before it looks at Ctrl-C again.
const NAP: Duration = Duration::from_millis(20);

type Canceller = Box<dyn Fn() + Send + Sync>;

/// What the sessions of a run have in common.
pub(super) struct Shared<'a> {
    pub(super) run: Run<'a>,
    pub(super) voice: &'a Voice<'a>,
    /// For each worker, how to stop what it does.
    cancellers: Vec<Mutex<Option<Canceller>>>,
    /// One lock a schema: swaps take turns, builds do not wait.
    swaps: BTreeMap<String, Mutex<()>>,
    /// Schemas that could not be made, by what their names mean to the warehouse, and why.
    missing: Mutex<BTreeMap<String, Error>>,
    /// Drops of what was replaced and had something bound to it, in the order of the turns.
    last: Mutex<Vec<Order>>,
    /// Tests that were asked before the rows of their node were shown, and what became of them.
    audited: Mutex<BTreeMap<NodeId, Audited>>,
    /// Tables of which a node began with a copy, each with what tells whether somebody has written into it since.
    pub(super) marks: Mutex<Vec<Marked>>,
}

/// A table of which a node began with a copy, and its mark.
pub(super) struct Marked {
    pub(super) node: NodeId,
    pub(super) table: Relation,
    pub(super) mark: String,
}

/// What became of a test that was asked early.
pub(super) type Audited = (Verdict, Option<Table>);

impl<'a> Shared<'a> {
    pub(super) fn new(run: Run<'a>, voice: &'a Voice<'a>, threads: usize) -> Self {
        let manifest = run.planner.manifest;
        let schemas = run
            .plan
            .steps
            .iter()
            .filter_map(|step| manifest.node(step.node).relation.as_ref())
            .map(|relation| (relation.schema.to_lowercase(), Mutex::new(())));
        Self {
            run,
            voice,
            cancellers: (0..threads).map(|_| Mutex::new(None)).collect(),
            swaps: schemas.collect(),
            missing: Mutex::default(),
            last: Mutex::default(),
            audited: Mutex::default(),
            marks: Mutex::default(),
        }
    }

    /// Keeps drops for the end of the run.
    pub(super) fn leave_for_last(&self, drops: &[Order]) {
        locked(&self.last).extend_from_slice(drops);
    }

    /// Keeps what became of tests until their own turn.
    pub(super) fn note_audited(&self, tests: Vec<(NodeId, Audited)>) {
        locked(&self.audited).extend(tests);
    }

    /// What became of a test that was asked early.
    pub(super) fn audited(&self, test: NodeId) -> Option<Audited> {
        locked(&self.audited).remove(&test)
    }

    /// Stops what every worker is doing.
    pub(super) fn cancel_all(&self) {
        for canceller in &self.cancellers {
            if let Some(cancel) = locked(canceller).as_ref() {
                cancel();
            }
        }
    }
}

/// One worker's session.
pub(super) struct Session<'s, 'a> {
    pub(super) shared: &'s Shared<'a>,
    worker: usize,
    connection: Option<SharedConnection>,
    /// The query group that the node of this turn names, and the one that the connection has.
    group: (Option<String>, Option<String>),
    /// What stands beside each statement of this turn.
    comment: Option<Comment>,
}

impl<'s, 'a> Session<'s, 'a> {
    pub(super) fn new(shared: &'s Shared<'a>, worker: usize) -> Self {
        Self {
            shared,
            worker,
            connection: None,
            group: (None, None),
            comment: None,
        }
    }

    pub(super) fn adapter(&self) -> &'a dyn Adapter {
        self.shared.run.planner.adapter
    }

    /// Makes the schemas of the plan. One that cannot be made fails the nodes that would stand in it.
    pub(super) fn make_schemas(&mut self) {
        for order in &self.shared.run.plan.schemas {
            let made = self.execute(&order.prepared);
            if let (Err(error), Statement::CreateSchema { schema, .. }) = (made, &order.statement) {
                let schema = self.shared.run.planner.existing.schema(schema);
                locked(&self.shared.missing).insert(schema, error);
            }
        }
    }

    /// Drops what a killed run left of what it would have shown together. What cannot be dropped is told by the node that it is in
    /// the way of.
    pub(super) fn drop_leftovers(&mut self) {
        for order in &self.shared.run.plan.leftovers {
            let _ = self.execute(&order.prepared);
        }
    }

    /// A session for what is left to do: of its own once the run was cancelled, as the others answer nothing more.
    pub(super) fn for_the_rest(&mut self) -> Result<SharedConnection, Error> {
        if !self.shared.run.cancel.is_requested() {
            return self.connection();
        }
        self.connection = None;
        *locked(&self.shared.cancellers[self.worker]) = None;
        Ok(Arc::new(Mutex::new(self.adapter().connect()?)))
    }

    /// Drops what was replaced, now that what was bound to it has been made anew: the last turn first, whose relation stands on the
    /// others. What is still bound to something stays, with its old rows, until the next run.
    pub(super) fn drop_the_last(&mut self) {
        let drops = std::mem::take(&mut *locked(&self.shared.last));
        for order in drops.iter().rev() {
            if self.shared.run.cancel.is_requested() {
                return;
            }
            let (Err(error), Statement::Drop { relation, .. }) =
                (self.execute(&order.prepared), &order.statement)
            else {
                continue;
            };
            let why = match error.class {
                ErrorClass::User => "what stands on it was not made anew",
                _ => "it could not be dropped",
            };
            let mut warning = Diagnostic::warning(
                "still-bound",
                format!("`{relation}` stays until the next build: {why}"),
            )
            .note(error.message);
            warning.notes.extend(error.detail);
            self.shared.voice.tell(&Event::Warning(&warning));
        }
    }

    /// One node's turn. A panic in it is an error of the node, and the connection it may have left in the middle is given up.
    pub(super) fn turn(&mut self, step: &Step, finished: &[NodeResult]) -> NodeResult {
        let started = Timestamp::now();
        self.comment = (self.shared.run.comment)(step.node);
        let mut turn = Turn::new(step, self.shared.run.planner.manifest.node(step.node));
        let outcome = catch_unwind(AssertUnwindSafe(|| turn.take(self, finished)));
        let mut result = NodeResult {
            thread: self.worker + 1,
            execute: Some(Timing {
                started,
                completed: Timestamp::now(),
            }),
            ..NodeResult::new(step.node, Status::Error)
        };
        match outcome {
            Ok(Ok(())) => turn.tell(&mut result),
            Ok(Err(Failure::Cancelled)) => {
                turn.tell(&mut result);
                result.status = Status::Skipped;
                result.message = Some("cancelled".to_owned());
            }
            Ok(Err(Failure::Again(lost))) => {
                turn.tell(&mut result);
                result.status = Status::Error;
                result.message = Some(lost.0.message);
            }
            Ok(Err(Failure::Wrong(diagnostics))) => {
                turn.tell(&mut result);
                result.status = Status::Error;
                result.message = diagnostics.first().map(|first| first.message.clone());
                result.diagnostics.extend(diagnostics);
            }
            Err(panic) => {
                self.connection = None;
                turn.tell(&mut result);
                let name = &self.shared.run.planner.manifest.node(step.node).name;
                result.status = Status::Error;
                let problem =
                    Diagnostic::error("internal", format!("Redstart broke down at `{name}`"))
                        .note(words_of(panic.as_ref()))
                        .help("this is a mistake in Redstart: please report it");
                result.message = Some(problem.message.clone());
                result.diagnostics.push(problem);
            }
        }
        result
    }

    /// Why the schema of a node is not there, if it could not be made.
    pub(super) fn missing_schema(&self, relation: &Relation) -> Option<Error> {
        let schema = self.shared.run.planner.existing.schema(&relation.schema);
        locked(&self.shared.missing).get(&schema).cloned()
    }

    /// The connection, made at its first use.
    pub(super) fn connection(&mut self) -> Result<SharedConnection, Error> {
        if let Some(connection) = &self.connection {
            return Ok(Arc::clone(connection));
        }
        let connection = self.adapter().connect()?;
        *locked(&self.shared.cancellers[self.worker]) = Some(connection.canceller());
        let connection: SharedConnection = Arc::new(Mutex::new(connection));
        self.group.1 = None;
        self.connection = Some(Arc::clone(&connection));
        Ok(connection)
    }

    pub(super) fn execute(&mut self, prepared: &Prepared) -> Result<Outcome, Error> {
        let connection = self.connection()?;
        self.settle_group(&connection)?;
        let said = self.said(prepared);
        let outcome = locked(&connection).execute(&said);
        self.after(outcome)
    }

    pub(super) fn query(
        &mut self,
        prepared: &Prepared,
        limit: Option<usize>,
    ) -> Result<Table, Error> {
        let connection = self.connection()?;
        self.settle_group(&connection)?;
        let said = self.said(prepared);
        let table = locked(&connection).query(&said, limit);
        self.after(table)
    }

    /// A statement with the comment of its turn.
    fn said<'p>(&self, prepared: &'p Prepared) -> Cow<'p, Prepared> {
        match &self.comment {
            Some(comment) => Cow::Owned(prepared.commented(comment)),
            None => Cow::Borrowed(prepared),
        }
    }

    /// The query group under which the statements of the next node run.
    pub(super) fn use_group(&mut self, group: Option<&String>) {
        self.group.0 = group.cloned();
    }

    /// Tells the connection the query group, where it has another; a node's first statement opens its transaction, so none is open.
    fn settle_group(&mut self, connection: &SharedConnection) -> Result<(), Error> {
        let (wanted, has) = &self.group;
        if wanted == has {
            return Ok(());
        }
        let statement = Statement::QueryGroup {
            name: wanted.clone(),
        };
        let prepared = self.adapter().prepare(&statement, &NothingKnown);
        let prepared = prepared.map_err(|refusal| Error::new(ErrorClass::User, refusal.message))?;
        let outcome = locked(connection).execute(&prepared);
        self.after(outcome)?;
        self.group.1 = self.group.0.clone();
        Ok(())
    }

    /// A connection that is gone is made anew for what comes next.
    pub(super) fn after<T>(&mut self, outcome: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &outcome
            && error.class == ErrorClass::ConnectionLost
        {
            self.connection = None;
        }
        outcome
    }

    /// Drops what a failed build left beside; that this fails too is no news, the next run removes it.
    pub(super) fn clean_up(&mut self, staging: &Order) {
        if self.shared.run.cancel.is_requested() {
            if let Ok(connection) = self.for_the_rest() {
                let _ = locked(&connection).execute(&staging.prepared);
            }
            return;
        }
        let _ = self.execute(&staging.prepared);
    }

    /// A section, tried again as a whole when somebody else was first.
    pub(super) fn section(
        &mut self,
        section: &Section,
        turn: &mut Turn<'_>,
    ) -> Result<(), Failure> {
        let mut attempt = 1;
        loop {
            if self.shared.run.cancel.is_requested() {
                return Err(Failure::Cancelled);
            }
            let (order, error) = match self.attempt(section, turn) {
                Ok(()) => return Ok(()),
                Err(Undone::Refused(failed)) => *failed,
                Err(Undone::Stopped(failure)) => return Err(failure),
            };
            let again = match error.class {
                _ if !section.retryable || attempt == ATTEMPTS => None,
                // What somebody else did first may be what this is about to do.
                ErrorClass::Retryable { .. } if turn.is_once() => {
                    return Err(Failure::Again(Box::new((error, order))));
                }
                ErrorClass::Retryable { after } => Some(after),
                ErrorClass::ConnectionLost => match after_loss(section, order.as_ref(), turn) {
                    Loss::Alone => Some(RECONNECT),
                    // What was built lived as long as the connection.
                    Loss::Whole => return Err(Failure::Again(Box::new((error, order)))),
                    Loss::Unknown => None,
                },
                _ => None,
            };
            let Some(again) = again else {
                let error = remedy::of_section(error, section, order.as_ref(), &turn.of.name);
                return Err(turn.failed(self, error, order.as_ref()));
            };
            let lost = error.class == ErrorClass::ConnectionLost;
            attempt += 1;
            self.again(turn.node, &error, attempt, again);
            if lost
                && section.phase == Phase::Build
                && let Some(staging) = turn.staging()
            {
                let _ = self.execute(&staging.prepared);
            }
        }
    }

    /// Says that there is another attempt, and waits for it, longer each time.
    pub(super) fn again(&self, node: NodeId, error: &Error, attempt: u32, pause: Duration) {
        self.shared.voice.tell(&Event::Retrying {
            node,
            reason: error.message.clone(),
            attempt,
        });
        self.pause((pause * 2_u32.pow(attempt - 2)).min(LONGEST_PAUSE));
    }

    /// Whether a build whose temporary table went with its connection may begin once more.
    pub(super) fn once_more(&self, node: NodeId, error: &Error, attempt: u32) -> bool {
        if attempt > ATTEMPTS || self.shared.run.cancel.is_requested() {
            return false;
        }
        self.again(node, error, attempt, RECONNECT);
        true
    }

    fn attempt(&mut self, section: &Section, turn: &mut Turn<'_>) -> Result<(), Undone> {
        let schema = turn.schema().filter(|_| is_swap(section));
        let swap = schema.and_then(|schema| self.shared.swaps.get(&schema));
        let _one_at_a_time = swap.map(|swap| locked(swap));
        for order in &section.orders {
            if order.statement == Statement::Commit
                && let Err(failure) = turn.audit_inside(self, section.phase)
            {
                // With its session the transaction ends, and nothing of it stays.
                self.connection = None;
                return Err(Undone::Stopped(failure));
            }
            self.send(order, turn)?;
        }
        Ok(())
    }

    /// Sends one statement.
    pub(super) fn send(&mut self, order: &Order, turn: &mut Turn<'_>) -> Result<(), Undone> {
        if let Statement::LateHook { at } = order.statement {
            return self.late_hook(at, turn);
        }
        let refused = |error| Undone::Refused(Box::new((Some(order.clone()), error)));
        let Some(order) = self.told_of(order, turn).map_err(refused)? else {
            return Ok(());
        };
        let order = order.as_ref();
        let outcome = self.execute(&order.prepared);
        turn.sent(order, outcome.map_err(refused)?);
        if self.shared.run.planner.options.query_ids && fills(&order.statement) {
            let connection = self.connection.clone();
            turn.query_id = connection.and_then(|connection| locked(&connection).last_query());
        }
        Ok(())
    }

    /// A statement as it is sent now: a description of a column that nobody could look up before is left out where there is no such
    /// column, and told.
    fn told_of<'o>(
        &mut self,
        order: &'o Order,
        turn: &mut Turn<'_>,
    ) -> Result<Option<Cow<'o, Order>>, Error> {
        let Statement::Comment {
            relation,
            column: Some(column),
            is_there: false,
            ..
        } = &order.statement
        else {
            return Ok(Some(Cow::Borrowed(order)));
        };
        if turn.described.as_ref().is_none_or(|(of, _)| of != relation) {
            let connection = self.connection()?;
            let found = locked(&connection).columns(relation);
            let found = self.after(found)?.into_iter().map(|column| column.name);
            turn.described = Some((relation.clone(), found.collect()));
        }
        let found = turn.described.iter().flat_map(|(_, columns)| columns);
        let same = |name: &&String| name.eq_ignore_ascii_case(column);
        match found
            .clone()
            .find(|name| *name == column)
            .or_else(|| found.clone().find(same))
        {
            Some(name) if name == column => Ok(Some(Cow::Borrowed(order))),
            Some(name) => {
                let mut statement = order.statement.clone();
                if let Statement::Comment { column, .. } = &mut statement {
                    *column = Some(name.clone());
                }
                let prepared = self
                    .adapter()
                    .prepare(&statement, &NothingKnown)
                    .map_err(|refusal| Error::new(ErrorClass::User, refusal.message))?;
                Ok(Some(Cow::Owned(Order {
                    statement,
                    prepared,
                })))
            }
            None => {
                turn.lacks(column);
                Ok(None)
            }
        }
    }

    /// Renders a hook that asks the warehouse, on the session of its node and in its transaction, and sends what it says.
    fn late_hook(&mut self, at: usize, turn: &mut Turn<'_>) -> Result<(), Undone> {
        let orders = match turn.rendered_hook(self, at) {
            Ok(orders) => orders,
            Err(failure) => {
                // With its session the transaction ends, and nothing of it stays.
                self.connection = None;
                return Err(Undone::Stopped(failure));
            }
        };
        for order in orders {
            match self.execute(&order.prepared) {
                Ok(outcome) => turn.sent(&order, outcome),
                Err(error) => return Err(Undone::Refused(Box::new((Some(order), error)))),
            }
        }
        Ok(())
    }

    fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while !self.shared.run.cancel.is_requested() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(NAP));
        }
    }
}

/// Why an attempt at a section came to nothing.
pub(super) enum Undone {
    /// A statement was refused.
    Refused(Box<(Option<Order>, Error)>),
    /// What is to be shown did not pass its tests.
    Stopped(Failure),
}

/// What a lost connection leaves to do.
enum Loss {
    /// The section again: nothing of it was done, or doing it twice does no harm.
    Alone,
    /// The whole build again.
    Whole,
    /// Nobody knows whether the statement was done.
    Unknown,
}

fn after_loss(section: &Section, order: Option<&Order>, turn: &Turn<'_>) -> Loss {
    let opened = section.is_transaction();
    let committing = order.is_some_and(|order| order.statement == Statement::Commit);
    let temporary = turn.staging().is_some_and(
        |staging| matches!(&staging.statement, Statement::Drop { relation, .. } if relation.is_temporary()),
    );
    match section.phase {
        // Drops of what may not be there, and columns made as long as they should be.
        Phase::Prepare | Phase::Clean => Loss::Alone,
        // What it is made from lived as long as the connection.
        Phase::Build if turn.is_once() => Loss::Whole,
        // Made beside, where a half of it can be dropped.
        Phase::Build if turn.staging().is_some() => Loss::Alone,
        _ if !opened || committing => Loss::Unknown,
        _ if temporary || turn.is_once() => Loss::Whole,
        _ => Loss::Alone,
    }
}

/// Whether a section only changes which relation stands under which name: short, and in the way of its like.
fn is_swap(section: &Section) -> bool {
    let mut moves = false;
    for order in &section.orders {
        match &order.statement {
            Statement::Rename { .. } => moves = true,
            Statement::Drop { relation, .. } => moves |= !relation.is_temporary(),
            Statement::CreateTableAs { .. }
            | Statement::CreateTable { .. }
            | Statement::CreateMaterializedView { .. }
            | Statement::Insert { .. }
            | Statement::Load { .. }
            | Statement::Copy(_)
            | Statement::Raw { .. }
            | Statement::LateHook { .. } => return false,
            _ => {}
        }
    }
    moves
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| {
            panic
                .downcast_ref::<&str>()
                .map(|words| (*words).to_owned())
        })
        .unwrap_or_else(|| "no words were left".to_owned())
}
