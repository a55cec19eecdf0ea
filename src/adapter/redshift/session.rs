//! One session in the warehouse.
//!
//! In: [`Prepared`] statements in Redshift's SQL. Out: rows, counts, what exists; errors brought home to the user's SQL.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::config::Config;
use super::lease::{self, Lease};
use super::load_log;
use super::login::Login;
use super::replay::Ear;
use super::{error, query, seed, sql, startup};
use crate::adapter::stopping::Stopping;
use crate::adapter::wire::error as wire;
use crate::adapter::wire::link::{Failed, Link, Place};
use crate::adapter::{
    Check, Connection, Error, ErrorClass, Facts, Holder, Needs, Outcome, Prepared, Statement, Table,
};
use crate::relation::{Column, ExistingRelations, Granted, Relation};

/// How long `retry_all` waits before it tries again.
const PAUSE: Duration = Duration::from_secs(1);

/// A session.
pub(super) struct Session {
    pub(super) link: Link,
    pub(super) ear: Ear,
    pub(super) config: Config,
    pub(super) stopping: Arc<Stopping>,
    /// How many errors in a row `retry_all` has let pass.
    passed: Cell<u32>,
    claims: Option<Claims>,
}

/// How a session claims schemas, and whether a claim that some session of the target has still holds.
pub(super) struct Claims {
    login: Arc<dyn Login>,
    lost: Arc<AtomicBool>,
    lease: Option<Lease>,
}

impl Claims {
    /// Nothing is claimed yet; `lost` is shared by all sessions of a target.
    pub(super) fn new(login: Arc<dyn Login>, lost: Arc<AtomicBool>) -> Self {
        Self {
            login,
            lost,
            lease: None,
        }
    }
}

impl Session {
    /// Connects.
    pub(super) fn open(config: &Config, login: &dyn Login) -> Result<Self, Error> {
        let credentials = login.credentials().map_err(|mut error| {
            let keys = ["iam_profile", "access_key_id", "method"];
            error.place = error.place.or_else(|| config.places.of(&keys));
            error
        })?;
        let place = Place {
            product: "Redshift",
            host: &config.host,
            port: config.port,
            user: &credentials.user,
            timeout: config.connect_timeout,
            retries: config.retries,
            class: error::class,
            written: &config.places,
        };
        let ear = Ear::default();
        let link = Link::open(&place, || async {
            startup::greet(config, &credentials, &place, &ear)
                .await
                .map_err(|failed| Failed {
                    again: failed.again || config.retry_all,
                    ..failed
                })
        })?;
        let session = Self {
            link,
            ear,
            config: config.clone(),
            stopping: Arc::default(),
            passed: Cell::new(0),
            claims: None,
        };
        session.begin()?;
        Ok(session)
    }

    /// The same session, fit for claims.
    pub(super) fn with_claims(mut self, claims: Claims) -> Self {
        self.claims = Some(claims);
        self
    }

    /// What every session begins with.
    fn begin(&self) -> Result<(), Error> {
        let set = |statement: String, key: &str| {
            self.link.text(&statement).map(drop).map_err(|mut error| {
                error.help = Some(format!("look at `{key}` of the target"));
                error.place = self.config.places.of(&[key]);
                error
            })
        };
        if let Some(role) = &self.config.role {
            set(format!("set role {}", sql::role(role)), "role")?;
        }
        if let Some(group) = &self.config.query_group {
            let group = sql::literal(group);
            set(format!("set query_group to {group}"), "query_group")?;
        }
        Ok(())
    }

    pub(super) fn check_cancelled(&self) -> Result<(), Error> {
        self.stopping.check()?;
        let claims = self.claims.as_ref();
        if claims.is_some_and(|claims| claims.lost.load(Ordering::Relaxed)) {
            self.roll_back();
            return Err(lease::lost());
        }
        Ok(())
    }

    /// An error in a statement, at its place in the user's SQL.
    pub(super) fn in_statement(
        &self,
        cause: &tokio_postgres::Error,
        prepared: &Prepared,
        sent: (usize, &str, usize),
    ) -> Error {
        wire::in_statement(cause, error::class, prepared, sent)
    }

    fn run(&self, prepared: &Prepared) -> Result<Outcome, Error> {
        if let Some(Statement::Load { columns, rows, .. }) = &prepared.load {
            return seed::load(self, prepared, columns, rows);
        }
        let mut outcome = Outcome::default();
        for (number, sql) in prepared.sql.iter().enumerate() {
            self.check_cancelled()?;
            if sql.trim().is_empty() {
                continue;
            }
            self.ear.forget();
            self.link.count(sql).map_err(|cause| {
                let mut error = self.in_statement(&cause, prepared, (number, sql, 0));
                if load_log::are_logged(&error.message) {
                    self.roll_back();
                    error.load_errors = load_log::read(self);
                }
                error
            })?;
            if let Some(rows) = self.rows(sql) {
                *outcome.rows.get_or_insert(0) += rows;
            }
            let left_out = self.left_out();
            outcome.left_out += left_out;
            if left_out > 0 || prepared.loads.is_some() {
                self.ask_the_log(left_out, prepared.loads.as_deref(), &mut outcome)?;
            }
        }
        Ok(outcome)
    }

    /// How many rows the last statement wrote or deleted, where the server has said so.
    fn rows(&self, sql: &str) -> Option<u64> {
        let heard = self.ear.heard();
        let bare = crate::adapter::without_comment(sql);
        let first = bare.split_whitespace().next()?.to_ascii_lowercase();
        if first == "copy" || first == "unload" {
            return heard.notices.iter().find_map(|notice| moved(notice));
        }
        let tag = heard.tags.last()?;
        let counted = ["INSERT", "DELETE", "UPDATE", "MERGE"]
            .iter()
            .any(|word| tag.starts_with(word));
        counted.then(|| tag.rsplit(' ').next()?.parse().ok())?
    }

    /// How many rows the last statement, a COPY, left out and went on.
    fn left_out(&self) -> u64 {
        let heard = self.ear.heard();
        let counts = heard.notices.iter().filter_map(|notice| not_moved(notice));
        counts.sum()
    }

    /// What the log says of the last statement, a COPY. It is asked in a session of its own: a log that may not be read would undo the
    /// load with its transaction.
    fn ask_the_log(
        &self,
        left_out: u64,
        into: Option<&str>,
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        let Some(claims) = &self.claims else {
            return Ok(());
        };
        // This question stands in the transaction of the load.
        let Some(process) = load_log::process_within(self)? else {
            return Ok(());
        };
        let Ok(beside) = Self::open(&self.config, &*claims.login) else {
            return Ok(());
        };
        if left_out > 0 {
            let told = load_log::of_process(&beside, process, load_log::MOST_LEFT_OUT);
            outcome.rejected.extend(told);
        }
        if let Some(into) = into {
            outcome.files = load_log::files(&beside, process, into);
        }
        Ok(())
    }

    /// After a failure: an open transaction is rolled back, and a statement that was stopped on request is no failure of the project.
    fn fail(&self, mut error: Error) -> Error {
        if error.class == ErrorClass::ConnectionLost {
            return error;
        }
        if self.stopping.is_asked() {
            error.class = ErrorClass::Cancelled;
        } else if self.config.retry_all
            && !matches!(error.class, ErrorClass::Retryable { .. })
            && self.passed.get() < self.config.retries
        {
            self.passed.set(self.passed.get() + 1);
            error.class = ErrorClass::Retryable { after: PAUSE };
        }
        self.roll_back();
        error
    }

    /// Ends an open transaction; that there is none is only a notice.
    pub(super) fn roll_back(&self) {
        let _ = self.link.count("rollback");
    }

    fn done<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        if outcome.is_ok() {
            self.passed.set(0);
        }
        outcome.map_err(|error| self.fail(error))
    }
}

impl Connection for Session {
    fn execute(&mut self, prepared: &Prepared) -> Result<Outcome, Error> {
        self.check_cancelled()?;
        self.done(self.stopping.during(|| self.run(prepared)))
    }

    fn query(&mut self, prepared: &Prepared, limit: Option<usize>) -> Result<Table, Error> {
        self.check_cancelled()?;
        self.done(self.stopping.seen(|| query::run(self, prepared, limit)))
    }

    fn existing(&mut self, schemas: &[String]) -> Result<ExistingRelations, Error> {
        self.patiently(|session| session.read_existing(schemas))
    }

    fn columns(&mut self, relation: &Relation) -> Result<Vec<Column>, Error> {
        self.patiently(|session| session.read_columns_of(relation))
    }

    fn facts(&mut self, schemas: &[String]) -> Result<Facts, Error> {
        self.patiently(|session| session.read_facts(schemas))
    }

    fn granted(&mut self, relations: &[Relation]) -> Result<Vec<Granted>, Error> {
        self.patiently(|session| session.read_granted(relations))
    }

    fn claim(&mut self, schemas: &[String]) -> Result<Option<String>, Error> {
        let mut late = 0;
        loop {
            let Some(claims) = &mut self.claims else {
                return Ok(None);
            };
            let lease = match &mut claims.lease {
                Some(lease) => lease,
                none => none.insert(Lease::begin(
                    &self.config,
                    &*claims.login,
                    schemas,
                    &claims.lost,
                )?),
            };
            let waits_for = lease.look(&self.stopping)?;
            let process = lease.process;
            late += 1;
            match waits_for {
                Some(schema) if late < lease::LATE && !lease::is_taken(self, &schema, process) => {}
                waits_for => return Ok(waits_for),
            }
        }
    }

    fn last_query(&mut self) -> Option<i64> {
        let rows = self.link.texts::<1>("select pg_last_query_id()").ok()?;
        let [number] = rows.into_iter().next()?;
        number.parse().ok()
    }

    fn holder(&mut self, schema: &str) -> Option<Holder> {
        let lease = self
            .claims
            .as_ref()
            .and_then(|claims| claims.lease.as_ref());
        lease::holder(self, schema, lease.and_then(|lease| lease.process))
    }

    fn examine(&mut self, needs: &Needs) -> Result<Vec<Check>, Error> {
        self.patiently(|session| session.look_around(needs))
    }

    fn canceller(&self) -> Box<dyn Fn() + Send + Sync> {
        self.stopping.canceller(self.link.canceller())
    }
}

/// `Load into table 'orders' completed, 2 record(s) could not be loaded.  Check 'stl_load_errors' system table for details.`
fn not_moved(notice: &str) -> Option<u64> {
    let (before, _) = notice.split_once(" record(s) could not be loaded")?;
    before.rsplit([' ', ',']).next()?.parse().ok()
}

/// `Load into table 'orders' completed, 7 record(s) loaded successfully.`, `UNLOAD completed, 7 record(s) unloaded successfully.`
fn moved(notice: &str) -> Option<u64> {
    let (before, _) = notice
        .split_once(" record(s) loaded")
        .or_else(|| notice.split_once(" record(s) unloaded"))?;
    before.rsplit([' ', ',']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_tells_its_rows_in_a_notice() {
        let told = "Load into table 'orders' completed, 72 record(s) loaded successfully.";
        assert_eq!(moved(told), Some(72));
        let told = "UNLOAD completed, 7 record(s) unloaded successfully.";
        assert_eq!(moved(told), Some(7));
        assert_eq!(moved("1 warning"), None);
        let told = "Load into table 'orders' completed, 2 record(s) could not be loaded.  Check 'stl_load_errors' system table for details.";
        assert_eq!((moved(told), not_moved(told)), (None, Some(2)));
    }
}
