//! One session on the server.
//!
//! In: [`Prepared`] statements in PostgreSQL's SQL. Out: rows, counts, what exists; errors brought home to the user's SQL.

use std::sync::Arc;

use super::sql::Of;
use super::{Config, connect, error, load, query, sql};
use crate::adapter::stopping::Stopping;
use crate::adapter::wire::link::Link;
use crate::adapter::wording::name;
use crate::adapter::{Connection, Error, ErrorClass, Holder, Outcome, Prepared, Statement, Table};
use crate::relation::{Column, ExistingRelations, Granted, Relation};

/// The first version whose `merge` is the standard's.
const MERGE_SINCE: u32 = 150_000;

/// A session.
pub(super) struct Session {
    pub(super) link: Link,
    pub(super) config: Config,
    /// The server's version, such as 150018.
    version: u32,
    stopping: Arc<Stopping>,
}

impl Session {
    /// Connects.
    pub(super) fn open(config: &Config) -> Result<Self, Error> {
        let (link, version) = connect::open(config)?;
        Ok(Self {
            link,
            version,
            config: config.clone(),
            stopping: Arc::default(),
        })
    }

    /// Whether somebody asked to stop.
    pub(super) fn check_cancelled(&self) -> Result<(), Error> {
        self.stopping.check()
    }

    fn run(&self, prepared: &Prepared) -> Result<Outcome, Error> {
        match &prepared.load {
            Some(Statement::Load {
                into,
                columns,
                rows,
            }) => return load::seed(self, into, columns, rows),
            Some(Statement::Copy(copy)) => return load::copy(self, copy),
            Some(Statement::Unload(unload)) => return super::unload::run(self, unload),
            Some(Statement::CreateTableAs { .. }) if self.config.emulates_redshift => {
                return self.create(prepared);
            }
            Some(merge @ Statement::Merge { .. }) if self.version < MERGE_SINCE => {
                return self.merge_in_other_words(merge);
            }
            _ => {}
        }
        let mut outcome = Outcome::default();
        for (number, sql) in prepared.sql.iter().enumerate() {
            self.check_cancelled()?;
            if sql.trim().is_empty() {
                continue;
            }
            let rows = match self.link.count(sql) {
                Ok(count) => count.filter(|_| counts_rows(sql)),
                Err(cause) if schema_is_there(sql, &cause) => None,
                Err(cause) => {
                    return Err(error::in_statement(&cause, prepared, number, sql, 0));
                }
            };
            outcome.rows = rows.or(outcome.rows);
        }
        Ok(outcome)
    }

    /// `create table … as` of Redshift, with its header.
    fn create(&self, prepared: &Prepared) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        for (number, sql) in prepared.sql.iter().enumerate() {
            let source = prepared.source.as_ref();
            match source.filter(|source| source.statement == number) {
                Some(source) => outcome = self.create_table_as(prepared, source)?,
                None => {
                    let ran = self.link.count(sql);
                    ran.map_err(|cause| error::in_statement(&cause, prepared, number, sql, 0))?;
                }
            }
        }
        Ok(outcome)
    }

    /// What `merge` does, in the words of a server that does not know it.
    fn merge_in_other_words(&self, merge: &Statement) -> Result<Outcome, Error> {
        let (of, several) = match self.config.emulates_redshift {
            true => (
                Of::Redshift,
                "Found multiple matches to update the same tuple",
            ),
            false => (
                Of::Postgres,
                "MERGE command cannot affect row a second time",
            ),
        };
        if let Some(doubled) = sql::several_matches(merge, of)
            && !self.link.text(&doubled)?.is_empty()
        {
            return Err(Error::new(ErrorClass::User, several));
        }
        self.check_cancelled()?;
        let mut rows = None;
        if let Some(sql) = sql::update_and_insert(merge, of) {
            let counted = self.link.texts::<1>(&sql)?.pop();
            rows = counted.and_then(|[count]| count.parse().ok());
        }
        Ok(Outcome {
            rows,
            ..Outcome::default()
        })
    }

    /// After a failure: an open transaction is rolled back, and a statement that was stopped on request is no failure of the project.
    fn fail(&self, mut error: Error) -> Error {
        if error.class == ErrorClass::ConnectionLost {
            return error;
        }
        if self.stopping.is_asked() {
            error.class = ErrorClass::Cancelled;
        }
        // That no transaction is open is only a notice.
        let _ = self.link.count("rollback");
        error
    }
}

impl Connection for Session {
    fn execute(&mut self, prepared: &Prepared) -> Result<Outcome, Error> {
        self.check_cancelled()?;
        self.stopping
            .during(|| self.run(prepared))
            .map_err(|error| self.fail(error))
    }

    fn query(&mut self, prepared: &Prepared, limit: Option<usize>) -> Result<Table, Error> {
        self.check_cancelled()?;
        self.stopping
            .seen(|| query::run(self, prepared, limit))
            .map_err(|error| self.fail(error))
    }

    fn existing(&mut self, schemas: &[String]) -> Result<ExistingRelations, Error> {
        self.stopping.seen(|| self.read_existing(schemas))
    }

    fn columns(&mut self, relation: &Relation) -> Result<Vec<Column>, Error> {
        if relation.is_outside(&self.config.database) {
            return Ok(Vec::new());
        }
        self.stopping.seen(|| self.read_columns_of(relation))
    }

    fn granted(&mut self, relations: &[Relation]) -> Result<Vec<Granted>, Error> {
        self.stopping.seen(|| self.read_granted(relations))
    }

    fn mark(&mut self, table: &Relation) -> Result<Option<String>, Error> {
        self.check_cancelled()?;
        let mark = self.stopping.seen(|| self.read_mark(table));
        mark.map(Some).map_err(|error| self.fail(error))
    }

    fn still_has(&mut self, table: &Relation, mark: &str) -> Result<bool, Error> {
        self.check_cancelled()?;
        let lock = format!("lock table {} in share row exclusive mode", name(table));
        let now = self.stopping.seen(|| {
            let locked = self.link.count(&lock);
            locked.map_err(|cause| error::told(&cause))?;
            self.read_mark(table)
        });
        let still = now.map(|now| now == mark);
        if matches!(still, Ok(false)) {
            self.link
                .count("rollback")
                .map_err(|cause| error::told(&cause))?;
        }
        still.map_err(|error| self.fail(error))
    }

    fn claim(&mut self, schemas: &[String]) -> Result<Option<String>, Error> {
        self.try_claim(schemas)
    }

    fn holder(&mut self, schema: &str) -> Option<Holder> {
        self.holder_of(schema)
    }

    fn canceller(&self) -> Box<dyn Fn() + Send + Sync> {
        self.stopping.canceller(self.link.canceller())
    }
}

/// Whether the number that a statement tells is one of rows.
fn counts_rows(sql: &str) -> bool {
    let bare = crate::adapter::without_comment(sql);
    let mut words = bare.split_whitespace().map(str::to_ascii_lowercase);
    match words.next().as_deref() {
        Some("insert" | "delete" | "update" | "merge") => true,
        Some("create") => {
            let head = words.take(12).collect::<Vec<_>>();
            head.iter().take(2).any(|word| word == "table") && head.iter().any(|word| word == "as")
        }
        _ => false,
    }
}

/// `create schema if not exists` fails when somebody else makes it in the same moment: then it is there.
fn schema_is_there(sql: &str, cause: &tokio_postgres::Error) -> bool {
    let state = cause.code().map(tokio_postgres::error::SqlState::code);
    crate::adapter::without_comment(sql).starts_with("create schema if not exists ")
        && matches!(state, Some("23505" | "42P06"))
}
