//! Start-ups, answers and requests to cancel, against a small server that plays the warehouse's side of the wire.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use md5::{Digest as _, Md5};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sha2::Sha256;

use super::config::{Config, Keepalive};
use super::login::{Method, login};
use super::session::Session;
use crate::adapter::wire::SslMode;
use crate::adapter::wire::tls::PemFile;
use crate::adapter::{Connection, Error, ErrorClass, Needs, Prepared, Value};
use crate::relation::Relation;

const PASSWORD: &str = "Passw0rd";
const SALT: &[u8] = b"0123456789abcdef";
const NONCE: &[u8] = b"SERVERNONCE12345";

/// What the server asks for before it lets anyone in.
#[derive(Clone, Copy)]
enum Asks {
    Nothing,
    Cleartext,
    Md5,
    Digest,
    Other(u32),
}

trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

/// What the server has seen.
#[derive(Default)]
struct Seen {
    start_up: Vec<String>,
    queries: Vec<String>,
    encrypted: bool,
    connections: usize,
    /// What is answered to queries with some words, before all else.
    script: Vec<Answer>,
}

/// Words of a query, and the rows that answer it.
pub(super) type Answer = (&'static str, &'static [&'static [&'static str]]);

/// The server; it ends when this is dropped.
pub(super) struct StandIn {
    port: u16,
    seen: Arc<Mutex<Seen>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl StandIn {
    fn start(asks: Asks, tls: Option<Arc<ServerConfig>>) -> Self {
        Self::refusing(0, asks, tls)
    }

    /// The first connections are closed without a word.
    fn refusing(closed: usize, asks: Asks, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (seen, over) = (Arc::<Mutex<Seen>>::default(), Arc::<AtomicBool>::default());
        let cancelled = Arc::<AtomicBool>::default();
        let (watched, ended) = (Arc::clone(&seen), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            let mut sessions = Vec::new();
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let number = {
                    let mut seen = watched.lock().expect("unbroken");
                    seen.connections += 1;
                    seen.connections
                };
                if number <= closed {
                    continue;
                }
                let session = Serving {
                    asks,
                    tls: tls.clone(),
                    seen: Arc::clone(&watched),
                    cancelled: Arc::clone(&cancelled),
                };
                sessions.push(std::thread::spawn(move || {
                    session.serve(stream).unwrap_or_default()
                }));
            }
            sessions
                .into_iter()
                .for_each(|session| session.join().expect("no panic"));
        });
        Self {
            port,
            seen,
            over,
            thread: Some(thread),
        }
    }

    /// One that lets everybody in and answers some queries.
    pub(super) fn answering(script: &[Answer]) -> Self {
        let server = Self::start(Asks::Nothing, None);
        server.seen.lock().expect("unbroken").script = script.to_vec();
        server
    }

    pub(super) fn config(&self) -> Config {
        Config {
            host: "localhost".to_owned(),
            port: self.port,
            database: "dev".to_owned(),
            method: Method::Database {
                user: "ann".to_owned(),
                password: PASSWORD.to_owned(),
            },
            sslmode: None,
            sslrootcert: None,
            connect_timeout: Some(Duration::from_secs(20)),
            retries: 0,
            retry_all: false,
            keepalive: Some(Keepalive {
                idle: Some(Duration::from_secs(60)),
                interval: Some(Duration::from_secs(10)),
                count: Some(3),
            }),
            role: None,
            places: Default::default(),
            query_group: None,
            application_name: "redstart".to_owned(),
            ra3_node: false,
            datasharing: false,
            staging: None,
            schema: "s".to_owned(),
            s3: Default::default(),
        }
    }

    pub(super) fn queries(&self) -> Vec<String> {
        self.seen.lock().expect("unbroken").queries.clone()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(thread) = self.thread.take() {
            thread.join().expect("no panic");
        }
    }
}

/// One connection, from the server's side.
struct Serving {
    asks: Asks,
    tls: Option<Arc<ServerConfig>>,
    seen: Arc<Mutex<Seen>>,
    cancelled: Arc<AtomicBool>,
}

impl Serving {
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut first = untagged(&mut stream)?;
        let mut encrypted = false;
        let mut wire: Box<dyn Wire> = if first == 80_877_103_u32.to_be_bytes() {
            match &self.tls {
                None => {
                    stream.write_all(b"N")?;
                    Box::new(stream)
                }
                Some(tls) => {
                    stream.write_all(b"S")?;
                    encrypted = true;
                    let connection =
                        ServerConnection::new(Arc::clone(tls)).map_err(io::Error::other)?;
                    Box::new(StreamOwned::new(connection, stream))
                }
            }
        } else {
            Box::new(stream)
        };
        if first == 80_877_103_u32.to_be_bytes() {
            first = untagged(&mut wire)?;
        }
        if first[..4] == 80_877_102_u32.to_be_bytes() {
            self.cancelled.store(true, Ordering::SeqCst);
            return Ok(());
        }
        {
            let mut seen = self.seen.lock().expect("unbroken");
            seen.encrypted = encrypted;
            seen.start_up = first[4..]
                .split(|&byte| byte == 0)
                .map(|word| String::from_utf8_lossy(word).into_owned())
                .filter(|word| !word.is_empty())
                .collect();
        }
        if !self.authenticate(&mut *wire)? {
            let fields = b"SFATAL\0C28P01\0Mpassword authentication failed for user \"ann\"\0\0";
            return say(&mut *wire, b'E', fields);
        }
        say(&mut *wire, b'R', &0_u32.to_be_bytes())?;
        say(&mut *wire, b'S', b"server_version\08.0.2\0")?;
        say(&mut *wire, b'K', &[0, 0, 0, 7, 0, 0, 0, 9])?;
        say(&mut *wire, b'Z', b"I")?;
        loop {
            let mut kind = [0];
            wire.read_exact(&mut kind)?;
            let body = untagged(&mut wire)?;
            if kind[0] != b'Q' {
                return Ok(());
            }
            let query = String::from_utf8_lossy(&body[..body.len() - 1]).into_owned();
            self.seen
                .lock()
                .expect("unbroken")
                .queries
                .push(query.clone());
            self.answer(&mut *wire, &query)?;
            say(&mut *wire, b'Z', b"I")?;
        }
    }

    fn answer(&self, wire: &mut dyn Wire, query: &str) -> io::Result<()> {
        let script = self.seen.lock().expect("unbroken").script.clone();
        if let Some((_, rows)) = script.iter().find(|(words, _)| query.contains(words)) {
            return texts(wire, rows);
        }
        if query.contains("endless") {
            while !self.cancelled.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
            return say(
                wire,
                b'E',
                b"SERROR\0C57014\0MQuery cancelled on user's request\0\0",
            );
        }
        if query.contains("broken") {
            return say(
                wire,
                b'E',
                b"SERROR\0CXX000\0M1023\0DSerializable isolation violation on table - 1\0\0",
            );
        }
        if query.starts_with("copy") {
            say(
                wire,
                b'N',
                b"SINFO\0C00000\0MLoad into table 't' completed, 72 record(s) loaded successfully.\0\0",
            )?;
            return say(wire, b'C', b"COPY\0");
        }
        if query.starts_with("insert") {
            return say(wire, b'C', b"INSERT 0 3\0");
        }
        if !query.starts_with("select") {
            return say(wire, b'C', b"SET\0");
        }
        if let Some(rows) = of_the_lake(query) {
            return texts(wire, rows);
        }
        let mut description = 3_u16.to_be_bytes().to_vec();
        for (name, oid, modifier) in [
            ("id", 20_u32, -1_i32),
            ("price", 1700, 655_366),
            ("doc", 4000, -1),
        ] {
            description.extend(name.as_bytes());
            description.extend([0; 7]);
            description.extend(oid.to_be_bytes());
            description.extend([0, 8]);
            description.extend(modifier.to_be_bytes());
            description.extend([0, 0]);
        }
        say(wire, b'T', &description)?;
        let mut row = 3_u16.to_be_bytes().to_vec();
        for value in ["7", "1.50", "{\"a\":1}"] {
            row.extend(u32::try_from(value.len()).expect("short").to_be_bytes());
            row.extend(value.as_bytes());
        }
        say(wire, b'D', &row)?;
        say(wire, b'C', b"SELECT\0")
    }

    /// Whether the one who asks may come in.
    fn authenticate(&self, wire: &mut dyn Wire) -> io::Result<bool> {
        let mut ask = |body: &[u8]| -> io::Result<(u8, Vec<u8>)> {
            say(wire, b'R', body)?;
            let mut kind = [0];
            wire.read_exact(&mut kind)?;
            Ok((kind[0], untagged(wire)?))
        };
        match self.asks {
            Asks::Nothing => Ok(true),
            Asks::Cleartext => {
                let (kind, said) = ask(&3_u32.to_be_bytes())?;
                Ok(kind == b'p' && said == b"Passw0rd\0")
            }
            Asks::Md5 => {
                let (kind, said) = ask(&[0, 0, 0, 5, 1, 2, 3, 4])?;
                let inner = hex(&Md5::digest(b"Passw0rdann"));
                let mut salted = inner.into_bytes();
                salted.extend([1, 2, 3, 4]);
                let wanted = format!("md5{}\0", hex(&Md5::digest(salted)));
                Ok(kind == b'p' && said == wanted.as_bytes())
            }
            Asks::Digest => {
                let mut body = 13_u32.to_be_bytes().to_vec();
                body.extend([0; 4]);
                for part in [SALT, NONCE] {
                    body.extend(u32::try_from(part.len()).expect("short").to_be_bytes());
                    body.extend(part);
                }
                let (kind, said) = ask(&body)?;
                let (digest, nonce) = (&said[4..36], &said[40..]);
                let salted = Sha256::digest([PASSWORD.as_bytes(), SALT].concat());
                let wanted = Sha256::digest([salted.as_slice(), NONCE, nonce].concat());
                Ok(kind == b'd' && digest == wanted.as_slice())
            }
            Asks::Other(number) => {
                ask(&number.to_be_bytes())?;
                Ok(false)
            }
        }
    }
}

/// What the catalogs say of an external schema with one table; none where they are not asked.
fn of_the_lake(query: &str) -> Option<&'static [&'static [&'static str]]> {
    let answers: [(&str, &[&[&str]]); 6] = [
        (
            "svv_external_columns",
            &[
                &["id", "bigint", "true"],
                &["page", "varchar(20)", "true"],
                &["day", "date", "false"],
            ],
        ),
        ("svv_external_schemas", &[&["Spectrum"]]),
        ("svv_external_tables", &[&["spectrum", "clicks"]]),
        ("has_schema_privilege(", &[&["t"]]),
        ("pg_catalog", &[]),
        ("pg_get_late_binding_view_cols", &[]),
    ];
    // Of privileges on what the leader's catalogs hold nothing is said.
    let asks = |words: &str| {
        query.contains(words) && (words != "has_schema_privilege(" || !query.contains("pg_catalog"))
    };
    let (_, rows) = answers.iter().find(|(words, _)| asks(words))?;
    Some(rows)
}

/// Rows of texts.
fn texts(wire: &mut dyn Wire, rows: &[&[&str]]) -> io::Result<()> {
    let width = u16::try_from(rows.first().map_or(1, |row| row.len())).expect("few columns");
    let mut description = width.to_be_bytes().to_vec();
    for _ in 0..width {
        description.extend(b"text\0");
        description.extend([0; 6]);
        description.extend(25_u32.to_be_bytes());
        description.extend([0xff; 6]);
        description.extend([0, 0]);
    }
    say(wire, b'T', &description)?;
    for cells in rows {
        let mut row = width.to_be_bytes().to_vec();
        for value in *cells {
            row.extend(u32::try_from(value.len()).expect("short").to_be_bytes());
            row.extend(value.as_bytes());
        }
        say(wire, b'D', &row)?;
    }
    say(wire, b'C', b"SELECT\0")
}

/// A message without a kind in front.
fn untagged(wire: &mut (impl Read + ?Sized)) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    wire.read_exact(&mut length)?;
    let mut body = vec![0; u32::from_be_bytes(length) as usize - 4];
    wire.read_exact(&mut body)?;
    Ok(body)
}

fn say(wire: &mut dyn Wire, kind: u8, body: &[u8]) -> io::Result<()> {
    let mut message = vec![kind];
    message.extend(u32::try_from(body.len() + 4).expect("short").to_be_bytes());
    message.extend(body);
    wire.write_all(&message)?;
    wire.flush()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A certificate for `localhost`, and the file of the authority that signed it.
struct Certificates {
    folder: tempfile::TempDir,
    server: Arc<ServerConfig>,
}

impl Certificates {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key"))
                .expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new([name.to_owned()])
            .and_then(|wanted| wanted.signed_by(&key, &authority))
            .expect("a certificate");
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).expect("a file");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).expect("a key"),
            )
            .expect("a server");
        Self {
            folder,
            server: Arc::new(server),
        }
    }

    fn authority(&self) -> Option<PemFile> {
        Some(PemFile {
            path: self.folder.path().join("ca.pem"),
            key: "sslrootcert".to_owned(),
            place: None,
        })
    }
}

pub(super) fn open(config: &Config) -> Result<Session, Error> {
    Session::open(config, &*login(config)?)
}

/// The words of an error, the port left out.
fn told(config: &Config) -> String {
    let Err(error) = open(config) else {
        return "connected".to_owned();
    };
    assert_eq!(error.class, ErrorClass::User);
    let words = error
        .message
        .replace(&format!("port {}", config.port), "port …");
    format!("{words} | {}", error.help.unwrap_or_default())
}

#[test]
fn a_session_says_only_what_redshift_takes_at_its_start() {
    let server = StandIn::start(Asks::Nothing, None);
    let config = Config {
        role: Some("builder".to_owned()),
        query_group: Some("it's nightly".to_owned()),
        ..server.config()
    };
    drop(open(&config).expect("a session"));
    assert_eq!(
        server.seen.lock().unwrap().start_up,
        [
            "user",
            "ann",
            "database",
            "dev",
            "client_encoding",
            "UTF8",
            "application_name",
            "redstart"
        ]
    );
    assert_eq!(
        server.queries(),
        ["set role builder", "set query_group to 'it''s nightly'"]
    );
}

#[test]
fn a_password_is_given_as_the_server_asks_for_it() {
    for asks in [Asks::Md5, Asks::Digest] {
        let server = StandIn::start(asks, None);
        assert_eq!(told(&server.config()), "connected");
        let wrong = Config {
            method: Method::Database {
                user: "ann".to_owned(),
                password: "guess".to_owned(),
            },
            ..server.config()
        };
        assert_eq!(
            told(&wrong),
            "cannot connect to Redshift at `localhost`, port …, as `ann`: password authentication failed for user \"ann\" | look at the target in profiles.yml"
        );
    }
}

#[test]
fn a_password_goes_in_the_clear_only_through_tls() {
    let server = StandIn::start(Asks::Cleartext, None);
    insta::assert_snapshot!(told(&server.config()), @"cannot connect to Redshift at `localhost`, port …, as `ann`: the server asks for the password in the clear, and the connection is not encrypted | leave out `sslmode: disable`");

    let certificates = Certificates::new("localhost");
    let server = StandIn::start(Asks::Cleartext, Some(Arc::clone(&certificates.server)));
    let config = Config {
        sslmode: Some(SslMode::VerifyFull),
        sslrootcert: certificates.authority(),
        ..server.config()
    };
    assert_eq!(told(&config), "connected");
    assert!(server.seen.lock().unwrap().encrypted);
}

#[test]
fn what_cannot_be_answered_is_refused_with_a_reason() {
    let told: String = [2, 7, 14, 99]
        .map(|number| told(&StandIn::start(Asks::Other(number), None).config()) + "\n")
        .concat();
    insta::assert_snapshot!(told.replace("cannot connect to Redshift at `localhost`, port …, as `ann`: ", ""), @r"
    the server asks for Kerberos V5, which is not supported | use `method: database`, `iam` or `iam_role`
    the server asks for GSSAPI or SSPI, which is not supported | use `method: database`, `iam` or `iam_role`
    the server asks for a token of an identity provider, which is not supported | use `method: database`, `iam` or `iam_role`
    the server asks for authentication 99, which is not known | use `method: database`, `iam` or `iam_role`
    ");
}

#[test]
fn a_certificate_is_checked_as_sslmode_asks() {
    let other_name = Certificates::new("warehouse.example.com");
    let server = StandIn::start(Asks::Digest, Some(Arc::clone(&other_name.server)));
    let with = |sslmode, sslrootcert| {
        let told = told(&Config {
            sslmode: Some(sslmode),
            sslrootcert,
            ..server.config()
        });
        told.split(" | ").next().unwrap_or_default().to_owned()
    };
    let authority = other_name.authority();
    assert_eq!(with(SslMode::VerifyCa, authority.clone()), "connected");
    insta::assert_snapshot!(with(SslMode::VerifyFull, authority), @r#"cannot connect to Redshift at `localhost`, port …, as `ann`: TLS failed: invalid peer certificate: certificate not valid for name "localhost"; certificate is only valid for DnsName("warehouse.example.com")"#);
    let stranger = Certificates::new("localhost");
    insta::assert_snapshot!(with(SslMode::VerifyCa, stranger.authority()), @"cannot connect to Redshift at `localhost`, port …, as `ann`: TLS failed: invalid peer certificate: BadSignature");
}

#[test]
fn a_server_without_tls_gets_no_password() {
    let server = StandIn::start(Asks::Nothing, None);
    let config = Config {
        sslmode: Some(SslMode::VerifyCa),
        ..server.config()
    };
    insta::assert_snapshot!(told(&config), @"cannot connect to Redshift at `localhost`, port …, as `ann`: the server does not encrypt connections | `sslmode: disable` connects without TLS, for a network that you trust");
}

#[test]
fn a_connection_that_breaks_at_the_start_is_tried_again_as_often_as_the_target_says() {
    let server = StandIn::refusing(1, Asks::Nothing, None);
    insta::assert_snapshot!(told(&server.config()), @"cannot connect to Redshift at `localhost`, port …, as `ann`: the server closed the connection | look at the target in profiles.yml");
    let server = StandIn::refusing(1, Asks::Nothing, None);
    let config = Config {
        retries: 1,
        ..server.config()
    };
    assert_eq!(told(&config), "connected");
}

#[test]
fn rows_are_typed_by_what_the_server_says_of_them() {
    let server = StandIn::start(Asks::Nothing, None);
    let mut session = open(&server.config()).expect("a session");
    let query = Prepared::sql(vec!["select 1".to_owned()]);
    let table = session.query(&query, None).expect("rows");
    let columns: Vec<(&str, &str)> = table
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.data_type.as_str()))
        .collect();
    assert_eq!(
        columns,
        [
            ("id", "bigint"),
            ("price", "numeric(10,2)"),
            ("doc", "super")
        ]
    );
    assert_eq!(
        table.rows,
        [[
            Value::Int(7),
            Value::Decimal("1.50".to_owned()),
            Value::Text("{\"a\":1}".to_owned())
        ]]
    );
}

#[test]
fn external_tables_have_their_columns_and_are_seen() {
    let server = StandIn::start(Asks::Nothing, None);
    let mut session = open(&server.config()).expect("a session");
    let clicks = Relation::new("spectrum", "clicks");
    let columns = session.columns(&clicks).expect("columns");
    let said: Vec<(&str, &str, bool)> = columns
        .iter()
        .map(|column| {
            (
                column.name.as_str(),
                column.data_type.as_str(),
                column.nullable,
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("id", "bigint", true),
            ("page", "character varying(20)", true),
            ("day", "date", false)
        ]
    );
    let mut sources = |names: &[&str]| {
        let needs = Needs {
            sources: names
                .iter()
                .map(|name| Relation::new("spectrum", *name))
                .collect(),
            ..Needs::default()
        };
        let checks = session.examine(&needs).expect("checks").into_iter();
        let of_sources = checks.filter(|check| check.what.starts_with("source"));
        let said =
            of_sources.map(|check| format!("{}: {} | {:?}\n", check.what, check.found, check.todo));
        said.collect::<String>()
    };
    insta::assert_snapshot!(sources(&["clicks"]), @"sources: all 1 can be read | None");
    insta::assert_snapshot!(sources(&["clicks", "visits"]), @r#"source `spectrum.visits`: not in its schema, which is external | Some("look for `visits` in the data catalog behind the schema")"#);
}

#[test]
fn rows_are_counted_where_the_server_tells_them() {
    let server = StandIn::start(Asks::Nothing, None);
    let mut session = open(&server.config()).expect("a session");
    let mut rows = |sql: &str| {
        let prepared = Prepared::sql(vec![sql.to_owned()]);
        session.execute(&prepared).expect("an outcome").rows
    };
    assert_eq!(rows("insert into t values (1)"), Some(3));
    assert_eq!(rows("copy t from 's3://b/'"), Some(72));
    assert_eq!(rows("create table t as (select 1)"), None);
}

#[test]
fn an_error_rolls_back_and_says_whether_it_is_worth_another_try() {
    let server = StandIn::start(Asks::Nothing, None);
    let mut session = open(&server.config()).expect("a session");
    let prepared = Prepared::sql(vec!["broken".to_owned()]);
    let error = session.execute(&prepared).expect_err("an error");
    assert!(matches!(error.class, ErrorClass::Retryable { .. }));
    assert_eq!(
        error.detail.as_deref(),
        Some("Serializable isolation violation on table - 1")
    );
    assert_eq!(server.queries(), ["broken", "rollback"]);
}

#[test]
fn what_runs_is_cancelled_through_a_connection_of_its_own_and_tls() {
    let certificates = Certificates::new("localhost");
    let server = StandIn::start(Asks::Digest, Some(Arc::clone(&certificates.server)));
    let config = Config {
        sslmode: Some(SslMode::VerifyFull),
        sslrootcert: certificates.authority(),
        ..server.config()
    };
    let mut session = open(&config).expect("a session");
    let cancel = session.canceller();
    let waiting = std::thread::spawn(move || {
        let prepared = Prepared::sql(vec!["endless".to_owned()]);
        session.execute(&prepared).expect_err("an error")
    });
    while !server.queries().contains(&"endless".to_owned()) {
        std::thread::sleep(Duration::from_millis(5));
    }
    cancel();
    let error = waiting.join().expect("no panic");
    assert_eq!(error.class, ErrorClass::Cancelled);
}

/// What the system's timer of the connection to a port is for, and in how many hundredths of a second it ends.
#[cfg(target_os = "linux")]
fn timer_to(port: u16) -> Option<(String, u64)> {
    let connections = std::fs::read_to_string("/proc/net/tcp").expect("the system's connections");
    let other_end = format!(":{port:04X}");
    let line = connections.lines().find(|line| {
        let mut fields = line.split_whitespace();
        // The other end, and that it is connected.
        fields.nth(2).is_some_and(|end| end.ends_with(&other_end)) && fields.next() == Some("01")
    })?;
    let (kind, ends) = line.split_whitespace().nth(5)?.split_once(':')?;
    Some((kind.to_owned(), u64::from_str_radix(ends, 16).ok()?))
}

#[test]
#[cfg(target_os = "linux")]
fn the_system_asks_after_silence_as_the_target_says() {
    // The other kinds of timers end soon.
    let timer = |config: &Config, wanted: &str| {
        let session = open(config).expect("a session");
        let found = (0..200).find_map(|_| {
            std::thread::sleep(Duration::from_millis(10));
            timer_to(config.port).filter(|(kind, _)| kind == wanted)
        });
        drop(session);
        found.map(|(_, ends)| ends)
    };
    let config = |server: &StandIn| Config {
        host: "127.0.0.1".to_owned(),
        sslmode: None,
        ..server.config()
    };
    const KEEPALIVE: &str = "02";
    const NONE: &str = "00";
    let server = StandIn::start(Asks::Nothing, None);
    let ends = timer(&config(&server), KEEPALIVE).expect("a timer of keepalive");
    assert!((1..=6_000).contains(&ends), "{ends}");
    let server = StandIn::start(Asks::Nothing, None);
    let silent = Config {
        keepalive: None,
        ..config(&server)
    };
    assert_eq!(timer(&silent, NONE), Some(0));
}
