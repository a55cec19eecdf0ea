//! Passwords from a stand-in that speaks as AWS's services do, over HTTP.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use reqsign_core::StaticEnv;

use super::*;

/// A service on this machine that answers in turn and remembers what it was asked.
struct Service {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone, Debug)]
struct Asked {
    line: String,
    headers: HashMap<String, String>,
    body: String,
}

impl Service {
    fn answering(answers: Vec<(u16, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        std::thread::spawn(move || {
            for (status, answer) in answers {
                let Ok((stream, _)) = listener.accept() else {
                    return;
                };
                let mut reader = BufReader::new(stream);
                let mut headers = HashMap::new();
                let mut first = String::new();
                reader.read_line(&mut first).unwrap();
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    if line.trim().is_empty() {
                        break;
                    }
                    if let Some((name, value)) = line.trim().split_once(": ") {
                        headers.insert(name.to_ascii_lowercase(), value.to_owned());
                    }
                }
                let length = headers
                    .get("content-length")
                    .map_or(0, |length| length.parse().unwrap());
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                remembered.lock().unwrap().push(Asked {
                    line: first.trim().to_owned(),
                    headers,
                    body: String::from_utf8(body).unwrap(),
                });
                write!(
                    reader.get_mut(),
                    "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
                    answer.len()
                )
                .unwrap();
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn environment(home: &Path, variables: &[(&str, &str)]) -> StaticEnv {
    StaticEnv {
        home_dir: Some(home.to_path_buf()),
        envs: variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

fn keys() -> Option<(String, String)> {
    Some(("AKIDEXAMPLE".to_owned(), "a secret".to_owned()))
}

fn ask() -> Ask {
    Ask {
        identity: Identity {
            keys: keys(),
            ..Identity::default()
        },
        host: "warehouse.abc123.eu-west-1.redshift.amazonaws.com".to_owned(),
        database: "dev".to_owned(),
        user: Some("ana".to_owned()),
        ..Ask::default()
    }
}

fn in_one_hour() -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(1)
}

fn cluster_answer(action: &str, password: &str, expires: Timestamp) -> String {
    format!(
        r#"<{action}Response xmlns="http://redshift.amazonaws.com/doc/2012-12-01/"><{action}Result>
        <DbUser>IAM:ana</DbUser><DbPassword>{password}</DbPassword><Expiration>{expires}</Expiration>
        </{action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>"#
    )
}

fn nowhere() -> PathBuf {
    PathBuf::from("/nowhere")
}

#[test]
fn a_cluster_gives_a_password_for_a_user() {
    let service = Service::answering(vec![(
        200,
        cluster_answer("GetClusterCredentials", "p&amp;ss", in_one_hour()),
    )]);
    let ask = Ask {
        autocreate: true,
        groups: vec!["readers".to_owned(), "writers".to_owned()],
        ..ask()
    };
    let logins = Logins::new(
        ask,
        environment(
            &nowhere(),
            &[("AWS_ENDPOINT_URL_REDSHIFT", &service.address)],
        ),
    )
    .unwrap();
    let login = logins.login().unwrap();
    assert_eq!(
        (login.user.as_str(), login.password.as_str()),
        ("IAM:ana", "p&ss")
    );
    // A second session within its life takes the same one: the stand-in answers only once.
    assert!(logins.login().unwrap() == login);
    let asked = service.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].body,
        "Action=GetClusterCredentials&Version=2012-12-01&ClusterIdentifier=warehouse&DbName=dev&DurationSeconds=900&DbUser=ana\
         &AutoCreate=true&DbGroups.DbGroup.1=readers&DbGroups.DbGroup.2=writers"
    );
    let signed = &asked[0].headers["authorization"];
    assert!(
        signed.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
            && signed.contains("/eu-west-1/redshift/aws4_request"),
        "{signed}"
    );
}

#[test]
fn a_password_near_its_end_is_asked_for_again() {
    let soon = Timestamp::now() + SignedDuration::from_secs(30);
    let service = Service::answering(vec![
        (200, cluster_answer("GetClusterCredentials", "old", soon)),
        (
            200,
            cluster_answer("GetClusterCredentials", "new", in_one_hour()),
        ),
    ]);
    let logins = Logins::new(
        ask(),
        environment(&nowhere(), &[("AWS_ENDPOINT_URL", &service.address)]),
    )
    .unwrap();
    assert_eq!(logins.login().unwrap().password, "old");
    assert_eq!(logins.login().unwrap().password, "new");
    assert_eq!(logins.login().unwrap().password, "new");
}

#[test]
fn an_identity_is_a_user_by_itself() {
    let service = Service::answering(vec![(
        200,
        cluster_answer("GetClusterCredentialsWithIAM", "p", in_one_hour()),
    )]);
    let ask = Ask {
        user: None,
        host: "proxy.example.com".to_owned(),
        cluster: Some("warehouse".to_owned()),
        ..ask()
    };
    let logins = Logins::new(
        ask,
        environment(
            &nowhere(),
            &[
                ("AWS_ENDPOINT_URL", &service.address),
                ("AWS_REGION", "us-east-2"),
            ],
        ),
    )
    .unwrap();
    logins.login().unwrap();
    assert_eq!(
        service.asked()[0].body,
        "Action=GetClusterCredentialsWithIAM&Version=2012-12-01&ClusterIdentifier=warehouse&DbName=dev&DurationSeconds=900"
    );
}

#[test]
fn a_workgroup_gives_a_password() {
    let expires = in_one_hour().as_second();
    let service = Service::answering(vec![(
        200,
        format!(
            r#"{{"dbUser":"IAMR:loader","dbPassword":"p","expiration":{expires}.5,"nextRefreshTime":1}}"#
        ),
    )]);
    let ask = Ask {
        host: "reports.123456789012.eu-central-1.redshift-serverless.amazonaws.com".to_owned(),
        ..ask()
    };
    let logins = Logins::new(
        ask,
        environment(&nowhere(), &[("AWS_ENDPOINT_URL", &service.address)]),
    )
    .unwrap();
    let login = logins.login().unwrap();
    assert_eq!(login.user, "IAMR:loader");
    assert_eq!(login.expires.as_second(), expires);
    let asked = &service.asked()[0];
    assert_eq!(
        asked.headers["x-amz-target"],
        "RedshiftServerless.GetCredentials"
    );
    assert_eq!(
        asked.body,
        r#"{"dbName":"dev","durationSeconds":900,"workgroupName":"reports"}"#
    );
}

#[test]
fn a_profile_may_stand_for_a_role() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    std::fs::write(
        home.path().join(".aws/config"),
        "[default]\nregion = eu-north-1\n\n[profile etl]\nrole_arn = arn:aws:iam::123456789012:role/etl\nsource_profile = base\n\
         region = eu-west-3\n\n[profile lost]\nrole_arn = arn:aws:iam::123456789012:role/lost\n\n[profile loop]\n\
         role_arn = arn:aws:iam::123456789012:role/loop\nsource_profile = pool\n\n[profile pool]\n\
         role_arn = arn:aws:iam::123456789012:role/pool\nsource_profile = loop\n",
    )
    .unwrap();
    std::fs::write(
        home.path().join(".aws/credentials"),
        "[base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = s\n",
    )
    .unwrap();
    let of = |profile: &str| Ask {
        identity: Identity {
            profile: Some(profile.to_owned()),
            ..Identity::default()
        },
        host: "localhost".to_owned(),
        cluster: Some("warehouse".to_owned()),
        ..ask()
    };
    let service = Service::answering(vec![(
        200,
        cluster_answer("GetClusterCredentials", "p", in_one_hour()),
    )]);
    let environment = || {
        environment(
            home.path(),
            &[
                ("AWS_ENDPOINT_URL", &service.address),
                ("AWS_REGION", "eu-west-3"),
                // A named profile goes before the environment.
                ("AWS_ACCESS_KEY_ID", "AKIDENV"),
                ("AWS_SECRET_ACCESS_KEY", "s"),
            ],
        )
    };
    let login = Logins::new(of("base"), environment()).unwrap().login();
    assert!(login.is_ok());
    let signed = service.asked()[0].headers["authorization"].clone();
    assert!(signed.contains("AKIDBASE"), "{signed}");

    let said = |profile: &str| {
        let error = match Logins::new(of(profile), environment()) {
            Ok(logins) => logins.login().err().unwrap(),
            Err(error) => error,
        };
        error.message
    };
    assert_eq!(
        said("lost"),
        "the profile `lost` of AWS takes a role and has neither `source_profile` nor `credential_source`"
    );
    assert_eq!(
        said("loop"),
        "the profile `pool` of AWS leads from role to role without an end"
    );
    let home = home.path().display();
    assert_eq!(
        said("gone"),
        format!("there is no profile `gone` in {home}/.aws/config or {home}/.aws/credentials")
    );
}

#[test]
fn a_role_is_taken_and_signs_for_the_password() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    std::fs::write(
        home.path().join(".aws/config"),
        "[profile etl]\nrole_arn = arn:aws:iam::123456789012:role/etl\nsource_profile = base\nexternal_id = shop\nregion = eu-west-3\n",
    )
    .unwrap();
    std::fs::write(
        home.path().join(".aws/credentials"),
        "[base]\naws_access_key_id = AKIDBASE000000000000\naws_secret_access_key = s\n",
    )
    .unwrap();
    let role = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
        <AccessKeyId>ASIAROLE000000000000</AccessKeyId><SecretAccessKey>r</SecretAccessKey><SessionToken>token</SessionToken>\
        <Expiration>2099-11-09T13:34:41Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
    let service = Service::answering(vec![
        (200, role.to_owned()),
        (
            200,
            cluster_answer("GetClusterCredentials", "p", in_one_hour()),
        ),
    ]);
    assert_eq!(password_by(&service, home.path(), "etl"), "p");
    let asked = service.asked();
    let taken = format!("{} {}", asked[0].line, asked[0].body);
    for said in ["Action=AssumeRole", "role%2Fetl", "ExternalId=shop"] {
        assert!(taken.contains(said), "{taken}");
    }
    assert!(
        asked[0].headers["authorization"].contains("AKIDBASE"),
        "{asked:?}"
    );
    assert!(
        asked[1].headers["authorization"].contains("ASIAROLE"),
        "{asked:?}"
    );
    assert_eq!(asked[1].headers["x-amz-security-token"], "token");
}

#[test]
fn a_session_of_sso_signs_for_the_password() {
    let home = tempfile::tempdir().unwrap();
    let cache = home.path().join(".aws/sso/cache");
    std::fs::create_dir_all(&cache).unwrap();
    std::fs::write(
        home.path().join(".aws/config"),
        "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n\n[profile etl]\n\
         sso_session = corp\nsso_account_id = 123456789012\nsso_role_name = builder\nregion = eu-west-3\n",
    )
    .unwrap();
    // `aws sso login` keeps the token under the SHA-1 of the session's name.
    std::fs::write(
        cache.join("ee0bfd2552fbd840c02cc48b6e823320543c450f.json"),
        r#"{"accessToken": "of the login", "expiresAt": "2099-11-09T13:34:41Z"}"#,
    )
    .unwrap();
    let role = r#"{"roleCredentials": {"accessKeyId": "ASIASSO0000000000000", "secretAccessKey": "s", "sessionToken": "token", "expiration": 4097000000000}}"#;
    let service = Service::answering(vec![
        (200, role.to_owned()),
        (
            200,
            cluster_answer("GetClusterCredentials", "p", in_one_hour()),
        ),
    ]);
    assert_eq!(password_by(&service, home.path(), "etl"), "p");
    let asked = service.asked();
    assert!(
        asked[0]
            .line
            .contains("role_name=builder&account_id=123456789012"),
        "{asked:?}"
    );
    assert_eq!(asked[0].headers["x-amz-sso_bearer_token"], "of the login");
    assert!(
        asked[1].headers["authorization"].contains("ASIASSO"),
        "{asked:?}"
    );
}

const ROLE_OF_A_MACHINE: &str = r#"{"Code": "Success", "AccessKeyId": "ASIAMACHINE000000000", "SecretAccessKey": "s", "Token": "token", "Expiration": "2099-11-09T13:34:41Z"}"#;

/// The password that who has no keys and no profile gets, where variables say who is asked for credentials.
fn password_of_a_machine(service: &Service, variables: &[(&str, &str)]) -> String {
    let ask = Ask {
        identity: Identity::default(),
        host: "localhost".to_owned(),
        cluster: Some("warehouse".to_owned()),
        ..ask()
    };
    let aws = [
        ("AWS_ENDPOINT_URL_REDSHIFT", service.address.as_str()),
        ("AWS_REGION", "eu-west-3"),
    ];
    let home = tempfile::tempdir().unwrap();
    let environment = environment(home.path(), &[&aws[..], variables].concat());
    let logins = Logins::new(ask, environment).unwrap();
    let login = logins.login().unwrap_or_else(|error| panic!("{error:?}"));
    assert!(
        service.asked().last().unwrap().headers["authorization"].contains("ASIAMACHINE"),
        "{:?}",
        service.asked()
    );
    login.password
}

#[test]
fn the_role_of_a_container_signs_for_the_password() {
    let service = Service::answering(vec![
        (200, ROLE_OF_A_MACHINE.to_owned()),
        (
            200,
            cluster_answer("GetClusterCredentials", "p", in_one_hour()),
        ),
    ]);
    let credentials = format!("{}/v2/credentials/builder", service.address);
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", credentials.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "of the container"),
    ];
    assert_eq!(password_of_a_machine(&service, &variables), "p");
    let asked = &service.asked()[0];
    assert_eq!(asked.line, "GET /v2/credentials/builder HTTP/1.1");
    assert_eq!(asked.headers["authorization"], "of the container");
}

#[test]
fn the_role_of_an_instance_signs_for_the_password() {
    let service = Service::answering(vec![
        (200, "of the instance".to_owned()),
        (200, "builder".to_owned()),
        (200, ROLE_OF_A_MACHINE.to_owned()),
        (
            200,
            cluster_answer("GetClusterCredentials", "p", in_one_hour()),
        ),
    ]);
    let variables = [(
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        service.address.as_str(),
    )];
    assert_eq!(password_of_a_machine(&service, &variables), "p");
    let asked = service.asked();
    assert_eq!(asked[0].line, "PUT /latest/api/token HTTP/1.1");
    assert_eq!(
        asked[2].line,
        "GET /latest/meta-data/iam/security-credentials/builder HTTP/1.1"
    );
    assert_eq!(
        asked[2].headers["x-aws-ec2-metadata-token"],
        "of the instance"
    );
}

/// The password that a profile gets, where all of AWS is one service.
fn password_by(service: &Service, home: &Path, profile: &str) -> String {
    let ask = Ask {
        identity: Identity {
            profile: Some(profile.to_owned()),
            ..Identity::default()
        },
        host: "localhost".to_owned(),
        cluster: Some("warehouse".to_owned()),
        ..ask()
    };
    let environment = environment(home, &[("AWS_ENDPOINT_URL", &service.address)]);
    let logins = Logins::new(ask, environment).unwrap();
    logins
        .login()
        .unwrap_or_else(|error| panic!("{error:?}"))
        .password
}

#[test]
fn no_is_said_with_what_to_do() {
    let service = Service::answering(vec![
        (
            403,
            "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: x is not authorized</Message></Error>\
             </ErrorResponse>"
                .to_owned(),
        ),
        (502, "<html>".to_owned()),
    ]);
    let logins = Logins::new(
        ask(),
        environment(&nowhere(), &[("AWS_ENDPOINT_URL", &service.address)]),
    )
    .unwrap();
    let said = |error: Error| {
        format!(
            "{} | {} | {}",
            error.message,
            error.detail.unwrap_or_default(),
            error.help.unwrap_or_default()
        )
    };
    assert_eq!(
        said(logins.login().err().unwrap()),
        "AWS gave no password (GetClusterCredentials): AccessDenied (status 403) | User: x is not authorized | \
         the identity needs a policy that allows `redshift:GetClusterCredentials` for this database"
    );
    assert_eq!(
        said(logins.login().err().unwrap()),
        "AWS gave no password (GetClusterCredentials): no reason (status 502) |  | "
    );
}

#[test]
fn what_the_host_does_not_tell_must_be_said() {
    let of = |change: fn(&mut Ask)| {
        let mut ask = Ask {
            host: "localhost".to_owned(),
            ..ask()
        };
        change(&mut ask);
        Logins::new(ask, environment(&nowhere(), &[]))
            .err()
            .map(|error| error.message)
            .unwrap_or_default()
    };
    assert_eq!(of(|_| ()), "the region of `localhost` is not known");
    assert_eq!(
        of(|ask| ask.identity.region = Some("eu-west-1".to_owned())),
        "the cluster of `localhost` is not known"
    );
    assert_eq!(
        of(|ask| {
            ask.identity.region = Some("eu-west-1".to_owned());
            ask.serverless = true;
        }),
        "the workgroup of `localhost` is not known"
    );
}
