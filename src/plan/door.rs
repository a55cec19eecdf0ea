//! The statements of one node at the adapter's door: taken as they are, translated, or refused at their place in the user's file.

use std::sync::Arc;

use super::aim::{aimed, names};
use super::known::Meanwhile;
use super::place::{home, place_of, place_of_copy};
use super::planner::Planner;
use super::{Audit, Build, Count, Order, Query, Section, Test};
use crate::adapter::{Prepared, Refusal, Statement};
use crate::compile::{Sql, note_of_line};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::NodeId;
use crate::materialization::{self, Phase, Rest};
use crate::relation::{KnownColumns, Relation};

/// The adapter's door, for the statements of one node.
pub(super) struct Door<'a, 'b> {
    pub(super) planner: &'a Planner<'b>,
    pub(super) node: NodeId,
    pub(super) sql: Option<&'a Sql>,
    pub(super) known: &'a dyn KnownColumns,
}

impl Door<'_, '_> {
    /// The node's SQL as compiled.
    fn text(&self) -> &str {
        self.sql.map_or("", |sql| &sql.text)
    }

    pub(super) fn operation(&self) -> Result<Build, Diagnostics> {
        let statements = if self.text().trim().is_empty() {
            Vec::new()
        } else {
            let origin = self.planner.node(self.node).declared_at.clone();
            self.planner.as_sent(self.text(), origin)
        };
        self.build(materialization::Build {
            sections: vec![materialization::Section {
                phase: Phase::Build,
                transaction: false,
                retryable: false,
                statements,
            }],
            ..materialization::Build::default()
        })
    }

    pub(super) fn build(&self, build: materialization::Build) -> Result<Build, Diagnostics> {
        let increment = build.then.is_some()
            || build
                .sections
                .iter()
                .flat_map(|s| &s.statements)
                .any(|statement| {
                    matches!(
                        statement,
                        Statement::CreateTableAs {
                            temporary: true,
                            ..
                        }
                    )
                });
        let fills = build
            .sections
            .iter()
            .flat_map(|section| &section.statements)
            .any(|statement| {
                matches!(
                    statement,
                    Statement::CreateTableAs { .. }
                        | Statement::CreateTable { .. }
                        | Statement::CreateMaterializedView { .. }
                )
            });
        if let Some(Rest::Files(load)) = build.then.as_deref() {
            // What is refused is refused before anything runs, whichever files there will be.
            self.sections(load.pattern().to_vec())?;
        }
        let sections = self.sections(build.sections)?;
        let staging = build
            .staging
            .map(|(kind, relation)| {
                self.order(Statement::Drop {
                    kind,
                    relation,
                    if_exists: true,
                })
            })
            .transpose()?;
        let counts = build
            .counts
            .map(|relation| self.count(&relation, fills && !increment))
            .transpose()?;
        let also = build.also.into_iter().map(|(kind, relation)| {
            self.order(Statement::Drop {
                kind,
                relation,
                if_exists: true,
            })
        });
        let also = also.collect::<Result<_, _>>()?;
        let last = build.last.into_iter().map(|drop| self.order(drop));
        Ok(Build {
            sections,
            then: build.then,
            staging,
            also,
            audit: None,
            counts,
            last: last.collect::<Result<_, _>>()?,
        })
    }

    fn count(&self, relation: &Relation, by_statements: bool) -> Result<Count, Diagnostics> {
        // Where the schema has the name of the database, `a.t` would mean neither.
        let database = &self.planner.manifest.database;
        let database = if database.eq_ignore_ascii_case(&relation.schema) {
            format!("\"{database}\".")
        } else {
            String::new()
        };
        let query = format!(
            "select count(*) as n_rows from {database}\"{}\".\"{}\"",
            relation.schema, relation.identifier
        );
        let prepared = self.planner.adapter.prepare_query(&query, self.known);
        Ok(Count {
            by_statements,
            query: prepared.map_err(|refusal| self.refused(refusal, None))?,
        })
    }

    pub(super) fn sections(
        &self,
        sections: Vec<materialization::Section>,
    ) -> Result<Vec<Section>, Diagnostics> {
        let mut problems = Diagnostics::default();
        let mut done = Vec::with_capacity(sections.len());
        let mut known = Meanwhile::new(self.known);
        for section in sections {
            let mut orders = Vec::with_capacity(section.statements.len() + 2);
            let mut take = |statement: Statement| match self.order_after(statement, &known) {
                Ok(order) => {
                    known.note(&order);
                    orders.push(order);
                }
                Err(more) => problems.extend(more),
            };
            if section.transaction {
                take(Statement::Begin);
            }
            section.statements.into_iter().for_each(&mut take);
            if section.transaction {
                take(Statement::Commit);
            }
            done.push(Section {
                phase: section.phase,
                retryable: section.retryable,
                orders,
            });
        }
        problems.or(done).map(|(done, _)| done)
    }

    pub(super) fn order(&self, statement: Statement) -> Result<Order, Diagnostics> {
        self.order_after(statement, self.known)
    }

    /// The order of a statement before which something else is known than at the door.
    fn order_after(
        &self,
        statement: Statement,
        known: &dyn KnownColumns,
    ) -> Result<Order, Diagnostics> {
        if let Statement::LateHook { .. } = statement {
            // What it says knocks at the door when it is rendered.
            return Ok(Order {
                statement,
                prepared: Prepared::sql(Vec::new()),
            });
        }
        match self.planner.adapter.prepare(&statement, known) {
            Ok(prepared) => Ok(Order {
                statement,
                prepared,
            }),
            Err(refusal) => Err(self.refused(refusal, Some(&statement))),
        }
    }

    pub(super) fn freshness(&self) -> Result<Box<Query>, Box<Diagnostic>> {
        let sql = self.sql.cloned().unwrap_or_default();
        let planner = self.planner;
        let query = planner
            .ask(self.node, &sql, self.known, materialization::freshness)
            .and_then(|text| self.query(text));
        query.map(Box::new).map_err(|wrong| {
            let first = wrong.0.into_iter().next();
            Box::new(first.unwrap_or_else(|| Diagnostic::error("internal", "no reason was left")))
        })
    }

    pub(super) fn test(&self, test: materialization::TestQuery) -> Result<Test, Diagnostics> {
        // The failures stand inside the check: what is refused in one is not told again for the other.
        let failures = self.query(test.failures)?;
        let mut check = self.query(test.check)?;
        check.prepared.values_only = true;
        Ok(Test {
            store: test.store.map(|store| self.build(store)).transpose()?,
            check,
            failures,
            hidden: test.hidden,
        })
    }

    /// The tests of a node as they are asked about what is built beside.
    pub(super) fn audit(&self, build: &materialization::Build) -> Result<Audit, Diagnostics> {
        let planner = self.planner;
        let own = planner.node(self.node).relation.as_ref();
        let beside = build.staging.as_ref().filter(|_| !build.keep.is_empty());
        let beside = beside.map(|(_, staging)| staging);
        let (mut tests, mut late) = (Vec::new(), Vec::new());
        let mut problems = Diagnostics::default();
        for (id, sql) in (planner.tests_of)(self.node) {
            let Some(sql) = sql else {
                late.push(id);
                continue;
            };
            let sql = match (own, beside) {
                (Some(own), Some(staging)) => match aimed(&sql.text, own, staging) {
                    Some(aimed) => Arc::new(Sql::of(aimed)),
                    None => {
                        problems.push(self.unaimed(id));
                        continue;
                    }
                },
                _ => sql,
            };
            if let Some(test) = self.asked_early(id, &sql)? {
                tests.push((id, test));
            }
        }
        let orders = |statements: &[Statement]| {
            let statements = statements.iter();
            let orders = statements.map(|statement| self.order(statement.clone()));
            orders.collect::<Result<Vec<_>, _>>()
        };
        let audit = Audit {
            tests,
            late,
            beside: beside.cloned(),
            keep: orders(&build.keep)?,
            keep_added: orders(&build.keep_added)?,
        };
        problems.or(audit).map(|(audit, _)| audit)
    }

    /// A test with the SQL by which it is asked before the rows of the node are shown.
    fn asked_early(&self, id: NodeId, sql: &Sql) -> Result<Option<Test>, Diagnostics> {
        let planner = self.planner;
        let materialization::Work::Test(test) = planner.materialize(id, sql, self.known)? else {
            return Ok(None);
        };
        let door = Door {
            planner,
            node: id,
            sql: Some(sql),
            known: self.known,
        };
        let test = materialization::TestQuery {
            store: None,
            ..*test
        };
        door.test(test).map(Some)
    }

    /// The same for a test that was compiled when it was to be asked: its template read the rows where they stand.
    pub(super) fn late_test(
        &self,
        id: NodeId,
        sql: &Sql,
        beside: Option<&Relation>,
    ) -> Result<Option<Test>, Diagnostics> {
        let own = self.planner.node(self.node).relation.as_ref();
        let shown = beside.and(own);
        if shown.is_some_and(|own| names(&sql.text, own) == Some(true)) {
            return Err(self.unaimed(id).into());
        }
        self.asked_early(id, sql)
    }

    /// A test that does not call its node as templates do cannot be asked about another relation.
    fn unaimed(&self, test: NodeId) -> Diagnostic {
        let node = self.planner.node(test);
        Diagnostic::error(
            "no-audit",
            format!(
                "`{}` cannot be asked before `{}` is shown: its SQL does not name it by `ref` alone",
                node.name,
                self.planner.node(self.node).name
            ),
        )
        .at_some(place_of(node))
        .help(
            "write `{{ ref(…) }}` or `{{ model }}` in the test, or set `audit: false` for the node",
        )
    }

    pub(super) fn query(&self, text: String) -> Result<Query, Diagnostics> {
        match self.planner.adapter.prepare_query(&text, self.known) {
            Ok(prepared) => Ok(Query { text, prepared }),
            Err(mut refusal) => {
                refusal.range = home(refusal.range, &text, self.text());
                Err(self.refused(refusal, None))
            }
        }
    }

    /// A refusal as a diagnostic on the user's own text.
    fn refused(&self, mut refusal: Refusal, statement: Option<&Statement>) -> Diagnostics {
        let (mut place, mut line) = (None, None);
        if let Some(statement) = statement {
            if let Statement::Raw {
                origin: Some(origin),
                sql,
            } = statement
            {
                place = Some(origin.clone());
                let at = refusal.range.as_ref().map(|range| range.start);
                line = at
                    .filter(|at| sql.is_char_boundary(*at) && !origin.text().contains(sql.trim()))
                    .map(|at| note_of_line(sql, at));
            }
            refusal.range = statement
                .user_sql()
                .and_then(|text| home(refusal.range, text, self.text()));
        }
        let node = self.planner.node(self.node);
        let of_option = || {
            let columns = match statement? {
                Statement::CreateTable { columns, .. } => columns,
                Statement::Copy(copy) => return place_of_copy(node, copy, &refusal.message),
                _ => return None,
            };
            let refused = columns.iter().find(|column| {
                let named = format!("`{}`", column.data_type);
                refusal.message.contains(&named)
            })?;
            let seed = || node.config.written("column_types", &refused.data_type);
            let declared = node.columns.get(&refused.name);
            declared
                .and_then(|column| column.type_at.clone())
                .or_else(seed)
        };
        let place = place
            .or_else(of_option)
            .or_else(|| {
                let range = refusal.range.clone()?;
                line = self.sql?.line_of_call(&range);
                self.sql?.map.span(range)
            })
            .or_else(|| place_of(node));
        let mut diagnostic = Diagnostic::error(refusal.code, refusal.message).at_some(place);
        diagnostic.notes.extend(line);
        if let Some(reason) = refusal.reason {
            diagnostic = diagnostic.label(reason);
        }
        if let Some(help) = refusal.help {
            diagnostic = diagnostic.help(help);
        }
        diagnostic.about(&node.name).into()
    }
}
