//! Who logs in, and with what.
//!
//! In: [`Method`], what a target says of it. Out: a [`Login`], asked for [`Credentials`] before each connection.
//! Connects to no warehouse.

use std::sync::Arc;

use reqsign_core::OsEnv;

use super::Config;
use super::iam::{Ask, Logins};
use crate::adapter::Error;
use crate::adapter::aws::Identity;

/// `method` of a target, with its keys.
#[derive(Clone, PartialEq, Eq)]
pub enum Method {
    /// A user of the database and its password.
    Database {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// A password for a while, from AWS: `iam` with a `user`, `iam_role` without.
    Iam(Iam),
}

/// What the keys of the IAM methods say.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Iam {
    /// `user`: the user of the database; none means the one of the IAM identity (`iam_role`).
    pub user: Option<String>,
    /// `cluster_id`: the name of a provisioned cluster; the name of the endpoint may tell it too.
    pub cluster_id: Option<String>,
    /// `is_serverless`; the name of the endpoint may tell it too.
    pub serverless: bool,
    /// `serverless_work_group`.
    pub work_group: Option<String>,
    /// `region`.
    pub region: Option<String>,
    /// `iam_profile`: a profile of AWS's shared files.
    pub profile: Option<String>,
    /// `access_key_id` and `secret_access_key`.
    pub keys: Option<(String, String)>,
    /// `db_groups`: groups that the user joins for the session.
    pub db_groups: Vec<String>,
    /// `autocreate`: whether a user that is not there is made.
    pub autocreate: bool,
}

/// A user of the database and its password, for one connection.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user, such as `builder` or `IAM:builder`.
    pub user: String,
    /// The password.
    pub password: String,
}

/// Where [`Credentials`] come from. Shared by all sessions, and asked before each connection, so that what is good only for a
/// while is made anew in time.
pub trait Login: Send + Sync {
    /// A user and a password that are good now.
    ///
    /// # Errors
    /// Why there are none.
    fn credentials(&self) -> Result<Credentials, Error>;
}

/// A user and a password that are always the same.
struct Always(Credentials);

impl Login for Always {
    fn credentials(&self) -> Result<Credentials, Error> {
        Ok(self.0.clone())
    }
}

impl Login for Logins {
    fn credentials(&self) -> Result<Credentials, Error> {
        let login = self.login()?;
        Ok(Credentials {
            user: login.user,
            password: login.password,
        })
    }
}

/// The login of a target. Nobody is asked yet.
///
/// # Errors
/// When something is not said that AWS wants to know.
pub(super) fn login(config: &Config) -> Result<Arc<dyn Login>, Error> {
    let iam = match &config.method {
        Method::Database { user, password } => {
            return Ok(Arc::new(Always(Credentials {
                user: user.clone(),
                password: password.clone(),
            })));
        }
        Method::Iam(iam) => iam.clone(),
    };
    let ask = Ask {
        identity: Identity {
            profile: iam.profile,
            keys: iam.keys,
            region: iam.region,
        },
        host: config.host.clone(),
        database: config.database.clone(),
        user: iam.user,
        cluster: iam.cluster_id,
        autocreate: iam.autocreate,
        groups: iam.db_groups,
        serverless: iam.serverless,
        work_group: iam.work_group,
    };
    Ok(Arc::new(Logins::new(ask, OsEnv)?))
}
