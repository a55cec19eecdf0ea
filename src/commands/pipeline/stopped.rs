//! The artifacts of a run that is stopped before its first statement.
//!
//! In: what is wrong, by node. Out: `manifest.json` and `run_results.json`, in which a node with a mistake is an error and every other one
//! is skipped, so that whoever reads them does not take those of an earlier run for this one's, and `retry` knows where to begin.

use std::collections::{BTreeMap, BTreeSet};

use super::{Execution, Prepared, TargetFolder, Wrong};
use crate::commands::Stop;
use crate::compile::{Compiled, Compiler};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::NodeId;
use crate::run::{NodeResult, RunResults, Status};

/// What was to run.
pub(super) struct Stopped<'a> {
    pub(super) execution: &'a Execution,
    pub(super) prepared: &'a Prepared,
    pub(super) nodes: &'a BTreeSet<NodeId>,
    pub(super) folder: &'a TargetFolder<'a>,
}

impl Stopped<'_> {
    /// Templates that could not be rendered: `all` is what is wrong with them; `again` renders one node at a time, to tell whose it is.
    ///
    /// # Errors
    /// When the artifacts cannot be written.
    pub(super) fn by_templates(&self, again: &Compiler, all: Diagnostics) -> Result<Stop, Stop> {
        let each = self.nodes.iter().copied();
        let by_node = each.filter_map(|id| Some((id, again.all([id]).err()?.0)));
        let by_node = by_node.collect();
        self.by_checks(&Compiled::default(), Wrong { all, by_node })
    }

    /// Queries that the database would refuse.
    ///
    /// # Errors
    /// When the artifacts cannot be written.
    pub(super) fn by_checks(&self, compiled: &Compiled, wrong: Wrong) -> Result<Stop, Stop> {
        self.write(compiled, &wrong.by_node)?;
        Ok(Stop::Failed(wrong.all))
    }

    fn write(
        &self,
        compiled: &Compiled,
        wrong: &BTreeMap<NodeId, Vec<Diagnostic>>,
    ) -> Result<(), Stop> {
        let manifest = &self.prepared.manifest;
        let mut texts: Vec<Option<&str>> = vec![None; manifest.nodes.len()];
        let mut results = RunResults::default();
        for id in self.nodes {
            let sql = compiled.sql(*id).filter(|sql| !sql.text.is_empty());
            texts[id.index()] = sql.map(|sql| sql.text.as_str());
            let status = match wrong.contains_key(id) {
                true => Status::Error,
                false => Status::Skipped,
            };
            results.results.push(NodeResult {
                diagnostics: wrong.get(id).cloned().unwrap_or_default(),
                compiled_code: sql.map(|sql| sql.text.clone()),
                message: (status == Status::Skipped)
                    .then(|| "mistakes in other nodes stopped the run before it began".to_owned()),
                ..NodeResult::new(*id, status)
            });
        }
        self.folder
            .write_manifest(compiled, &texts, &BTreeSet::new())?;
        self.folder.write_run_results(self.execution, &results)?;
        Ok(())
    }
}
