//! When the steps of the last run ran, from `run_results.json`.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;

use crate::manifest::{Manifest, NodeId};

/// The steps of one run.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// In the order of the file; those that were skipped are left out.
    pub steps: Vec<Step>,
    /// The nodes that were skipped, by `unique_id`.
    pub skipped: Vec<String>,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// The node.
    pub unique_id: String,
    /// dbt's word for what became of it.
    pub status: String,
    /// When its turn began.
    pub started: Timestamp,
    /// When it ended.
    pub completed: Timestamp,
    /// The worker, from 1.
    pub thread: u64,
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
    thread_id: String,
    #[serde(default)]
    timing: Vec<Stretch>,
}

#[derive(Deserialize)]
struct Stretch {
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
}

impl Timeline {
    /// Reads the file in a target folder; no steps where there is none.
    ///
    /// # Errors
    /// When the file is there and cannot be read as such. A caller may go on without it.
    pub fn load(folder: &Path) -> io::Result<Self> {
        let bytes = match std::fs::read(folder.join("run_results.json")) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let file: File = serde_json::from_slice(&bytes)?;
        let skipped = file.results.iter();
        let skipped = skipped.filter(|entry| entry.status == "skipped");
        Ok(Self {
            skipped: skipped.map(|entry| entry.unique_id.clone()).collect(),
            steps: file.results.into_iter().filter_map(step).collect(),
        })
    }

    /// When the last step ended.
    pub fn ended(&self) -> Option<Timestamp> {
        self.steps.iter().map(|step| step.completed).max()
    }

    /// The longest path: the step that ended last, what it waited for and ended last, and so on, from the first to the last.
    pub fn critical(&self, manifest: &Manifest) -> Vec<&str> {
        let by_node: BTreeMap<NodeId, &Step> = self
            .steps
            .iter()
            .filter_map(|step| Some((*manifest.by_unique_id.get(&step.unique_id)?, step)))
            .collect();
        let last = |steps: &mut dyn Iterator<Item = (NodeId, &'_ Step)>| {
            steps
                .max_by_key(|(id, step)| (step.completed, *id))
                .map(|(id, _)| id)
        };
        let mut path = Vec::new();
        let mut next = last(&mut by_node.iter().map(|(id, step)| (*id, *step)));
        while let Some(id) = next {
            let step = by_node[&id];
            path.push(step.unique_id.as_str());
            let reads = manifest.node(id).depends_on.iter();
            // A node that stands on itself in the file of another project would go round for ever.
            next = last(&mut reads.filter_map(|read| {
                let before = by_node.get(read)?;
                (before.started < step.started).then_some((*read, *before))
            }));
        }
        path.reverse();
        path
    }
}

fn step(entry: Entry) -> Option<Step> {
    let started = entry.timing.iter().filter_map(|it| it.started_at).min()?;
    let completed = entry.timing.iter().filter_map(|it| it.completed_at).max()?;
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    Some(Step {
        thread: digits(&entry.thread_id).parse().unwrap_or(0),
        unique_id: entry.unique_id,
        status: entry.status,
        started,
        completed,
    })
}
