//! The one client for HTTP, and what it says when something fails.
//!
//! In: how long to wait, and which authorities to trust. Out: a client that does TLS without a library of the system.
//! Knows no address.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// A client that trusts the authorities of the system, or those in the PEM file `authorities`.
///
/// # Errors
/// When the file holds no certificates, or TLS cannot be set up: what is wrong, in words.
pub fn client(
    connect: Duration,
    answer: Duration,
    authorities: Option<&str>,
) -> Result<reqwest::Client, String> {
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(file) => {
            let bad = |cause: &dyn Display| format!("{file} cannot be used: {cause}");
            for certificate in CertificateDer::pem_file_iter(file).map_err(|cause| bad(&cause))? {
                roots
                    .add(certificate.map_err(|cause| bad(&cause))?)
                    .map_err(|cause| bad(&cause))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|cause| cause.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(connect)
        .timeout(answer)
        .build()
        .map_err(|cause| causes(&cause))
}

/// An error with its causes: the outermost alone seldom says anything.
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        next = cause.source();
    }
    words
}
