//! One client's session: its transaction, and every statement's way through faults, log and warehouse.
//!
//! In: messages, statements. Out: answers. What a statement does is told by `statement`.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pgwire::messages::response::{ReadyForQuery, TransactionStatus};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};

use super::Shared;
use super::extended::Extended;
use super::failure::{Failure, notice};
use super::faults::{Mishap, Patience};
use super::log::Logged;
use super::settings::Settings;
use super::wire::Wire;
use super::words::Words;
use crate::adapter::{Adapter, Connection, LoadError, Outcome, Prepared, Table};
use crate::sql::alone::stands_alone;

/// How often a statement that waits for a lock looks again.
const LOOK: Duration = Duration::from_millis(20);

/// A session.
pub(super) struct Session {
    pub wire: Wire,
    pub shared: Arc<Shared>,
    pub connection: Box<dyn Connection>,
    pub pid: i32,
    pub user: String,
    pub settings: Settings,
    pub transaction: Transaction,
    pub extended: Extended,
    /// Rows that the last load of the session took.
    pub last_copy: u64,
    /// The table that the load at hand filled, and how many files it read.
    pub loaded: Option<(String, u64)>,
    /// Rows that the load at hand left out.
    pub rejected: Vec<LoadError>,
    /// The number of the session's last statement.
    pub last_query: i64,
    /// What the statement at hand wants to tell beside its answer.
    pub notices: Vec<(&'static str, String)>,
    xid: i64,
    /// How a statement that waits on purpose is stopped.
    patience: Arc<Patience>,
}

/// Where a session's transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transaction {
    /// None is open: the next statement is one by itself.
    Idle,
    /// The statements of one message are one.
    Message,
    /// After `begin`.
    Open,
    /// After an error in an open one: only its end is taken.
    Failed,
}

/// What a statement answers.
#[derive(Debug)]
pub(super) enum Answer {
    /// Rows, and the tag after them where it is not their number.
    Rows(Table, Option<String>),
    /// Only a tag.
    Done(String),
}

impl Answer {
    pub fn done(tag: impl Into<String>) -> Self {
        Self::Done(tag.into())
    }
}

/// Why there is no answer.
pub(super) enum Broken {
    /// The statement failed.
    Failed(Failure),
    /// The connection is to be dropped.
    Gone,
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Session {
    /// Opens a session; what fails is given back with the wire to tell it on.
    pub fn start(
        wire: Wire,
        shared: Arc<Shared>,
        pid: i32,
        startup: &BTreeMap<String, String>,
    ) -> Result<Self, (Wire, Failure)> {
        let user = startup.get("user").cloned().unwrap_or_default();
        let settings = match Settings::new(&user, startup) {
            Ok(settings) => settings,
            Err(failure) => {
                return Err((
                    wire,
                    Failure {
                        fatal: true,
                        ..failure
                    },
                ));
            }
        };
        let connection = match shared.warehouse.connect() {
            Ok(connection) => connection,
            Err(error) => {
                return Err((
                    wire,
                    Failure {
                        fatal: true,
                        ..error.into()
                    },
                ));
            }
        };
        let patience = Arc::new(Patience::default());
        if let Some(client) = shared.clients().get_mut(&pid) {
            client.session = Some((user.clone(), Timestamp::now()));
            let (patience, stop) = (Arc::clone(&patience), connection.canceller());
            client.cancel = Some(Arc::new(move || {
                patience.lose();
                stop();
            }));
        }
        let mut session = Self {
            wire,
            shared,
            connection,
            pid,
            user,
            settings,
            transaction: Transaction::Idle,
            extended: Extended::default(),
            last_copy: 0,
            loaded: None,
            rejected: Vec::new(),
            last_query: 0,
            notices: Vec::new(),
            xid: 0,
            patience,
        };
        let prepared = session
            .know_user()
            .and_then(|()| session.apply_search_path());
        match prepared {
            Ok(()) => Ok(session),
            Err(failure) => Err((
                session.wire,
                Failure {
                    fatal: true,
                    ..failure
                },
            )),
        }
    }

    /// Takes messages until the client goes.
    pub fn serve(&mut self) -> io::Result<()> {
        loop {
            let message = self.wire.read()?;
            let served = match message {
                None | Some(PgWireFrontendMessage::Terminate(_)) => return Ok(()),
                Some(PgWireFrontendMessage::Query(query)) => self.simple(&query.query)?,
                Some(message) if message.is_extended_query() => self.message(message)?,
                // Copy data after a refused `copy … from stdin`, and what a server never gets.
                Some(_) => true,
            };
            if !served {
                return Ok(());
            }
        }
    }

    /// Tells the client that the next command may come.
    pub fn ready(&mut self) -> io::Result<()> {
        let status = match self.transaction {
            Transaction::Idle | Transaction::Message => TransactionStatus::Idle,
            Transaction::Open => TransactionStatus::Transaction,
            Transaction::Failed => TransactionStatus::Error,
        };
        self.wire
            .send(&PgWireBackendMessage::ReadyForQuery(ReadyForQuery::new(
                status,
            )))?;
        self.wire.flush()
    }

    /// Runs a statement, with what goes wrong on purpose, and writes it down.
    pub fn run(&mut self, text: &str) -> Result<Answer, Broken> {
        self.shared.runs(self.pid, Some(text));
        let ran = self.run_and_log(text);
        self.shared.runs(self.pid, None);
        ran
    }

    fn run_and_log(&mut self, text: &str) -> Result<Answer, Broken> {
        let started = Timestamp::now();
        let mut after = Vec::new();
        let mut planned = None;
        self.patience.regain();
        for mishap in self.shared.faults.statement(text) {
            match mishap {
                Mishap::Delay(time) => {
                    if !self.patience.wait(time) {
                        planned = Some(Failure::cancelled());
                    }
                }
                Mishap::DropBefore => {
                    self.leave();
                    return Err(Broken::Gone);
                }
                Mishap::Error {
                    sqlstate,
                    message,
                    detail,
                } => {
                    planned = Some(Failure {
                        detail,
                        ..Failure::new(&sqlstate, message)
                    });
                }
                other => after.push(other),
            }
        }
        self.connection.resume();
        let answered = match planned {
            Some(failure) => {
                self.roll_back();
                Err(failure)
            }
            None => {
                let timeout = self.timeout();
                let answered = self.in_transaction(text);
                drop(timeout);
                answered
            }
        };
        if answered.is_err() {
            self.failed();
        }
        self.free_locks();
        let mut logged = Logged {
            query: 0,
            pid: self.pid,
            xid: self.xid,
            user: self.user.clone(),
            text: text.to_owned(),
            label: self.settings.get("query_group").to_owned(),
            started,
            ended: Timestamp::now(),
            rows: None,
            error: None,
            loaded: self.loaded.take(),
            load_errors: std::mem::take(&mut self.rejected),
        };
        match &answered {
            Ok(Answer::Rows(table, _)) => logged.rows = u64::try_from(table.rows.len()).ok(),
            Ok(Answer::Done(tag)) => {
                logged.rows = tag.rsplit(' ').next().and_then(|rows| rows.parse().ok());
            }
            Err(failure) => {
                logged.error = Some((failure.sqlstate.clone(), failure.message.clone()));
                logged.load_errors = failure.load_errors.clone();
            }
        }
        self.last_query = self.shared.log.add(logged);
        if after.contains(&Mishap::DropAfter) {
            self.leave();
            return Err(Broken::Gone);
        }
        answered.map_err(Broken::Failed)
    }

    fn in_transaction(&mut self, text: &str) -> Result<Answer, Failure> {
        let words = Words::new(text);
        let first = words.word(0);
        match first.as_str() {
            "begin" | "start" => return self.begin(),
            "commit" | "end" => return self.commit(),
            "rollback" | "abort" => return Ok(self.rollback()),
            _ => {}
        }
        if self.transaction == Transaction::Failed {
            return Err(Failure::aborted());
        }
        let alone = self.transaction == Transaction::Idle;
        if let (false, Some(what)) = (alone, stands_alone(&words)) {
            return Err(Failure::new(
                "25001",
                format!("{what} cannot run inside a transaction block"),
            ));
        }
        if alone {
            self.xid = self.shared.log.transaction();
            self.raw("begin transaction")?;
        }
        let answer = self.statement(text, &words)?;
        let commits = words.word(0) == "truncate";
        if alone || commits {
            self.raw("commit")?;
            self.transaction = if commits && self.transaction == Transaction::Message {
                self.raw("begin transaction")?;
                Transaction::Message
            } else {
                Transaction::Idle
            };
        }
        Ok(answer)
    }

    fn begin(&mut self) -> Result<Answer, Failure> {
        match self.transaction {
            Transaction::Idle => {
                self.xid = self.shared.log.transaction();
                self.raw("begin transaction")?;
                self.transaction = Transaction::Open;
            }
            Transaction::Message => self.transaction = Transaction::Open,
            Transaction::Open => self.notices.push((
                "WARNING",
                "there is already a transaction in progress".to_owned(),
            )),
            Transaction::Failed => {
                return Err(Failure::aborted());
            }
        }
        Ok(Answer::done("BEGIN"))
    }

    fn commit(&mut self) -> Result<Answer, Failure> {
        match self.transaction {
            Transaction::Idle => {
                self.notices
                    .push(("WARNING", "there is no transaction in progress".to_owned()));
            }
            Transaction::Message | Transaction::Open => {
                self.transaction = Transaction::Idle;
                self.raw("commit")?;
            }
            Transaction::Failed => {
                self.transaction = Transaction::Idle;
                return Ok(Answer::done("ROLLBACK"));
            }
        }
        Ok(Answer::done("COMMIT"))
    }

    fn rollback(&mut self) -> Answer {
        match self.transaction {
            Transaction::Idle => {
                self.notices
                    .push(("WARNING", "there is no transaction in progress".to_owned()));
            }
            Transaction::Message | Transaction::Open => self.roll_back(),
            Transaction::Failed => {}
        }
        self.transaction = Transaction::Idle;
        Answer::done("ROLLBACK")
    }

    /// Makes the statements of one message a transaction.
    pub fn begin_message(&mut self) -> Result<(), Failure> {
        if self.transaction == Transaction::Idle {
            self.xid = self.shared.log.transaction();
            self.raw("begin transaction")?;
            self.transaction = Transaction::Message;
        }
        Ok(())
    }

    /// Ends the transaction of a message, where one is open.
    pub fn end_message(&mut self) -> Result<(), Failure> {
        if self.transaction == Transaction::Message {
            self.transaction = Transaction::Idle;
            self.raw("commit")?;
            self.free_locks();
        }
        Ok(())
    }

    /// What an error does to the transaction.
    pub fn failed(&mut self) {
        self.roll_back();
        self.transaction = match self.transaction {
            Transaction::Open | Transaction::Failed => Transaction::Failed,
            Transaction::Idle | Transaction::Message => Transaction::Idle,
        };
    }

    /// Rolls the warehouse back; that there is nothing to roll back is no failure.
    fn roll_back(&mut self) {
        self.connection.resume();
        let _ = self
            .connection
            .execute(&Prepared::sql(vec!["rollback".to_owned()]));
    }

    /// Waits until a table can be locked, or somebody stops the statement.
    pub fn wait_for_lock(&mut self, table: (String, String)) -> Result<(), Failure> {
        while !self.shared.locks.take(table.clone(), self.pid, &self.user) {
            if !self.patience.wait(LOOK) {
                return Err(Failure::cancelled());
            }
        }
        Ok(())
    }

    /// Frees what was locked in a transaction that is over.
    fn free_locks(&self) {
        if matches!(self.transaction, Transaction::Idle | Transaction::Failed) {
            self.shared.locks.free(self.pid);
        }
    }

    /// The client is gone.
    pub fn end(&mut self) {
        self.roll_back();
        self.shared.locks.free(self.pid);
    }

    /// Goes without a word.
    fn leave(&mut self) {
        self.end();
        self.wire.drop_connection();
    }

    /// Runs DuckDB's own SQL.
    pub fn raw(&mut self, sql: &str) -> Result<Outcome, Failure> {
        Ok(self
            .connection
            .execute(&Prepared::sql(vec![sql.to_owned()]))?)
    }

    /// Asks in DuckDB's own SQL.
    pub fn ask(&mut self, sql: &str) -> Result<Table, Failure> {
        Ok(self
            .connection
            .query(&Prepared::sql(vec![sql.to_owned()]), None)?)
    }

    /// Asks in DuckDB's own SQL for texts; NULL is an empty one.
    pub fn texts(&mut self, sql: &str) -> Result<Vec<Vec<String>>, Failure> {
        let table = self.ask(sql)?;
        Ok(table
            .rows
            .iter()
            .map(|row| row.iter().map(ToString::to_string).collect())
            .collect())
    }

    /// Tells what the statement had to tell beside its answer.
    pub fn send_notices(&mut self) -> io::Result<()> {
        for (severity, message) in std::mem::take(&mut self.notices) {
            self.wire.send(&notice(severity, &message))?;
        }
        Ok(())
    }

    /// What stops a statement that takes longer than `statement_timeout`, until it is dropped.
    fn timeout(&self) -> Option<std::sync::mpsc::Sender<()>> {
        let limit: u64 = self.settings.get("statement_timeout").parse().ok()?;
        if limit == 0 {
            return None;
        }
        let (done, waiting) = std::sync::mpsc::channel::<()>();
        let cancel = self.connection.canceller();
        let patience = Arc::clone(&self.patience);
        std::thread::spawn(move || {
            let waited = waiting.recv_timeout(Duration::from_millis(limit));
            if waited == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                patience.lose();
                cancel();
            }
        });
        Some(done)
    }
}
