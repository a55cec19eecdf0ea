//! `redstart emulator`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::{Outcome, Session, Stop};
use crate::adapter::aws::s3::Place;
use crate::endpoint::{Auth, Fault, Logged, Options, Server};
use crate::sql::secrets::without_secrets;

/// Listen as Amazon Redshift does, for tests and for trying things without a cluster
///
/// A DuckDB answers behind Redshift's protocol, dialect, catalog and refusals. Ctrl-C ends it.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart emulator
  redstart emulator --port 5439 --database shop.duckdb --s3 s3://lake/=fixtures
  redstart emulator --auth sha256 --user loader --password secret
  redstart emulator --fault 'serialization@/^commit/x1' --log")]
pub struct Args {
    /// The port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 5439)]
    port: u16,

    /// The address to listen on; one that other machines reach needs passwords
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,

    /// A DuckDB file that keeps everything; without it, all is in memory
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,

    /// The name of the database that clients connect to
    #[arg(long, default_value = "dev")]
    dbname: String,

    /// What stands for a prefix of S3 in COPY and UNLOAD: a folder, `aws` for the bucket itself, or the address of another store
    #[arg(long, value_name = "S3://BUCKET/=PLACE", value_parser = mapped)]
    s3: Vec<(String, String)>,

    /// The superuser
    #[arg(long, default_value = "awsuser")]
    user: String,

    /// The superuser's password
    #[arg(
        long,
        env = "REDSTART_EMULATOR_PASSWORD",
        hide_env_values = true,
        default_value = ""
    )]
    password: String,

    /// What clients are asked for: trust, cleartext, md5 or sha256
    #[arg(long, default_value = "trust")]
    auth: Auth,

    /// The certificate chain for TLS (PEM); without one, TLS is not offered
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// What goes wrong on purpose: drop-before@3, drop-after@/^commit/, error=40001:1023@/insert/x1, delay=500@*, refuse-login@*
    #[arg(long, value_name = "WHAT@WHERE")]
    fault: Vec<Fault>,

    /// Print every statement that comes
    #[arg(long)]
    log: bool,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let below = |path: &PathBuf| session.here.join(path);
        let (stores, folders): (Vec<_>, Vec<_>) =
            self.s3.iter().partition(|(_, place)| is_store(place));
        let store = |(prefix, place): &(String, String)| {
            let place = Place {
                endpoint_url: Some(place.clone()).filter(|place| place != AWS),
                ..Place::default()
            };
            (prefix.clone(), place)
        };
        let server = Server::start(Options {
            host: self.host,
            port: self.port,
            file: self.database.as_ref().map(below),
            database: self.dbname.to_lowercase(),
            s3: folders
                .into_iter()
                .map(|(prefix, folder)| (prefix.clone(), session.here.join(folder)))
                .collect(),
            stores: stores.into_iter().map(store).collect(),
            auth: self.auth,
            user: self.user.clone(),
            password: self.password.clone(),
            tls: self
                .tls_cert
                .as_ref()
                .zip(self.tls_key.as_ref())
                .map(|(certificate, key)| (below(certificate), below(key))),
            faults: self.fault.clone(),
        })?;
        if self.log {
            let terminal = session.terminal.clone();
            server.on_statement(move |logged| terminal.info(line(logged)));
        }
        session.terminal.info(format!(
            "listening on {}, database {}, user {}; Ctrl-C ends it",
            server.address(),
            self.dbname,
            self.user
        ));
        session.begin_run();
        while !session.cancel.is_requested() {
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(Outcome::Done)
    }
}

/// A statement in one line, without the keys and passwords in it.
fn line(logged: &Logged) -> String {
    let text = without_secrets(&logged.text);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match &logged.error {
        Some((sqlstate, message)) => {
            format!("[{}] {text}  -- {sqlstate}: {message}", logged.pid)
        }
        None => format!("[{}] {text}", logged.pid),
    }
}

fn mapped(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((prefix, place)) if prefix.starts_with("s3://") && !place.is_empty() => {
            Ok((prefix.to_owned(), place.to_owned()))
        }
        _ => Err("a prefix and a folder: s3://bucket/=folder".to_owned()),
    }
}

/// The bucket itself.
const AWS: &str = "aws";

/// Whether a place is a store and no folder.
fn is_store(place: &str) -> bool {
    place == AWS || place.starts_with("http://") || place.starts_with("https://")
}
