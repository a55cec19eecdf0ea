//! Whether a connection is encrypted, and whom it trusts.
//!
//! In: [`Trust`], the `ssl…` keys of a target. Out: a connector for TLS.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::adapter::target::TargetKey;
use crate::adapter::{Error, ErrorClass};
use crate::diagnostic::{Diagnostic, Span};

/// What `sslmode` asks for, as in PostgreSQL's own client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Encrypted only where the server insists.
    Allow,
    /// Encrypted where the server can.
    Prefer,
    /// Encrypted, whoever is there.
    Require,
    /// Encrypted, with a certificate by a trusted authority.
    VerifyCa,
    /// And with a certificate for the name of the host.
    VerifyFull,
}

const SSL_MODES: [(&str, SslMode); 6] = [
    ("disable", SslMode::Disable),
    ("allow", SslMode::Allow),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
];

impl SslMode {
    /// The mode that a key names.
    ///
    /// # Errors
    /// When it names none.
    pub(in crate::adapter) fn of(key: &TargetKey) -> Result<Self, Diagnostic> {
        let text = key.text()?;
        let known = SSL_MODES.iter().find(|(name, _)| *name == text);
        known.map(|(_, mode)| *mode).ok_or_else(|| {
            let names = SSL_MODES.map(|(name, _)| name);
            key.wrong(&format!("one of {}", names.join(", ")))
                .did_you_mean(&text, names)
        })
    }
}

/// A file in PEM that a key of the target names.
#[derive(Clone, Debug, PartialEq)]
pub struct PemFile {
    /// The file.
    pub path: PathBuf,
    /// The key.
    pub key: String,
    /// Where the key's value stands.
    pub place: Option<Span>,
}

impl PemFile {
    /// The file that a key names; `folder` is where relative paths start.
    ///
    /// # Errors
    /// When the key holds no text.
    pub(in crate::adapter) fn of(
        key: &TargetKey,
        folder: &std::path::Path,
    ) -> Result<Self, Diagnostic> {
        Ok(Self {
            path: folder.join(key.text()?),
            key: key.name.clone(),
            place: key.value_span.clone(),
        })
    }

    /// The file of authorities; `system` is none.
    ///
    /// # Errors
    /// When the key holds no text.
    pub(in crate::adapter) fn of_authorities(
        key: &TargetKey,
        folder: &std::path::Path,
    ) -> Result<Option<Self>, Diagnostic> {
        Ok((key.text()? != "system").then_some(Self::of(key, folder)?))
    }

    fn unreadable(&self, cause: &pem::Error) -> Error {
        let why = match cause {
            pem::Error::Io(cause) => cause.to_string(),
            pem::Error::NoItemsFound if self.key == "sslkey" => {
                "it holds no private key in PEM that is not encrypted".to_owned()
            }
            other => other.to_string(),
        };
        self.wrong(&why)
    }

    /// An error at the key.
    fn wrong(&self, why: &str) -> Error {
        let mut error = wrong(format!(
            "`{}` cannot be used, the file `{}`: {why}",
            self.key,
            self.path.display()
        ));
        error.place.clone_from(&self.place);
        error.help = Some(match self.key.as_str() {
            "sslkey" => "name the file of the client's private key, in PEM and not encrypted: `openssl pkey -in FILE` writes one".to_owned(),
            "sslcert" => "name the file of the client's certificate, in PEM".to_owned(),
            _ => "name a file with the certificates of the authorities to trust, in PEM, or leave it out to trust those of the system".to_owned(),
        });
        error
    }
}

/// Whom a connection trusts, and what it shows of itself.
#[derive(Clone, Copy, Debug)]
pub(in crate::adapter) struct Trust<'a> {
    /// How much is checked.
    pub mode: SslMode,
    /// The certificates of the authorities that are trusted; none means those of the system.
    pub roots: Option<&'a PemFile>,
    /// The client's certificate and its key.
    pub client: Option<(&'a PemFile, &'a PemFile)>,
}

/// The connector that a target's keys ask for.
///
/// # Errors
/// When a file cannot be read, or no authority is known to check the server with.
pub(in crate::adapter) fn connector(trust: &Trust<'_>) -> Result<MakeRustlsConnect, Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|cause| wrong(format!("TLS cannot be set up: {cause}")))?;
    // As libpq does: an authority that is named is asked, also where `require` alone would trust anybody.
    let mode = match (trust.mode, trust.roots) {
        (SslMode::Require, Some(_)) => SslMode::VerifyCa,
        (mode, _) => mode,
    };
    let builder = if mode == SslMode::VerifyFull {
        let roots = Arc::new(roots(trust.roots)?);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider)
            .build()
            .map_err(|cause| wrong(format!("TLS cannot be set up: {cause}")))?;
        builder.with_webpki_verifier(verifier)
    } else {
        let roots = match mode {
            SslMode::VerifyCa => Some(roots(trust.roots)?),
            _ => None,
        };
        let verifier = Arc::new(AnyName { roots, provider });
        builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
    };
    let client = match trust.client {
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let private =
                PrivateKeyDer::from_pem_file(&key.path).map_err(|cause| key.unreadable(&cause))?;
            builder
                .with_client_auth_cert(chain, private)
                .map_err(|cause| key.wrong(&format!("with `sslcert`: {cause}")))?
        }
        None => builder.with_no_client_auth(),
    };
    Ok(MakeRustlsConnect::new(client))
}

/// The authorities that are trusted.
fn roots(file: Option<&PemFile>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) => {
            for certificate in certificates(file)? {
                roots
                    .add(certificate)
                    .map_err(|cause| file.wrong(&cause.to_string()))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        let mut error =
            wrong("no certificate of an authority is there to verify the server with".to_owned());
        error.help = Some("name a file of them with `sslrootcert`".to_owned());
        return Err(error);
    }
    Ok(roots)
}

fn certificates(file: &PemFile) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = CertificateDer::pem_file_iter(&file.path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|cause| file.unreadable(&cause))?;
    if read.is_empty() {
        return Err(file.wrong("it holds no certificate in PEM"));
    }
    Ok(read)
}

fn wrong(message: String) -> Error {
    Error::new(ErrorClass::User, message)
}

/// Takes a certificate for any name: with roots only one that they signed (`verify-ca`), without them every one.
#[derive(Debug)]
struct AnyName {
    roots: Option<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            verify_server_cert_signed_by_trust_anchor(
                &ParsedCertificate::try_from(end_entity)?,
                roots,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
