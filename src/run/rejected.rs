//! The rejected rows of a node: counted before anyone sees its good ones, and where they are too many, shown and kept.

use super::session::Session;
use super::turn::{Failure, Turn};
use super::verdict;
use crate::adapter::{ColumnsByRelation, Error, ErrorClass, Prepared, Table};
use crate::diagnostic::Diagnostic;
use crate::materialization::{Hidden, REASONS, Rejects};
use crate::plan::{Known, Work};
use crate::relation::{KnownColumns, NothingKnown, Relation};

impl Turn<'_> {
    /// Whether the good rows and the rejected ones are all that there are, and no more of these than may be.
    pub(super) fn gate(
        &mut self,
        session: &mut Session<'_, '_>,
        rejects: &Rejects,
        known: &Known<'_>,
    ) -> Result<(), Failure> {
        let prepared = self.question(session, &rejects.count(), known)?;
        let table = self.ask(session, &prepared, None)?;
        let row = table.rows.first().map(Vec::as_slice).unwrap_or_default();
        let numbers = [0, 1, 2].map(|at| verdict::number(row.get(at)).unwrap_or(0));
        self.set_aside = Some(numbers[2]);
        self.rejects = rejects.adds_to().cloned();
        if let Some(problem) = rejects.lost(numbers) {
            return Err(Failure::Wrong(vec![problem]));
        }
        match rejects.too_many(numbers) {
            Some(problem) => {
                let problem = self.kept(session, rejects, problem);
                Err(Failure::Wrong(vec![problem]))
            }
            None => Ok(()),
        }
    }

    /// Reads a few of the rejected rows and keeps all of them. That there are too many is told, whatever becomes of that.
    fn kept(
        &mut self,
        session: &mut Session<'_, '_>,
        rejects: &Rejects,
        problem: Diagnostic,
    ) -> Diagnostic {
        let columns = session.connection().and_then(|connection| {
            let columns = super::locked(&connection).columns(rejects.bad());
            session.after(columns)
        });
        let Ok(columns) = columns else {
            return problem;
        };
        let run = session.shared.run;
        let mut now = ColumnsByRelation::new();
        now.insert(rejects.bad().key(), columns);
        let known = Known::new(run.planner.existing, &run.plan.planned).with(&now);
        if let Ok(prepared) = session.adapter().prepare_query(&rejects.rejected(), &known)
            && let Ok(table) = session.query(&prepared, Some(verdict::SAMPLE))
        {
            self.sample = self.seen(session, table);
        }
        let keep = run
            .planner
            .sections(self.node, vec![rejects.keep()], &known);
        let Ok(keep) = keep else {
            return problem;
        };
        let mut orders = keep.iter().flat_map(|section| &section.orders);
        if !orders.all(|order| session.execute(&order.prepared).is_ok()) {
            return problem;
        }
        problem
            .help("mend the rows, or allow more with a higher `reject_limit`: a percentage such as `10%`, or a number of rows")
            .help(format!(
                "all of them are kept until the next build: `redstart show --failed {} --limit -1`",
                self.of.selector()
            ))
    }

    /// The rejected rows without what is personal in them; the reasons tell no value.
    fn seen(&self, session: &Session<'_, '_>, table: Table) -> Option<Table> {
        let manifest = session.shared.run.planner.manifest;
        let read = self.of.depends_on.iter().map(|id| manifest.node(*id));
        let personal = std::iter::once(self.of).chain(read);
        let mut hidden: std::collections::BTreeSet<String> = personal
            .flat_map(crate::manifest::Node::personal_columns)
            .collect();
        // Nobody followed them into the query of a late node, which may give them any name.
        if !hidden.is_empty() && matches!(self.step.work, Work::Late) {
            let names = table
                .columns
                .iter()
                .map(|column| column.name.to_lowercase());
            hidden.extend(names.filter(|name| !REASONS.contains(&name.as_str())));
        }
        verdict::visible(table, &Hidden::Columns(hidden))
    }

    /// Counts the rejected rows of all runs, where they come to earlier ones.
    pub(super) fn count_rejected(&mut self, session: &mut Session<'_, '_>) -> Result<(), Failure> {
        let Some(rejects) = self.rejects.take() else {
            return Ok(());
        };
        let query = format!(
            "select count(*) as n_rows from {}",
            in_full(session, &rejects)
        );
        let prepared = self.question(session, &query, &NothingKnown)?;
        let table = self.ask(session, &prepared, None)?;
        self.set_aside_in_all = verdict::number(table.rows.first().and_then(|row| row.first()));
        Ok(())
    }

    /// A query of ours at the adapter's door.
    fn question(
        &self,
        session: &mut Session<'_, '_>,
        query: &str,
        known: &dyn KnownColumns,
    ) -> Result<Prepared, Failure> {
        let prepared = session.adapter().prepare_query(query, known);
        prepared.map_err(|refusal| {
            let error = Error::new(ErrorClass::Internal, refusal.message);
            self.story(session, error, None, None)
        })
    }
}

/// A relation by its names in a query of ours; by that of the database too where its schema has that name.
fn in_full(session: &Session<'_, '_>, relation: &Relation) -> String {
    let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let database = &session.shared.run.planner.manifest.database;
    let mut parts = vec![quote(&relation.schema), quote(&relation.identifier)];
    if database.eq_ignore_ascii_case(&relation.schema) {
        parts.insert(0, quote(database));
    }
    parts.join(".")
}
