//! How a client comes in: TLS, start-up, proof of who it is; then its session.
//!
//! In: a socket. Out: a session that was served. Request 13, Redshift's own, is not one of PostgreSQL's and is written out here.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use md5::Md5;
use pgwire::messages::startup::{
    Authentication, BackendKeyData, ParameterStatus, SecretKey, Startup,
};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage, SslNegotiationMetaMessage};
use sha2::{Digest, Sha256};

use super::failure::Failure;
use super::session::Session;
use super::wire::Wire;
use super::{Auth, Shared};

/// Serves one client until it goes.
pub(super) fn serve(socket: TcpStream, shared: &Arc<Shared>, pid: i32) {
    // A client that breaks off is nobody's failure.
    let _ = Wire::new(socket).and_then(|wire| welcome(wire, shared, pid));
}

/// A number that nobody can guess.
pub(super) fn random_number() -> i32 {
    let bytes = *uuid::Uuid::new_v4().as_bytes();
    i32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn welcome(mut wire: Wire, shared: &Arc<Shared>, pid: i32) -> io::Result<()> {
    let Some(startup) = negotiate(&mut wire, shared)? else {
        return Ok(());
    };
    wire.started();
    match enter(&mut wire, shared, &startup) {
        Ok(()) => {}
        Err(Refused::Io(cause)) => return Err(cause),
        Err(Refused::Login(failure)) => {
            wire.send(&failure.response("", 0))?;
            return wire.flush();
        }
    }
    let secret = shared.clients().get(&pid).map_or(0, |client| client.secret);
    let mut session = match Session::start(wire, Arc::clone(shared), pid, &startup.parameters) {
        Ok(session) => session,
        Err((mut wire, failure)) => {
            wire.send(&failure.response("", 0))?;
            return wire.flush();
        }
    };
    for (name, value) in session.settings.reported() {
        session.wire.send(&PgWireBackendMessage::ParameterStatus(
            ParameterStatus::new(name, value),
        ))?;
    }
    session
        .wire
        .send(&PgWireBackendMessage::BackendKeyData(BackendKeyData::new(
            pid,
            SecretKey::I32(secret),
        )))?;
    let served = session.ready().and_then(|()| session.serve());
    session.end();
    served
}

/// Reads up to the start-up message; a request for TLS is answered on the way, a cancel request ends it.
fn negotiate(wire: &mut Wire, shared: &Shared) -> io::Result<Option<Startup>> {
    loop {
        match wire.read()? {
            Some(PgWireFrontendMessage::SslNegotiation(asked)) => match (asked, &shared.tls) {
                (SslNegotiationMetaMessage::PostgresSsl(_), Some(tls)) if !wire.is_encrypted() => {
                    wire.send_byte(b'S')?;
                    wire.encrypt(tls)?;
                }
                (SslNegotiationMetaMessage::None, _) => wire.expects_negotiation(false),
                _ => wire.send_byte(b'N')?,
            },
            Some(PgWireFrontendMessage::CancelRequest(request)) => {
                shared.cancel(request.pid, Some(request.secret_key.as_i32().unwrap_or(0)));
                return Ok(None);
            }
            Some(PgWireFrontendMessage::Startup(startup)) => return Ok(Some(startup)),
            _ => return Ok(None),
        }
    }
}

/// Why nobody came in.
enum Refused {
    Io(io::Error),
    Login(Failure),
}

impl From<io::Error> for Refused {
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}

fn enter(wire: &mut Wire, shared: &Shared, startup: &Startup) -> Result<(), Refused> {
    let user = startup.parameters.get("user").cloned().unwrap_or_default();
    let wrong_password = || {
        Refused::Login(Failure::fatal(
            "28000",
            format!("password authentication failed for user \"{user}\""),
        ))
    };
    let options = &shared.options;
    let right = match options.auth {
        Auth::Trust => true,
        Auth::Cleartext => {
            wire.send(&PgWireBackendMessage::Authentication(
                Authentication::CleartextPassword,
            ))?;
            password(wire)? == options.password
        }
        Auth::Md5 => {
            let salt = random_number().to_be_bytes();
            wire.send(&PgWireBackendMessage::Authentication(
                Authentication::MD5Password(salt.to_vec()),
            ))?;
            password(wire)? == md5_digest(&user, &options.password, salt)
        }
        Auth::Sha256 => sha256(wire, &options.password)?,
    };
    let known = options.auth == Auth::Trust || user == options.user;
    if !right || !known || shared.faults.refuses_login() {
        return Err(wrong_password());
    }
    let database = startup.parameters.get("database").unwrap_or(&user);
    if *database != options.database {
        return Err(Refused::Login(Failure::fatal(
            "3D000",
            format!("database \"{database}\" does not exist"),
        )));
    }
    wire.send(&PgWireBackendMessage::Authentication(Authentication::Ok))?;
    Ok(())
}

fn password(wire: &mut Wire) -> Result<String, Refused> {
    wire.flush()?;
    match wire.read()? {
        Some(PgWireFrontendMessage::PasswordMessageFamily(message)) => message
            .into_password()
            .map(|password| password.password)
            .map_err(|cause| Refused::Io(io::Error::other(cause.to_string()))),
        _ => Err(Refused::Io(io::ErrorKind::UnexpectedEof.into())),
    }
}

/// What PostgreSQL's clients answer to request 5.
fn md5_digest(user: &str, password: &str, salt: [u8; 4]) -> String {
    let inner = hex(&Md5::digest(format!("{password}{user}").as_bytes()));
    let mut digest = Md5::new();
    digest.update(inner.as_bytes());
    digest.update(salt);
    format!("md5{}", hex(&digest.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Request 13: the algorithm, a salt and a nonce go out; `sha256(sha256(password ‖ salt) ‖ nonce ‖ client's nonce)` comes back, in a
/// message of type `d`.
fn sha256(wire: &mut Wire, password: &str) -> Result<bool, Refused> {
    let salt = uuid::Uuid::new_v4().simple().to_string();
    let nonce = uuid::Uuid::new_v4().simple().to_string();
    let mut body = Vec::new();
    body.extend(13_i32.to_be_bytes());
    body.extend(0_i32.to_be_bytes());
    for part in [&salt, &nonce] {
        body.extend(i32::try_from(part.len()).unwrap_or(0).to_be_bytes());
        body.extend(part.as_bytes());
    }
    wire.send_raw(b'R', &body);
    wire.flush()?;
    let Some(PgWireFrontendMessage::CopyData(answer)) = wire.read()? else {
        return Err(Refused::Io(io::ErrorKind::UnexpectedEof.into()));
    };
    let mut data = answer.data;
    let (Some(digest), Some(client_nonce)) = (part(&mut data), part(&mut data)) else {
        return Ok(false);
    };
    Ok(digest == sha256_digest(password, &salt, &nonce, &client_nonce))
}

/// Bytes with their length before them.
fn part(data: &mut Bytes) -> Option<Bytes> {
    if data.remaining() < 4 {
        return None;
    }
    let length = usize::try_from(data.get_i32()).ok()?;
    (data.remaining() >= length).then(|| data.split_to(length))
}

fn sha256_digest(password: &str, salt: &str, nonce: &str, client_nonce: &[u8]) -> Vec<u8> {
    let mut inner = Sha256::new();
    inner.update(password.as_bytes());
    inner.update(salt.as_bytes());
    let mut outer = Sha256::new();
    outer.update(inner.finalize());
    outer.update(nonce.as_bytes());
    outer.update(client_nonce);
    outer.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_13_is_answered_as_amazons_driver_does() {
        let digest = sha256_digest(
            "Passw0rd",
            "0123456789abcdef",
            "SERVERNONCE12345",
            b"1700000000000",
        );
        assert_eq!(
            hex(&digest),
            "a54db1250fbd9ef261d0a3437e2d3b584b752dacbbaff9b0838e89b98bc6e183"
        );
    }
}
