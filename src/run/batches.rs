//! The turn of a model that is built in batches: one after the other, each a build of its own.
//!
//! In: the batches of a step. Out: what became of each; a batch that fails leaves the others as they are.
//! Does not know how a batch is built.

use super::results::{BatchResult, Batched};
use super::session::Session;
use super::turn::{Failure, Turn};
use super::{NodeResult, locked};
use crate::diagnostic::Diagnostic;
use crate::manifest::config::OnSchemaChange;
use crate::manifest::microbatch::Batch;
use crate::plan::{Known, Planner, Work};
use crate::relation::{ExistingRelation, ExistingRelations, RelationKind};

impl Turn<'_> {
    /// All batches, in order. As in dbt, the rest is left out when the first fails, and not when another does.
    pub(super) fn batches(
        &mut self,
        session: &mut Session<'_, '_>,
        finished: &[NodeResult],
    ) -> Result<(), Failure> {
        let batches = &self.step.batches;
        let mut done = Batched {
            before: batches.before.clone(),
            now: Vec::with_capacity(batches.now.len()),
        };
        let mut existing = None;
        let mut outcome = Ok(());
        // What is wrong, and in which batches: one mistake is wrong in all of them.
        let mut wrong: Vec<(Diagnostic, Vec<String>)> = Vec::new();
        let mut tell = |told: Diagnostic, batch: Batch| match wrong
            .iter_mut()
            .find(|(known, _)| *known == told)
        {
            Some((_, batches)) => batches.push(batch.name()),
            None => wrong.push((told, vec![batch.name()])),
        };
        for &batch in &batches.now {
            let skipped = outcome.is_err() || done.now.first().is_some_and(|first| !first.built);
            let built = if skipped {
                Ok(())
            } else {
                self.batch(session, finished, batch, &mut existing)
            };
            let is_built = !skipped && built.is_ok();
            match built {
                Ok(()) => {}
                Err(Failure::Wrong(diagnostics)) => {
                    diagnostics.into_iter().for_each(|told| tell(told, batch));
                }
                Err(Failure::Again(lost)) => {
                    tell(Diagnostic::error("database-error", lost.0.message), batch);
                }
                Err(Failure::Cancelled) => outcome = Err(Failure::Cancelled),
            }
            let sql = self.sql.as_ref().filter(|_| !skipped);
            done.now.push(BatchResult {
                batch,
                built: is_built,
                compiled_code: sql.map(|sql| sql.text.clone()),
                sent: std::mem::take(&mut self.statements),
            });
        }
        let told = |(wrong, batches): (Diagnostic, Vec<String>)| match batches.as_slice() {
            [only] => wrong.note(format!("in the batch {only}")),
            several => wrong.note(format!(
                "in {} batches, from {} to {}",
                several.len(),
                several[0],
                several[several.len() - 1]
            )),
        };
        self.warnings.extend(wrong.into_iter().map(told));
        self.batched = Some(done);
        outcome
    }

    fn batch(
        &mut self,
        session: &mut Session<'_, '_>,
        finished: &[NodeResult],
        batch: Batch,
        existing: &mut Option<ExistingRelations>,
    ) -> Result<(), Failure> {
        let run = session.shared.run;
        if run.cancel.is_requested() {
            return Err(Failure::Cancelled);
        }
        self.batch = Some(batch);
        if !batch.is_first() {
            self.sql = None;
        }
        if matches!(self.step.work, Work::InJinja) {
            return self.in_jinja(session, Some(batch), finished);
        }
        if batch.is_first() {
            return self.first(session, finished, batch);
        }
        let (sql, _) = self.compiled(session, Some(batch), finished)?;
        let follows = self.of.config.on_schema_change != OnSchemaChange::Ignore;
        if existing.is_none() || follows {
            *existing = Some(self.own_relation(session)?);
        }
        let planner = Planner {
            existing: existing.as_ref().unwrap_or(run.planner.existing),
            batch: Some(batch),
            ..*run.planner
        };
        let now = self.now(session)?;
        let known = Known::new(run.planner.existing, &run.plan.planned).with(&now);
        // What is worth a warning was told for the first.
        let work = planner
            .step(self.node, Some(&sql), &known, &mut Vec::new())
            .map_err(|wrong| Failure::Wrong(wrong.0))?;
        self.counted(session, work, batch)
    }

    /// The first batch, as it was planned.
    fn first(
        &mut self,
        session: &mut Session<'_, '_>,
        finished: &[NodeResult],
        batch: Batch,
    ) -> Result<(), Failure> {
        let work = match &self.step.work {
            Work::Late => Some(self.late(session, Some(batch), finished)?),
            _ => self.again(session)?,
        };
        match work {
            Some(work) => self.counted(session, work, batch),
            None => self.work(session, &self.step.work),
        }
    }

    /// Work of a batch; the rows of the table are counted once, after the last.
    fn counted(
        &mut self,
        session: &mut Session<'_, '_>,
        mut work: Work,
        batch: Batch,
    ) -> Result<(), Failure> {
        if let Work::Build(build) = &mut work
            && !batch.is_last()
        {
            build.counts = None;
        }
        self.work(session, &work)
    }

    /// The model's table, as the batches so far left it.
    fn own_relation(
        &mut self,
        session: &mut Session<'_, '_>,
    ) -> Result<ExistingRelations, Failure> {
        let mut existing = ExistingRelations::default();
        let Some(relation) = self.of.relation.clone() else {
            return Ok(existing);
        };
        let columns = session.connection().and_then(|connection| {
            let columns = locked(&connection).columns(&relation);
            session.after(columns)
        });
        let columns = columns.map_err(|error| self.failed(session, error, None))?;
        existing.insert_schema(&relation.schema);
        existing.insert(ExistingRelation {
            relation,
            kind: RelationKind::Table,
            columns,
            dependents: Vec::new(),
            made: None,
        });
        Ok(existing)
    }
}
