//! One session in the open DuckDB.
//!
//! In: [`Prepared`] statements in DuckDB's SQL. Out: rows, counts, what exists; errors brought home to the user's SQL.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::Sent;
use super::sql::{Words, literal, quote};
use super::{Config, error, load, query, types};
use crate::adapter::emulating;
use crate::adapter::stopping::Stopping;
use crate::adapter::{
    ColumnsByRelation, Connection, Error, ErrorClass, Outcome, Prepared, Statement, Table,
    TableChange, TableFromQuery, UserSql,
};
use crate::relation::{Column, ExistingRelations, Relation};
use crate::sql::comments::from_first_word;

/// A session.
pub(super) struct Session {
    pub(super) connection: duckdb::Connection,
    pub(super) config: Config,
    stopping: Arc<Stopping>,
    /// What stops the statement that runs, until the session ends.
    interrupt: Interrupt,
    /// Whether a transaction is open: DuckDB does not tell, and a second `begin` spoils the first.
    in_transaction: Cell<bool>,
}

type Interrupt = Arc<Mutex<Option<Arc<duckdb::InterruptHandle>>>>;

/// A handle is not to be used while its connection is being closed: the driver closes first and forgets the handle after,
/// and whoever interrupts in between writes to memory that is no longer the connection's.
impl Drop for Session {
    fn drop(&mut self) {
        let mut interrupt = self
            .interrupt
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *interrupt = None;
    }
}

impl Session {
    /// Makes a fresh connection ready for statements.
    pub(super) fn start(connection: duckdb::Connection, config: &Config) -> Result<Self, Error> {
        let interrupt = Arc::new(Mutex::new(Some(connection.interrupt_handle())));
        let session = Self {
            connection,
            interrupt,
            config: config.clone(),
            stopping: Arc::default(),
            in_transaction: Cell::new(false),
        };
        session.run("set errors_as_json = true")?;
        session.run(&format!("use {}", quote(&config.database)))?;
        if config.emulates_redshift {
            for setting in emulating::SETTINGS {
                session.run(setting)?;
            }
        }
        for (name, value) in &config.settings {
            session
                .run(&format!("set {name} = {}", literal(value)))
                .map_err(|mut error| {
                    let guess = error.message.split_once("\n\nDid you mean: ");
                    error.help = guess.map(|(_, guess)| format!("did you mean {guess}?"));
                    error.message = match guess {
                        Some((said, _)) => said.to_owned(),
                        None => error.message,
                    };
                    let settings = config.places.of(&["settings"]);
                    error.place = settings.map(|all| all.of_word(name));
                    error
                })?;
        }
        Ok(session)
    }

    /// Installs what translated SQL calls, once for all sessions.
    pub(super) fn prepare_for_redshift(&self) -> Result<(), Error> {
        emulating::prelude(&self.connection).map_err(|cause| error::of_duckdb(&cause))
    }

    /// How statements are said here.
    pub(super) fn words(&self) -> Words<'_> {
        Words::of(&self.config)
    }

    /// Runs one of our own statements.
    pub(super) fn run(&self, sql: &str) -> Result<(), Error> {
        self.connection
            .execute_batch(sql)
            .map_err(|cause| error::of_duckdb(&cause))
    }

    /// Whether somebody asked to stop.
    pub(super) fn check_cancelled(&self) -> Result<(), Error> {
        self.stopping.check()
    }

    /// Runs our own work in a transaction: the one that is open, or one of its own.
    pub(super) fn in_transaction<T>(
        &self,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.in_transaction.get() {
            return work();
        }
        self.run("begin transaction")?;
        self.in_transaction.set(true);
        let done = work()?;
        self.run("commit")?;
        self.in_transaction.set(false);
        Ok(done)
    }

    fn execute_all(&self, prepared: &Prepared) -> Result<Outcome, Error> {
        match &prepared.load {
            Some(Statement::Load {
                into,
                columns,
                rows,
            }) => return load::seed(self, into, columns, rows),
            Some(Statement::Copy(copy)) => return load::copy(self, copy),
            Some(Statement::Unload(unload)) => {
                return super::unload::run(self, unload, prepared.columns.as_deref());
            }
            Some(
                statement @ Statement::CreateTable {
                    relation, columns, ..
                },
            ) => {
                return self.create_with_identity(statement, relation, columns);
            }
            Some(Statement::AddColumn {
                relation,
                name,
                data_type,
            }) => return self.add_checked_column(relation, name, data_type),
            Some(Statement::WidenColumn {
                relation,
                name,
                data_type,
            }) => return self.widen_checked_column(relation, name, data_type),
            Some(Statement::ChangeColumnType {
                relation,
                name,
                data_type,
            }) => return self.change_column_type(relation, name, data_type),
            _ => {}
        }
        let mut outcome = Outcome::default();
        for (number, sql) in prepared.sql.iter().enumerate() {
            self.check_cancelled()?;
            // DuckDB calls a text of comments alone an error.
            if from_first_word(sql)
                .trim_matches([';', ' ', '\n'])
                .is_empty()
            {
                continue;
            }
            let mut from = 0;
            let tables = prepared.tables.iter().map(Apart::Table);
            let changes = prepared.changes.iter().map(Apart::Change);
            let of_this = |apart: &Apart<'_>| apart.statement() == number;
            let mut apart: Vec<Apart<'_>> = tables.chain(changes).filter(of_this).collect();
            apart.sort_by_key(|apart| apart.range().start);
            for apart in apart {
                let range = apart.range();
                self.part(prepared, number, from..range.start)?;
                outcome.rows = match apart {
                    Apart::Table(table) => self.create_table_as(prepared, table)?,
                    Apart::Change(change) => self.change_table(&change.what)?.rows,
                };
                from = range.end;
            }
            if from < sql.len() {
                outcome.rows = self.part(prepared, number, from..sql.len())?;
            }
        }
        Ok(outcome)
    }
}

/// A part of a prepared statement that is not sent as it is.
enum Apart<'p> {
    Table(&'p TableFromQuery),
    Change(&'p TableChange),
}

impl Apart<'_> {
    fn statement(&self) -> usize {
        match self {
            Self::Table(table) => table.statement,
            Self::Change(change) => change.statement,
        }
    }

    fn range(&self) -> Range<usize> {
        match self {
            Self::Table(table) => table.range.clone(),
            Self::Change(change) => change.range.clone(),
        }
    }
}

impl Session {
    /// Runs a part of a prepared statement, which may be all of it, or nothing but what stands between two others.
    fn part(
        &self,
        prepared: &Prepared,
        statement: usize,
        range: Range<usize>,
    ) -> Result<Option<u64>, Error> {
        let sql = &prepared.sql[statement][range.clone()];
        if sql.trim_matches([';', ' ', '\n']).is_empty() {
            return Ok(None);
        }
        let of_user = |source: &UserSql| source.statement == statement;
        let numbered = self.with_free_sequences(sql)?;
        let rows = self
            .count(&numbered)
            .or_else(|cause| match as_view(sql, &cause) {
                Some(view) => self.count(&view),
                None => Err(cause),
            });
        let rows = rows.map_err(|cause| {
            if !prepared.source.as_ref().is_some_and(of_user) {
                return error::of_duckdb(&cause);
            }
            let cause = error::plain(&self.connection, sql, cause);
            let sent = Sent {
                at: 0,
                of: range.start,
            };
            error::in_part(&cause, prepared, sent)
        })?;
        self.watch_transaction(sql);
        Ok(rows)
    }
}

impl Connection for Session {
    fn execute(&mut self, prepared: &Prepared) -> Result<Outcome, Error> {
        self.check_cancelled()?;
        if let Some(what) = prepared.alone.filter(|_| self.in_transaction.get()) {
            self.roll_back();
            let message = format!("{what} cannot run inside a transaction block");
            return Err(Error::new(ErrorClass::User, message));
        }
        self.stopping
            .during(|| self.execute_all(prepared))
            .inspect_err(|_| self.roll_back())
    }

    fn query(&mut self, prepared: &Prepared, limit: Option<usize>) -> Result<Table, Error> {
        self.check_cancelled()?;
        self.stopping
            .during(|| query::run(self, prepared, limit))
            .inspect_err(|_| self.roll_back())
    }

    fn existing(&mut self, schemas: &[String]) -> Result<ExistingRelations, Error> {
        self.stopping.during(|| self.read_existing(schemas))
    }

    fn columns(&mut self, relation: &Relation) -> Result<Vec<Column>, Error> {
        if relation.is_outside(&self.config.database) {
            return Ok(Vec::new());
        }
        let (relation, columns) = self.stored(relation)?;
        Ok(match relation {
            Some(_) => columns,
            None => Vec::new(),
        })
    }

    fn identities(&mut self, relation: &Relation) -> Vec<String> {
        let stored = self.stored(relation).ok().and_then(|(stored, _)| stored);
        let numbered = stored.and_then(|stored| self.numbered(&stored).ok());
        numbered.unwrap_or_default()
    }

    fn columns_of(&mut self, relations: &[Relation]) -> Result<ColumnsByRelation, Error> {
        let (schemas, names): (Vec<String>, Vec<String>) =
            relations.iter().map(Relation::key).unzip();
        let mut found = self.read_columns(&schemas, &names)?;
        let wanted: BTreeSet<_> = relations.iter().map(Relation::key).collect();
        found.retain(|key, _| wanted.contains(key));
        Ok(found)
    }

    fn canceller(&self) -> Box<dyn Fn() + Send + Sync> {
        let interrupt = Arc::clone(&self.interrupt);
        self.stopping.canceller(move || {
            let interrupt = interrupt.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(handle) = &*interrupt {
                handle.interrupt();
            }
        })
    }

    fn resume(&mut self) {
        self.stopping.resume();
    }
}

/// A rename of a view, which DuckDB does not take as one of a table.
fn as_view(sql: &str, cause: &duckdb::Error) -> Option<String> {
    let of_view = cause.to_string().contains("ALTER VIEW statement");
    let rest = sql.trim_start().strip_prefix("ALTER TABLE ");
    rest.filter(|_| of_view)
        .map(|rest| format!("ALTER VIEW {rest}"))
}

/// Whether a statement of DuckDB answers a number of rows.
fn counts_rows(sql: &str) -> bool {
    let mut words = sql.split_whitespace().map(str::to_ascii_lowercase);
    match words.next().as_deref() {
        Some("insert" | "delete" | "update" | "merge") => true,
        Some("create") => {
            let head = words.take(12).collect::<Vec<_>>();
            head.iter().take(2).any(|word| word == "table") && head.iter().any(|word| word == "as")
        }
        _ => false,
    }
}

impl Session {
    /// Runs a statement and gives the number of rows that it wrote or deleted.
    fn count(&self, sql: &str) -> Result<Option<u64>, duckdb::Error> {
        let mut statement = self.connection.prepare(sql)?;
        if !counts_rows(sql) {
            // The rows of a query come as they are asked for, and so does its failure.
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
            return Ok(None);
        }
        // `create table as` tells its count only as a row of its answer.
        let count = statement.query_row([], |row| row.get::<_, i64>(0))?;
        Ok(u64::try_from(count).ok())
    }

    /// Notes what statements did to the transaction.
    fn watch_transaction(&self, sql: &str) {
        for statement in sql.split(';') {
            let word = statement.split_whitespace().next().unwrap_or_default();
            match word.to_ascii_lowercase().as_str() {
                "begin" | "start" => self.in_transaction.set(true),
                "commit" | "end" | "rollback" | "abort" => self.in_transaction.set(false),
                _ => {}
            }
        }
    }

    /// Ends an open transaction; that there is none is no failure.
    pub(super) fn roll_back(&self) {
        self.in_transaction.set(false);
        let _ = self.connection.execute_batch("rollback");
    }

    /// SQL of the user in which each sequence of an identity column is a new one, which begins at its seed: a table that was renamed may
    /// still draw from that of the name.
    fn with_free_sequences<'s>(&self, sql: &'s str) -> Result<Cow<'s, str>, Error> {
        const MADE: &str = "CREATE SEQUENCE IF NOT EXISTS ";
        let mut sql = Cow::Borrowed(sql);
        let mut from = 0;
        let mut taken = BTreeSet::new();
        while let Some(at) = sql[from..].find(MADE) {
            let start = from + at + MADE.len();
            let Some(length) = sql[start..].find(" START ") else {
                break;
            };
            let name = sql[start..start + length].to_owned();
            from = start + length;
            let Some(base) = name.strip_suffix('"') else {
                continue;
            };
            let (mut free, mut turn) = (name.clone(), 0);
            while taken.contains(&free) || self.sequence_is_used(&free)? {
                turn += 1;
                free = format!("{base}_{turn}\"");
            }
            self.run(&format!("drop sequence if exists {free}"))?;
            let drawn = |name: &str| format!("nextval({})", literal(name));
            let rest = sql[start..].replacen(&name, &free, 1);
            let rest = rest.replacen(&drawn(&name), &drawn(&free), 1);
            sql = Cow::Owned(format!("{}{rest}", &sql[..start]));
            taken.insert(free);
        }
        Ok(sql)
    }

    /// Makes a table whose identity columns draw from sequences of its own.
    ///
    /// The sequences cannot be renamed with the table, so each build takes the first names that are free,
    /// and drops those that no table draws from any more.
    fn create_with_identity(
        &self,
        statement: &Statement,
        relation: &Relation,
        columns: &[crate::adapter::statement::ColumnDefinition],
    ) -> Result<Outcome, Error> {
        self.in_transaction(|| {
            let mut said = self.words().sql(statement).map_err(refused)?;
            for column in columns {
                let Some((seed, step)) = column.identity else {
                    continue;
                };
                let sequence = |turn| self.words().sequence(relation, &column.name, turn);
                let first = sequence(0);
                let mut turn = 0;
                while self.sequence_is_used(&sequence(turn))? {
                    turn += 1;
                }
                let free = sequence(turn);
                self.run(&format!("drop sequence if exists {free}"))?;
                self.run(&super::sql::create_sequence(&free, seed, step))?;
                if let Some(create) = said.last_mut() {
                    *create = create.replace(
                        &format!("nextval({})", literal(&first)),
                        &format!("nextval({})", literal(&free)),
                    );
                }
            }
            if let Some(create) = said.last() {
                self.run(create)?;
            }
            Ok(Outcome::default())
        })
    }

    /// Whether a column draws from a sequence.
    fn sequence_is_used(&self, sequence: &str) -> Result<bool, Error> {
        let used = format!(
            "select count(*) > 0 from duckdb_columns() where column_default = {}",
            literal(&format!("nextval({})", literal(sequence)))
        );
        self.connection
            .query_row(&used, [], |row| row.get(0))
            .map_err(|cause| error::of_duckdb(&cause))
    }

    /// Makes a table from a query, with the types that Redshift would give its columns.
    ///
    /// DuckDB sums integers to wider ones and forgets the length of a text: what must be cast is cast around the query, and
    /// a table that has texts of a known length is declared first and then filled.
    fn create_table_as(
        &self,
        prepared: &Prepared,
        table: &TableFromQuery,
    ) -> Result<Option<u64>, Error> {
        let sql = &prepared.sql[table.statement];
        let inside = &sql[table.query.clone()];
        let of = table.query.start;
        let in_query = |at: usize| {
            move |cause: duckdb::Error| error::in_part(&cause, prepared, Sent { at, of })
        };
        let columns = query::describe(&self.connection, inside)
            .map_err(|cause| error::plain(&self.connection, inside, cause))
            .map_err(in_query(query::DESCRIBE.len()))?;
        let text = prepared.source.as_ref().map_or("", |source| &source.text);
        crate::adapter::emulated::refuse_doubles(
            text,
            columns.iter().map(|(name, _)| name.as_str()),
        )
        .map_err(refused)?;
        let columns = types::made(columns, table.columns.as_deref());
        let (wrapped, before) = types::cast(inside, &columns);
        let head = Head::of(&sql[table.range.start..table.query.start]);
        if columns.iter().all(|column| column.check.is_none()) {
            let create = format!("{} as (\n", head.create);
            let start = create.len() + before;
            return self
                .count(&format!("{create}{wrapped}\n)"))
                .map_err(in_query(start));
        }
        if head.if_not_exists && self.is_there(head.name) {
            return Ok(None);
        }
        self.in_transaction(|| {
            let declared: Vec<String> = columns.iter().map(types::Made::declaration).collect();
            self.run(&format!(
                "{} (\n  {}\n)",
                head.create,
                declared.join(",\n  ")
            ))?;
            let insert = format!("insert into {} (\n", head.name);
            let start = insert.len() + before;
            self.count(&format!("{insert}{wrapped}\n)"))
                .map_err(in_query(start))
        })
    }

    /// Whether a table or view has this name.
    fn is_there(&self, name: &str) -> bool {
        let found = format!("select 1 from {name} limit 0");
        self.connection.prepare(&found).is_ok()
    }
}

/// What stands before the query of a `create table … as`.
struct Head<'s> {
    /// All but the `as`.
    create: &'s str,
    /// The name of the table, in quotes.
    name: &'s str,
    if_not_exists: bool,
}

impl<'s> Head<'s> {
    fn of(text: &'s str) -> Self {
        let create = text
            .trim_end_matches(['(', '\n', ' '])
            .trim_end_matches(['a', 's', 'A', 'S'])
            .trim_end();
        // A word before the name holds no quote, and the name starts with one.
        let name = create.find('"').map_or("", |at| &create[at..]);
        let words = &create[..create.len() - name.len()];
        Self {
            create,
            name,
            if_not_exists: words.to_ascii_lowercase().contains("if not exists"),
        }
    }
}

/// A refusal that only the warehouse's state could show.
fn refused(refusal: crate::adapter::Refusal) -> Error {
    let mut error = Error::new(ErrorClass::User, refusal.message);
    error.help = refusal.help;
    error
}
