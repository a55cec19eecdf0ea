//! Write, audit, publish: the tests of a node decide whether its new rows are shown.
//!
//! What is built beside is tested beside, before the swap; what is added to a table that stays is tested inside of the transaction that
//! adds it, before its commit. Either way nobody else sees a row that did not pass.

use std::sync::Arc;

use super::Status;
use super::session::Session;
use super::turn::{Failure, Turn};
use crate::diagnostic::Diagnostic;
use crate::manifest::NodeId;
use crate::materialization::Phase;
use crate::plan::{Audit, Known, Order, Test, place_of};

impl Turn<'_> {
    /// Before a section: the audit of what was built beside, where the section is to show it.
    pub(super) fn audit_beside(
        &mut self,
        session: &mut Session<'_, '_>,
        audit: Option<&Arc<Audit>>,
        phase: Phase,
    ) -> Result<(), Failure> {
        self.audit = audit.cloned();
        let Some(audit) = audit.filter(|audit| !audit.keep.is_empty()) else {
            return Ok(());
        };
        if phase != Phase::Publish {
            return Ok(());
        }
        self.audit = None;
        let audited = self.pass(session, audit);
        if let Err(Failure::Wrong(_)) = &audited {
            keep(session, &audit.keep);
        }
        audited
    }

    /// Before a commit: the audit of what the transaction added, where nothing could be tested beside.
    pub(super) fn audit_inside(
        &mut self,
        session: &mut Session<'_, '_>,
        phase: Phase,
    ) -> Result<(), Failure> {
        match self.audit.clone().filter(|audit| audit.keep.is_empty()) {
            Some(audit) if phase == Phase::Publish => {
                let audited = self.pass(session, &audit);
                if let Err(Failure::Wrong(_)) = &audited {
                    keep(session, &audit.keep_added);
                }
                audited
            }
            _ => Ok(()),
        }
    }

    /// The tests that can only be compiled now, when there is something for them to ask about.
    fn late_tests(
        &mut self,
        session: &mut Session<'_, '_>,
        audit: &Audit,
    ) -> Result<Vec<(NodeId, Test)>, Failure> {
        if audit.late.is_empty() {
            return Ok(Vec::new());
        }
        let run = session.shared.run;
        let connection = match session.connection() {
            Ok(connection) => connection,
            Err(error) => return Err(self.failed(session, error, None)),
        };
        let beside = audit.beside.as_ref();
        let aim = beside.map(|relation| (self.node, relation));
        let rendered = match (run.late_tests)(&audit.late, aim, &connection) {
            Ok(rendered) => rendered,
            Err(_) if run.cancel.is_requested() => return Err(Failure::Cancelled),
            Err(wrong) => return Err(Failure::Wrong(wrong.0)),
        };
        let now = self.now(session)?;
        let known = Known::new(run.planner.existing, &run.plan.planned).with(&now);
        let mut tests = Vec::new();
        for (id, sql) in rendered {
            let test = run.planner.late_test(self.node, id, &sql, beside, &known);
            let test = test.map_err(|wrong| Failure::Wrong(wrong.0))?;
            tests.extend(test.map(|test| (id, test)));
        }
        Ok(tests)
    }

    /// Asks every test; their answers stand for the tests' own turns.
    fn pass(&mut self, session: &mut Session<'_, '_>, audit: &Audit) -> Result<(), Failure> {
        let manifest = session.shared.run.planner.manifest;
        let mut audited = Vec::new();
        let mut failed = Vec::new();
        let late = self.late_tests(session, audit)?;
        let asked = audit.tests.len() + late.len();
        for (id, test) in audit.tests.iter().chain(&late) {
            let of = manifest.node(*id);
            let (verdict, sample) = self.decide(session, of, test)?;
            if verdict.status == Status::Fail {
                let s = if verdict.failures == 1 { "" } else { "s" };
                failed.push((
                    of,
                    format!("test `{}` found {} row{s}", of.name, verdict.failures),
                ));
            }
            audited.push((*id, (verdict, sample)));
        }
        if failed.is_empty() {
            session.shared.note_audited(audited);
            return Ok(());
        }
        let name = &self.of.name;
        let message = format!(
            "`{name}` is not shown: {} of {asked} tests failed",
            failed.len(),
        );
        let mut problem = Diagnostic::error("audit-failed", message).at_some(place_of(self.of));
        for (of, words) in failed {
            problem = problem.note(match of.declared_at.as_ref() {
                Some(at) => format!("{words} ({}:{})", at.source.path, at.line_column().0),
                None => words,
            });
        }
        problem = problem.help("what was there before is there still");
        if !audit.keep.is_empty() || !audit.keep_added.is_empty() {
            let selector = self.of.selector();
            problem = problem.help(format!(
                "the rows that failed: `redstart show --failed {selector}`"
            ));
        }
        Err(Failure::Wrong(vec![problem]))
    }
}

/// Keeps what did not pass, to be looked at.
fn keep(session: &mut Session<'_, '_>, orders: &[Order]) {
    for order in orders {
        // Where even this is refused, nothing is left to look at.
        if session.execute(&order.prepared).is_err() {
            break;
        }
    }
}
