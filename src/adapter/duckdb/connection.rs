//! One session in the open DuckDB.
//!
//! In: [`Prepared`] statements in DuckDB's SQL. Out: rows, counts, what exists; errors brought home to the user's SQL.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::sql::{Words, literal, quote};
use super::{Config, error, load, query, types};
use crate::adapter::emulating::{self, Type};
use crate::adapter::{Connection, Error, ErrorClass, Outcome, Prepared, Statement, Table, UserSql};
use crate::relation::{Column, ExistingRelation, ExistingRelations, Relation, RelationKind};

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
            _ => {}
        }
        let mut outcome = Outcome::default();
        for (number, sql) in prepared.sql.iter().enumerate() {
            self.check_cancelled()?;
            if sql.trim().is_empty() {
                continue;
            }
            let source = prepared
                .source
                .as_ref()
                .filter(|source| source.statement == number);
            let (sent, start) = match source {
                Some(source) if prepared.load.is_some() => {
                    self.with_types_of_redshift(sql, source, prepared)?
                }
                source => (sql.clone(), source.map(|source| source.range.start)),
            };
            outcome.rows = self.count(&sent).map_err(|cause| match start {
                Some(start) => error::in_query(&cause, prepared, start),
                None => error::of_duckdb(&cause),
            })?;
            self.watch_transaction(&sent);
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
        let mut columns = self.read_columns(&[wanted.0.clone()], Some(&wanted.1))?;
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
            statement.execute([])?;
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

    /// `create table as` with a cast around each column whose type Redshift does not have, and where the query begins in it.
    fn with_types_of_redshift(
        &self,
        sql: &str,
        source: &UserSql,
        prepared: &Prepared,
    ) -> Result<(String, Option<usize>), Error> {
        let start = source.range.start;
        let unchanged = (sql.to_owned(), Some(start));
        let Some(inside) = sql.get(source.range.clone()) else {
            return Ok(unchanged);
        };
        let columns = query::describe(&self.connection, inside)
            .map_err(|cause| error::in_query(&cause, prepared, query::DESCRIBE.len()))?;
        if columns
            .iter()
            .all(|(_, kind)| emulating::fix_type(kind).is_none())
        {
            return Ok(unchanged);
        }
        let casts = columns
            .iter()
            .map(|(name, kind)| match emulating::fix_type(kind) {
                Some(fixed) => format!("cast({0} as {fixed}) as {0}", quote(name)),
                None => quote(name),
            })
            .collect::<Vec<_>>();
        let select = format!("select {} from (\n", casts.join(", "));
        let mut fixed = sql.to_owned();
        fixed.insert_str(source.range.end, "\n)");
        fixed.insert_str(start, &select);
        Ok((fixed, Some(start + select.len())))
    }

    fn read_existing(&self, schemas: &[String]) -> Result<ExistingRelations, Error> {
        let wanted = schemas
            .iter()
            .map(|schema| schema.to_lowercase())
            .collect::<Vec<_>>();
        let database = literal(&self.config.database);
        let mut existing = ExistingRelations::default();
        let found = self.texts::<1>(&format!(
            "select schema_name from duckdb_schemas() where database_name = {database}"
        ))?;
        existing.schemas = found
            .into_iter()
            .map(|[schema]| schema.to_lowercase())
            .filter(|schema| wanted.contains(schema))
            .collect();
        let mut columns = self.read_columns(&wanted, None)?;
        let relations = self.texts::<3>(&format!(
            "select schema_name, table_name, 'table' from duckdb_tables() where database_name = {database} and not internal
             union all
             select schema_name, view_name, 'view' from duckdb_views() where database_name = {database} and not internal
             order by 1, 2"
        ))?;
        for [schema, identifier, kind] in relations {
            if !wanted.contains(&schema.to_lowercase()) {
                continue;
            }
            let mut relation = Relation::new(schema, identifier);
            let columns = columns.remove(&relation.key()).unwrap_or_default();
            relation.database = Some(self.config.database.clone());
            existing.insert(ExistingRelation {
                relation,
                kind: if kind == "view" {
                    RelationKind::View
                } else {
                    RelationKind::Table
                },
                columns,
                dependents: Vec::new(),
            });
        }
        Ok(existing)
    }

    /// Columns by the key of their relation. An empty schema asks for temporary tables.
    fn read_columns(
        &self,
        schemas: &[String],
        identifier: Option<&str>,
    ) -> Result<BTreeMap<(String, String), Vec<Column>>, Error> {
        let database = literal(&self.config.database);
        let temporary = schemas == [String::new()];
        let of = |schema: &str| {
            if temporary {
                "database_name = 'temp'".to_owned()
            } else {
                format!(
                    "database_name = {database} and lower({schema}) in ({})",
                    in_list(schemas)
                )
            }
        };
        let named = identifier
            .map(|identifier| format!(" and lower(table_name) = {}", literal(identifier)))
            .unwrap_or_default();
        let lengths = if self.config.emulates_redshift {
            self.declared_lengths(&format!("{}{named}", of("schema_name")))?
        } else {
            BTreeMap::new()
        };
        let rows = self.texts::<5>(&format!(
            "select schema_name, table_name, column_name, data_type, is_nullable::varchar from duckdb_columns()
             where {}{named} and not internal order by schema_name, table_name, column_index",
            of("schema_name")
        ))?;
        let mut columns = BTreeMap::<_, Vec<Column>>::new();
        for [schema, table, name, data_type, nullable] in rows {
            let schema = if temporary { String::new() } else { schema };
            let relation = Relation::new(schema, table);
            let length = lengths.get(&(relation.key(), name.to_lowercase()));
            let data_type = match length {
                Some(length) => length.to_string(),
                None if self.config.emulates_redshift => emulating::redshift_type(&data_type),
                None => data_type,
            };
            columns.entry(relation.key()).or_default().push(Column {
                name,
                data_type,
                nullable: nullable == "true",
            });
        }
        Ok(columns)
    }

    /// The declared types of text columns, from their checks.
    fn declared_lengths(
        &self,
        filter: &str,
    ) -> Result<BTreeMap<((String, String), String), Type>, Error> {
        let checks = self.texts::<4>(&format!(
            "select schema_name, table_name, constraint_column_names[1], constraint_text from duckdb_constraints()
             where constraint_type = 'CHECK' and {filter}"
        ))?;
        Ok(checks
            .into_iter()
            .filter_map(|[schema, table, column, check]| {
                let key = Relation::new(schema, table).key();
                Some(((key, column.to_lowercase()), types::of_check(&check)?))
            })
            .collect())
    }

    /// Rows of one of our own queries, all of them text.
    fn texts<const N: usize>(&self, sql: &str) -> Result<Vec<[String; N]>, Error> {
        let read = || -> Result<Vec<[String; N]>, duckdb::Error> {
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let mut texts = [const { String::new() }; N];
                for (column, text) in texts.iter_mut().enumerate() {
                    *text = row.get::<_, Option<String>>(column)?.unwrap_or_default();
                }
                all.push(texts);
            }
            Ok(all)
        };
        read().map_err(|cause| error::of_duckdb(&cause))
    }
}

fn in_list(names: &[String]) -> String {
    if names.is_empty() {
        return "''".to_owned();
    }
    names
        .iter()
        .map(|name| literal(&name.to_lowercase()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A refusal that only the warehouse's state could show.
fn refused(refusal: crate::adapter::Refusal) -> Error {
    let mut error = Error::new(ErrorClass::User, refusal.message);
    error.help = refusal.help;
    error
}
