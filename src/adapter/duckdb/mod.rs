//! The embedded DuckDB, in its own words or as a stand-in for Redshift.
//!
//! In: [`Config`], statements in the dialect of the target. Out: an [`Adapter`] on one file, opened once by the process.
//! Parts of a statement that the user wrote for Redshift are translated by `emulating`, or refused by it.

mod add_column;
mod append;
mod catalog;
mod config;
mod connection;
mod dependents;
mod error;
mod fault;
mod like;
mod load;
mod parquet;
mod process;
#[cfg(test)]
mod process_tests;
mod query;
mod sql;
#[cfg(test)]
mod tests;
mod types;
mod unload;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

pub use config::Config;

use super::{
    Adapter, Connection, Error, ErrorClass, Prepared, Refusal, Statement, TableFromQuery, UserSql,
};
use crate::adapter::copy::StoredFile;
use crate::adapter::emulating::Engine;
use crate::adapter::statement::Copy;
use crate::adapter::{copy, emulated, redshift, statement};
use crate::relation::KnownColumns;
use crate::sql::alone::{self, Part, stands_alone};

/// A DuckDB, shared by all workers. Its file is opened, or made, when the first session begins.
pub struct DuckDb {
    config: Config,
    root: Mutex<Option<duckdb::Connection>>,
}

impl DuckDb {
    /// The DuckDB of a target; touches no file.
    pub fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            root: Mutex::default(),
        }
    }

    /// Opens the file, or makes it; fails when it is not a database, cannot be written, or another process holds it.
    fn open(&self) -> Result<duckdb::Connection, Error> {
        let config = &self.config;
        if let Some(path) = &config.path {
            check_file(path).map_err(|error| self.at_path(error))?;
        }
        let root = open_root().map_err(|cause| error::of_duckdb(&cause))?;
        let attach = match &config.path {
            Some(path) => Some(path.to_string_lossy().into_owned()),
            None if config.database != "memory" => Some(":memory:".to_owned()),
            None => None,
        };
        if let Some(attach) = attach {
            let attach = format!(
                "attach {} as {}",
                sql::literal(&attach),
                sql::quote(&config.database)
            );
            root.execute_batch(&attach)
                .map_err(|cause| self.at_path(error::opening(&cause, config.path.as_deref())))?;
        }
        if config.emulates_redshift {
            let first = root.try_clone().map_err(|cause| error::of_duckdb(&cause))?;
            connection::Session::start(first, config)?.prepare_for_redshift()?;
        }
        Ok(root)
    }

    fn words(&self) -> sql::Words<'_> {
        sql::Words::of(&self.config)
    }

    /// What is known of the relations of a query.
    fn tables<'a>(&'a self, known: &'a dyn KnownColumns) -> emulated::Tables<'a> {
        emulated::Tables {
            known,
            engine: Engine::DuckDb,
            database: Some(&self.config.database),
        }
    }

    /// An error of the file, at the key that names it.
    fn at_path(&self, error: Error) -> Error {
        Error {
            place: self.config.places.of(&["path"]),
            ..error
        }
    }

    fn session(&self) -> Result<connection::Session, Error> {
        let mut root = self.root.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match &*root {
            Some(opened) => opened,
            None => root.insert(self.open()?),
        };
        let clone = opened
            .try_clone()
            .map_err(|cause| error::of_duckdb(&cause))?;
        connection::Session::start(clone, &self.config)
    }
}

/// The instance that the file is attached to, so that its name in SQL is the target's to choose.
fn open_root() -> Result<duckdb::Connection, duckdb::Error> {
    let config = duckdb::Config::default()
        .with("autoinstall_known_extensions", "false")?
        .with("autoload_known_extensions", "false")?;
    let root = duckdb::Connection::open_in_memory_with_flags(config)?;
    root.execute_batch("set errors_as_json = true")?;
    Ok(root)
}

/// DuckDB takes a short file that is no database for an empty one and overwrites it: such a file is refused here.
fn check_file(path: &Path) -> Result<(), Error> {
    const HELP: &str = "`path` of the target must name a database, or a file that is not there yet";
    let failed = |what: &str, cause: &std::io::Error| Error {
        help: Some(HELP.to_owned()),
        ..Error::new(
            ErrorClass::User,
            format!("cannot {what} `{}`: {cause}", path.display()),
        )
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|cause| failed("make the folder of", &cause))?;
    }
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(failed("read", &cause)),
    };
    let mut start = Vec::new();
    let read = std::io::Read::read_to_end(&mut std::io::Read::take(&mut file, 12), &mut start);
    read.map_err(|cause| failed("read", &cause))?;
    if start.is_empty() || start.get(8..12) == Some(b"DUCK") {
        return Ok(());
    }
    Err(Error {
        help: Some(HELP.to_owned()),
        ..Error::new(
            ErrorClass::User,
            format!("`{}` is not a DuckDB database", path.display()),
        )
    })
}

/// What is wrong with a load whatever its files hold.
fn check_copy(load: &statement::Copy, emulates_redshift: bool) -> Result<(), Refusal> {
    if !emulates_redshift {
        let mut refused = Refusal::new("no-copy", "a load by COPY needs the SQL of Redshift");
        refused.help = Some("add `emulate: redshift` to the target".to_owned());
        return Err(refused);
    }
    copy::check(load, copy::Reads::Parquet)
}

/// What of SQL of the user runs only outside of a transaction on Redshift.
fn stands_apart(statement: &Statement) -> Option<&'static str> {
    match statement {
        Statement::Raw { sql, .. } => stands_alone(&crate::sql::words::Words::new(sql)),
        _ => None,
    }
}

/// The table that stands in for a materialized view.
fn in_its_place(statement: &Statement) -> Option<Statement> {
    match statement {
        Statement::CreateMaterializedView {
            relation,
            query,
            attributes,
            ..
        } => Some(Statement::CreateTableAs {
            relation: relation.clone(),
            query: query.clone(),
            attributes: attributes.clone(),
            temporary: false,
            header: None,
        }),
        _ => None,
    }
}

impl Adapter for DuckDb {
    fn dialect(&self) -> &'static str {
        self.config.dialect()
    }

    fn sql(&self, statement: &Statement) -> Vec<String> {
        if self.config.emulates_redshift {
            redshift::sql::sql(statement)
        } else {
            // What DuckDB cannot do is told by `prepare`.
            self.words().sql(statement).unwrap_or_default()
        }
    }

    fn files(&self, copy: &Copy) -> Result<Vec<StoredFile>, Error> {
        super::copy::list(&self.config.s3, &copy.from)
    }

    fn object(&self, url: &str) -> Result<copy::Object, Error> {
        self.config.s3.object(url)
    }

    fn parts<'s>(&self, sql: &'s str) -> Vec<Part<'s>> {
        match self.config.emulates_redshift {
            true => alone::parts(sql),
            false => vec![Part::whole(sql)],
        }
    }

    fn wants_columns(&self) -> bool {
        self.config.emulates_redshift
    }

    fn prepare(
        &self,
        statement: &Statement,
        known: &dyn KnownColumns,
    ) -> Result<Prepared, Refusal> {
        if let Statement::Raw { sql, .. } = statement
            && self.config.emulates_redshift
            && let Some(copy) = emulated::only_copy(sql, &self.tables(known))?
        {
            let copy = Statement::Copy(Box::new(copy));
            return self.prepare(&copy, known);
        }
        if let Statement::Unload(unload) = statement {
            if !self.config.emulates_redshift {
                let mut refused = Refusal::new("no-unload", "an unload needs the SQL of Redshift");
                refused.help = Some("add `emulate: redshift` to the target".to_owned());
                return Err(refused);
            }
            unload::check(unload)?;
        }
        if let Statement::Copy(load) = statement {
            check_copy(load, self.config.emulates_redshift)?;
        }
        // A table that each run makes anew holds what a refreshed view would.
        let table = self
            .config
            .emulates_redshift
            .then(|| in_its_place(statement));
        let statement = table.as_ref().and_then(Option::as_ref).unwrap_or(statement);
        let translation = if self.config.emulates_redshift {
            Some(emulated::statement(statement, &self.tables(known))?)
        } else {
            None
        };
        let engine = translation
            .as_ref()
            .map_or(statement, |translation| &translation.statement);
        let fitted = translation
            .as_ref()
            .map_or(&[][..], |translation| &translation.fitted);
        let mut sql = self.words().fitting(fitted).sql(engine)?;
        let (columns, mut tables, changes, left) = translation
            .as_ref()
            .map(|translation| {
                let emulated::Translation {
                    columns,
                    tables,
                    changes,
                    left,
                    ..
                } = translation;
                (
                    columns.clone(),
                    tables.clone(),
                    changes.clone(),
                    left.clone(),
                )
            })
            .unwrap_or_default();
        if let (Statement::CreateView { query, .. }, Some(columns), Some(create)) =
            (engine, &columns, sql.last_mut())
        {
            *create = types::with_types(create, query, columns);
        }
        let source = statement.user_sql().and_then(|text| {
            let inside = engine.user_sql()?;
            let start = sql.last()?.find(inside)?;
            Some(UserSql {
                text: text.to_owned(),
                statement: sql.len() - 1,
                range: start..start + inside.len(),
            })
        });
        // What a query gives is only nearly what Redshift would make of it: the session makes the table with the right types.
        if let (Statement::CreateTableAs { .. }, Some(source), Some(_)) =
            (statement, &source, &translation)
        {
            tables.push(TableFromQuery {
                statement: source.statement,
                range: 0..sql[source.statement].len(),
                query: source.range.clone(),
                columns: columns.clone(),
            });
        }
        let work = match statement {
            Statement::Load { .. } | Statement::Copy(_) | Statement::Unload(_) => true,
            // The sequences of identity columns are named when it is known which names are free.
            Statement::CreateTable { columns, .. } => {
                columns.iter().any(|column| column.identity.is_some())
            }
            // A check cannot be added to a table, so the table is made anew.
            Statement::AddColumn { data_type, .. } | Statement::WidenColumn { data_type, .. } => {
                self.config.emulates_redshift && add_column::has_length(data_type)
            }
            Statement::ChangeColumnType { .. } => self.config.emulates_redshift,
            _ => false,
        };
        Ok(Prepared {
            loads: None,
            sql,
            load: work.then(|| engine.clone()),
            source,
            columns,
            tables,
            changes,
            left,
            alone: stands_apart(statement).filter(|_| self.config.emulates_redshift),
            values_only: false,
        })
    }

    fn prepare_query(&self, query: &str, known: &dyn KnownColumns) -> Result<Prepared, Refusal> {
        let (engine, columns) = if self.config.emulates_redshift {
            let query = emulated::query(query, &self.tables(known))?;
            (query.sql, query.columns)
        } else {
            (query.to_owned(), None)
        };
        Ok(Prepared {
            loads: None,
            source: Some(UserSql {
                text: query.to_owned(),
                statement: 0,
                range: 0..engine.len(),
            }),
            sql: vec![engine],
            load: None,
            columns,
            tables: Vec::new(),
            changes: Vec::new(),
            left: Vec::new(),
            alone: None,
            values_only: false,
        })
    }

    fn connect(&self) -> Result<Box<dyn Connection>, Error> {
        Ok(Box::new(self.session()?))
    }
}
