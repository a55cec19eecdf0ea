//! One node's turn: its sections sent in order, or its test asked, and what there is to tell afterwards.

use std::sync::Arc;

use super::age::{self, Measured};
use super::rest::Load;
use super::session::Session;
use super::verdict::{self, Verdict};
use super::{Batched, NodeResult, Status, together, trouble};
use crate::adapter::{ColumnsByRelation, Error, ErrorClass, Outcome, Prepared, Statement, Table};
use crate::compile::{SharedConnection, Sql};
use crate::diagnostic::{Diagnostic, counted};
use crate::manifest::microbatch::Batch;
use crate::manifest::node::Detail;
use crate::manifest::{Node, NodeId};
use crate::plan::{Audit, Build, Count, Known, Order, Query, Step, Test, Work};
use crate::relation::{KnownColumn, KnownColumns, Relation};

/// Why a turn did not come to its end.
pub(super) enum Failure {
    /// Ctrl-C.
    Cancelled,
    /// What is wrong, errors first.
    Wrong(Vec<Diagnostic>),
    /// The connection was lost, and with it what was built: the statement, where one was sent, and nothing was published yet.
    Again(Box<(Error, Option<Order>)>),
}

/// A turn and what happened in it so far.
pub(super) struct Turn<'a> {
    pub(super) node: NodeId,
    pub(super) step: &'a Step,
    pub(super) of: &'a Node,
    pub(super) sql: Option<Arc<Sql>>,
    staging: Option<Order>,
    pub(super) statements: Vec<String>,
    pub(super) rejected: Vec<crate::adapter::LoadError>,
    /// How many rows loads left out: the log of a warehouse may tell fewer of them.
    pub(super) left_out: u64,
    /// Rows for which a load failed.
    bad_rows: Vec<crate::adapter::LoadError>,
    pub(super) warnings: Vec<Diagnostic>,
    /// A relation and its columns, looked up for their descriptions.
    pub(super) described: Option<(Relation, Vec<String>)>,
    /// Rows that the statements filled into the new table, as far as the warehouse said so.
    pub(super) filled: Option<u64>,
    rows: Option<u64>,
    /// Rows that the files of a load gave.
    pub(super) loaded: u64,
    pub(super) load: Option<Load>,
    /// The tests that decide whether the new rows are shown.
    pub(super) audit: Option<Arc<Audit>>,
    /// Rows that were rejected.
    pub(super) set_aside: Option<u64>,
    /// The table of rejected rows, where they come to those of earlier runs, and how many it has then.
    pub(super) rejects: Option<Relation>,
    pub(super) set_aside_in_all: Option<u64>,
    /// The query that brought the rows, by its number in the log of the warehouse.
    pub(super) query_id: Option<i64>,
    /// Whether the turn begins anew where it was interrupted.
    pub(super) once: bool,
    /// What the warehouse said to the statement of a materialization in Jinja.
    said: Option<String>,
    pub(super) verdict: Option<Verdict>,
    age: Option<Measured>,
    pub(super) sample: Option<Table>,
    stored: Option<Relation>,
    sample_hidden: bool,
    /// What became of the batches, of a model that is built in batches.
    pub(super) batched: Option<Batched>,
    /// The batch that is built now.
    pub(super) batch: Option<Batch>,
}

/// Whether a statement brings rows into a table.
pub(super) fn fills(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::CreateTableAs { .. }
            | Statement::Insert { .. }
            | Statement::Load { .. }
            | Statement::Copy(_)
    )
}

/// Drops what a failed build left beside.
fn tidy(session: &mut Session<'_, '_>, build: &Build) {
    for beside in build.staging.iter().chain(&build.also) {
        session.clean_up(beside);
    }
}

/// What there is to know at the turn of a late node: its template may have made tables that nobody else knows.
pub(super) struct Now {
    looked_at: ColumnsByRelation,
    connection: Option<SharedConnection>,
}

impl KnownColumns for Now {
    fn columns(&self, relation: &Relation) -> Option<Vec<KnownColumn>> {
        if let Some(columns) = KnownColumns::columns(&self.looked_at, relation) {
            return Some(columns);
        }
        let connection = self.connection.as_ref()?;
        let columns = super::locked(connection).columns(relation).ok()?;
        (!columns.is_empty()).then(|| columns.iter().map(KnownColumn::from).collect())
    }

    fn identities(&self, relation: &Relation) -> Vec<String> {
        let connection = self.connection.as_ref();
        connection.map_or_else(Vec::new, |connection| {
            super::locked(connection).identities(relation)
        })
    }
}

impl<'a> Turn<'a> {
    pub(super) fn new(step: &'a Step, of: &'a Node) -> Self {
        Self {
            node: step.node,
            step,
            of,
            sql: step.sql.clone(),
            staging: None,
            statements: Vec::new(),
            rejected: Vec::new(),
            left_out: 0,
            bad_rows: Vec::new(),
            warnings: Vec::new(),
            described: None,
            filled: None,
            rows: None,
            loaded: 0,
            load: None,
            audit: None,
            set_aside: None,
            rejects: None,
            set_aside_in_all: None,
            query_id: None,
            once: false,
            said: None,
            verdict: None,
            age: None,
            sample: None,
            stored: None,
            sample_hidden: false,
            batched: None,
            batch: None,
        }
    }

    /// The drop of what is built beside, if anything is.
    pub(super) fn staging(&self) -> Option<&Order> {
        self.staging.as_ref()
    }

    /// The schema that the node stands in, lower case.
    pub(super) fn schema(&self) -> Option<String> {
        let relation = self.of.relation.as_ref()?;
        Some(relation.schema.to_lowercase())
    }

    /// Everything the turn is for.
    pub(super) fn take(
        &mut self,
        session: &mut Session<'_, '_>,
        finished: &[NodeResult],
    ) -> Result<(), Failure> {
        if let Work::Refused(wrong) = &self.step.work {
            return Err(Failure::Wrong(wrong.0.clone()));
        }
        let relation = self.of.relation.as_ref();
        if let Some(error) = relation.and_then(|relation| session.missing_schema(relation)) {
            return Err(self.failed(session, error, None));
        }
        if let Some(copy) = session.shared.run.plan.copies.get(&self.node) {
            together::mark(session, self)?;
            session.section(copy, self)?;
        }
        if !self.step.batches.now.is_empty() {
            return self.batches(session, finished);
        }
        match &self.step.work {
            Work::Late => {
                let work = self.late(session, None, finished)?;
                self.work(session, &work)
            }
            Work::InJinja => self.in_jinja(session, None, finished),
            work => match self.again(session)? {
                Some(work) => self.work(session, &work),
                None => self.work(session, work),
            },
        }
    }

    pub(super) fn work(
        &mut self,
        session: &mut Session<'_, '_>,
        work: &Work,
    ) -> Result<(), Failure> {
        match work {
            Work::Build(build) => {
                self.keeps_contract(session)?;
                self.build(session, build)
            }
            Work::Test(test) => self.test(session, test),
            Work::UnitTest => self.unit_test(session),
            Work::NoOp => Ok(()),
            Work::Freshness(Ok(query)) => self.freshness(session, query),
            Work::Freshness(Err(wrong)) => Err(Failure::Wrong((**wrong).clone().apart())),
            Work::Refused(wrong) => Err(Failure::Wrong(wrong.0.clone())),
            Work::Late | Work::InJinja => Err(Failure::Wrong(vec![Diagnostic::error(
                "internal",
                format!("`{}` is late at its own turn", self.of.name),
            )])),
        }
    }

    /// Compiles a late node, or one of its batches, on the worker's session.
    pub(super) fn compiled(
        &mut self,
        session: &mut Session<'_, '_>,
        batch: Option<Batch>,
        finished: &[NodeResult],
    ) -> Result<(Arc<Sql>, SharedConnection), Failure> {
        let run = session.shared.run;
        let connection = match session.connection() {
            Ok(connection) => connection,
            Err(error) => return Err(self.failed(session, error, None)),
        };
        if let Some(sql) = &self.sql {
            return Ok((Arc::clone(sql), connection));
        }
        let sql = match (run.late)(self.node, batch, &connection, finished) {
            Ok(sql) => Arc::new(sql),
            Err(_) if run.cancel.is_requested() => return Err(Failure::Cancelled),
            Err(wrong) => return Err(Failure::Wrong(wrong.0)),
        };
        self.sql = Some(Arc::clone(&sql));
        Ok((sql, connection))
    }

    /// A node whose materialization is written in Jinja: it sends its statements itself.
    pub(super) fn in_jinja(
        &mut self,
        session: &mut Session<'_, '_>,
        batch: Option<Batch>,
        finished: &[NodeResult],
    ) -> Result<(), Failure> {
        let run = session.shared.run;
        session.use_group(self.of.config.query_group.as_ref());
        let (sql, connection) = self.compiled(session, batch, finished)?;
        match (run.in_jinja)(self.node, batch, &sql, &connection) {
            Ok(acted) => {
                self.statements = acted.sent;
                if let Some((said, rows)) = acted.main {
                    self.rows = rows;
                    self.said = Some(said);
                }
                self.warnings.extend(acted.warnings);
                Ok(())
            }
            Err(_) if run.cancel.is_requested() => Err(Failure::Cancelled),
            Err(wrong) => Err(Failure::Wrong(wrong.0)),
        }
    }

    /// The work of a late node, now that its upstreams are there.
    pub(super) fn late(
        &mut self,
        session: &mut Session<'_, '_>,
        batch: Option<Batch>,
        finished: &[NodeResult],
    ) -> Result<Work, Failure> {
        let run = session.shared.run;
        let (sql, _) = self.compiled(session, batch, finished)?;
        let now = self.now(session)?;
        let known = Known::new(run.planner.existing, &run.plan.planned).with(&now);
        run.planner
            .step(self.node, Some(&sql), &known, &mut self.warnings)
            .map_err(|wrong| Failure::Wrong(wrong.0))
    }

    /// What can be known of any relation at this moment.
    pub(super) fn now(&self, session: &mut Session<'_, '_>) -> Result<Now, Failure> {
        let wanted = session.shared.run.planner.adapter.wants_columns();
        let connection = session
            .connection()
            .map_err(|error| self.story(session, error, None, None))?;
        Ok(Now {
            looked_at: self.looked_at(session)?,
            connection: wanted.then_some(connection),
        })
    }

    /// What the node reads and the plan could not tell the columns of, looked at now.
    fn looked_at(&self, session: &mut Session<'_, '_>) -> Result<ColumnsByRelation, Failure> {
        let run = session.shared.run;
        if !run.planner.adapter.wants_columns() {
            return Ok(ColumnsByRelation::default());
        }
        let open: Vec<Relation> = run
            .planner
            .reads(self.node)
            .into_iter()
            .filter(|relation| run.plan.planned.is_open(relation))
            .collect();
        if open.is_empty() {
            return Ok(ColumnsByRelation::default());
        }
        let found = session.connection().and_then(|connection| {
            let found = super::locked(&connection).columns_of(&open);
            session.after(found)
        });
        found.map_err(|error| self.story(session, error, None, None))
    }

    /// The work of a step, made again where what it reads could not be known before the run.
    pub(super) fn again(&mut self, session: &mut Session<'_, '_>) -> Result<Option<Work>, Failure> {
        let looked_at = self.looked_at(session)?;
        let now = self.with_filled(session, looked_at)?;
        let nothing = now.looked_at.is_empty() && now.connection.is_none();
        let Some(sql) = self.sql.clone().filter(|_| !nothing) else {
            return Ok(None);
        };
        let run = session.shared.run;
        let known = Known::new(run.planner.existing, &run.plan.planned).with(&now);
        // What is worth a warning was told when the run was planned.
        let work = run
            .planner
            .step(self.node, Some(&sql), &known, &mut Vec::new());
        work.map(Some).map_err(|wrong| Failure::Wrong(wrong.0))
    }

    /// What was looked at, and where a hook fills tables, whatever it asks for: their columns are known for sure when they are there.
    pub(super) fn with_filled(
        &self,
        session: &mut Session<'_, '_>,
        looked_at: ColumnsByRelation,
    ) -> Result<Now, Failure> {
        let planner = session.shared.run.planner;
        let sql = self.sql.as_ref();
        let asks = planner.adapter.wants_columns()
            && sql.is_some_and(|sql| planner.fills_by_hand(self.node, sql));
        let connection = match asks {
            false => None,
            true => Some(
                session
                    .connection()
                    .map_err(|error| self.story(session, error, None, None))?,
            ),
        };
        Ok(Now {
            looked_at,
            connection,
        })
    }

    fn build(&mut self, session: &mut Session<'_, '_>, build: &Build) -> Result<(), Failure> {
        session.use_group(self.of.config.query_group.as_ref());
        self.staging.clone_from(&build.staging);
        let mut attempt = 1;
        let done = loop {
            match self.sections(session, build) {
                Err(Failure::Again(lost)) => {
                    attempt += 1;
                    if !session.once_more(self.node, &lost.0, attempt) {
                        let (error, order) = *lost;
                        break Err(self.failed(session, error, order.as_ref()));
                    }
                    // What was made beside is in the way of the next attempt.
                    tidy(session, build);
                }
                done => break done,
            }
        };
        if done.is_err() {
            tidy(session, build);
        }
        done?;
        session.shared.leave_for_last(&build.last);
        self.count_rejected(session)?;
        match &build.counts {
            Some(counts) => self.count(session, counts),
            None => Ok(()),
        }
    }

    fn sections(&mut self, session: &mut Session<'_, '_>, build: &Build) -> Result<(), Failure> {
        self.once = false;
        let audit = build.audit.as_ref();
        for section in &build.sections {
            self.audit_beside(session, audit, section.phase)?;
            session.section(section, self)?;
        }
        let mut then = build.then.clone();
        let mut now = ColumnsByRelation::new();
        while let Some(rest) = then {
            then = self.rest(session, &rest, &mut now, audit)?;
        }
        Ok(())
    }

    /// Tells of a column that is described and not there.
    pub(super) fn lacks(&mut self, column: &str) {
        let message = format!(
            "the column `{column}` is described, and `{}` does not have it",
            self.of.name
        );
        if self.warnings.iter().any(|told| told.message == message) {
            return;
        }
        let declared = self
            .of
            .columns
            .values()
            .find(|declared| declared.name == column);
        let place = declared.and_then(|column| column.declared_at.clone());
        self.warnings.push(
            Diagnostic::warning("undeclared-column", message)
                .at_some(place.or_else(|| self.of.declared_at.clone()))
                .label("its description is kept nowhere"),
        );
    }

    /// Whether nothing of the turn may be done twice: it begins anew with what is there.
    pub(super) fn is_once(&self) -> bool {
        self.once
    }

    /// The rows of the table: what its statements said, or one question.
    fn count(&mut self, session: &mut Session<'_, '_>, counts: &Count) -> Result<(), Failure> {
        if counts.by_statements && self.filled.is_some() {
            self.rows = self.filled;
            return Ok(());
        }
        let table = self.ask(session, &counts.query, None)?;
        self.rows = verdict::number(table.rows.first().and_then(|row| row.first()));
        Ok(())
    }

    fn freshness(&mut self, session: &mut Session<'_, '_>, query: &Query) -> Result<(), Failure> {
        let table = self.ask_own(session, query)?;
        let measured = age::of(&table).map_err(|why| {
            let problem = Diagnostic::error(
                "bad-freshness",
                format!("the age of `{}` cannot be read", self.of.name),
            );
            let place = self.of.declared_at.clone();
            let problem = problem.at_some(place).label(why).help(
                "`loaded_at_field`, or `loaded_at_query`, gives a timestamp: cast a day or a text, as in `loaded_at_field: \"day::timestamp\"`",
            );
            Failure::Wrong(vec![problem])
        })?;
        self.age = Some(measured);
        Ok(())
    }

    fn test(&mut self, session: &mut Session<'_, '_>, test: &Test) -> Result<(), Failure> {
        if let (Some((verdict, sample)), None) = (session.shared.audited(self.node), &test.store) {
            // Asked before the rows of its node were shown, which nobody changed since.
            (self.verdict, self.sample) = (Some(verdict), sample);
            return Ok(());
        }
        if let Some(store) = &test.store {
            self.build(session, store)?;
            self.stored = self.of.relation.clone();
        }
        let (verdict, sample) = self.decide(session, self.of, test)?;
        (self.verdict, self.sample) = (Some(verdict), sample);
        Ok(())
    }

    /// Asks a test.
    pub(super) fn decide(
        &mut self,
        session: &mut Session<'_, '_>,
        of: &Node,
        test: &Test,
    ) -> Result<(Verdict, Option<Table>), Failure> {
        let table = self.ask_own(session, &test.check)?;
        let mut verdict = verdict::of(of, &table).map_err(|why| {
            let problem = Diagnostic::error(
                "bad-test-answer",
                format!("test `{}` has no answer", of.name),
            )
            .at_some(crate::plan::place_of(of))
            .label(why)
            .help("`fail_calc` must be a number for every answer: `coalesce(sum(n), 0)`")
            .help("`warn_if` and `error_if` compare it, like `> 10`");
            Failure::Wrong(vec![problem])
        })?;
        if verdict.status == Status::Warn && session.shared.run.warnings_fail {
            verdict.status = Status::Fail;
        }
        let sample = match verdict.status {
            Status::Pass => None,
            _ => self.sample(session, of, test)?,
        };
        Ok((verdict, sample))
    }

    /// A few failing rows that may be seen.
    fn sample(
        &mut self,
        session: &mut Session<'_, '_>,
        of: &Node,
        test: &Test,
    ) -> Result<Option<Table>, Failure> {
        if test.hidden == crate::materialization::Hidden::All {
            self.sample_hidden = true;
            return Ok(None);
        }
        let prepared = &test.failures.prepared;
        let rows = session.query(prepared, Some(verdict::SAMPLE));
        // The verdict stands without a sample.
        match rows {
            Ok(table) => {
                let some = !table.rows.is_empty();
                let shown = verdict::visible(table, &test.hidden);
                self.sample_hidden = some && shown.is_none();
                Ok(shown)
            }
            Err(error) if error.class == ErrorClass::Cancelled => Err(Failure::Cancelled),
            Err(error) => {
                let warning = Diagnostic::warning(
                    "no-sample",
                    format!("the rows that fail test `{}` cannot be shown", of.name),
                );
                self.warnings.push(warning.note(error.message));
                Ok(None)
            }
        }
    }

    /// Asks one of the node's own queries.
    pub(super) fn ask_own(
        &mut self,
        session: &mut Session<'_, '_>,
        query: &Query,
    ) -> Result<Table, Failure> {
        self.statements.extend(query.prepared.sql.iter().cloned());
        match session.query(&query.prepared, None) {
            Ok(table) => Ok(table),
            Err(error) => Err(self.story(session, error, None, Some(&query.text))),
        }
    }

    pub(super) fn ask(
        &mut self,
        session: &mut Session<'_, '_>,
        prepared: &Prepared,
        limit: Option<usize>,
    ) -> Result<Table, Failure> {
        session
            .query(prepared, limit)
            .map_err(|error| self.failed(session, error, None))
    }

    /// A statement went well.
    pub(super) fn sent(&mut self, order: &Order, outcome: Outcome) {
        self.statements.extend(order.prepared.sql.iter().cloned());
        self.left_out += outcome.left_out.max(outcome.rejected.len() as u64);
        self.rejected.extend(outcome.rejected);
        let warnings = outcome.warnings.into_iter();
        self.warnings
            .extend(warnings.map(|words| Diagnostic::warning("left-behind", words)));
        if matches!(order.statement, Statement::Copy(_)) {
            self.loaded += outcome.rows.unwrap_or(0);
            if let (Some(files), None) = (outcome.files, &self.load) {
                self.load = Some(Load {
                    files,
                    appends: false,
                });
            }
        }
        if let Some(rows) = outcome.rows.filter(|_| fills(&order.statement)) {
            self.filled = Some(rows);
        }
    }

    /// What an error of the warehouse means for the turn.
    pub(super) fn failed(
        &mut self,
        session: &mut Session<'_, '_>,
        error: Error,
        order: Option<&Order>,
    ) -> Failure {
        if let Some(order) = order {
            self.statements.extend(order.prepared.sql.iter().cloned());
        }
        // A cell of a seed is shown in its own file.
        let in_files = error.load_errors.iter().filter(|row| row.place.is_none());
        self.bad_rows = in_files.cloned().collect();
        self.story(session, error, order.map(|order| &order.statement), None)
    }

    pub(super) fn story(
        &self,
        session: &mut Session<'_, '_>,
        mut error: Error,
        statement: Option<&Statement>,
        text: Option<&str>,
    ) -> Failure {
        if session.shared.run.cancel.is_requested() || error.class == ErrorClass::Cancelled {
            return Failure::Cancelled;
        }
        if let Some(fault) = &mut error.fault
            && fault.code == "unknown-column"
        {
            fault.candidates.extend(self.columns_read(session));
        }
        let story = trouble::Story {
            planner: session.shared.run.planner,
            node: self.of,
            sql: self.sql.as_deref(),
            statement,
            text,
        };
        Failure::Wrong(story.told(error))
    }

    /// The columns of what the node reads, where they can be asked.
    fn columns_read(&self, session: &mut Session<'_, '_>) -> Vec<String> {
        let manifest = session.shared.run.planner.manifest;
        let Ok(connection) = session.connection() else {
            return Vec::new();
        };
        let mut connection = super::locked(&connection);
        let relations = self.of.depends_on.iter();
        relations
            .filter_map(|id| manifest.node(*id).relation.as_ref())
            .filter_map(|relation| connection.columns(relation).ok())
            .flatten()
            .map(|column| column.name)
            .collect()
    }

    /// Puts into a result what happened.
    pub(super) fn tell(self, result: &mut NodeResult) {
        result.status = Status::Success;
        if let (Some(measured), Detail::Source(source)) = (self.age, &self.of.detail) {
            let (status, told) = measured.judged(self.of, source);
            result.status = status;
            result.message = Some(measured.words());
            result.age = Some(measured);
            result.diagnostics.extend(told);
        } else if let Some(verdict) = self.verdict {
            result.status = verdict.status;
            result.message = verdict.message;
            result.failures = Some(verdict.failures);
        } else if matches!(self.step.work, Work::NoOp) {
            result.status = Status::NoOp;
            result.message = Some("NO-OP".to_owned());
        } else if let Some(said) = self.said {
            result.message = Some(said);
        } else if let Some(rows) = self.rows {
            let set_aside = self.set_aside.unwrap_or(0);
            let loaded = (
                self.loaded.saturating_sub(set_aside),
                self.left_out + set_aside,
            );
            result.message = Some(match &self.load {
                Some(load) => load.words(rows, loaded),
                None if self.set_aside.is_some() || self.left_out > 0 => {
                    format!("{}, {} rejected", counted(rows, "row"), loaded.1)
                }
                None => counted(rows, "row"),
            });
        }
        if let Some(batched) = self.batched {
            let (status, message) = batched.verdict();
            result.status = status;
            result.message = Some(message);
            result.batches = Some(batched);
        }
        result.rows = self.rows;
        result.filled = self.filled;
        result.set_aside = self.set_aside;
        result.set_aside_in_all = self.set_aside_in_all;
        result.query_id = self.query_id;
        result.files = self.load.as_ref().map(|load| load.files);
        result.sample = self.sample;
        result.stored = self.stored;
        result.sample_hidden = self.sample_hidden;
        result.rejected = self.rejected;
        result.left_out = self.left_out;
        result.bad_rows = self.bad_rows;
        result.diagnostics.extend(self.warnings);
        result.compiled_code = self
            .sql
            .map(|sql| sql.text.clone())
            .filter(|text| !text.is_empty());
        result.sent = self.statements;
    }
}
