//! A PostgreSQL server (13 and later), in its own words.
//!
//! In: [`Config`], statements in PostgreSQL's SQL. Out: an [`Adapter`] with one connection a session.

mod catalog;
mod config;
mod connect;
mod emulate;
mod error;
mod load;
mod query;
mod session;
mod sql;
mod unload;

pub use config::Config;

use super::copy::StoredFile;
use super::redshift;
use super::statement::Copy;
use super::{Adapter, Connection, Error, Prepared, Refusal, Statement, UserSql};
use crate::relation::KnownColumns;
use crate::sql::alone::{self, Part};

/// A server that a target names. Nothing is connected before the first session.
pub struct Postgres {
    config: Config,
}

impl Postgres {
    /// The server of a target; it is reached when a session is opened.
    pub fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
        }
    }
}

impl Adapter for Postgres {
    fn dialect(&self) -> &'static str {
        self.config.dialect()
    }

    fn logs_comments(&self) -> bool {
        true
    }

    fn sql(&self, statement: &Statement) -> Vec<String> {
        if self.config.emulates_redshift {
            return redshift::sql::sql(statement);
        }
        // What is refused is told when the statement is prepared.
        sql::sql(statement).unwrap_or_default()
    }

    fn files(&self, copy: &Copy) -> Result<Vec<StoredFile>, Error> {
        super::copy::list(&self.config.s3, &copy.from)
    }

    fn object(&self, url: &str) -> Result<super::copy::Object, Error> {
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
        if self.config.emulates_redshift {
            return emulate::prepare(statement, known);
        }
        if let Statement::Copy(load) = statement {
            super::copy::check(load, super::copy::Reads::Text)?;
        }
        if let Statement::Unload(unload) = statement {
            unload::check(unload)?;
        }
        let sql = sql::sql(statement)?;
        // A header stands before the statement with the user's SQL, indexes behind it.
        let source = statement.user_sql().and_then(|text| {
            let mut places = sql.iter().map(|said| said.find(text)).enumerate();
            let (statement, start) = places.find_map(|(number, at)| Some((number, at?)))?;
            Some(UserSql {
                text: text.to_owned(),
                statement,
                range: start..start + text.len(),
            })
        });
        let work = matches!(
            statement,
            Statement::Load { .. }
                | Statement::Copy(_)
                | Statement::Unload(_)
                | Statement::Merge { .. }
        );
        Ok(Prepared {
            loads: None,
            sql,
            load: work.then(|| statement.clone()),
            source,
            columns: None,
            tables: Vec::new(),
            changes: Vec::new(),
            left: Vec::new(),
            alone: None,
            values_only: false,
        })
    }

    fn prepare_query(&self, query: &str, known: &dyn KnownColumns) -> Result<Prepared, Refusal> {
        if self.config.emulates_redshift {
            return emulate::prepare_query(query, known);
        }
        Ok(Prepared {
            loads: None,
            sql: vec![query.to_owned()],
            load: None,
            source: Some(UserSql {
                text: query.to_owned(),
                statement: 0,
                range: 0..query.len(),
            }),
            columns: None,
            tables: Vec::new(),
            changes: Vec::new(),
            left: Vec::new(),
            alone: None,
            values_only: false,
        })
    }

    fn has_holders(&self) -> bool {
        true
    }

    fn connect(&self) -> Result<Box<dyn Connection>, Error> {
        Ok(Box::new(session::Session::open(&self.config)?))
    }
}
