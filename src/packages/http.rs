//! Files fetched over HTTP.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rustls::RootCertStore;

use crate::diagnostic::Diagnostic;

/// How often something is asked for again when it did not come.
const ATTEMPTS: u32 = 4;

/// The bytes behind an address; `None` where nothing is.
///
/// # Errors
/// When it cannot be reached, after some attempts.
pub fn get(url: &str) -> Result<Option<Bytes>, Diagnostic> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| unreachable(url, &cause.to_string()))?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|cause| unreachable(url, &cause.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(300))
        .build()
        .map_err(|cause| unreachable(url, &cause.to_string()))?;
    runtime.block_on(async {
        let mut attempt = 1;
        loop {
            let wrong = match client.get(url).send().await {
                Ok(answer) if answer.status() == 404 => return Ok(None),
                Ok(answer) if answer.status().is_success() => match answer.bytes().await {
                    Ok(bytes) => return Ok(Some(bytes)),
                    Err(cause) => chain(&cause),
                },
                Ok(answer) if answer.status().is_client_error() => {
                    return Err(unreachable(url, &answer.status().to_string()));
                }
                Ok(answer) => answer.status().to_string(),
                Err(cause) => chain(&cause),
            };
            if attempt == ATTEMPTS {
                return Err(unreachable(url, &wrong));
            }
            tokio::time::sleep(Duration::from_millis(250 * u64::from(attempt * attempt))).await;
            attempt += 1;
        }
    })
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
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

fn unreachable(url: &str, cause: &str) -> Diagnostic {
    Diagnostic::error("unreachable", format!("`{url}` cannot be fetched"))
        .note(cause.to_owned())
        .help("look at the network and the proxy settings; without a network, put the package into a folder of the project and name it with `local:`")
}
