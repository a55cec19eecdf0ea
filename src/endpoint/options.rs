//! How an endpoint is started.

use std::net::IpAddr;
use std::path::PathBuf;

use super::faults::Fault;
use crate::adapter::aws::s3::Place;

/// What an endpoint listens on, keeps its rows in, and asks of its clients.
#[derive(Clone)]
pub struct Options {
    /// The address; anything but a loopback address needs passwords.
    pub host: IpAddr,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// A DuckDB file to keep everything in; none keeps it in memory.
    pub file: Option<PathBuf>,
    /// The name of the one database.
    pub database: String,
    /// Prefixes of S3 and the folders that stand for them.
    pub s3: Vec<(String, PathBuf)>,
    /// Prefixes of S3 whose buckets are meant themselves, and where they are.
    pub stores: Vec<(String, Place)>,
    /// How clients prove who they are.
    pub auth: Auth,
    /// The superuser.
    pub user: String,
    /// The superuser's password.
    pub password: String,
    /// Certificate and key, as PEM files; without them TLS is not offered.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// What goes wrong on purpose.
    pub faults: Vec<Fault>,
}

impl Default for Options {
    /// Everything in memory, on a free port of this machine, for whoever comes.
    fn default() -> Self {
        Self {
            host: IpAddr::from([127, 0, 0, 1]),
            port: 0,
            file: None,
            database: "dev".to_owned(),
            s3: Vec::new(),
            stores: Vec::new(),
            auth: Auth::Trust,
            user: "awsuser".to_owned(),
            password: String::new(),
            tls: None,
            faults: Vec::new(),
        }
    }
}

/// What a client is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// Nothing.
    #[default]
    Trust,
    /// The password as it is (request 3).
    Cleartext,
    /// A digest by MD5 (request 5), as for users made with a plain or MD5 password.
    Md5,
    /// Redshift's own digest by SHA-256 (request 13), as for users made with a `sha256|…` password.
    Sha256,
}

impl std::str::FromStr for Auth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "trust" => Ok(Self::Trust),
            "cleartext" => Ok(Self::Cleartext),
            "md5" => Ok(Self::Md5),
            "sha256" => Ok(Self::Sha256),
            _ => Err("one of trust, cleartext, md5, sha256".to_owned()),
        }
    }
}
