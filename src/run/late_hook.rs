//! Hooks that ask the warehouse while they are rendered: that is when they are due, after the statements of their node.
//!
//! In: the place of a hook among those of its node. Out: what it says, as the warehouse takes it.
//! Sends nothing.

use super::session::Session;
use super::turn::{Failure, Turn};
use crate::materialization::{Phase, Section};
use crate::plan::{Known, Order};

impl Turn<'_> {
    /// Renders a hook on the session of the node, and knocks at the door with what it says; nothing where it says nothing.
    pub(super) fn rendered_hook(
        &mut self,
        session: &mut Session<'_, '_>,
        at: usize,
    ) -> Result<Vec<Order>, Failure> {
        let run = session.shared.run;
        let connection = match session.connection() {
            Ok(connection) => connection,
            Err(error) => return Err(self.failed(session, error, None)),
        };
        let sql = match (run.late_hook)(self.node, (at, self.batch), &connection) {
            Ok(sql) => sql,
            Err(_) if run.cancel.is_requested() => return Err(Failure::Cancelled),
            Err(wrong) => return Err(Failure::Wrong(wrong.0)),
        };
        if sql.trim().is_empty() {
            return Ok(Vec::new());
        }
        let hook = self.of.config.post_hook.get(at);
        let section = Section {
            phase: Phase::Build,
            transaction: false,
            retryable: false,
            statements: run
                .planner
                .as_sent(&sql, hook.and_then(|hook| hook.origin.clone())),
        };
        let now = self.now(session)?;
        let known = Known::new(run.planner.existing, &run.plan.planned).with(&now);
        let sections = run.planner.sections(self.node, vec![section], &known);
        let sections = sections.map_err(|wrong| Failure::Wrong(wrong.0))?;
        Ok(sections.into_iter().flat_map(|done| done.orders).collect())
    }
}
