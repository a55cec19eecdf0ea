//! The plan, carried out: workers, retries, cancellation, and what became of each node.
//!
//! In: `Plan`, the adapter of its planner. Out: [`Event`]s while it goes on, [`RunResults`] at the end.
//! Does not know what a step means, and prints nothing.

pub mod age;
mod audit;
mod batches;
pub mod cancel;
mod contract;
mod difference;
#[cfg(test)]
mod double;
pub mod event;
mod late_hook;
#[cfg(test)]
mod lost_tests;
#[cfg(all(test, feature = "duckdb"))]
mod on_duckdb;
mod rejected;
mod remedy;
mod rest;
pub mod results;
mod schedule;
mod session;
#[cfg(test)]
mod tests;
mod together;
mod trouble;
mod turn;
mod unit_test;
mod verdict;
mod voice;

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use cancel::Cancel;
pub use event::Event;
pub use results::{BatchResult, Batched, NodeResult, RunResults, Status};
pub use together::{Showing, Together, Withdrawal};
pub use trouble::MOST_LOAD_ERRORS;

pub(crate) use trouble::{place_in, start_of};

use crate::compile::{Acted, SharedConnection, Sql};
use crate::diagnostic::Diagnostics;
use crate::manifest::NodeId;
use crate::manifest::microbatch::Batch;
use crate::plan::{Plan, Planner, Step};
use crate::relation::Relation;
use schedule::{Lookout, Schedule};
use session::{Session, Shared};
use voice::Voice;

/// How long the watch over Ctrl-C sleeps between two looks.
const WATCH: Duration = Duration::from_millis(50);

/// How a late node, or one of its batches, is compiled at its turn: on the worker's connection, with the results that are there for
/// `on-run-end`.
pub type Late<'a> = dyn Fn(NodeId, Option<Batch>, &SharedConnection, &[NodeResult]) -> Result<Sql, Diagnostics>
    + Sync
    + 'a;

/// How a materialization written in Jinja builds its node, or one of its batches, at its turn.
pub type InJinja<'a> = dyn Fn(NodeId, Option<Batch>, &Sql, &SharedConnection) -> Result<Acted, Diagnostics>
    + Sync
    + 'a;

/// How a `post-hook` that asks the warehouse is rendered when it is due: the one at that place among the hooks of its node.
pub type LateHook<'a> = dyn Fn(NodeId, (usize, Option<Batch>), &SharedConnection) -> Result<String, Diagnostics>
    + Sync
    + 'a;

/// How tests are compiled that ask the warehouse while they render, where they are asked before the rows of their node are shown: with the node
/// and where its rows stand until then.
pub type LateTests<'a> = dyn Fn(
        &[NodeId],
        Option<(NodeId, &Relation)>,
        &SharedConnection,
    ) -> Result<Vec<(NodeId, Sql)>, Diagnostics>
    + Sync
    + 'a;

/// Everything a run needs.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// What to do.
    pub plan: &'a Plan,
    /// What the plan was made from; it makes the work of late nodes.
    pub planner: &'a Planner<'a>,
    /// Compiles late nodes.
    pub late: &'a Late<'a>,
    /// Compiles late tests before their turn.
    pub late_tests: &'a LateTests<'a>,
    /// Builds the nodes whose materialization is written in Jinja.
    pub in_jinja: &'a InJinja<'a>,
    /// Renders the hooks that ask the warehouse.
    pub late_hook: &'a LateHook<'a>,
    /// What stands beside each statement of a node in the log of the warehouse.
    pub comment: &'a (dyn Fn(NodeId) -> Option<crate::adapter::Comment> + Sync),
    /// Workers.
    pub threads: usize,
    /// Whether the first failure keeps further nodes from starting.
    pub fail_fast: bool,
    /// Whether a test that would warn fails, as by `--warn-error`.
    pub warnings_fail: bool,
    /// Whether nothing but hooks runs once `on-run-start` failed.
    pub start_gates: bool,
    /// How long nodes took the last time, by `unique_id`: the longest way to the end goes first.
    pub durations: &'a BTreeMap<String, Duration>,
    /// How everything that is built is shown, where it is shown together at the end.
    pub together: Option<Together<'a>>,
    /// Ctrl-C.
    pub cancel: &'a Cancel,
}

/// Carries out a plan. `listener` is called by one thread at a time.
pub fn run(run: &Run<'_>, listener: &mut (dyn FnMut(&Event<'_>) + Send)) -> RunResults {
    let begun = Instant::now();
    let plan = run.plan;
    let voice = Voice::new(listener);
    let threads = run.threads.max(1);
    let total = plan.start.len() + plan.steps.len() + plan.end.len();
    voice.tell(&Event::Started { total, threads });
    for warning in &plan.warnings {
        voice.tell(&Event::Warning(warning));
    }
    let shared = Shared::new(*run, &voice, threads);
    let schedule = Schedule::new(run, &voice);
    let over = (Mutex::new(false), Condvar::new());
    std::thread::scope(|scope| {
        scope.spawn(|| watch(run, &shared, &schedule, &voice, &over));
        // Dropped also by a panic, which would otherwise wait for the watch for ever.
        let _end = Over(&over);
        all_steps(run, &shared, &schedule, threads);
    });
    RunResults {
        results: schedule.into_results(),
        elapsed: begun.elapsed(),
        cancelled: run.cancel.is_requested(),
    }
}

/// Ends the watch when it is dropped.
struct Over<'a>(&'a (Mutex<bool>, Condvar));

impl Drop for Over<'_> {
    fn drop(&mut self) {
        *locked(&self.0.0) = true;
        self.0.1.notify_all();
    }
}

/// What stands before the steps, the steps on all workers, what stands after them.
fn all_steps(run: &Run<'_>, shared: &Shared<'_>, schedule: &Schedule<'_>, threads: usize) {
    let mut first = Session::new(shared, 0);
    let mut wrong = false;
    while let Some(place) = schedule.take_refused() {
        wrong = true;
        let result = first.turn(&run.plan.steps[place], &[]);
        schedule.finish(place, result);
    }
    // Nothing that would be built could be shown with what is wrong, or is wanted beside it.
    if wrong && (run.fail_fast || run.together.is_some()) {
        let reason = "stopped before its first statement";
        schedule.stop(reason);
        for step in run.plan.start.iter().chain(&run.plan.end) {
            schedule.skip(step.node, reason);
        }
        schedule.skip_the_rest();
        return;
    }
    first.make_schemas();
    first.drop_leftovers();
    let started = operations(run, &mut first, schedule, &run.plan.start);
    if started || !(run.start_gates || run.cancel.is_requested()) {
        std::thread::scope(|scope| {
            for worker in 1..threads.min(run.plan.steps.len()) {
                scope.spawn(move || work(run, &mut Session::new(shared, worker), schedule));
            }
            work(run, &mut first, schedule);
        });
    } else {
        schedule.stop("`on-run-start` failed");
    }
    schedule.skip_the_rest();
    together::settle(run, &mut first, schedule);
    first.drop_the_last();
    operations(run, &mut first, schedule, &run.plan.end);
}

/// One worker: nodes until there are none.
fn work(run: &Run<'_>, session: &mut Session<'_, '_>, schedule: &Schedule<'_>) {
    let _lookout = Lookout(schedule);
    while let Some(place) = schedule.take() {
        let step = &run.plan.steps[place];
        let result = session.turn(step, &[]);
        schedule.finish(place, result);
    }
}

/// Operations one after the other, none after one that failed; whether all went well.
fn operations(
    run: &Run<'_>,
    session: &mut Session<'_, '_>,
    schedule: &Schedule<'_>,
    steps: &[Step],
) -> bool {
    let mut failed: Option<NodeId> = None;
    for step in steps {
        if run.cancel.is_requested() {
            schedule.skip(step.node, "cancelled");
            continue;
        }
        if let Some(failed) = failed {
            let name = &run.planner.manifest.node(failed).name;
            schedule.skip(step.node, &format!("`{name}` failed"));
            continue;
        }
        schedule.begin(step.node);
        let result = session.turn(step, &schedule.results());
        if result.status.is_failure() {
            failed = Some(step.node);
        }
        schedule.end(result);
    }
    failed.is_none()
}

/// Looks for Ctrl-C until the run is over, and then stops what the workers are doing, again and again until they are done.
fn watch(
    run: &Run<'_>,
    shared: &Shared<'_>,
    schedule: &Schedule<'_>,
    voice: &Voice<'_>,
    over: &(Mutex<bool>, Condvar),
) {
    let mut told = false;
    let mut done = locked(&over.0);
    while !*done {
        if run.cancel.is_requested() {
            if !told {
                told = true;
                voice.tell(&Event::Cancelling);
            }
            schedule.wake();
            shared.cancel_all();
        }
        done = match over.1.wait_timeout(done, WATCH) {
            Ok((guard, _)) => guard,
            Err(poisoned) => poisoned.into_inner().0,
        };
    }
}

/// A lock that a panicking worker left behind is still good: what it guards is whole between two statements.
fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
