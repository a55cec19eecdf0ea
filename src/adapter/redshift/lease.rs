//! The claim of a build on its schemas: a lock on an empty table in each, held by a session of its own until the build is over.
//!
//! Redshift has no advisory locks. A row that says who builds would need a clock and somebody who tidies up after a killed build;
//! `lock table` ends with its transaction, and so with its connection, whatever became of the program. In exchange a transaction is
//! open as long as the build: it reads nothing, and keeps `vacuum` from nothing that the build's own queries would not.
//! A schema that does not exist yet is claimed by the target's own.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use super::config::Config;
use super::load_log;
use super::login::Login;
use super::session::Session;
use super::sql::{literal, quote};
use crate::adapter::stopping::Stopping;
use crate::adapter::{Connection, Error, ErrorClass, Holder};

/// The table that is locked.
const TABLE: &str = "redstart_lease";

/// How long a lock may take before somebody else is thought to have it.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often a claim may be late before it is told that it waits, though nothing shows what it waits for.
pub(super) const LATE: u32 = 10;

/// How often is looked whether the run was cancelled.
const MOMENT: Duration = Duration::from_millis(50);

/// How often the session says something, so that nothing between here and the server takes it for dead.
const BEAT: Duration = Duration::from_secs(240);

/// How often the table of a schema is tried to be made, and the pause after the first attempt; it grows.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// How often the session listens whether its connection is still there.
const TICK: Duration = Duration::from_secs(1);

/// A claim, held or waited for. Dropped, it ends.
pub(super) struct Lease {
    news: Receiver<News>,
    /// The schema that is waited for.
    waits_for: String,
    held: bool,
    /// The number of the session, as the warehouse shows it to others.
    pub(super) process: Option<i64>,
    /// What ends the session.
    stop: Option<oneshot::Sender<()>>,
    cancel: Box<dyn Fn() + Send + Sync>,
    thread: Option<JoinHandle<()>>,
}

/// What the session tells.
#[expect(
    clippy::large_enum_variant,
    reason = "a handful of them are sent in the life of a session"
)]
enum News {
    /// The lock of a schema is asked for.
    Asks(String),
    /// All are held.
    Held,
    Failed(Error),
}

impl Lease {
    /// Begins to take some schemas in a session of its own; `lost` is set when that ends before its time.
    ///
    /// # Errors
    /// When the warehouse cannot be reached.
    pub(super) fn begin(
        config: &Config,
        login: &dyn Login,
        schemas: &[String],
        lost: &Arc<AtomicBool>,
    ) -> Result<Self, Error> {
        lost.store(false, Ordering::Relaxed);
        let session = Session::open(config, login)?;
        let process = load_log::process(&session);
        let cancel = session.canceller();
        let (tell, news) = channel();
        let (stop, stopped) = oneshot::channel();
        let case = session.name_case()?;
        let mut schemas: BTreeSet<String> = schemas.iter().map(|name| case.said(name)).collect();
        let own = case.said(&config.schema);
        let lost = Arc::clone(lost);
        let thread = std::thread::spawn(move || {
            match take(&session, &own, &mut schemas, &tell) {
                Ok(()) => {
                    // Whoever does not listen any more has stopped, which is noticed next.
                    let _ = tell.send(News::Held);
                    if !keep(&session, stopped) {
                        lost.store(true, Ordering::Relaxed);
                    }
                }
                Err(error) => {
                    let _ = tell.send(News::Failed(error));
                }
            }
            // The server ends the transaction with the connection.
        });
        Ok(Self {
            news,
            waits_for: String::new(),
            held: false,
            process,
            stop: Some(stop),
            cancel,
            thread: Some(thread),
        })
    }

    /// Looks how far it has come: the schema that somebody else has, or none when all are held.
    ///
    /// # Errors
    /// What the warehouse answers, and that the run was cancelled.
    pub(super) fn look(&mut self, stopping: &Stopping) -> Result<Option<String>, Error> {
        let mut waited = Duration::ZERO;
        loop {
            match self.news.recv_timeout(MOMENT) {
                Err(RecvTimeoutError::Timeout) => {
                    if stopping.is_asked() {
                        return Err(Error::new(
                            ErrorClass::Cancelled,
                            "cancelled while another build had its turn",
                        ));
                    }
                    waited += MOMENT;
                    // Before the first lock only the server's speed is waited for.
                    if !self.waits_for.is_empty() && waited >= PATIENCE {
                        return Ok(Some(self.waits_for.clone()));
                    }
                }
                Ok(News::Asks(schema)) => self.waits_for = schema,
                Ok(News::Held) => {
                    self.held = true;
                    return Ok(None);
                }
                Ok(News::Failed(error)) => return Err(error),
                Err(RecvTimeoutError::Disconnected) => return Err(lost()),
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Where nobody hears it, the session has ended already.
            let _ = stop.send(());
        }
        let Some(thread) = self.thread.take() else {
            return;
        };
        // A lock that is still waited for is given up; one that is held is not in the middle of anything.
        while !self.held && !thread.is_finished() {
            (self.cancel)();
            std::thread::sleep(MOMENT);
        }
        let _ = thread.join();
    }
}

/// What a build is told whose claim is gone.
pub(super) fn lost() -> Error {
    let mut error = Error::new(
        ErrorClass::User,
        "the connection that kept other builds out of the project's schemas was lost",
    );
    error.help = Some("run it again: another build may have begun".to_owned());
    error
}

/// Takes the locks, in the order of their names, so that no two builds wait for one another.
fn take(
    session: &Session,
    own: &str,
    schemas: &mut BTreeSet<String>,
    tell: &Sender<News>,
) -> Result<(), Error> {
    let mut claimed = claimable(session, own, schemas)?;
    'again: loop {
        session.link.text("begin")?;
        for schema in claimed.clone() {
            let _ = tell.send(News::Asks(schema.clone()));
            let lock = format!("lock table {}.{TABLE}", quote(&schema));
            let Err(error) = session.link.text(&lock) else {
                continue;
            };
            session.roll_back();
            match error.sqlstate.as_deref() {
                // Somebody removed the table, or it is none that this user may lock: whoever may not even do that cannot replace
                // what others build there.
                Some("42P01" | "3F000" | "42501") => {
                    claimed.remove(&schema);
                }
                _ if matches!(error.class, ErrorClass::Retryable { .. }) => {
                    std::thread::sleep(PAUSE);
                }
                _ => return Err(error),
            }
            continue 'again;
        }
        return Ok(());
    }
}

/// What the warehouse shows of the locks of a schema. Redshift shows a superuser everybody's transactions, and others their own:
/// those of the same user.
fn locks(schema: &str) -> String {
    format!(
        "from pg_catalog.svv_transactions t \
         join pg_catalog.pg_class c on c.oid = t.relation \
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
         where t.lock_mode = 'AccessExclusiveLock' \
         and c.relname = '{TABLE}' and lower(n.nspname) = {}",
        literal(&schema.to_lowercase())
    )
}

/// Who has the lock of a schema, if it is not the claim of this process.
pub(super) fn holder(session: &Session, schema: &str, own: Option<i64>) -> Option<Holder> {
    let rows = session.link.texts::<3>(&format!(
        "select t.txn_owner, t.pid, t.txn_start {} and t.granted = 't' and t.pid <> {}",
        locks(schema),
        own.unwrap_or(0)
    ));
    let [user, pid, since] = rows.ok()?.into_iter().next()?;
    Some(Holder {
        who: format!("user `{}`, process {pid}", user.trim()),
        // Without what is less than a second.
        since: Some(since.split('.').next().unwrap_or_default().to_owned()),
    })
}

/// Whether the warehouse shows that a claim waits for the lock of a schema, or that another one has it; else it is only slow.
/// <https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_TRANSACTIONS.html>
pub(super) fn is_taken(session: &Session, schema: &str, own: Option<i64>) -> bool {
    let Some(own) = own else {
        return true;
    };
    let shown = session.link.texts::<1>(&format!(
        "select count(*) {} and ((t.granted = 't' and t.pid <> {own}) or (t.granted = 'f' and t.pid = {own}))",
        locks(schema)
    ));
    // Where it cannot be asked, it is what it looks like.
    shown.map_or(true, |rows| rows.first().is_none_or(|[count]| count != "0"))
}

/// The schemas whose locks are to be taken; the tables that they need are made.
fn claimable(
    session: &Session,
    own: &str,
    schemas: &mut BTreeSet<String>,
) -> Result<BTreeSet<String>, Error> {
    let names: Vec<String> = schemas.iter().map(|schema| literal(schema)).collect();
    let names = match names.is_empty() {
        true => literal(own),
        false => format!("{}, {}", literal(own), names.join(", ")),
    };
    let rows = session.link.texts::<2>(&format!(
        "select n.nspname, case when c.oid is null then 'no' else 'yes' end \
         from pg_catalog.pg_namespace n \
         left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = '{TABLE}' \
         where n.nspname in ({names})"
    ))?;
    let mut there = BTreeSet::new();
    let mut absent = BTreeSet::new();
    for [schema, has_table] in rows {
        match has_table == "yes" {
            true => there.insert(schema),
            false => absent.insert(schema),
        };
    }
    let known = |schema: &String| there.contains(schema) || absent.contains(schema);
    let new = schemas.iter().any(|schema| !known(schema));
    if new {
        schemas.insert(own.to_owned());
        absent.extend((!known(&own.to_owned())).then(|| own.to_owned()));
    }
    absent.retain(|schema| schemas.contains(schema));
    there.retain(|schema| schemas.contains(schema));
    for schema in absent {
        if make(session, &schema)? {
            there.insert(schema);
        }
    }
    Ok(there)
}

/// Makes the table of a schema; false where this user may not, and so cannot build there either.
fn make(session: &Session, schema: &str) -> Result<bool, Error> {
    let schema = quote(schema);
    let statements = [
        format!("create schema if not exists {schema}"),
        format!("create table if not exists {schema}.{TABLE} (held boolean)"),
        // Users who build into one schema lock one another's table; to update it is what a lock takes.
        format!("grant update on {schema}.{TABLE} to public"),
    ];
    let mut attempt = 1;
    loop {
        let made = statements
            .iter()
            .try_for_each(|sql| session.link.text(sql).map(drop));
        let Err(error) = made else {
            return Ok(true);
        };
        // Somebody else makes the same in the same moment: it is there now, or it has just gone with their transaction.
        let raced = matches!(error.class, ErrorClass::Retryable { .. })
            || matches!(
                error.sqlstate.as_deref(),
                Some("42P06" | "42P07" | "23505" | "42P01" | "3F000")
            );
        match error.class {
            ErrorClass::ConnectionLost | ErrorClass::Cancelled => return Err(error),
            _ if raced && attempt < ATTEMPTS => {
                std::thread::sleep(PAUSE * attempt);
                attempt += 1;
            }
            _ if raced => return Err(error),
            _ => return Ok(false),
        }
    }
}

/// Keeps the locks until it is told to stop; false when the connection was lost before.
fn keep(session: &Session, mut stopped: oneshot::Receiver<()>) -> bool {
    let mut silent = Duration::ZERO;
    loop {
        // The connection moves only while it is waited for: that it is lost is heard here.
        let waited = async { tokio::time::timeout(TICK, &mut stopped).await };
        if session.link.wait(waited).is_ok() {
            return true;
        }
        silent += TICK;
        match session.link.client() {
            Ok(client) if !client.is_closed() => {}
            _ => return false,
        }
        if silent >= BEAT {
            silent = Duration::ZERO;
            if session.link.text("select 1").is_err() {
                return false;
            }
        }
    }
}
