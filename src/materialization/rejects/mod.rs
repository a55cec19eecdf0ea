//! `rejects: true`: the rows that fail a test of one row go to a table of their own, with the reasons; the rest is the node's.
//!
//! The query runs once, into a temporary table that notes for each row which conditions it meets; the files of a load are read once,
//! into a temporary table of the declared columns. Good and rejected rows are made from that, beside, counted against it, and shown in
//! one transaction. What cannot be a value of the type that `castable` names is rejected; what is left has that type. Where rows come to
//! a table that stays, rejected ones come to those that were rejected before; with a key they take the place of those of the same key,
//! and rejected rows whose key comes again, good, are gone.

mod build;

use std::collections::BTreeMap;

pub(super) use build::{Loaded, build, load, next};

use super::publish::{beside, failed};
use super::schema_change::widened;
use super::{Phase, Rest, SchemaChange, Section, quote, sections};
use crate::adapter::Statement;
use crate::adapter::statement::{ColumnDefinition, Key, Rows, TableAttributes, TableConstraint};
use crate::data_tests::RowRule;
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::config::RejectLimit;
use crate::relation::{Column, KnownColumn, Relation, RelationKind};

/// The end of the name of the table of rejected rows.
const REJECTS: &str = "__rejects";
/// The beginning of the names of the columns that note what a row fails.
const FAILS: &str = "rs_fails_";
/// The columns that tell why a row was rejected.
pub const REASONS: [&str; 2] = ["rejected_columns", "rejected_because"];

/// Where the rejected rows of a node stand.
pub fn rejects_of(relation: &Relation) -> Relation {
    beside(relation, REJECTS)
}

/// Where the rejected rows of a build stand until the next one, when they were more than `reject_limit`.
pub fn kept_rejects(relation: &Relation) -> Relation {
    failed(&rejects_of(relation))
}

/// The rest of a node with rejected rows, waiting for the columns of all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejects {
    all: Relation,
    /// What stands behind `from` for all rows with their notes.
    noted: String,
    good: Relation,
    bad: Relation,
    /// Where `bad` stays to be looked at, when it has too many rows.
    kept: Relation,
    rules: Vec<RowRule>,
    form: Form,
    publish: Section,
    clean: Section,
    name: String,
    limit: Option<RejectLimit>,
    place: Option<Span>,
}

/// What becomes of the good rows.
#[derive(Clone, Debug, PartialEq)]
enum Form {
    /// A table of the columns of a query, made anew.
    Query(TableAttributes),
    /// A table of declared columns, made anew.
    Declared {
        columns: Vec<ColumnDefinition>,
        constraints: Vec<TableConstraint>,
        attributes: TableAttributes,
    },
    /// They come to a table that is there.
    Batch(Box<Batch>),
}

/// Rows that come to a table that is there, and to the rejected ones beside it.
#[derive(Clone, Debug, PartialEq)]
struct Batch {
    attributes: TableAttributes,
    /// The table of rejected rows, and its columns if it is there.
    rejects: Relation,
    there: Option<Vec<Column>>,
    /// What tells rows that come again.
    key: Vec<Key>,
    /// How an incremental model goes on; the rows of a load are inserted.
    change: Option<SchemaChange>,
    /// The table that the rows of a load are inserted into.
    into: Relation,
}

impl Rejects {
    /// The relation with all rows.
    pub fn all(&self) -> &Relation {
        &self.all
    }

    /// The relation with the rejected rows of this build.
    pub fn bad(&self) -> &Relation {
        &self.bad
    }

    /// The query of the rejected rows of this build.
    pub fn rejected(&self) -> String {
        format!("select * from {}", super::name(&self.bad))
    }

    /// How the rejected rows of this build are kept to be looked at, beside those that are shown.
    pub fn keep(&self) -> Section {
        let kept = match self.bad.is_temporary() {
            true => Statement::CreateTableAs {
                relation: self.kept.clone(),
                query: self.rejected(),
                attributes: TableAttributes::default(),
                temporary: false,
                header: None,
            },
            false => Statement::Rename {
                kind: RelationKind::Table,
                from: self.bad.clone(),
                to: self.kept.identifier.clone(),
            },
        };
        Section {
            phase: Phase::Clean,
            transaction: false,
            retryable: false,
            // Of the batches of a model, the last one to fail leaves its rows.
            statements: vec![dropped(&self.kept), kept],
        }
    }

    /// Where rejected rows are added to earlier ones.
    pub fn adds_to(&self) -> Option<&Relation> {
        match &self.form {
            Form::Batch(batch) => Some(&batch.rejects),
            _ => None,
        }
    }

    /// The columns that were declared for the table that is made anew.
    pub fn declared(&self) -> Option<&[ColumnDefinition]> {
        match &self.form {
            Form::Declared { columns, .. } => Some(columns),
            _ => None,
        }
    }

    /// The same, with more that is shown along with the rows.
    #[must_use]
    pub(super) fn with(mut self, statements: Vec<Statement>) -> Self {
        self.publish.statements.extend(statements);
        self
    }

    /// The columns of the model, of those of its query.
    pub fn kept(&self, mut columns: Vec<KnownColumn>) -> Vec<KnownColumn> {
        columns.retain(|column| !column.name.starts_with(FAILS));
        for column in &mut columns {
            if let Some(data_type) = self.cast_to(&column.name) {
                column.data_type = Some(data_type.to_owned());
            }
        }
        columns
    }

    /// The type that a test of the column names.
    fn cast_to(&self, column: &str) -> Option<&str> {
        cast_to(&self.rules, column)
    }

    /// What remains to be done when the query has these columns.
    ///
    /// # Errors
    /// When the query has a column that the table of rejected rows has of its own.
    pub fn sections(&self, columns: &[Column]) -> Result<Vec<Section>, Box<Diagnostic>> {
        let kept: Vec<&Column> = columns
            .iter()
            .filter(|column| !column.name.to_lowercase().starts_with(FAILS))
            .collect();
        if let Some(taken) = kept.iter().find(|column| {
            let mut reasons = REASONS.iter();
            reasons.any(|reason| reason.eq_ignore_ascii_case(&column.name))
        }) {
            return Err(Box::new(
                Diagnostic::error(
                    "no-rejects",
                    format!(
                        "`{}` has a column `{}`, and so has its table of rejected rows",
                        self.name, taken.name
                    ),
                )
                .at_some(self.place.clone())
                .help("give the column another name"),
            ));
        }
        let flags: Vec<String> = (0..self.rules.len())
            .map(|number| format!("{FAILS}{number}"))
            .collect();
        let failed = flags.join(" + ");
        let from = &self.noted;
        let typed = kept.iter().map(|column| {
            let name = quote(&column.name);
            match self.cast_to(&column.name) {
                Some(data_type) => format!("  cast({name} as {data_type}) as {name}"),
                None => format!("  {name}"),
            }
        });
        let typed: Vec<String> = typed.collect();
        let plain: Vec<String> = kept
            .iter()
            .map(|column| format!("  {}", quote(&column.name)))
            .collect();
        let good = format!(
            "select\n{}\nfrom {from}\nwhere {failed} = 0",
            typed.join(",\n")
        );
        let bad = format!(
            "select\n{},\n  {} as {},\n  {} as {}\nfrom {from}\nwhere {failed} > 0",
            plain.join(",\n"),
            self.failed_columns(),
            REASONS[0],
            self.reasons(),
            REASONS[1],
        );
        let names: Vec<String> = kept.iter().map(|column| column.name.clone()).collect();
        Ok(sections(self.made(good, bad, &names, columns)))
    }

    /// The sections, from the queries of good and rejected rows.
    fn made(
        &self,
        good: String,
        bad: String,
        names: &[String],
        columns: &[Column],
    ) -> Vec<Section> {
        let create = |relation: &Relation, query: String, attributes: &TableAttributes| {
            Statement::CreateTableAs {
                relation: relation.clone(),
                query,
                attributes: attributes.clone(),
                temporary: relation.is_temporary(),
                header: None,
            }
        };
        let plain = TableAttributes::default();
        let build = |transaction: bool, statements: Vec<Statement>| Section {
            phase: Phase::Build,
            transaction,
            retryable: true,
            statements,
        };
        let (made, before, publish) = match &self.form {
            Form::Query(attributes) => (
                build(
                    true,
                    vec![
                        create(&self.good, good, attributes),
                        create(&self.bad, bad, &plain),
                    ],
                ),
                Vec::new(),
                self.publish.clone(),
            ),
            Form::Declared {
                columns,
                constraints,
                attributes,
            } => (
                build(
                    true,
                    vec![
                        Statement::CreateTable {
                            relation: self.good.clone(),
                            columns: columns.clone(),
                            constraints: constraints.clone(),
                            attributes: attributes.clone(),
                            temporary: false,
                        },
                        Statement::Insert {
                            into: self.good.clone(),
                            columns: names.to_vec(),
                            from: Rows::Query(good),
                        },
                        create(&self.bad, bad, &plain),
                    ],
                ),
                Vec::new(),
                self.publish.clone(),
            ),
            Form::Batch(batch) => {
                let mut statements: Vec<Statement> = [&self.good, &self.bad].map(dropped).into();
                statements.push(create(&self.good, good, &batch.attributes));
                statements.push(create(&self.bad, bad, &plain));
                let mut publish = self.publish.clone();
                let mut before = Vec::new();
                if batch.change.is_none() {
                    before = batch.widened(columns);
                    let mut shown = vec![Statement::Insert {
                        into: batch.into.clone(),
                        columns: names.to_vec(),
                        from: Rows::Relation(self.good.clone()),
                    }];
                    shown.extend(batch.rejected(self, columns));
                    publish.statements.splice(0..0, shown);
                }
                (build(false, statements), before, publish)
            }
        };
        let before = Section {
            phase: Phase::Prepare,
            transaction: false,
            retryable: true,
            statements: before,
        };
        vec![made, before, publish, self.clean.clone()]
    }

    /// What an incremental model does with its good rows, once they are there; `columns` are those of all rows.
    pub fn next(&self, columns: &[Column]) -> Option<Rest> {
        let Form::Batch(batch) = &self.form else {
            return None;
        };
        let mut change = batch.change.clone()?;
        change.before = batch.widened(columns);
        let rejected = batch.rejected(self, columns);
        change.publish.statements.splice(0..0, rejected);
        Some(Rest::SchemaChange(Box::new(change)))
    }

    /// `job_id, name`: the columns that a row fails by.
    fn failed_columns(&self) -> String {
        let mut by_column: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (number, rule) in self.rules.iter().enumerate() {
            if let Some(column) = &rule.column {
                let flag = format!("{FAILS}{number}");
                by_column.entry(column).or_default().push(flag);
            }
        }
        let said = by_column.iter().map(|(column, flags)| {
            format!(
                "case when {} > 0 then {} else '' end",
                flags.join(" + "),
                literal(&format!(", {column}"))
            )
        });
        listed(said)
    }

    /// `job_id is null; name is no varchar(9)`.
    fn reasons(&self) -> String {
        let said = self.rules.iter().enumerate().map(|(number, rule)| {
            let reason = match (&rule.column, rule.reason.strip_prefix("not ")) {
                (Some(column), None) => format!("{column} {}", rule.reason),
                _ => rule.reason.clone(),
            };
            format!(
                "case when {FAILS}{number} = 1 then {} else '' end",
                literal(&format!("; {reason}"))
            )
        });
        listed(said)
    }

    /// The query that tells how many rows there are in all, good and rejected.
    pub fn count(&self) -> String {
        let count =
            |relation: &Relation| format!("(select count(*) from {})", super::name(relation));
        format!(
            "select {} as all_rows, {} as good_rows, {} as rejected_rows",
            count(&self.all),
            count(&self.good),
            count(&self.bad)
        )
    }

    /// What is wrong when rows are lost or doubled.
    pub fn lost(&self, [all, good, rejected]: [u64; 3]) -> Option<Diagnostic> {
        let message = || {
            format!(
                "{good} good and {rejected} rejected rows of `{}` are not the {all} of its query",
                self.name
            )
        };
        let lost = good + rejected != all;
        lost.then(|| Diagnostic::error("rows-lost", message()).at_some(self.place.clone()))
    }

    /// What is wrong when more rows are rejected than may be.
    pub fn too_many(&self, [all, _, rejected]: [u64; 3]) -> Option<Diagnostic> {
        let limit = self.limit?;
        let over = match limit {
            RejectLimit::Rows(most) => rejected > most,
            RejectLimit::Percent(percent) => rejected as f64 * 100.0 > all as f64 * percent,
        };
        let message = || {
            format!(
                "{rejected} of {all} rows of `{}` are rejected, and {limit} are allowed",
                self.name
            )
        };
        over.then(|| Diagnostic::error("too-many-rejected", message()).at_some(self.place.clone()))
    }
}

/// The type that a test of a column names.
fn cast_to<'a>(rules: &'a [RowRule], column: &str) -> Option<&'a str> {
    let mut rules = rules.iter();
    rules.find_map(|rule| {
        let named = rule.column.as_deref()?.trim_matches('"');
        rule.data_type
            .as_deref()
            .filter(|_| named.eq_ignore_ascii_case(column))
    })
}

impl Batch {
    /// The columns of the rejected rows: those of all rows, and the reasons.
    fn columns_of_rejected(columns: &[Column]) -> Vec<Column> {
        let kept = columns.iter();
        let kept = kept.filter(|column| !column.name.to_lowercase().starts_with(FAILS));
        kept.cloned().collect()
    }

    /// Texts of the table of rejected rows that must become longer: outside of a transaction, in which Redshift does not take it.
    fn widened(&self, columns: &[Column]) -> Vec<Statement> {
        match &self.there {
            Some(there) => widened(&self.rejects, there, &Self::columns_of_rejected(columns)),
            None => Vec::new(),
        }
    }

    /// The rejected rows into their table, which is made where it is not there.
    fn rejected(&self, of: &Rejects, columns: &[Column]) -> Vec<Statement> {
        let Some(there) = &self.there else {
            return vec![Statement::CreateTableAs {
                relation: self.rejects.clone(),
                query: format!("select * from {}", quote(&of.bad.identifier)),
                attributes: TableAttributes::default(),
                temporary: false,
                header: None,
            }];
        };
        let kept = Self::columns_of_rejected(columns);
        let has = |name: &str| {
            let mut there = there.iter();
            there.any(|column| column.name.eq_ignore_ascii_case(name))
        };
        let new = kept.iter().filter(|column| !has(&column.name));
        // First: DuckDB adds no column to a table from which the same transaction deleted rows.
        let new = new.map(|column| Statement::AddColumn {
            relation: self.rejects.clone(),
            name: column.name.clone(),
            data_type: column.data_type.clone(),
        });
        let mut statements: Vec<Statement> = new.collect();
        if !self.key.is_empty() {
            statements.push(Statement::DeleteByKey {
                from: self.rejects.clone(),
                using: of.all.clone(),
                key: self.key.clone(),
                predicates: Vec::new(),
            });
            // NULL is the key of no row: of such rows, those of the last batch are kept.
            let null = self
                .key
                .iter()
                .map(|key| format!("{} is null", key.sql(quote)));
            let null: Vec<String> = null.collect();
            statements.push(Statement::Raw {
                sql: format!(
                    "delete from {} where {}",
                    super::name(&self.rejects),
                    null.join(" or ")
                ),
                origin: None,
            });
        }
        let mut names: Vec<String> = kept.into_iter().map(|column| column.name).collect();
        names.extend(REASONS.map(str::to_owned));
        statements.push(Statement::Insert {
            into: self.rejects.clone(),
            columns: names,
            from: Rows::Relation(of.bad.clone()),
        });
        statements
    }
}

fn dropped(table: &Relation) -> Statement {
    Statement::Drop {
        kind: RelationKind::Table,
        relation: table.clone(),
        if_exists: true,
    }
}

/// Texts of which some are empty, without what stands before the first.
fn listed(said: impl Iterator<Item = String>) -> String {
    let said: Vec<String> = said.collect();
    match said.is_empty() {
        true => "''".to_owned(),
        false => format!("substring({}, 3)", said.join("\n    || ")),
    }
}

/// A text for people. A backslash in it would mean something else on each warehouse.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "").replace('\'', "''"))
}
