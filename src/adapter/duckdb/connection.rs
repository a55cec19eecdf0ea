//! One session in the open DuckDB.
//!
//! In: [`Prepared`] statements in DuckDB's SQL. Out: rows, counts, what exists; errors brought home to the user's SQL.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::sql::{Words, literal, quote};
use super::{Config, error, load, query, types};
use crate::adapter::emulating;
use crate::adapter::{Connection, Error, ErrorClass, Outcome, Prepared, Statement, Table, UserSql};
use crate::relation::{Column, ExistingRelations, Relation};

/// A session.
pub(super) struct Session {
    pub(super) connection: duckdb::Connection,
    pub(super) config: Config,
    cancelled: Arc<AtomicBool>,
    /// Whether a transaction is open: DuckDB does not tell, and a second `begin` spoils the first.
    in_transaction: Cell<bool>,
}

impl Session {
    /// Makes a fresh connection ready for statements.
    pub(super) fn start(connection: duckdb::Connection, config: &Config) -> Result<Self, Error> {
        let session = Self {
            connection,
            config: config.clone(),
            cancelled: Arc::default(),
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
                    error.help = Some(format!("look at `settings: {name}` of the target"));
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
        Words(&self.config)
    }

    /// Runs one of our own statements.
    pub(super) fn run(&self, sql: &str) -> Result<(), Error> {
        self.connection
            .execute_batch(sql)
            .map_err(|cause| error::of_duckdb(&cause))
    }

    /// Whether somebody asked to stop.
    pub(super) fn check_cancelled(&self) -> Result<(), Error> {
        if self.cancelled.load(Ordering::Relaxed) {
            Err(Error::new(ErrorClass::Cancelled, "the run was cancelled"))
        } else {
            Ok(())
        }
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
            _ => {}
        }
        let mut outcome = Outcome::default();
        for (number, sql) in prepared.sql.iter().enumerate() {
            self.check_cancelled()?;
            // DuckDB calls a text of comments alone an error.
            if query::skip_comments(sql)
                .trim_matches([';', ' ', '\n'])
                .is_empty()
            {
                continue;
            }
            let source = prepared
                .source
                .as_ref()
                .filter(|source| source.statement == number);
            if let (Some(Statement::CreateTableAs { .. }), Some(source)) = (&prepared.load, source)
            {
                outcome.rows = self.create_table_as(prepared, source)?;
                continue;
            }
            outcome.rows = self.count(sql).map_err(|cause| match source {
                Some(source) => {
                    let cause = error::plain(&self.connection, sql, cause);
                    error::in_query(&cause, prepared, source.range.start)
                }
                None => error::of_duckdb(&cause),
            })?;
            self.watch_transaction(sql);
        }
        Ok(outcome)
    }
}

impl Connection for Session {
    fn execute(&mut self, prepared: &Prepared) -> Result<Outcome, Error> {
        self.check_cancelled()?;
        self.execute_all(prepared).inspect_err(|_| self.roll_back())
    }

    fn query(&mut self, prepared: &Prepared, limit: Option<usize>) -> Result<Table, Error> {
        self.check_cancelled()?;
        query::run(self, prepared, limit).inspect_err(|_| self.roll_back())
    }

    fn existing(&mut self, schemas: &[String]) -> Result<ExistingRelations, Error> {
        self.read_existing(schemas)
    }

    fn columns(&mut self, relation: &Relation) -> Result<Vec<Column>, Error> {
        let wanted = relation.key();
        let mut columns = self.read_columns(std::slice::from_ref(&wanted.0), Some(&wanted.1))?;
        Ok(columns.remove(&wanted).unwrap_or_default())
    }

    fn canceller(&self) -> Box<dyn Fn() + Send + Sync> {
        let cancelled = Arc::clone(&self.cancelled);
        let handle = self.connection.interrupt_handle();
        Box::new(move || {
            cancelled.store(true, Ordering::Relaxed);
            handle.interrupt();
        })
    }

    fn resume(&mut self) {
        self.cancelled.store(false, Ordering::Relaxed);
    }
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
    fn create_table_as(&self, prepared: &Prepared, source: &UserSql) -> Result<Option<u64>, Error> {
        let sql = &prepared.sql[source.statement];
        let inside = &sql[source.range.clone()];
        let in_query =
            |start: usize| move |cause: duckdb::Error| error::in_query(&cause, prepared, start);
        let columns = query::describe(&self.connection, inside)
            .map_err(|cause| error::plain(&self.connection, inside, cause))
            .map_err(in_query(query::DESCRIBE.len()))?;
        super::translate::refuse_doubles(
            &source.text,
            columns.iter().map(|(name, _)| name.as_str()),
        )
        .map_err(refused)?;
        let columns = types::made(columns, prepared.columns.as_deref());
        let mut wrapped = inside.to_owned();
        let mut before = 0;
        if columns.iter().any(|column| column.cast) {
            let selected = columns
                .iter()
                .map(|column| {
                    let name = quote(&column.name);
                    match column.cast {
                        true => format!("cast({name} as {}) as {name}", column.kind),
                        false => name,
                    }
                })
                .collect::<Vec<_>>();
            let select = format!("select {} from (\n", selected.join(", "));
            before = select.len();
            wrapped = format!("{select}{inside}\n)");
        }
        let table = sql[..source.range.start]
            .trim_start_matches("create ")
            .trim_end_matches("as (\n")
            .trim_end();
        if columns.iter().all(|column| column.check.is_none()) {
            let create = format!("create {table} as (\n");
            let start = create.len() + before;
            return self
                .count(&format!("{create}{wrapped}\n)"))
                .map_err(in_query(start));
        }
        let declared = columns
            .iter()
            .map(|column| {
                let check = column.check.as_deref().unwrap_or_default();
                let declared = format!("{} {} {check}", quote(&column.name), column.kind);
                declared.trim_end().to_owned()
            })
            .collect::<Vec<_>>();
        let name = table
            .trim_start_matches("temporary ")
            .trim_start_matches("table ");
        self.in_transaction(|| {
            self.run(&format!(
                "create {table} (\n  {}\n)",
                declared.join(",\n  ")
            ))?;
            let insert = format!("insert into {name} (\n");
            let start = insert.len() + before;
            self.count(&format!("{insert}{wrapped}\n)"))
                .map_err(in_query(start))
        })
    }
}

/// A refusal that only the warehouse's state could show.
fn refused(refusal: crate::adapter::Refusal) -> Error {
    let mut error = Error::new(ErrorClass::User, refusal.message);
    error.help = refusal.help;
    error
}
