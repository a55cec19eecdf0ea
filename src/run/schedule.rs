//! Who is next: nodes whose upstreams are done, the one with the longest way to the end of the run first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use super::voice::Voice;
use super::{Event, NodeResult, Run, Status, locked};
use crate::manifest::NodeId;

/// What a node counts for when nobody knows how long it takes.
const UNKNOWN: Duration = Duration::from_secs(1);

pub(super) struct Schedule<'a> {
    run: Run<'a>,
    voice: &'a Voice<'a>,
    /// For each step, the steps that wait for it.
    readers: Vec<Vec<usize>>,
    /// For each step, microseconds from its start to the end of the run, at best.
    distance: Vec<u128>,
    state: Mutex<State>,
    changed: Condvar,
}

/// Ends the run when it is dropped by a panic: nobody waits for a worker that is gone.
pub(super) struct Lookout<'s, 'a>(pub(super) &'s Schedule<'a>);

impl Drop for Lookout<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop("stopped by a mistake in Redstart");
        }
    }
}

#[derive(Default)]
struct State {
    /// For each step, how many steps it still waits for.
    waiting: Vec<usize>,
    /// For each step, the name of what failed upstream.
    blocked: Vec<Option<String>>,
    ready: BinaryHeap<(u128, Reverse<usize>)>,
    /// Steps that have not had their turn.
    left: usize,
    /// Nodes that had their turn or were skipped, operations included.
    begun: usize,
    numbers: Vec<(NodeId, usize)>,
    stopped: Option<&'static str>,
    had_turn: Vec<bool>,
    results: Vec<NodeResult>,
}

impl<'a> Schedule<'a> {
    pub(super) fn new(run: &Run<'a>, voice: &'a Voice<'a>) -> Self {
        let steps = &run.plan.steps;
        let mut readers = vec![Vec::new(); steps.len()];
        for (place, step) in steps.iter().enumerate() {
            for &upstream in &step.waits_for {
                readers[upstream].push(place);
            }
        }
        let distance = distances(run, &readers);
        let state = State {
            waiting: steps.iter().map(|step| step.waits_for.len()).collect(),
            blocked: vec![None; steps.len()],
            ready: steps
                .iter()
                .enumerate()
                .filter(|(_, step)| step.waits_for.is_empty())
                .map(|(place, _)| (distance[place], Reverse(place)))
                .collect(),
            left: steps.len(),
            had_turn: vec![false; steps.len()],
            ..State::default()
        };
        Self {
            run: *run,
            voice,
            readers,
            distance,
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// The next step, as soon as there is one; none when the run is over or stopped.
    pub(super) fn take(&self) -> Option<usize> {
        let mut state = locked(&self.state);
        loop {
            if self.run.cancel.is_requested() || state.stopped.is_some() || state.left == 0 {
                return None;
            }
            if let Some((_, Reverse(place))) = state.ready.pop() {
                state.left -= 1;
                state.had_turn[place] = true;
                self.start(&mut state, self.run.plan.steps[place].node);
                return Some(place);
            }
            state = match self.changed.wait(state) {
                Ok(state) => state,
                Err(poisoned) => poisoned.into_inner(),
            };
        }
    }

    /// The next step that is known to fail, whatever became of the others.
    pub(super) fn take_refused(&self) -> Option<usize> {
        let mut state = locked(&self.state);
        let (_, Reverse(place)) = *state.ready.peek()?;
        let step = &self.run.plan.steps[place];
        if !step.is_refused() || self.run.cancel.is_requested() {
            return None;
        }
        state.ready.pop();
        state.left -= 1;
        state.had_turn[place] = true;
        self.start(&mut state, step.node);
        Some(place)
    }

    /// A step is done: what waits for it is ready, or skipped.
    pub(super) fn finish(&self, place: usize, result: NodeResult) {
        let mut state = locked(&self.state);
        if result.status.is_failure() && self.run.fail_fast {
            state.stopped = Some("stopped at the first failure");
        }
        let failed = result.status.is_failure();
        self.conclude(&mut state, result);
        self.release(&mut state, place, failed);
        self.changed.notify_all();
    }

    fn release(&self, state: &mut State, place: usize, failed: bool) {
        let mut done = vec![(place, failed)];
        while let Some((place, failed)) = done.pop() {
            let name = || self.name(self.run.plan.steps[place].node);
            // The reason of a skip is what failed, not what was skipped on the way.
            let cause = failed.then(|| state.blocked[place].clone().unwrap_or_else(name));
            for &reader in self.readers[place].iter().rev() {
                state.waiting[reader] -= 1;
                if state.blocked[reader].is_none() {
                    state.blocked[reader].clone_from(&cause);
                }
                if state.waiting[reader] > 0 {
                    continue;
                }
                match state.blocked[reader].clone() {
                    None => state.ready.push((self.distance[reader], Reverse(reader))),
                    Some(cause) => {
                        state.left -= 1;
                        state.had_turn[reader] = true;
                        let node = self.run.plan.steps[reader].node;
                        self.leave_out(state, node, &format!("`{cause}` failed"));
                        done.push((reader, true));
                    }
                }
            }
        }
    }

    /// Keeps further steps from starting.
    pub(super) fn stop(&self, reason: &'static str) {
        locked(&self.state).stopped.get_or_insert(reason);
        self.changed.notify_all();
    }

    /// Wakes workers that wait, so that they look at Ctrl-C.
    pub(super) fn wake(&self) {
        self.changed.notify_all();
    }

    /// Steps that had no turn because the run was stopped.
    pub(super) fn skip_the_rest(&self) {
        let mut state = locked(&self.state);
        let reason = state.stopped.unwrap_or("cancelled");
        for (place, step) in self.run.plan.steps.iter().enumerate() {
            if !state.had_turn[place] {
                self.leave_out(&mut state, step.node, reason);
            }
        }
    }

    /// An operation that does not run.
    pub(super) fn skip(&self, node: NodeId, reason: &str) {
        self.leave_out(&mut locked(&self.state), node, reason);
    }

    /// An operation begins.
    pub(super) fn begin(&self, node: NodeId) {
        self.start(&mut locked(&self.state), node);
    }

    /// An operation is over.
    pub(super) fn end(&self, result: NodeResult) {
        self.conclude(&mut locked(&self.state), result);
    }

    /// What became of the nodes so far.
    pub(super) fn results(&self) -> Vec<NodeResult> {
        locked(&self.state).results.clone()
    }

    /// Changes what became of the nodes so far.
    pub(super) fn amend(&self, change: impl FnMut(&mut NodeResult)) {
        locked(&self.state).results.iter_mut().for_each(change);
    }

    pub(super) fn into_results(self) -> Vec<NodeResult> {
        let state = self.state.into_inner();
        state
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .results
    }

    fn start(&self, state: &mut State, node: NodeId) {
        state.begun += 1;
        let index = state.begun;
        state.numbers.push((node, index));
        self.voice.tell(&Event::NodeStarted { node, index });
    }

    fn conclude(&self, state: &mut State, result: NodeResult) {
        let at = state
            .numbers
            .iter()
            .position(|(node, _)| *node == result.node);
        let index = at.map_or(0, |at| state.numbers.swap_remove(at).1);
        self.voice.tell(&Event::NodeFinished {
            result: &result,
            index,
        });
        state.results.push(result);
    }

    fn leave_out(&self, state: &mut State, node: NodeId, reason: &str) {
        state.begun += 1;
        let index = state.begun;
        let result = NodeResult {
            message: Some(reason.to_owned()),
            ..NodeResult::new(node, Status::Skipped)
        };
        self.voice.tell(&Event::NodeFinished {
            result: &result,
            index,
        });
        state.results.push(result);
    }

    fn name(&self, node: NodeId) -> String {
        self.run.planner.manifest.node(node).name.clone()
    }
}

/// For each step, its own time and the longest way after it. Steps stand after what they wait for.
fn distances(run: &Run<'_>, readers: &[Vec<usize>]) -> Vec<u128> {
    let mut distance = vec![0; readers.len()];
    for place in (0..readers.len()).rev() {
        let node = run.planner.manifest.node(run.plan.steps[place].node);
        let own = run
            .durations
            .get(&node.unique_id)
            .copied()
            .unwrap_or(UNKNOWN);
        let after = readers[place].iter().map(|&reader| distance[reader]).max();
        distance[place] = match run.plan.steps[place].is_refused() {
            // It is told before all others.
            true => u128::MAX,
            false => own.as_micros().saturating_add(after.unwrap_or(0)),
        };
    }
    distance
}
