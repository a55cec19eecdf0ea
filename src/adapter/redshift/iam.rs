//! Temporary passwords of a database for an identity of AWS.
//!
//! In: [`Ask`], what the target says. Out: [`Logins`], which hands out a [`Login`] that is still good.
//! Sources: the API references of Amazon Redshift (`GetClusterCredentials`, `GetClusterCredentialsWithIAM`) and of Amazon Redshift
//! Serverless (`GetCredentials`).

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use reqsign_core::Env;
use serde::Deserialize;

use crate::adapter::aws::{Aws, Identity};
use crate::adapter::{Error, ErrorClass};

/// How long a password is asked for, in seconds: the shortest that AWS gives. Connections that are open outlive it.
const SECONDS: u32 = 900;

/// A password this close to its end is not handed out.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// Whose password is wanted, and where.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Ask {
    /// Who asks.
    pub identity: Identity,
    /// The host that will be connected to; its name may tell the cluster, the workgroup and the region.
    pub host: String,
    /// The database.
    pub database: String,
    /// The user of the database (`method: iam`); none takes the identity itself as the user (`method: iam_role`).
    pub user: Option<String>,
    /// The cluster (`cluster_id`).
    pub cluster: Option<String>,
    /// Whether a user who is not there is made (`autocreate`).
    pub autocreate: bool,
    /// The groups that the user joins for the session (`db_groups`).
    pub groups: Vec<String>,
    /// Whether it is a serverless workgroup (`is_serverless`); the host may tell.
    pub serverless: bool,
    /// The workgroup (`serverless_work_group`).
    pub work_group: Option<String>,
}

/// A user and a password for a while.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The user as the database knows it, such as `IAM:ana`.
    pub user: String,
    /// The password.
    pub password: String,
    /// Until when it is good.
    pub expires: Timestamp,
}

/// Hands out a login, and asks for a new one shortly before the old one ends. Shared by all sessions of a run.
pub struct Logins {
    aws: Aws,
    ask: Ask,
    place: Place,
    last: Mutex<Option<Login>>,
}

/// Where the database is, for AWS.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Cluster { id: String, region: String },
    WorkGroup { name: String, region: String },
}

impl Logins {
    /// Checks that everything is said that the request needs. Asks nobody yet.
    ///
    /// # Errors
    /// When the cluster, the workgroup, the region or the user is neither said nor told by the host's name, or the shared files of AWS
    /// cannot be used.
    pub fn new(ask: Ask, environment: impl Env) -> Result<Self, Error> {
        let aws = Aws::new(ask.identity.clone(), environment)?;
        let place = place(&ask, aws.region())?;
        Ok(Self {
            aws,
            ask,
            place,
            last: Mutex::new(None),
        })
    }

    /// A login that is good for the next minute at least.
    ///
    /// # Errors
    /// When AWS cannot be reached, finds no credentials, or says no.
    pub fn login(&self) -> Result<Login, Error> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(login) = &*last
            && login.expires > Timestamp::now() + MARGIN
        {
            return Ok(login.clone());
        }
        let login = match &self.place {
            Place::Cluster { id, region } => self.of_cluster(id, region)?,
            Place::WorkGroup { name, region } => self.of_work_group(name, region)?,
        };
        *last = Some(login.clone());
        Ok(login)
    }

    fn of_cluster(&self, id: &str, region: &str) -> Result<Login, Error> {
        let action = match self.ask.user {
            Some(_) => "GetClusterCredentials",
            None => "GetClusterCredentialsWithIAM",
        };
        let mut form = vec![
            ("Action".to_owned(), action.to_owned()),
            ("Version".to_owned(), "2012-12-01".to_owned()),
            ("ClusterIdentifier".to_owned(), id.to_owned()),
            ("DbName".to_owned(), self.ask.database.clone()),
            ("DurationSeconds".to_owned(), SECONDS.to_string()),
        ];
        if let Some(user) = &self.ask.user {
            form.push(("DbUser".to_owned(), user.clone()));
            form.push(("AutoCreate".to_owned(), self.ask.autocreate.to_string()));
            for (group, number) in self.ask.groups.iter().zip(1..) {
                form.push((format!("DbGroups.DbGroup.{number}"), group.clone()));
            }
        }
        let (status, body) = self.aws.post(
            "redshift",
            region,
            &[(
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8",
            )],
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(form)
                .finish(),
        )?;
        let text = String::from_utf8_lossy(&body);
        if status >= 300 {
            let said: Option<XmlError> = quick_xml::de::from_str(&text).ok();
            return Err(refused(
                action,
                status,
                said.map(|said| (said.error.code, said.error.message)),
            ));
        }
        let answer: XmlAnswer =
            quick_xml::de::from_str(&text).map_err(|_| unclear(action, OF_ITS_FORM))?;
        let login = answer.result;
        Ok(Login {
            user: login.user,
            password: login.password,
            expires: login
                .expires
                .parse()
                .map_err(|_| unclear(action, "its `Expiration` is no moment"))?,
        })
    }

    fn of_work_group(&self, name: &str, region: &str) -> Result<Login, Error> {
        let action = "GetCredentials";
        let body = serde_json::json!({
            "dbName": self.ask.database,
            "durationSeconds": SECONDS,
            "workgroupName": name,
        });
        let (status, body) = self.aws.post(
            "redshift-serverless",
            region,
            &[
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-target", "RedshiftServerless.GetCredentials"),
            ],
            body.to_string(),
        )?;
        if status >= 300 {
            let said: Option<JsonError> = serde_json::from_slice(&body).ok();
            return Err(refused(
                action,
                status,
                said.map(|said| {
                    let code = said.code.rsplit('#').next().unwrap_or_default().to_owned();
                    (code, said.message.unwrap_or_default())
                }),
            ));
        }
        let login: JsonLogin =
            serde_json::from_slice(&body).map_err(|_| unclear(action, OF_ITS_FORM))?;
        Ok(Login {
            user: login.user,
            password: login.password,
            expires: seconds(login.expiration)
                .ok_or_else(|| unclear(action, "its `expiration` is no moment"))?,
        })
    }
}

fn seconds(since_epoch: f64) -> Option<Timestamp> {
    let span = SignedDuration::try_from_secs_f64(since_epoch).ok()?;
    Timestamp::from_duration(span).ok()
}

/// Where the database is: as the target says, or as the host's name tells.
///
/// A cluster is reached as `<cluster>.<code>.<region>.redshift.amazonaws.com`, a workgroup as
/// `<workgroup>.<account>.<region>.redshift-serverless.amazonaws.com` ("Connecting to Amazon Redshift" in the Management Guide).
fn place(ask: &Ask, region: Option<String>) -> Result<Place, Error> {
    let host = ask.host.to_ascii_lowercase();
    let parts: Vec<&str> = host.split('.').collect();
    let (told, told_serverless) = match parts.as_slice() {
        [name, _, region, "redshift", "amazonaws", ..] => (Some((*name, *region)), false),
        [name, _, region, "redshift-serverless", "amazonaws", ..] => (Some((*name, *region)), true),
        _ => (None, false),
    };
    let serverless = ask.serverless || ask.work_group.is_some() || told_serverless;
    let region = ask
        .identity
        .region
        .clone()
        .or_else(|| told.map(|(_, region)| region.to_owned()))
        .or(region)
        .ok_or_else(|| {
            wrong(
                format!("the region of `{}` is not known", ask.host),
                "set `region` of the target, or AWS_REGION",
            )
        })?;
    if serverless {
        let name = ask
            .work_group
            .clone()
            .or_else(|| told.map(|(name, _)| name.to_owned()));
        return match name {
            Some(name) => Ok(Place::WorkGroup { name, region }),
            None => Err(wrong(
                format!("the workgroup of `{}` is not known", ask.host),
                "set `serverless_work_group` of the target",
            )),
        };
    }
    let id = ask
        .cluster
        .clone()
        .or_else(|| told.map(|(name, _)| name.to_owned()));
    match id {
        Some(id) => Ok(Place::Cluster { id, region }),
        None => Err(wrong(
            format!("the cluster of `{}` is not known", ask.host),
            "set `cluster_id` of the target, or `serverless_work_group` for a serverless workgroup",
        )),
    }
}

#[derive(Deserialize)]
struct XmlAnswer {
    #[serde(
        rename = "GetClusterCredentialsResult",
        alias = "GetClusterCredentialsWithIAMResult"
    )]
    result: XmlLogin,
}

#[derive(Deserialize)]
struct XmlLogin {
    #[serde(rename = "DbUser")]
    user: String,
    #[serde(rename = "DbPassword")]
    password: String,
    #[serde(rename = "Expiration")]
    expires: String,
}

#[derive(Deserialize)]
struct XmlError {
    #[serde(rename = "Error")]
    error: XmlReason,
}

#[derive(Deserialize)]
struct XmlReason {
    #[serde(rename = "Code")]
    code: String,
    #[serde(rename = "Message", default)]
    message: String,
}

#[derive(Deserialize)]
struct JsonLogin {
    #[serde(rename = "dbUser")]
    user: String,
    #[serde(rename = "dbPassword")]
    password: String,
    expiration: f64,
}

#[derive(Deserialize)]
struct JsonError {
    #[serde(rename = "__type")]
    code: String,
    #[serde(alias = "Message")]
    message: Option<String>,
}

/// AWS said no.
fn refused(action: &str, status: u16, said: Option<(String, String)>) -> Error {
    let (code, message) = said.unwrap_or_else(|| ("no reason".to_owned(), String::new()));
    let mut error = Error::new(
        ErrorClass::User,
        format!("AWS gave no password ({action}): {code} (status {status})"),
    );
    if !message.is_empty() {
        error.detail = Some(message);
    }
    error.help = match code.as_str() {
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => {
            let service = if action == "GetCredentials" {
                "redshift-serverless"
            } else {
                "redshift"
            };
            Some(format!(
                "the identity needs a policy that allows `{service}:{action}` for this database"
            ))
        }
        "ClusterNotFound" | "ResourceNotFoundException" => {
            Some("look at `cluster_id` or `serverless_work_group`, and at `region`".to_owned())
        }
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => Some(
            "the credentials of AWS have ended: run `aws sso login`, or set new ones".to_owned(),
        ),
        "InvalidClientTokenId" | "UnrecognizedClientException" | "SignatureDoesNotMatch" => Some(
            "the keys of AWS are wrong: look at the key, its secret and the clock of this machine"
                .to_owned(),
        ),
        _ => None,
    };
    error
}

/// What is wrong with an answer that another program than AWS may have given.
const OF_ITS_FORM: &str = "it is no answer of that kind";

/// Its words are not told: they may have a password.
fn unclear(action: &str, cause: &str) -> Error {
    Error::new(
        ErrorClass::Internal,
        format!("the answer of AWS to {action} cannot be read: {cause}"),
    )
}

fn wrong(message: String, help: &str) -> Error {
    let mut error = Error::new(ErrorClass::User, message);
    error.help = Some(help.to_owned());
    error
}

#[cfg(test)]
#[path = "iam_tests.rs"]
mod tests;
