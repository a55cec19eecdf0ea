//! How a server is greeted.
//!
//! In: [`Config`]. Out: a [`Link`], its session begun.

use std::sync::Arc;

use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode as Encrypt;
use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Config;
use super::sql::quote;
use crate::adapter::Error;
use crate::adapter::wire::error::class;
use crate::adapter::wire::link::{Cancel, Failed, Link, Opened, Place};
use crate::adapter::wire::{SslMode, tls};

/// Connects, and begins the session; with it comes the server's version, such as 150018.
pub(super) fn open(config: &Config) -> Result<(Link, u32), Error> {
    let place = Place {
        product: "PostgreSQL",
        host: &config.host,
        port: config.port,
        user: &config.user,
        timeout: config.connect_timeout,
        retries: config.retries,
        class,
        written: &config.places,
    };
    let link = Link::open(&place, || greet(config, &place))?;
    let version = begin(&link, config)?;
    Ok((link, version))
}

/// What every session begins with.
fn begin(link: &Link, config: &Config) -> Result<u32, Error> {
    // Dates are read here, and by models that cast them to text, in one form.
    link.text("set datestyle to 'ISO'")?;
    if let Some(role) = &config.role {
        link.text(&format!("set role {}", quote(role)))
            .map_err(|mut error| {
                error.help = Some("look at `role` of the target".to_owned());
                error.place = config.places.of(&["role"]);
                error
            })?;
    }
    if config.emulates_redshift {
        super::emulate::begin(link)?;
    }
    let version = link.text("show server_version_num")?;
    let version = version.into_iter().flatten().flatten().next();
    Ok(version
        .and_then(|version| version.parse().ok())
        .unwrap_or_default())
}

/// Connects in the way that `sslmode` asks for, and where it has a second way, in that one.
async fn greet(config: &Config, place: &Place<'_>) -> Result<Opened, Failed> {
    let plain = (Encrypt::Disable, None);
    if config.is_socket() || config.sslmode == SslMode::Disable {
        return connect(config, plain.0, plain.1)
            .await
            .map_err(|cause| place.failed(&cause));
    }
    let tls = tls::connector(&config.trust()).map_err(Failed::for_good)?;
    let (first, second) = match config.sslmode {
        SslMode::Allow => (plain, Some((Encrypt::Require, Some(tls)))),
        SslMode::Prefer => ((Encrypt::Prefer, Some(tls)), Some(plain)),
        _ => ((Encrypt::Require, Some(tls)), None),
    };
    match (connect(config, first.0, first.1).await, second) {
        (Err(cause), Some(second)) if other_way(&cause) => {
            // The first answer is the one to tell: the second way is only tried on top.
            connect(config, second.0, second.1)
                .await
                .map_err(|_| place.failed(&cause))
        }
        (opened, _) => opened.map_err(|cause| place.failed(&cause)),
    }
}

/// Whether the other way, encrypted or not, may succeed where this one failed.
fn other_way(cause: &tokio_postgres::Error) -> bool {
    match cause.as_db_error() {
        Some(told) => *told.code() == SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        None => cause.to_string().contains("TLS"),
    }
}

async fn connect(
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
    let (client, driver) = match tls.clone() {
        Some(tls) => {
            let (client, connection) = wanted.connect(tls).await?;
            let driver = tokio::spawn(async { connection.await.unwrap_or_default() });
            (client, driver)
        }
        None => {
            let (client, connection) = wanted.connect(NoTls).await?;
            let driver = tokio::spawn(async { connection.await.unwrap_or_default() });
            (client, driver)
        }
    };
    let token = client.cancel_token();
    let cancel: Arc<Cancel> = Arc::new(move || {
        let (token, tls) = (token.clone(), tls.clone());
        Box::pin(async move {
            let asked = match tls {
                Some(tls) => token.cancel_query(tls).await,
                None => token.cancel_query(NoTls).await,
            };
            asked.unwrap_or_default();
        })
    });
    Ok(Opened {
        client,
        driver,
        cancel,
    })
}
