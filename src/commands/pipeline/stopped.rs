//! The artifacts of a run that is stopped before its first statement.
//!
//! In: what is wrong, by node. Out: `manifest.json` and `run_results.json`, in which a node with a mistake is an error and every other one
//! is skipped, so that whoever reads them does not take those of an earlier run for this one's, and `retry` knows where to begin.

use std::collections::{BTreeMap, BTreeSet};

use super::{Execution, Prepared, TargetFolder, Wrong};
use crate::commands::Stop;
use crate::compile::Compiled;
use crate::diagnostic::Diagnostic;
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
    /// Queries that the database would refuse; what is wrong in templates is told with them.
    ///
    /// # Errors
    /// When the artifacts cannot be written.
    pub(super) fn by_checks(&self, compiled: &Compiled, mut wrong: Wrong) -> Result<Stop, Stop> {
        let templates = compiled.wrong().filter(|(id, _)| self.nodes.contains(id));
        for (id, of_template) in templates {
            wrong
                .by_node
                .entry(id)
                .or_default()
                .push(of_template.clone());
            if !wrong.all.0.contains(of_template) {
                wrong.all.push(of_template.clone());
            }
        }
        self.write(compiled, &wrong.by_node)?;
        let others = self.nodes.iter().any(|id| !wrong.by_node.contains_key(id));
        if let Some(last) = wrong.all.0.last_mut().filter(|_| others) {
            let help = "nothing was run; with `--no-check` such nodes fail alone, as with dbt, and what does not read them is built";
            last.help.push(help.to_owned());
        }
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
                message: (status == Status::Skipped).then(|| {
                    "mistakes in other nodes stopped the run before it began (`--no-check`)"
                        .to_owned()
                }),
                ..NodeResult::new(*id, status)
            });
        }
        self.folder
            .write_manifest(compiled, &texts, &BTreeSet::new())?;
        self.folder.write_run_results(self.execution, &results)?;
        Ok(())
    }
}
