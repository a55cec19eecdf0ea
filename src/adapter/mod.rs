//! A warehouse behind one door: typed statements and queries in, rows and counts out.
//!
//! In: [`Statement`]s and queries in the dialect of the target. Out: rows, counts, [`Error`]s.
//! Knows nothing of models and tests. A new warehouse is a new folder here and one line in `open`.

pub mod aws;
mod change;
pub mod copy;
#[cfg(feature = "duckdb")]
pub mod duckdb;
mod emulated;
pub mod emulating;
mod names;
pub mod postgres;
pub mod redshift;
pub mod seed;
pub mod statement;
mod stopping;
pub mod target;
pub mod wire;
mod wording;

pub use change::ChangeOfTable;
pub use statement::Statement;
pub use target::{Target, TargetConfig, TargetKey, open};

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diagnostic::Span;
use crate::redact::without_data;
use crate::relation::{
    Change, Column, ExistingRelations, Granted, KnownColumn, KnownColumns, Relation,
};
use crate::sql::alone::Part;
use copy::StoredFile;

/// A warehouse that a target names. Shared by all workers.
pub trait Adapter: Send + Sync {
    /// dbt's name of the adapter as the project's Jinja sees it (`target.type`): `redshift` where it is emulated.
    fn dialect(&self) -> &'static str;

    /// The statement as the project's own SQL: what `compile` shows, and what Redshift would get byte for byte.
    fn sql(&self, statement: &Statement) -> Vec<String>;

    /// The statement as it will be sent, or why this warehouse cannot take it. `known` tells the columns of what it reads.
    ///
    /// # Errors
    /// A [`Refusal`] names what is not understood and where in the statement's SQL it stands.
    fn prepare(&self, statement: &Statement, known: &dyn KnownColumns)
    -> Result<Prepared, Refusal>;

    /// A query as it will be sent, or why this warehouse cannot take it. `known` tells the columns of what it reads.
    ///
    /// # Errors
    /// A [`Refusal`] names what is not understood and where in the query it stands.
    fn prepare_query(&self, query: &str, known: &dyn KnownColumns) -> Result<Prepared, Refusal>;

    /// The parts of SQL of the user that are sent one after the other, and which of them run only outside of a transaction.
    fn parts<'s>(&self, sql: &'s str) -> Vec<Part<'s>> {
        vec![Part::whole(sql)]
    }

    /// The files that a load would read, in the order of their names; its location may be a pattern of them.
    ///
    /// # Errors
    /// When nothing is there, or the place cannot be looked at.
    fn files(&self, copy: &statement::Copy) -> Result<Vec<StoredFile>, Error>;

    /// An object of S3 as Redstart itself reads and writes it.
    ///
    /// # Errors
    /// When nothing stands for its place.
    fn object(&self, url: &str) -> Result<copy::Object, Error>;

    /// Whether knowing the columns of what a query reads changes how it is sent.
    fn wants_columns(&self) -> bool {
        false
    }

    /// Whether it keeps a log of statements, in which a comment beside each tells where it came from.
    fn logs_comments(&self) -> bool {
        false
    }

    /// Whether it keeps when a table was changed, for whoever asks how old its rows are.
    fn keeps_loads(&self) -> bool {
        false
    }

    /// Whether others may hold on to a table: by privileges on it, and by views that are bound to it.
    fn has_holders(&self) -> bool {
        false
    }

    /// One more session.
    ///
    /// # Errors
    /// When the warehouse cannot be reached, or refuses.
    fn connect(&self) -> Result<Box<dyn Connection>, Error>;
}

/// Columns by the key of their relation.
pub type ColumnsByRelation = BTreeMap<(String, String), Vec<Column>>;

/// What goes over the wire for one [`Statement`] or query.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// The statements in the engine's own SQL, in order; for people to read too (`target/run/`).
    pub sql: Vec<String>,
    /// Work that is not SQL text: rows to append, files to read. Runs in the place of `sql`.
    pub load: Option<Statement>,
    /// The table of a load of which the log of the warehouse is asked how many files it read.
    pub loads: Option<String>,
    /// The user's own SQL inside, so that an error can be brought home to it.
    pub source: Option<UserSql>,
    /// The columns of a query inside, where its text and what is known of the relations in it tell them.
    pub columns: Option<Vec<KnownColumn>>,
    /// The tables that are made from a query, in order.
    pub tables: Vec<TableFromQuery>,
    /// The changes of tables inside for which the engine has no words, in order.
    pub changes: Vec<TableChange>,
    /// What SQL of the user inside makes, changes or drops.
    pub left: Vec<Change>,
    /// What of it runs only outside of a transaction, though the engine would take it inside.
    pub alone: Option<&'static str>,
    /// Whether whoever asks wants the values alone: the types of the answer's columns may be left empty, which saves the warehouse
    /// from planning the query a second time to tell them.
    pub values_only: bool,
}

/// A `create table … as` inside the statements of a [`Prepared`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFromQuery {
    /// Which of the prepared statements it stands in.
    pub statement: usize,
    /// Where it stands there, in bytes.
    pub range: std::ops::Range<usize>,
    /// Where its query stands there, in bytes.
    pub query: std::ops::Range<usize>,
    /// The columns of the query, as far as they are known.
    pub columns: Option<Vec<KnownColumn>>,
}

/// A change of a table inside the statements of a [`Prepared`] that the session makes in steps of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableChange {
    /// Which of the prepared statements it stands in.
    pub statement: usize,
    /// Where it stands there, in bytes.
    pub range: std::ops::Range<usize>,
    /// What it is.
    pub what: ChangeOfTable,
}

/// The SQL that the user wrote inside a [`Prepared`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSql {
    /// The text before translation.
    pub text: String,
    /// Which of the prepared statements holds it.
    pub statement: usize,
    /// Where its translation stands in that statement, in bytes.
    pub range: std::ops::Range<usize>,
}

impl Prepared {
    /// Only SQL.
    pub fn sql(statements: Vec<String>) -> Self {
        Self {
            sql: statements,
            load: None,
            loads: None,
            source: None,
            columns: None,
            tables: Vec::new(),
            changes: Vec::new(),
            left: Vec::new(),
            alone: None,
            values_only: false,
        }
    }
}

/// What stands beside each statement of a node in the log of the warehouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The words, without the signs of a comment.
    pub text: String,
    /// Whether it stands behind the statement.
    pub append: bool,
}

impl Prepared {
    /// The same with a comment beside each statement; what is known of places in the text moves with it.
    #[must_use]
    pub fn commented(&self, comment: &Comment) -> Self {
        let mut prepared = self.clone();
        if comment.append {
            for sql in &mut prepared.sql {
                let bare = sql.trim_end().trim_end_matches(';').len();
                sql.truncate(bare);
                sql.push_str(&format!("\n/* {} */", comment.text));
            }
            return prepared;
        }
        let before = format!("/* {} */\n", comment.text);
        for sql in &mut prepared.sql {
            sql.insert_str(0, &before);
        }
        let moved =
            |range: &std::ops::Range<usize>| range.start + before.len()..range.end + before.len();
        if let Some(source) = &mut prepared.source {
            source.range = moved(&source.range);
        }
        for table in &mut prepared.tables {
            table.range = moved(&table.range);
            table.query = moved(&table.query);
        }
        for change in &mut prepared.changes {
            change.range = moved(&change.range);
        }
        prepared
    }
}

/// A statement without the comment in front of it, for whoever asks what its first word is.
pub(crate) fn without_comment(sql: &str) -> &str {
    let rest = sql
        .strip_prefix("/* ")
        .and_then(|rest| rest.split_once("*/\n"));
    rest.map_or(sql, |(_, rest)| rest)
}

/// One session in a warehouse.
pub trait Connection: Send {
    /// Runs a prepared statement. An error inside a transaction rolls the transaction back.
    ///
    /// # Errors
    /// What the warehouse answers.
    fn execute(&mut self, prepared: &Prepared) -> Result<Outcome, Error>;

    /// Runs a prepared query and gives at most `limit` of its rows.
    ///
    /// # Errors
    /// What the warehouse answers.
    fn query(&mut self, prepared: &Prepared, limit: Option<usize>) -> Result<Table, Error>;

    /// The relations of some schemas, read once at the start of a run.
    ///
    /// # Errors
    /// What the warehouse answers.
    fn existing(&mut self, schemas: &[String]) -> Result<ExistingRelations, Error>;

    /// The columns of one relation, now.
    ///
    /// # Errors
    /// What the warehouse answers.
    fn columns(&mut self, relation: &Relation) -> Result<Vec<Column>, Error>;

    /// Those columns that number the rows of a relation themselves, and take no value of anybody, as far as they are known.
    fn identities(&mut self, _relation: &Relation) -> Vec<String> {
        Vec::new()
    }

    /// The columns of those of some relations that exist, now, by [`Relation::key`].
    ///
    /// # Errors
    /// What the warehouse answers.
    fn columns_of(&mut self, relations: &[Relation]) -> Result<ColumnsByRelation, Error> {
        let mut found = ColumnsByRelation::new();
        for relation in relations {
            let columns = self.columns(relation)?;
            if !columns.is_empty() {
                found.insert(relation.key(), columns);
            }
        }
        Ok(found)
    }

    /// What the warehouse tells of the relations of some schemas beyond their columns, for a catalog.
    ///
    /// # Errors
    /// What the warehouse answers.
    fn facts(&mut self, _schemas: &[String]) -> Result<Facts, Error> {
        Ok(Facts::default())
    }

    /// Who but its owner may do what with each of some relations; nothing in a warehouse without privileges.
    ///
    /// # Errors
    /// What the warehouse answers.
    fn granted(&mut self, _relations: &[Relation]) -> Result<Vec<Granted>, Error> {
        Ok(Vec::new())
    }

    /// What tells whether the rows of a table are others later on; none in a warehouse where nobody else writes, or that cannot tell.
    ///
    /// # Errors
    /// What the warehouse answers.
    fn mark(&mut self, _table: &Relation) -> Result<Option<String>, Error> {
        Ok(None)
    }

    /// Whether the rows of a table are still those of its mark. Until the transaction that this is asked in ends, nobody else writes; where they
    /// are not, it is rolled back.
    ///
    /// # Errors
    /// What the warehouse answers.
    fn still_has(&mut self, _table: &Relation, _mark: &str) -> Result<bool, Error> {
        Ok(true)
    }

    /// Takes some schemas for this session until it ends, all or none, so that two builds into one schema take turns.
    /// The answer names the first schema that another build has; a warehouse that keeps others out by itself has none to name.
    ///
    /// # Errors
    /// What the warehouse answers.
    fn claim(&mut self, _schemas: &[String]) -> Result<Option<String>, Error> {
        Ok(None)
    }

    /// Who has a schema that could not be claimed, as far as the warehouse tells.
    fn holder(&mut self, _schema: &str) -> Option<Holder> {
        None
    }

    /// The number of the query that ran last, by which the warehouse's own log knows it.
    fn last_query(&mut self) -> Option<i64> {
        None
    }

    /// Looks whether the session may do what a build needs; `redstart debug` shows it.
    ///
    /// # Errors
    /// What the warehouse answers.
    fn examine(&mut self, _needs: &Needs) -> Result<Vec<Check>, Error> {
        Ok(Vec::new())
    }

    /// How another thread stops what this session is doing.
    fn canceller(&self) -> Box<dyn Fn() + Send + Sync>;

    /// Forgets that it was stopped: what comes next is run again. A session that only ever stops for good has nothing to forget.
    fn resume(&mut self) {}
}

/// Whoever keeps a build from its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The user and the number of the session.
    pub who: String,
    /// Since when, in UTC.
    pub since: Option<String>,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.who)?;
        match &self.since {
            Some(since) => write!(f, ", since {since} UTC"),
            None => Ok(()),
        }
    }
}

/// What a warehouse tells of its relations beyond their columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// By [`Relation::name`], as the warehouse tells it.
    pub by_relation: BTreeMap<(String, String), TableFacts>,
    /// What could not be read, and what to do for that.
    pub missing: Option<String>,
}

/// What a warehouse tells of one relation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableFacts {
    /// Whose it is.
    pub owner: Option<String>,
    /// Its description in the warehouse.
    pub comment: Option<String>,
    /// The descriptions of its columns, by lower-case name.
    pub column_comments: BTreeMap<String, String>,
    /// Sizes and the like, in the order in which they are shown.
    pub figures: Vec<Figure>,
}

/// A figure of a relation, as `catalog.json` has it under `stats`.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// dbt's key.
    pub id: &'static str,
    /// dbt's label.
    pub label: &'static str,
    /// A text, a number or null.
    pub value: serde_json::Value,
    /// Whether it is worth showing.
    pub include: bool,
    /// What it is.
    pub description: &'static str,
}

/// What the builds of a project need of a warehouse.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The schemas that they make relations in.
    pub schemas: Vec<String>,
    /// The relations that they read and do not make.
    pub sources: Vec<Relation>,
    /// The roles that loads and unloads take, by the command: `copy` or `unload`.
    pub roles: Vec<(String, &'static str)>,
}

/// One thing that a build needs, or that is good to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was looked at, in a word or two.
    pub what: String,
    /// What was found.
    pub found: String,
    /// What to do, where it is not as it should be.
    pub todo: Option<String>,
}

/// What a statement did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Rows written or deleted, where the warehouse says so.
    pub rows: Option<u64>,
    /// Rows of a load that were left out, within `MAXERROR`, as far as the warehouse tells them one by one.
    pub rejected: Vec<LoadError>,
    /// How many were left out, where the warehouse counts more of them than it tells.
    pub left_out: u64,
    /// What is good to know though it went well.
    pub warnings: Vec<String>,
    /// Files that a load read, where that is known.
    pub files: Option<u64>,
}

/// A row that a load could not take, as Redshift's `stl_load_errors` tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadError {
    /// The file as the user knows it (`s3://…`).
    pub file: String,
    /// The line in the file, from 1.
    pub line: u64,
    /// The column of the table.
    pub column: Option<String>,
    /// The column's declared type.
    pub data_type: Option<String>,
    /// The value as it stands in the file.
    pub raw_value: String,
    /// Redshift's reason.
    pub reason: String,
    /// Where the value stands, where the file is one of the project (a seed).
    pub place: Option<Span>,
}

/// Rows of a query, all as values that print as Redshift prints them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Names and types of the columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
    /// Whether there were more rows than the limit.
    pub truncated: bool,
}

/// One value of a query's answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// A boolean.
    Bool(bool),
    /// Any integer.
    Int(i128),
    /// A float.
    Float(f64),
    /// A decimal, printed with its scale.
    Decimal(String),
    /// Text, and everything else as text (dates `2024-01-15`, timestamps `2024-01-15 10:30:45.123`).
    Text(String),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            // Very large and very small values with an exponent, as databases print them.
            Self::Float(value)
                if value.is_finite() && *value != 0.0 && !(1e-4..1e15).contains(&value.abs()) =>
            {
                let text = format!("{value:e}");
                let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let (sign, exponent) = match exponent.strip_prefix('-') {
                    Some(exponent) => ('-', exponent),
                    None => ('+', exponent),
                };
                write!(f, "{digits}e{sign}{exponent:0>2}")
            }
            Self::Float(value) => write!(f, "{value}"),
            Self::Decimal(value) | Self::Text(value) => f.write_str(value),
        }
    }
}

/// Why a warehouse cannot take a statement: named before anything runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stable kebab-case code, such as `unknown-function`.
    pub code: &'static str,
    /// What is refused, names in backticks.
    pub message: String,
    /// Bytes of the SQL that the user wrote (the query or text inside the statement) where it stands.
    pub range: Option<std::ops::Range<usize>>,
    /// The reason, in a few words, for under the caret.
    pub reason: Option<String>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Refusal {
    /// A refusal without a place, a reason or help.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            range: None,
            reason: None,
            help: None,
        }
    }
}

/// What a warehouse answers when it fails.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What to do about it.
    pub class: ErrorClass,
    /// The words of the warehouse, kept as they are.
    pub message: String,
    /// SQLSTATE, where the warehouse has one.
    pub sqlstate: Option<String>,
    /// Bytes of the user's SQL (before translation) where it went wrong, when known.
    pub range: Option<std::ops::Range<usize>>,
    /// More of what the warehouse said.
    pub detail: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// What went wrong, where the words of the warehouse are understood.
    pub fault: Option<Fault>,
    /// Where the user wrote it, where it is no SQL that is wrong.
    pub place: Option<Span>,
    /// The rows that a failed load could not take.
    pub load_errors: Vec<LoadError>,
}

/// What went wrong, in the same words whatever the warehouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Stable kebab-case code, such as `unknown-column`.
    pub code: &'static str,
    /// What: a lower-case phrase, names in backticks.
    pub message: String,
    /// The name that was looked up, if one was.
    pub name: Option<String>,
    /// Names that may have been meant.
    pub candidates: Vec<String>,
    /// The functions that it can be about, `::type` for a cast; none where the code alone tells.
    pub of: &'static [&'static str],
}

impl Error {
    /// An error of the given class.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            sqlstate: None,
            range: None,
            detail: None,
            help: None,
            fault: None,
            place: None,
            load_errors: Vec::new(),
        }
    }

    /// The same without the values that the words of the warehouse hold.
    #[must_use]
    pub fn without_data(self) -> Self {
        Self {
            message: without_data(&self.message),
            detail: self.detail.map(|detail| without_data(&detail)),
            ..self
        }
    }

    /// Whether the words of the warehouse are about the files of a load, of which no row was read yet.
    pub fn is_about_files(&self) -> bool {
        const MARKS: [&str; 4] = [
            "The specified S3 prefix",
            "The specified bucket",
            "no folder stands for",
            "S3ServiceException",
        ];
        MARKS.iter().any(|mark| self.message.starts_with(mark))
    }

    /// Whether the words of the warehouse may hold a value of somebody's data: it could not convert, hold or store one.
    pub fn is_about_values(&self) -> bool {
        // What DuckDB says of the SQL, of files and of itself; all other kinds come of rows.
        const WITHOUT_ROWS: [&str; 11] = [
            "Binder",
            "Catalog",
            "Connection",
            "Dependency",
            "HTTP",
            "INTERRUPT",
            "IO",
            "Out of Memory",
            "Parser",
            "Permission",
            "TransactionContext",
        ];
        match self.sqlstate.as_deref() {
            // Data and integrity; Redshift also says "internal" of a digit that is none.
            Some(state) => state.starts_with("22") || state.starts_with("23") || state == "XX000",
            None => {
                let kind = self.message.split_once(" Error: ");
                let kind = kind.filter(|(kind, _)| kind.split(' ').count() <= 3);
                kind.is_some_and(|(kind, _)| !WITHOUT_ROWS.contains(&kind))
            }
        }
    }
}

/// What an [`Error`] means for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// Somebody else was first: the whole section may be tried again, after the pause.
    Retryable {
        /// How long to wait first.
        after: Duration,
    },
    /// The connection is gone.
    ConnectionLost,
    /// The project's SQL or data is wrong.
    User,
    /// The run was cancelled.
    Cancelled,
    /// Anything else.
    Internal,
}
