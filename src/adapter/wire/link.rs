//! A connection and the runtime that drives it.
//!
//! In: a [`Place`], and how its server is greeted. Out: [`Link`], whose calls block until the server has answered.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::error::{self, Class};
use crate::adapter::target::Places;
use crate::adapter::{Error, ErrorClass};
use crate::diagnostic::Span;

/// How long a goodbye or a request to cancel may take.
const MOMENT: Duration = Duration::from_secs(5);

/// A connection. It moves only while one of its calls waits.
pub(in crate::adapter) struct Link {
    runtime: Runtime,
    client: Option<Client>,
    driver: Option<JoinHandle<()>>,
    cancel: Arc<Cancel>,
    class: Class,
}

/// A request to cancel what a connection does; it goes over a connection of its own.
pub(in crate::adapter) type Cancel =
    dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

/// A client, what drives its connection, and how another thread stops what it does.
pub(in crate::adapter) struct Opened {
    pub client: Client,
    pub driver: JoinHandle<()>,
    pub cancel: Arc<Cancel>,
}

/// Why a connection failed, and whether another attempt may succeed.
pub(in crate::adapter) struct Failed {
    pub error: Error,
    pub again: bool,
}

impl Failed {
    /// Another attempt would fail too.
    pub(in crate::adapter) fn for_good(error: Error) -> Self {
        Self {
            error,
            again: false,
        }
    }
}

/// Where a server is, and how patiently it is asked.
pub(in crate::adapter) struct Place<'a> {
    /// What stands there, such as `PostgreSQL`.
    pub product: &'static str,
    pub host: &'a str,
    pub port: u16,
    pub user: &'a str,
    /// How long a connection may take; none waits for ever.
    pub timeout: Option<Duration>,
    /// How often a connection is tried again.
    pub retries: u32,
    /// What the server's errors mean.
    pub class: Class,
    /// Where the target says so.
    pub written: &'a Places,
}

impl Place<'_> {
    /// A connection that could not be made.
    pub(in crate::adapter) fn unreachable(&self, why: &str) -> Error {
        let mut error = Error::new(
            ErrorClass::User,
            format!(
                "cannot connect to {} at `{}`, port {}, as `{}`: {why}",
                self.product, self.host, self.port, self.user
            ),
        );
        error.help = Some("look at the target in profiles.yml".to_owned());
        error.place = self.written.of(&["host"]);
        error
    }

    /// What the server or the network answered to a connection.
    pub(in crate::adapter) fn failed(&self, cause: &tokio_postgres::Error) -> Failed {
        let told = error::told(cause, self.class);
        let again = match told.sqlstate.as_deref() {
            // Starting up or shutting down, or too many connections at the moment.
            Some(state) => matches!(state, "57P03" | "53300" | "57P01"),
            None => true,
        };
        let mut error = self.unreachable(&told.message);
        error.place = self.place(told.sqlstate.as_deref());
        error.sqlstate = told.sqlstate;
        error.detail = told.detail;
        Failed { error, again }
    }

    /// Where the target names what the server refuses with a state.
    pub(in crate::adapter) fn place(&self, sqlstate: Option<&str>) -> Option<Span> {
        self.written.of(match sqlstate {
            // Who logs in, and the database.
            Some("28000" | "28P01") => &["user", "host"],
            Some("3D000") => &["dbname", "database", "host"],
            _ => &["host"],
        })
    }

    fn too_slow(&self, limit: Duration) -> Failed {
        let mut error = self.unreachable(&format!("no answer within {} s", limit.as_secs()));
        error.help = Some("`connect_timeout` of the target says how long to wait".to_owned());
        Failed { error, again: true }
    }
}

impl Link {
    /// Connects, as often as the target allows; `greet` is one attempt.
    ///
    /// # Errors
    /// Why the last attempt failed.
    pub(in crate::adapter) fn open<F>(
        place: &Place<'_>,
        greet: impl Fn() -> F,
    ) -> Result<Self, Error>
    where
        F: Future<Output = Result<Opened, Failed>>,
    {
        let mut attempt = 0;
        loop {
            match Self::connect(place, greet()) {
                Err(failed) if failed.again && attempt < place.retries => {
                    attempt += 1;
                    std::thread::sleep(Duration::from_secs(u64::from(attempt * attempt).min(30)));
                }
                other => return other.map_err(|failed| failed.error),
            }
        }
    }

    fn connect(
        place: &Place<'_>,
        opening: impl Future<Output = Result<Opened, Failed>>,
    ) -> Result<Self, Failed> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| {
                Failed::for_good(Error::new(ErrorClass::Internal, cause.to_string()))
            })?;
        let opened = runtime.block_on(async {
            match place.timeout {
                None => opening.await,
                Some(limit) => tokio::time::timeout(limit, opening)
                    .await
                    .unwrap_or_else(|_| Err(place.too_slow(limit))),
            }
        })?;
        Ok(Self {
            runtime,
            client: Some(opened.client),
            driver: Some(opened.driver),
            cancel: opened.cancel,
            class: place.class,
        })
    }

    /// Waits for an answer of the server.
    pub(in crate::adapter) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The connection's own calls.
    ///
    /// # Errors
    /// When it is closed.
    pub(in crate::adapter) fn client(&self) -> Result<&Client, Error> {
        self.client
            .as_ref()
            .ok_or_else(|| Error::new(ErrorClass::ConnectionLost, "the connection is closed"))
    }

    /// Runs statements whose rows nobody reads; the number that the last of them tells.
    ///
    /// # Errors
    /// What the server answers.
    pub(in crate::adapter) fn count(
        &self,
        sql: &str,
    ) -> Result<Option<u64>, tokio_postgres::Error> {
        let Some(client) = &self.client else {
            return Ok(None);
        };
        self.wait(async {
            let mut answers = std::pin::pin!(client.simple_query_raw(sql).await?);
            let mut count = None;
            while let Some(answer) = answers.try_next().await? {
                if let SimpleQueryMessage::CommandComplete(rows) = answer {
                    count = Some(rows);
                }
            }
            Ok(count)
        })
    }

    /// The rows of one of our own queries, every value as text.
    ///
    /// # Errors
    /// What the server answers.
    pub(in crate::adapter) fn text(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, Error> {
        let client = self.client()?;
        let answers = self
            .wait(client.simple_query(sql))
            .map_err(|cause| error::told(&cause, self.class))?;
        Ok(answers
            .into_iter()
            .filter_map(|answer| match answer {
                SimpleQueryMessage::Row(row) => Some(
                    (0..row.len())
                        .map(|column| row.get(column).map(str::to_owned))
                        .collect(),
                ),
                _ => None,
            })
            .collect())
    }

    /// The same with a fixed number of columns; NULL is empty.
    ///
    /// # Errors
    /// What the server answers, and an answer with other columns.
    pub(in crate::adapter) fn texts<const N: usize>(
        &self,
        sql: &str,
    ) -> Result<Vec<[String; N]>, Error> {
        let rows = self.text(sql)?;
        rows.into_iter()
            .map(|row| {
                let row: Vec<String> = row.into_iter().map(Option::unwrap_or_default).collect();
                row.try_into().map_err(|_| {
                    Error::new(ErrorClass::Internal, "the catalog answered other columns")
                })
            })
            .collect()
    }

    /// How another thread asks the server to stop what this connection does; that it fails is no news, the run asks again.
    pub(in crate::adapter) fn canceller(&self) -> impl Fn() + Send + Sync + use<> {
        let cancel = Arc::clone(&self.cancel);
        move || {
            let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
                return;
            };
            runtime.block_on(async { tokio::time::timeout(MOMENT, cancel()).await.ok() });
        }
    }
}

impl Drop for Link {
    /// Says goodbye, so that the server does not log a lost connection.
    fn drop(&mut self) {
        self.client = None;
        if let Some(driver) = self.driver.take() {
            self.runtime
                .block_on(async { tokio::time::timeout(MOMENT, driver).await.ok() });
        }
    }
}
