//! `sources.json`, version 3: how old the sources are.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::run_results::stretches;
use super::{Invocation, seconds, timestamp};
use crate::manifest::Manifest;
use crate::manifest::node::Detail;
use crate::run::{NodeResult, RunResults, Status};

/// How old each source is, and what that means.
pub fn sources(manifest: &Manifest, results: &RunResults, invocation: &Invocation<'_>) -> Value {
    let entries: Vec<Value> = results
        .results
        .iter()
        .filter_map(|result| entry(manifest, result))
        .collect();
    json!({
        "metadata": invocation.metadata("sources", 3),
        "results": entries,
        "elapsed_time": results.elapsed.as_secs_f64(),
    })
}

#[derive(Deserialize)]
struct File {
    results: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    unique_id: String,
    status: String,
    max_loaded_at: Option<Timestamp>,
}

/// What was found last, in words by `unique_id`; nothing where nothing was asked yet.
///
/// # Errors
/// When the file in the folder is none of this kind. A caller may go on without it.
pub fn last(folder: &Path) -> io::Result<BTreeMap<String, String>> {
    let bytes = match std::fs::read(folder.join("sources.json")) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let file: File = serde_json::from_slice(&bytes)?;
    let told = file.results.into_iter().map(|entry| {
        let newest = entry.max_loaded_at.map(|at| {
            let at = timestamp(at);
            format!(" with rows of {} {} UTC", &at[..10], &at[11..16])
        });
        let told = format!("last: {}{}", entry.status, newest.unwrap_or_default());
        (entry.unique_id, told)
    });
    Ok(told.collect())
}

fn entry(manifest: &Manifest, result: &NodeResult) -> Option<Value> {
    let node = manifest.node(result.node);
    let Detail::Source(detail) = &node.detail else {
        return None;
    };
    // As in dbt, a source that could not be measured is told on the terminal alone.
    let measured = result.age.as_ref()?;
    let status = match result.status {
        Status::Warn => "warn",
        Status::Pass => "pass",
        _ => "error",
    };
    Some(json!({
        "unique_id": node.unique_id,
        "max_loaded_at": timestamp(measured.loaded_at()),
        "snapshotted_at": timestamp(measured.asked_at),
        "max_loaded_at_time_ago_in_s": measured.seconds(),
        "status": status,
        "criteria": detail.freshness_value,
        "adapter_response": {},
        "timing": stretches(result),
        "thread_id": format!("Thread-{} (worker)", result.thread),
        "execution_time": seconds(result),
    }))
}
