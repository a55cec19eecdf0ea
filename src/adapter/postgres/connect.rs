//! A connection and the runtime that drives it.
//!
//! In: [`Config`]. Out: [`Link`], whose calls block until the server has answered.

use std::future::Future;
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode as Encrypt;
use tokio_postgres::error::SqlState;
use tokio_postgres::{CancelToken, Client, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::sql::quote;
use super::{Config, SslMode, error, tls};
use crate::adapter::{Error, ErrorClass};

/// How long a goodbye or a request to cancel may take.
const MOMENT: Duration = Duration::from_secs(5);

/// A connection. It moves only while one of its calls waits.
pub(super) struct Link {
    runtime: Runtime,
    client: Option<Client>,
    driver: Option<JoinHandle<()>>,
    tls: Option<MakeRustlsConnect>,
    /// The server's version, such as 150018.
    pub(super) version: u32,
}

impl Link {
    /// Connects, as often as the target allows.
    pub(super) fn open(config: &Config) -> Result<Self, Error> {
        let mut attempt = 0;
        loop {
            match Self::connect(config) {
                Err(failed) if failed.again && attempt < config.retries => {
                    attempt += 1;
                    std::thread::sleep(Duration::from_secs(u64::from(attempt * attempt).min(30)));
                }
                other => return other.map_err(|failed| failed.error),
            }
        }
    }

    fn connect(config: &Config) -> Result<Self, Failed> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| {
                Failed::for_good(Error::new(ErrorClass::Internal, cause.to_string()))
            })?;
        let opened = runtime.block_on(async {
            let opening = greet(config);
            match config.connect_timeout {
                None => opening.await,
                Some(limit) => tokio::time::timeout(limit, opening)
                    .await
                    .unwrap_or_else(|_| Err(too_slow(config, limit))),
            }
        })?;
        let mut link = Self {
            runtime,
            client: Some(opened.client),
            driver: Some(opened.driver),
            tls: opened.tls,
            version: 0,
        };
        link.begin(config).map_err(Failed::for_good)?;
        Ok(link)
    }

    /// What every session begins with.
    fn begin(&mut self, config: &Config) -> Result<(), Error> {
        // Dates are read here, and by models that cast them to text, in one form.
        self.text("set datestyle to 'ISO'")?;
        if let Some(role) = &config.role {
            self.text(&format!("set role {}", quote(role)))
                .map_err(|mut error| {
                    error.help = Some("look at `role` of the target".to_owned());
                    error
                })?;
        }
        let version = self.text("show server_version_num")?;
        let version = version.into_iter().flatten().flatten().next();
        self.version = version
            .and_then(|version| version.parse().ok())
            .unwrap_or_default();
        Ok(())
    }

    /// Waits for an answer of the server.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The connection's own calls.
    pub(super) fn client(&self) -> Result<&Client, Error> {
        self.client
            .as_ref()
            .ok_or_else(|| Error::new(ErrorClass::ConnectionLost, "the connection is closed"))
    }

    /// Runs statements whose rows nobody reads; the number that the last of them tells.
    pub(super) fn count(&self, sql: &str) -> Result<Option<u64>, tokio_postgres::Error> {
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
    pub(super) fn text(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, Error> {
        let client = self.client()?;
        let answers = self
            .wait(client.simple_query(sql))
            .map_err(|cause| error::told(&cause))?;
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

    /// How another thread asks the server to stop what this connection does.
    pub(super) fn canceller(&self) -> impl Fn() + Send + Sync + use<> {
        let token = self.client.as_ref().map(Client::cancel_token);
        let tls = self.tls.clone();
        move || {
            if let Some(token) = &token {
                cancel(token, tls.clone());
            }
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

/// A request to cancel goes over a connection of its own; that it fails is no news, the run asks again.
fn cancel(token: &CancelToken, tls: Option<MakeRustlsConnect>) {
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
        return;
    };
    runtime.block_on(async {
        let request = async {
            match tls {
                Some(tls) => token.cancel_query(tls).await,
                None => token.cancel_query(NoTls).await,
            }
        };
        tokio::time::timeout(MOMENT, request).await.ok()
    });
}

/// A client, what drives its connection, and how it is encrypted.
struct Opened {
    client: Client,
    driver: JoinHandle<()>,
    tls: Option<MakeRustlsConnect>,
}

/// Why a connection failed, and whether another attempt may succeed.
struct Failed {
    error: Error,
    again: bool,
}

impl Failed {
    fn for_good(error: Error) -> Self {
        Self {
            error,
            again: false,
        }
    }
}

fn too_slow(config: &Config, limit: Duration) -> Failed {
    let mut error = unreachable(config, format!("no answer within {} s", limit.as_secs()));
    error.help = Some("`connect_timeout` of the target says how long to wait".to_owned());
    Failed { error, again: true }
}

fn unreachable(config: &Config, why: String) -> Error {
    let mut error = Error::new(
        ErrorClass::User,
        format!(
            "cannot connect to PostgreSQL at `{}`, port {}, as `{}`: {why}",
            config.host, config.port, config.user
        ),
    );
    error.help = Some("look at the target in profiles.yml".to_owned());
    error
}

/// Connects in the way that `sslmode` asks for, and where it has a second way, in that one.
async fn greet(config: &Config) -> Result<Opened, Failed> {
    let plain = (Encrypt::Disable, None);
    if config.is_socket() || config.sslmode == SslMode::Disable {
        return open(config, plain.0, plain.1)
            .await
            .map_err(|cause| failed(config, &cause));
    }
    let tls = tls::connector(config).map_err(Failed::for_good)?;
    let (first, second) = match config.sslmode {
        SslMode::Allow => (plain, Some((Encrypt::Require, Some(tls)))),
        SslMode::Prefer => ((Encrypt::Prefer, Some(tls)), Some(plain)),
        _ => ((Encrypt::Require, Some(tls)), None),
    };
    match (open(config, first.0, first.1).await, second) {
        (Err(cause), Some(second)) if other_way(&cause) => {
            // The first answer is the one to tell: the second way is only tried on top.
            open(config, second.0, second.1)
                .await
                .map_err(|_| failed(config, &cause))
        }
        (opened, _) => opened.map_err(|cause| failed(config, &cause)),
    }
}

/// Whether the other way, encrypted or not, may succeed where this one failed.
fn other_way(cause: &tokio_postgres::Error) -> bool {
    match cause.as_db_error() {
        Some(told) => *told.code() == SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        None => cause.to_string().contains("TLS"),
    }
}

fn failed(config: &Config, cause: &tokio_postgres::Error) -> Failed {
    let told = error::told(cause);
    let again = match told.sqlstate.as_deref() {
        // Starting up or shutting down, or too many connections at the moment.
        Some(state) => matches!(state, "57P03" | "53300" | "57P01"),
        None => true,
    };
    let mut error = unreachable(config, told.message);
    error.sqlstate = told.sqlstate;
    error.detail = told.detail;
    Failed { error, again }
}

async fn open(
    config: &Config,
    encrypt: Encrypt,
    tls: Option<MakeRustlsConnect>,
) -> Result<Opened, tokio_postgres::Error> {
    let mut wanted = tokio_postgres::Config::new();
    wanted
        .host(&config.host)
        .port(config.port)
        .user(&config.user)
        .dbname(&config.database)
        .application_name(&config.application_name)
        .ssl_mode(encrypt);
    if let Some(password) = &config.password {
        wanted.password(password);
    }
    if let Some(limit) = config.connect_timeout {
        wanted.connect_timeout(limit);
    }
    if let Some(idle) = config.keepalives_idle {
        wanted.keepalives_idle(idle);
    }
    if let Some(path) = &config.search_path {
        let path = path.replace('\\', "\\\\").replace(' ', "\\ ");
        wanted.options(format!("-c search_path={path}"));
    }
    match tls {
        Some(tls) => {
            let (client, connection) = wanted.connect(tls.clone()).await?;
            let driver = tokio::spawn(async { connection.await.unwrap_or_default() });
            Ok(Opened {
                client,
                driver,
                tls: Some(tls),
            })
        }
        None => {
            let (client, connection) = wanted.connect(NoTls).await?;
            let driver = tokio::spawn(async { connection.await.unwrap_or_default() });
            Ok(Opened {
                client,
                driver,
                tls: None,
            })
        }
    }
}
