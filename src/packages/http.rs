//! Files fetched over HTTP.

use std::time::Duration;

use bytes::Bytes;

use crate::diagnostic::Diagnostic;
use crate::http;

/// How long a server may take to be there, and to give a whole archive.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(300);

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
    let client = http::client(CONNECT, ANSWER, None).map_err(|cause| unreachable(url, &cause))?;
    runtime.block_on(async {
        let mut attempt = 1;
        loop {
            let wrong = match client.get(url).send().await {
                Ok(answer) if answer.status() == 404 => return Ok(None),
                Ok(answer) if answer.status().is_success() => match answer.bytes().await {
                    Ok(bytes) => return Ok(Some(bytes)),
                    Err(cause) => http::causes(&cause),
                },
                Ok(answer) if answer.status().is_client_error() => {
                    return Err(unreachable(url, &answer.status().to_string()));
                }
                Ok(answer) => answer.status().to_string(),
                Err(cause) => http::causes(&cause),
            };
            if attempt == ATTEMPTS {
                return Err(unreachable(url, &wrong));
            }
            tokio::time::sleep(Duration::from_millis(250 * u64::from(attempt * attempt))).await;
            attempt += 1;
        }
    })
}

fn unreachable(url: &str, cause: &str) -> Diagnostic {
    Diagnostic::error("unreachable", format!("`{url}` cannot be fetched"))
        .note(cause.to_owned())
        .help("look at the network and the proxy settings; without a network, put the package into a folder of the project and name it with `local:`")
}
