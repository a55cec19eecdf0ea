//! A unit test's turn: the columns of what its model reads looked up, the rows put in their place, the answer compared.
//!
//! What is not built yet need not be: its columns come from its declaration, its file, or its own query.

use std::collections::BTreeMap;

use super::difference::{self, Difference};
use super::session::Session;
use super::turn::{Failure, Turn};
use super::verdict::Verdict;
use super::{Status, locked};
use crate::adapter::{ColumnsByRelation, ErrorClass};
use crate::compile::{Sql, given_name};
use crate::diagnostic::{Diagnostic, Span};
use crate::jinja::RelationValue;
use crate::manifest::node::Detail;
use crate::manifest::unit_test::{FixtureRows, GivenReads, UnitTestDetail};
use crate::manifest::{Node, NodeId, ResourceType};
use crate::materialization::unit::{self, Cell, Suspects};
use crate::plan::{Known, Query, place_of};
use crate::relation::{Column, KnownColumn};

/// The columns of nodes, each looked up once; none while it is being looked up, and where nobody can tell.
type Columns = BTreeMap<NodeId, Option<Vec<KnownColumn>>>;

impl Turn<'_> {
    /// Everything a unit test does.
    pub(super) fn unit_test(&mut self, session: &mut Session<'_, '_>) -> Result<(), Failure> {
        let (Detail::UnitTest(test), Some(sql)) = (&self.of.detail, self.sql.clone()) else {
            return Err(Failure::Wrong(Vec::new()));
        };
        let mut given = Vec::new();
        let sql = self.with_given(session, test, &sql, &mut given)?;
        self.sql = Some(std::sync::Arc::new(sql.clone()));
        let answer = match self.described(session, &sql, &sql.text) {
            Ok(answer) => answer,
            Err(failure) => return Err(self.or_unfit(session, &sql, &given, failure)),
        };
        let of = format!("the answer of `{}`", test.model);
        let compared = unit::compared(&test.expect, &answer, &of).map_err(Failure::Wrong)?;
        let expected = unit::suspects(&test.expect, &compared);
        let node = self.of.depends_on.first().copied().unwrap_or(self.node);
        given.extend(expected.map(|rows| (node, rows)));
        let question = unit::question(&sql.text, &test.expect, &compared);
        let asked = self
            .prepared(session, &sql, question)
            .and_then(|query| self.ask_own(session, &query));
        let table = match asked {
            Ok(table) => table,
            Err(failure) => return Err(self.or_unfit(session, &sql, &given, failure)),
        };
        self.verdict = Some(match difference::of(table) {
            Difference::None => Verdict {
                status: Status::Pass,
                failures: 0,
                message: None,
            },
            Difference::Rows(told) => Verdict {
                status: Status::Fail,
                failures: 1,
                message: Some(told),
            },
        });
        Ok(())
    }

    /// What the database said, or the values of the test that cannot become the type of their column: each is asked for by itself.
    fn or_unfit(
        &self,
        session: &mut Session<'_, '_>,
        sql: &Sql,
        given: &[(NodeId, Suspects)],
        failure: Failure,
    ) -> Failure {
        if !matches!(failure, Failure::Wrong(_)) {
            return failure;
        }
        let mut fits = |query: &str| match self.prepared(session, sql, query.to_owned()) {
            Ok(query) => match session.query(&query.prepared, None) {
                Err(error) => error.class != ErrorClass::User,
                Ok(_) => true,
            },
            Err(failure) => !matches!(failure, Failure::Wrong(_)),
        };
        let mut unfit = Vec::new();
        for (node, suspects) in given {
            if fits(&suspects.all) {
                continue;
            }
            for (row, cells) in &suspects.rows {
                if fits(row) {
                    continue;
                }
                let wrong = cells.iter().filter(|cell| !fits(&cell.query));
                unfit.extend(wrong.map(|cell| (*node, cell)));
            }
        }
        if unfit.is_empty() {
            return failure;
        }
        let told = unfit
            .into_iter()
            .map(|(node, cell)| self.unfit(session, node, cell));
        Failure::Wrong(told.collect())
    }

    /// A value that does not fit. The line of a row is not shown where a value in it may be personal.
    fn unfit(&self, session: &Session<'_, '_>, node: NodeId, cell: &Cell) -> Diagnostic {
        let (column, data_type) = (&cell.column, &cell.data_type);
        let node = session.shared.run.planner.manifest.node(node);
        let message = format!("a value of `{column}` cannot become `{data_type}`");
        let told = Diagnostic::error("bad-unit-test", message);
        let told = match node.personal_columns().is_empty() {
            true => told
                .at(cell.span.clone())
                .label(format!("`{column}` is `{data_type}`")),
            false => told.at_some(place_of(self.of)),
        };
        told.help("give a value of the column's type, or null")
    }

    /// The model's query with the given rows in front; the rows go to `suspects` too.
    fn with_given(
        &mut self,
        session: &mut Session<'_, '_>,
        test: &UnitTestDetail,
        sql: &Sql,
        suspects: &mut Vec<(NodeId, Suspects)>,
    ) -> Result<Sql, Failure> {
        let manifest = session.shared.run.planner.manifest;
        let mut columns = Columns::new();
        let mut named = Vec::with_capacity(sql.given.len());
        let mut wrong = Vec::new();
        for id in &sql.given {
            let Some(given) = test.given.iter().find(|given| given.node == Some(*id)) else {
                continue;
            };
            let node = manifest.node(*id);
            let query = match &given.fixture.rows {
                FixtureRows::Sql { text, .. } => text.clone(),
                FixtureRows::Values(_) => {
                    let found = self.columns_of(session, *id, &mut columns)?;
                    let found = found.ok_or_else(|| {
                        let missing = unknown_input(self.of, node, &given.input.span);
                        Failure::Wrong(vec![missing])
                    })?;
                    let of = match given.reads {
                        GivenReads::This => format!("`{}`", test.model),
                        _ => format!("`{}`", node.name),
                    };
                    let rows = unit::suspects(&given.fixture, &found);
                    suspects.extend(rows.map(|rows| (*id, rows)));
                    match unit::given(&given.fixture, &found, &of) {
                        Ok(query) => query,
                        Err(more) => {
                            wrong.extend(more);
                            continue;
                        }
                    }
                }
            };
            named.push((given_name(node), query));
        }
        if wrong.is_empty() {
            Ok(sql.with_queries(&named))
        } else {
            Err(Failure::Wrong(wrong))
        }
    }

    /// The columns of a node: as it stands in the warehouse, as it is declared, as its file says, or as its query answers.
    fn columns_of(
        &mut self,
        session: &mut Session<'_, '_>,
        id: NodeId,
        known: &mut Columns,
    ) -> Result<Option<Vec<KnownColumn>>, Failure> {
        if let Some(found) = known.get(&id) {
            return Ok(found.clone());
        }
        known.insert(id, None);
        let run = session.shared.run;
        let node = run.planner.manifest.node(id);
        let mut found = self.built(session, node)?.or_else(|| declared(node));
        if found.is_none() && node.resource_type == ResourceType::Seed {
            let seed = (run.planner.seed)(id).map_err(|wrong| Failure::Wrong(wrong.0))?;
            let columns = seed.columns.iter().map(|column| KnownColumn {
                name: column.name.clone(),
                data_type: Some(column.data_type.clone()),
            });
            found = Some(columns.collect());
        }
        if found.is_none() && node.resource_type == ResourceType::Model {
            found = self.answered(session, id, known)?;
        }
        known.insert(id, found.clone());
        Ok(found)
    }

    fn built(
        &mut self,
        session: &mut Session<'_, '_>,
        node: &Node,
    ) -> Result<Option<Vec<KnownColumn>>, Failure> {
        let Some(relation) = &node.relation else {
            return Ok(None);
        };
        let found = session.connection().and_then(|connection| {
            let found = locked(&connection).columns(relation);
            session.after(found)
        });
        let found: Vec<Column> = found.map_err(|error| self.failed(session, error, None))?;
        Ok((!found.is_empty()).then(|| found.iter().map(KnownColumn::from).collect()))
    }

    /// The columns that a model's query answers, where all that it reads is known too.
    fn answered(
        &mut self,
        session: &mut Session<'_, '_>,
        id: NodeId,
        known: &mut Columns,
    ) -> Result<Option<Vec<KnownColumn>>, Failure> {
        let run = session.shared.run;
        let manifest = run.planner.manifest;
        let connection = match session.connection() {
            Ok(connection) => connection,
            Err(error) => return Err(self.failed(session, error, None)),
        };
        // A model that cannot be compiled tells why at its own turn.
        let Ok(mut sql) = (run.late)(id, None, &connection, &[]) else {
            return Ok(None);
        };
        let mut named = Vec::new();
        for read in run.planner.read_by(id) {
            let node = manifest.node(read);
            let Some(relation) = &node.relation else {
                continue;
            };
            if self.built(session, node)?.is_some() {
                continue;
            }
            let Some(columns) = self.columns_of(session, read, known)? else {
                return Ok(None);
            };
            let written = RelationValue::new(manifest.in_full(relation), None).to_string();
            sql.text = sql.text.replace(&written, &given_name(node));
            named.push((given_name(node), unit::nothing(&columns)));
        }
        let sql = sql.with_queries(&named);
        Ok(self.described(session, &sql, &sql.text).ok())
    }

    /// The columns of a query's answer.
    pub(super) fn described(
        &mut self,
        session: &mut Session<'_, '_>,
        sql: &Sql,
        text: &str,
    ) -> Result<Vec<KnownColumn>, Failure> {
        let query = self.prepared(session, sql, text.to_owned())?;
        let told = query.prepared.columns.clone().unwrap_or_default();
        if !told.is_empty() && told.iter().all(|column| column.data_type.is_some()) {
            return Ok(told);
        }
        let table = match session.query(&query.prepared, Some(0)) {
            Ok(table) => table,
            Err(error) => return Err(self.story(session, error, None, Some(&query.text))),
        };
        let columns = table.columns.into_iter().enumerate();
        Ok(columns
            .map(|(at, column)| KnownColumn {
                data_type: told
                    .get(at)
                    .and_then(|known| known.data_type.clone())
                    .or_else(|| Some(column.data_type).filter(|name| !name.is_empty())),
                name: column.name,
            })
            .collect())
    }

    fn prepared(
        &self,
        session: &Session<'_, '_>,
        sql: &Sql,
        text: String,
    ) -> Result<Query, Failure> {
        let run = session.shared.run;
        let looked_at = ColumnsByRelation::default();
        let known = Known::new(run.planner.existing, &run.plan.planned).with(&looked_at);
        run.planner
            .query(self.node, sql, text, &known)
            .map_err(|wrong| Failure::Wrong(wrong.0))
    }
}

/// The columns that a declaration promises: of a contract, or of a source whose columns all have a type.
fn declared(node: &Node) -> Option<Vec<KnownColumn>> {
    let promised = node.config.contract_enforced || node.resource_type == ResourceType::Source;
    if !promised || node.columns.is_empty() {
        return None;
    }
    let columns = node.columns.values().map(|column| {
        Some(KnownColumn {
            name: column.name.clone(),
            data_type: Some(column.data_type.clone()?),
        })
    });
    columns.collect()
}

fn unknown_input(test: &Node, input: &Node, at: &Span) -> Diagnostic {
    let help = match input.resource_type {
        ResourceType::Source => format!(
            "declare the columns of `{}` with their `data_type`, or give the rows with `format: sql`",
            input.name
        ),
        _ => format!(
            "build it first (`redstart build -s +{}`), or give the rows with `format: sql`",
            input.name
        ),
    };
    Diagnostic::error(
        "unknown-input-columns",
        format!(
            "the columns of `{}`, which the unit test `{}` gives rows of, are not known",
            input.name, test.name
        ),
    )
    .at(at.clone())
    .label("neither built nor told by its query")
    .help(help)
}
