//! How a warehouse is greeted: TLS, the start-up message, and whatever it asks to know who we are.
//!
//! In: [`Config`], [`Credentials`]. Out: an [`Opened`] connection. tokio-postgres greets a server itself, but cannot answer
//! Redshift's own question (13, a SHA-256 digest of the password), and would send a password in the clear when asked to. So the
//! start-up happens here, and the client gets a stream that begins where it left off.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::NoTls;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::config::{Config, Keepalive};
use super::login::Credentials;
use super::replay::{Ear, Replay};
use crate::adapter::wire::link::{Cancel, Failed, Opened, Place};
use crate::adapter::wire::tls;
use crate::adapter::{Error, ErrorClass};

/// The longest answer before the session stands.
const LONGEST: usize = 1 << 20;
/// What asks for TLS.
const SSL_REQUEST: u32 = 80_877_103;
/// Version 3 of the protocol.
const VERSION: u32 = 196_608;

/// A stream of either kind.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// How the server is reached on the network, also by a request to cancel.
#[derive(Clone)]
struct Way {
    host: String,
    port: u16,
    keepalive: Option<Keepalive>,
    tls: Option<MakeRustlsConnect>,
}

/// One attempt to connect.
pub(super) async fn greet(
    config: &Config,
    credentials: &Credentials,
    place: &Place<'_>,
    ear: &Ear,
) -> Result<Opened, Failed> {
    let tls = match config.trust() {
        Some(trust) => Some(tls::connector(&trust).map_err(Failed::for_good)?),
        None => None,
    };
    let way = Way {
        host: config.host.clone(),
        port: config.port,
        keepalive: config.keepalive,
        tls,
    };
    let mut stream = way.walk().await.map_err(|trouble| trouble.at(place))?;
    let first = introduce(&mut stream, config, credentials)
        .await
        .map_err(|trouble| trouble.at(place))?;
    let mut wanted = tokio_postgres::Config::new();
    wanted
        .user(&credentials.user)
        .password(&credentials.password)
        .dbname(&config.database)
        .ssl_mode(tokio_postgres::config::SslMode::Disable);
    let stream = Replay::new(stream, first, ear.clone());
    let (client, connection) = wanted
        .connect_raw(stream, NoTls)
        .await
        .map_err(|cause| place.failed(&cause))?;
    let driver = tokio::spawn(async { connection.await.unwrap_or_default() });
    let token = client.cancel_token();
    let cancel: Arc<Cancel> = Arc::new(move || {
        let (token, way) = (token.clone(), way.clone());
        Box::pin(async move {
            if let Ok(stream) = way.walk().await {
                token
                    .cancel_query_raw(stream, NoTls)
                    .await
                    .unwrap_or_default();
            }
        })
    });
    Ok(Opened {
        client,
        driver,
        cancel,
    })
}

/// Why a greeting failed.
struct Trouble {
    why: String,
    help: Option<&'static str>,
    again: bool,
}

impl Trouble {
    /// Nothing that another attempt would mend.
    fn refused(why: impl Into<String>, help: Option<&'static str>) -> Self {
        Self {
            why: why.into(),
            help,
            again: false,
        }
    }

    fn at(self, place: &Place<'_>) -> Failed {
        let mut error: Error = place.unreachable(&self.why);
        error.class = ErrorClass::User;
        if let Some(help) = self.help {
            error.help = Some(help.to_owned());
        }
        Failed {
            error,
            again: self.again,
        }
    }
}

impl From<std::io::Error> for Trouble {
    fn from(cause: std::io::Error) -> Self {
        let why = match cause.kind() {
            ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe => "the server closed the connection".to_owned(),
            _ => cause.to_string(),
        };
        Self {
            why,
            help: None,
            again: true,
        }
    }
}

impl Way {
    /// A stream to the server, encrypted where the target asks for it.
    async fn walk(&self) -> Result<Box<dyn Stream>, Trouble> {
        let mut stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        if let Some(keepalive) = &self.keepalive {
            keep_alive(&stream, keepalive)?;
        }
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        stream.write_u32(8).await?;
        stream.write_u32(SSL_REQUEST).await?;
        match stream.read_u8().await? {
            b'S' => {}
            b'N' => {
                return Err(Trouble::refused(
                    "the server does not encrypt connections",
                    Some("`sslmode: disable` connects without TLS, for a network that you trust"),
                ));
            }
            _ => {
                return Err(Trouble::refused(
                    "what listens there does not speak the protocol of Redshift",
                    Some("look at `host` and `port` of the target"),
                ));
            }
        }
        let mut tls = tls.clone();
        let connect = <MakeRustlsConnect as MakeTlsConnect<TcpStream>>::make_tls_connect(
            &mut tls, &self.host,
        )
        .map_err(|cause| Trouble::refused(cause.to_string(), None))?;
        match connect.connect(stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(cause) => Err(Trouble::refused(
                format!("TLS failed: {cause}"),
                Some(
                    "`sslrootcert` names a file of the authorities to trust, `sslmode` how much is checked",
                ),
            )),
        }
    }
}

fn keep_alive(stream: &TcpStream, keepalive: &Keepalive) -> std::io::Result<()> {
    let mut asked = socket2::TcpKeepalive::new();
    if let Some(idle) = keepalive.idle {
        asked = asked.with_time(idle);
    }
    if let Some(interval) = keepalive.interval {
        asked = asked.with_interval(interval);
    }
    if let Some(count) = keepalive.count {
        asked = asked.with_retries(count);
    }
    socket2::SockRef::from(stream).set_tcp_keepalive(&asked)
}

/// Sends the start-up and answers what only Redshift asks; the message that the client goes on with.
async fn introduce(
    stream: &mut (impl Stream + ?Sized),
    config: &Config,
    credentials: &Credentials,
) -> Result<Bytes, Trouble> {
    stream.write_all(&start_up(config, credentials)).await?;
    loop {
        let message = read(stream).await?;
        let mut body = message.clone();
        let kind = body.get_u8();
        body.advance(4);
        match kind {
            b'R' => {}
            b'N' => continue,
            // The server's own words, for the client to read.
            b'E' => return Ok(message),
            other => {
                return Err(Trouble::refused(
                    format!("the server began with `{}`", char::from(other)),
                    Some("look at `host` and `port` of the target"),
                ));
            }
        }
        let asked = body.try_get_u32().unwrap_or(u32::MAX);
        match asked {
            // Nothing more, or what the client answers by itself: MD5 and SCRAM.
            0 | 5 | 10 => return Ok(message),
            3 if config.sslmode.is_some() => return Ok(message),
            13 => {
                let Some(answer) = digest_answer(body, &credentials.password) else {
                    return Err(Trouble::refused(
                        "the server asks for the password in a digest that is not SHA-256",
                        None,
                    ));
                };
                stream.write_all(&answer).await?;
            }
            other => return Err(not_answered(other)),
        }
    }
}

fn start_up(config: &Config, credentials: &Credentials) -> Bytes {
    let mut message = BytesMut::new();
    message.put_u32(0);
    message.put_u32(VERSION);
    // No `options` and none of the settings that PostgreSQL has since 9.0: Redshift refuses the connection for them.
    for (name, value) in [
        ("user", credentials.user.as_str()),
        ("database", &config.database),
        ("client_encoding", "UTF8"),
        ("application_name", &config.application_name),
    ] {
        message.put_slice(name.as_bytes());
        message.put_u8(0);
        message.put_slice(value.as_bytes());
        message.put_u8(0);
    }
    message.put_u8(0);
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    message[..4].copy_from_slice(&length.to_be_bytes());
    message.freeze()
}

/// One message, its kind and length in front.
async fn read(stream: &mut (impl Stream + ?Sized)) -> Result<Bytes, Trouble> {
    let kind = stream.read_u8().await?;
    let length = stream.read_u32().await?;
    let body = usize::try_from(length)
        .ok()
        .and_then(|length| length.checked_sub(4))
        .filter(|&body| body <= LONGEST)
        .ok_or_else(|| {
            Trouble::refused(
                "what listens there does not speak the protocol of Redshift",
                Some("look at `host` and `port` of the target"),
            )
        })?;
    let mut message = BytesMut::with_capacity(body + 5);
    message.put_u8(kind);
    message.put_u32(length);
    message.resize(body + 5, 0);
    stream.read_exact(&mut message[5..]).await?;
    Ok(message.freeze())
}

/// The answer to question 13: a digest of the password with the server's salt and both sides' nonces.
fn digest_answer(mut asked: Bytes, password: &str) -> Option<Bytes> {
    const SHA_256: u32 = 0;
    if asked.try_get_u32().ok()? != SHA_256 {
        return None;
    }
    let mut part = || {
        let length = usize::try_from(asked.try_get_u32().ok()?).ok()?;
        (length <= asked.remaining()).then(|| asked.split_to(length))
    };
    let (salt, server_nonce) = (part()?, part()?);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let nonce = since.as_millis().to_string();
    let digest = digest(password, &salt, &server_nonce, nonce.as_bytes());
    let mut answer = BytesMut::new();
    answer.put_u8(b'd');
    answer.put_u32(0);
    for part in [digest.as_slice(), nonce.as_bytes()] {
        answer.put_u32(u32::try_from(part.len()).ok()?);
        answer.put_slice(part);
    }
    let length = u32::try_from(answer.len() - 1).ok()?;
    answer[1..5].copy_from_slice(&length.to_be_bytes());
    Some(answer.freeze())
}

fn digest(password: &str, salt: &[u8], server_nonce: &[u8], client_nonce: &[u8]) -> [u8; 32] {
    let salted = Sha256::new()
        .chain_update(password)
        .chain_update(salt)
        .finalize();
    Sha256::new()
        .chain_update(salted)
        .chain_update(server_nonce)
        .chain_update(client_nonce)
        .finalize()
        .into()
}

/// What is asked and not answered, and why.
fn not_answered(asked: u32) -> Trouble {
    const ANOTHER: Option<&str> = Some("use `method: database`, `iam` or `iam_role`");
    match asked {
        3 => Trouble::refused(
            "the server asks for the password in the clear, and the connection is not encrypted",
            Some("leave out `sslmode: disable`"),
        ),
        2 => Trouble::refused(
            "the server asks for Kerberos V5, which is not supported",
            ANOTHER,
        ),
        7..=9 => Trouble::refused(
            "the server asks for GSSAPI or SSPI, which is not supported",
            ANOTHER,
        ),
        14 => Trouble::refused(
            "the server asks for a token of an identity provider, which is not supported",
            ANOTHER,
        ),
        other => Trouble::refused(
            format!("the server asks for authentication {other}, which is not known"),
            ANOTHER,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_official_driver() {
        let digest = digest(
            "Passw0rd",
            b"0123456789abcdef",
            b"SERVERNONCE12345",
            b"1700000000000",
        );
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "a54db1250fbd9ef261d0a3437e2d3b584b752dacbbaff9b0838e89b98bc6e183"
        );
    }

    #[test]
    fn a_digest_that_is_cut_short_or_of_another_kind_is_not_answered() {
        let asked = |algorithm: u32, salt: u32| {
            let mut asked = BytesMut::new();
            asked.put_u32(algorithm);
            asked.put_u32(salt);
            asked.put_slice(b"salt");
            asked.put_u32(5);
            asked.put_slice(b"nonce");
            asked.freeze()
        };
        assert!(digest_answer(asked(0, 4), "x").is_some());
        assert!(digest_answer(asked(1, 4), "x").is_none());
        assert!(digest_answer(asked(0, 400), "x").is_none());
    }
}
