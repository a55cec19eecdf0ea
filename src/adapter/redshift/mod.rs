//! Amazon Redshift: a cluster or a workgroup, and its words for typed statements.
//!
//! In: [`Config`], [`Statement`]s. Out: Redshift SQL, byte for byte what a cluster gets; an [`Adapter`] with one connection a session.
//! A target that emulates Redshift shows this SQL too; what it really runs is its own business.

mod catalog;
mod config;
mod copy;
pub mod encodings;
mod error;
mod examine;
mod external;
mod facts;
pub mod iam;
mod idle;
mod lease;
mod load_log;
pub mod login;
#[cfg(test)]
mod name_case_tests;
mod query;
mod replay;
mod seed;
mod session;
mod shown;
pub mod sql;
mod staging;
#[cfg(test)]
mod standin_tests;
mod startup;
#[cfg(test)]
pub(in crate::adapter) mod tests;
mod unload;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub use config::{Config, Keepalive};
pub use idle::idle_keys;
pub use staging::Staging;

use super::aws::Identity;
use super::aws::s3::Place;
use super::copy::{Folders, Object, StoredFile, list};
use super::statement::{Copy, Secret};
use super::{Adapter, Connection, Error, Prepared, Refusal, Statement, UserSql, names};
use crate::relation::KnownColumns;
use crate::sql::alone::{self, Part};
use login::Login;

/// A warehouse that a target names. Nothing is connected before the first session.
pub struct Redshift {
    config: Config,
    login: Arc<dyn Login>,
    /// Whether the claim of a build ended before the build did.
    claim_lost: Arc<AtomicBool>,
}

impl Redshift {
    /// The warehouse of a target; it is reached when a session is opened.
    ///
    /// # Errors
    /// When the login cannot be set up.
    pub fn new(config: &Config) -> Result<Self, Error> {
        Ok(Self {
            login: login::login(config)?,
            config: config.clone(),
            claim_lost: Arc::default(),
        })
    }
}

impl Redshift {
    /// Refuses to make a relation of another database: what is there already is known of the database of the connection alone. (Through a data
    /// share that may be written, Redshift would make it: AWS, "Multi-warehouse writes through data sharing".)
    fn check_database(&self, statement: &Statement) -> Result<(), Refusal> {
        let named = match statement {
            Statement::CreateTableAs { relation, .. }
            | Statement::CreateTable { relation, .. }
            | Statement::CreateMaterializedView { relation, .. }
            | Statement::CreateView { relation, .. } => self.config.elsewhere(relation),
            _ => None,
        };
        let Some(named) = named else {
            return Ok(());
        };
        let own = &self.config.database;
        Err(Refusal {
            code: "other-database",
            message: format!("the database `{named}` is not `{own}`, which the target connects to"),
            range: None,
            reason: None,
            help: Some(format!(
                "other databases can be read here, and nothing is made in them: build this with a target whose `dbname` is `{named}`"
            )),
        })
    }
}

impl Adapter for Redshift {
    fn dialect(&self) -> &'static str {
        "redshift"
    }

    fn logs_comments(&self) -> bool {
        true
    }

    fn sql(&self, statement: &Statement) -> Vec<String> {
        sql::sql(statement)
    }

    fn prepare(&self, statement: &Statement, _: &dyn KnownColumns) -> Result<Prepared, Refusal> {
        names::check(statement, names::ON_REDSHIFT, "Redshift takes")?;
        self.check_database(statement)?;
        let sql = match (statement, &self.config.query_group) {
            // The target's own group, where a node names none.
            (Statement::QueryGroup { name: None }, Some(_)) => sql::sql(&Statement::QueryGroup {
                name: self.config.query_group.clone(),
            }),
            (
                Statement::Load {
                    into,
                    columns,
                    rows,
                },
                _,
            ) => vec![seed::shown(
                into,
                columns,
                rows,
                self.config.staging.as_ref(),
            )],
            _ => sql::sql(statement),
        };
        let load = matches!(statement, Statement::Load { .. }).then(|| statement.clone());
        // A header stands before the statement with the user's SQL.
        let source = statement.user_sql().and_then(|text| {
            let mut places = sql.iter().map(|said| said.find(text)).enumerate();
            let (statement, start) = places.find_map(|(number, at)| Some((number, at?)))?;
            Some(UserSql {
                text: text.to_owned(),
                statement,
                range: start..start + text.len(),
            })
        });
        // A load that lists its files itself names each of them.
        let loads = match statement {
            Statement::Copy(copy) if !copy.exact => Some(copy.into.identifier.clone()),
            _ => None,
        };
        Ok(Prepared {
            source,
            load,
            loads,
            ..Prepared::sql(sql)
        })
    }

    fn prepare_query(&self, query: &str, _: &dyn KnownColumns) -> Result<Prepared, Refusal> {
        Ok(Prepared {
            source: Some(UserSql {
                text: query.to_owned(),
                statement: 0,
                range: 0..query.len(),
            }),
            ..Prepared::sql(vec![query.to_owned()])
        })
    }

    fn parts<'s>(&self, sql: &'s str) -> Vec<Part<'s>> {
        alone::parts(sql)
    }

    /// Redshift reads the files itself, and tells nobody which there are: they are listed by whoever runs the build.
    fn files(&self, copy: &Copy) -> Result<Vec<StoredFile>, Error> {
        if self.config.s3.has(&copy.from) {
            return list(&self.config.s3, &copy.from);
        }
        let keys = copy.keys.as_ref().map(|keys| {
            let text = |secret: &Secret| secret.expose().to_owned();
            (text(&keys.id), text(&keys.secret))
        });
        list(&aws(keys, copy.region.clone()), &copy.from)
    }

    fn object(&self, url: &str) -> Result<Object, Error> {
        match self.config.s3.has(url) {
            true => self.config.s3.object(url),
            false => aws(None, None).object(url),
        }
    }

    fn keeps_loads(&self) -> bool {
        true
    }

    fn has_holders(&self) -> bool {
        true
    }

    fn connect(&self) -> Result<Box<dyn Connection>, Error> {
        let session = session::Session::open(&self.config, &*self.login)?;
        let claims = session::Claims::new(Arc::clone(&self.login), Arc::clone(&self.claim_lost));
        Ok(Box::new(session.with_claims(claims)))
    }
}

/// All buckets of AWS.
fn aws(keys: Option<(String, String)>, region: Option<String>) -> Folders {
    let mut aws = Folders::default();
    let identity = Identity {
        keys,
        region,
        ..Identity::default()
    };
    aws.insert_store(
        "s3://",
        Place {
            endpoint_url: None,
            identity,
        },
    );
    aws
}
