//! `run_results.json`, version 6.

use jiff::civil::DateTime;
use serde_json::{Map, Value, json};

use super::{Invocation, relation_name, response, seconds, timestamp};
use crate::manifest::{Manifest, NodeId, ResourceType};
use crate::run::results::Timing;
use crate::run::{Batched, NodeResult, RunResults, Status};

/// What became of each node, and how the program was called.
///
/// `arguments` are the command's name (`which`), its flags and `invocation_command`, as dbt names them.
pub fn run_results(
    manifest: &Manifest,
    results: &RunResults,
    invocation: &Invocation<'_>,
    arguments: &Map<String, Value>,
) -> Value {
    let entries: Vec<Value> = results
        .results
        .iter()
        .map(|result| entry(manifest, result, invocation.adapter_type))
        .collect();
    json!({
        "metadata": invocation.metadata("run-results", 6),
        "results": entries,
        "elapsed_time": results.elapsed.as_secs_f64(),
        "args": arguments,
    })
}

/// What would be left of a run that is killed now: none of its nodes was built, as far as anybody knows.
pub fn unfinished(
    manifest: &Manifest,
    nodes: impl Iterator<Item = NodeId>,
    invocation: &Invocation<'_>,
    arguments: &Map<String, Value>,
) -> Value {
    let entries: Vec<Value> = nodes
        .map(|id| json!({"status": "skipped", "unique_id": manifest.node(id).unique_id}))
        .collect();
    json!({
        "metadata": invocation.metadata("run-results", 6),
        "results": entries,
        "args": arguments,
    })
}

/// What became of a macro that was called by `run-operation`.
#[derive(Clone, Debug)]
pub struct Operated {
    /// The macro, as `package.name`.
    pub name: String,
    /// Whether it came through.
    pub done: bool,
    /// How long it took to read the project.
    pub read: Timing,
    /// How long the macro took.
    pub called: Timing,
}

/// The results of `run-operation`: one, of its macro.
pub fn operated(
    operated: &Operated,
    invocation: &Invocation<'_>,
    arguments: &Map<String, Value>,
) -> Value {
    let (read, called) = (operated.read, operated.called);
    let seconds = (read.duration() + called.duration()).as_secs_f64();
    json!({
        "metadata": invocation.metadata("run-results", 6),
        "results": [{
            "status": if operated.done { "success" } else { "error" },
            "timing": [stretch("compile", read), stretch("execute", called)],
            "thread_id": "MainThread",
            "execution_time": seconds,
            "adapter_response": {},
            "message": null,
            "failures": u8::from(!operated.done),
            "unique_id": format!("macro.{}", operated.name),
            "compiled": false,
            "compiled_code": null,
            "relation_name": null,
            "batch_results": null,
        }],
        "elapsed_time": seconds,
        "args": arguments,
    })
}

/// What became of one node, on a warehouse for which dbt has an adapter of this name.
pub fn entry(manifest: &Manifest, result: &NodeResult, adapter: &str) -> Value {
    let node = manifest.node(result.node);
    let said = response::message(node, result, adapter).or_else(|| result.message.clone());
    let message = said.or_else(|| {
        let first = result.diagnostics.first()?;
        Some(first.to_string())
    });
    // dbt compiles no seeds, and tells the relation of what it compiled.
    let is_seed = node.resource_type == ResourceType::Seed;
    let untold = is_seed || node.resource_type.is_test();
    let relation = node.relation.as_ref().filter(|_| !untold);
    let compiles = !is_seed && result.status != Status::NoOp;
    let compiled = compiles.then_some(result.compiled_code.is_some());
    json!({
        "status": result.status.as_str(),
        "timing": stretches(result),
        "thread_id": format!("Thread-{} (worker)", result.thread),
        "execution_time": seconds(result),
        "adapter_response": response::response(node, result, adapter),
        "message": message,
        "failures": failures(node.resource_type, result),
        "unique_id": node.unique_id,
        "compiled": compiled,
        "compiled_code": result.compiled_code,
        "relation_name": relation.map(|relation| relation_name(&manifest.in_full(relation))),
        "batch_results": result.batches.as_ref().map(batch_results),
    })
}

/// What dbt counts as failures: rows of a test; of a hook, itself.
fn failures(kind: ResourceType, result: &NodeResult) -> Option<u64> {
    match kind {
        ResourceType::Operation => Some(u64::from(result.status != Status::Success)),
        _ if result.batches.is_some() || result.status == Status::NoOp => Some(0),
        _ => result.failures,
    }
}

/// Which stretches of time were built, and which were not; what an earlier run built stands behind, as in dbt.
fn batch_results(batches: &Batched) -> Value {
    let moment = |at: DateTime| format!("{}+00:00", at.strftime("%Y-%m-%dT%H:%M:%S%.f"));
    let stretch = |(start, end): (DateTime, DateTime)| json!([moment(start), moment(end)]);
    let of = |built: bool| {
        let wanted = batches.now.iter().filter(move |it| it.built == built);
        wanted.map(|it| (it.batch.start, it.batch.end))
    };
    let built = of(true).chain(batches.before.iter().copied());
    json!({
        "successful": built.map(stretch).collect::<Vec<_>>(),
        "failed": of(false).map(stretch).collect::<Vec<_>>(),
    })
}

/// How long each part of a turn took. As with dbt, what had a turn tells both, though it had nothing to compile.
pub(super) fn stretches(result: &NodeResult) -> Vec<Value> {
    let nothing = result.execute.map(|timing| Timing {
        completed: timing.started,
        ..timing
    });
    let timing = [
        ("compile", result.compile.or(nothing)),
        ("execute", result.execute),
    ];
    timing
        .into_iter()
        .filter_map(|(name, timing)| Some(stretch(name, timing?)))
        .collect()
}

fn stretch(name: &str, timing: Timing) -> Value {
    json!({
        "name": name,
        "started_at": timestamp(timing.started),
        "completed_at": timestamp(timing.completed),
    })
}
