//! Objects of S3, by the protocol that MinIO and other stores speak too.
//!
//! In: a [`Place`], buckets and keys. Out: what lies there, bytes read and written. Memory: a chunk when reading, a part when writing.
//! Each call blocks; what fails on the way or on the other side is tried again, and a download goes on where it broke off.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::Method;
use reqsign_aws_v4::Credential;
use reqsign_core::{Env, Signer};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Aws, Identity, hex, internal, unreachable, wrong};
use crate::adapter::{Error, ErrorClass};

/// How often a request is sent in all.
const ATTEMPTS: u32 = 4;
/// The pause before the second attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest silence in the middle of an answer.
const SILENCE: Duration = Duration::from_secs(60);
/// The longest that one request may take with its body.
const WHOLE: Duration = Duration::from_secs(3600);
/// What is sent at once; a larger file goes in parts, of which there may be 10,000.
const PART: u64 = 16 * 1024 * 1024;
const MOST_PARTS: u64 = 10_000;

/// Where objects are, and who asks for them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The address of a store that is not AWS (`endpoint_url`).
    pub endpoint_url: Option<String>,
    /// Keys, profile and region.
    pub identity: Identity,
}

/// A store.
pub struct S3 {
    aws: Aws,
    region: String,
    endpoint: Option<String>,
    signer: Signer<Credential>,
}

impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "S3({}, {:?})", self.region, self.endpoint)
    }
}

/// What is asked of a store.
struct Ask<'a> {
    method: Method,
    bucket: &'a str,
    key: &'a str,
    query: String,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

impl<'a> Ask<'a> {
    fn new(method: Method, bucket: &'a str, key: &'a str) -> Self {
        Self {
            method,
            bucket,
            key,
            query: String::new(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    fn query(mut self, query: String) -> Self {
        self.query = query;
        self
    }

    fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}

/// An object as a listing tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// How many bytes it has.
    pub size: u64,
    /// What changes with its content, without quotes.
    pub etag: String,
}

#[derive(Deserialize)]
struct Listing {
    #[serde(default, rename = "Contents")]
    contents: Vec<Listed>,
    #[serde(rename = "NextContinuationToken")]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "Key")]
    key: String,
    #[serde(default, rename = "Size")]
    size: u64,
    #[serde(default, rename = "ETag")]
    etag: String,
}

#[derive(Deserialize)]
struct Begun {
    #[serde(rename = "UploadId")]
    id: String,
}

#[derive(Default, Deserialize)]
struct Refused {
    #[serde(default, rename = "Code")]
    code: String,
    #[serde(default, rename = "Message")]
    message: String,
    #[serde(rename = "Region")]
    region: Option<String>,
}

impl S3 {
    /// Finds out who asks, and where; asks nobody yet.
    ///
    /// # Errors
    /// A profile that is not there, and a bucket of AWS without a region.
    pub fn new(place: &Place, environment: impl Env) -> Result<Self, Error> {
        let aws = Aws::new(place.identity.clone(), environment)?;
        let endpoint = place.endpoint_url.clone().or_else(|| aws.endpoint_of_s3());
        let region = aws
            .region()
            .or_else(|| endpoint.is_some().then(|| "us-east-1".to_owned()));
        let region = region.ok_or_else(|| {
            wrong(
                "the region of the bucket is not known".to_owned(),
                "say it in the target, `s3: {'s3://bucket/': {region: eu-central-1}}`, or in AWS_REGION",
            )
        })?;
        Ok(Self {
            signer: aws.signer("s3", &region)?,
            endpoint: endpoint.map(|url| url.trim_end_matches('/').to_owned()),
            region,
            aws,
        })
    }

    /// The objects whose keys begin with a prefix, in order.
    ///
    /// # Errors
    /// What the store answers.
    pub fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut query = format!("list-type=2&prefix={}", encoded(prefix, false));
            if let Some(token) = &next {
                query = format!("continuation-token={}&{query}", encoded(token, false));
            }
            let ask = Ask::new(Method::GET, bucket, "").query(query);
            let listing: Listing = self.xml(&ask)?;
            entries.extend(listing.contents.into_iter().map(|listed| Entry {
                key: listed.key,
                size: listed.size,
                etag: listed.etag.trim_matches('"').to_owned(),
            }));
            next = listing.next;
            if next.is_none() {
                return Ok(entries);
            }
        }
    }

    /// Whether an object is there.
    ///
    /// # Errors
    /// What the store answers.
    pub fn has(&self, bucket: &str, key: &str) -> Result<bool, Error> {
        let ask = Ask::new(Method::HEAD, bucket, key);
        let answer = self.wait(self.send(&ask))?;
        match answer.status().as_u16() {
            404 => Ok(false),
            _ => self.good(&ask, answer).map(|_| true),
        }
    }

    /// Begins to read an object.
    ///
    /// # Errors
    /// What the store answers; that nothing is there too.
    pub fn read(self: &Arc<Self>, bucket: &str, key: &str) -> Result<Download, Error> {
        let mut download = Download {
            s3: Arc::clone(self),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            answer: None,
            etag: None,
            chunk: Bytes::new(),
            at: 0,
            attempt: 1,
        };
        download.open()?;
        Ok(download)
    }

    /// Writes some bytes as an object.
    ///
    /// # Errors
    /// What the store answers.
    pub fn put(&self, bucket: &str, key: &str, body: Vec<u8>) -> Result<(), Error> {
        self.done(&Ask::new(Method::PUT, bucket, key).body(body))
    }

    /// Writes a file as an object, whole or not at all.
    ///
    /// # Errors
    /// What the file system or the store answers.
    pub fn write(&self, bucket: &str, key: &str, from: &Path) -> Result<(), Error> {
        let failed = |cause: io::Error| {
            Error::new(
                ErrorClass::User,
                format!("cannot read `{}`: {cause}", from.display()),
            )
        };
        let mut file = File::open(from).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if length <= PART {
            let mut body = Vec::new();
            file.read_to_end(&mut body).map_err(failed)?;
            return self.put(bucket, key, body);
        }
        let ask = Ask::new(Method::POST, bucket, key).query("uploads=".to_owned());
        let begun: Begun = self.xml(&ask)?;
        let id = encoded(&begun.id, false);
        let sent = self
            .parts(bucket, key, &id, length, &mut file, &failed)
            .and_then(|list| {
                let ask = Ask::new(Method::POST, bucket, key).query(format!("uploadId={id}"));
                self.completed(&ask.body(list))
            });
        if sent.is_err() {
            // What was sent would be stored and paid for; that this fails too is no news.
            let ask = Ask::new(Method::DELETE, bucket, key).query(format!("uploadId={id}"));
            let _ = self.done(&ask);
        }
        sent
    }

    /// Sends the parts of a file; the list of them that completes the object.
    fn parts(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
        length: u64,
        file: &mut File,
        failed: &dyn Fn(io::Error) -> Error,
    ) -> Result<String, Error> {
        let part = PART.max(length.div_ceil(MOST_PARTS));
        let mut list = String::from("<CompleteMultipartUpload>");
        for number in 1.. {
            let mut body = Vec::new();
            file.by_ref()
                .take(part)
                .read_to_end(&mut body)
                .map_err(failed)?;
            if body.is_empty() {
                break;
            }
            let ask = Ask::new(Method::PUT, bucket, key)
                .query(format!("partNumber={number}&uploadId={id}"))
                .body(body);
            let answer = self.wait(self.send(&ask))?;
            let answer = self.good(&ask, answer)?;
            let etag = answer
                .headers()
                .get("etag")
                .and_then(|tag| tag.to_str().ok());
            list += &format!(
                "<Part><PartNumber>{number}</PartNumber><ETag>{}</ETag></Part>",
                quick_xml::escape::escape(etag.unwrap_or_default())
            );
        }
        Ok(list + "</CompleteMultipartUpload>")
    }

    /// Completes an object: a store may say yes first and no in the body.
    fn completed(&self, ask: &Ask<'_>) -> Result<(), Error> {
        let answer = self.wait(self.send(ask))?;
        let answer = self.good(ask, answer)?;
        let text = self.text(answer)?;
        match text.contains("<Error>") {
            true => Err(self.refused(ask, 200, &text, None)),
            false => Ok(()),
        }
    }

    /// Removes an object; one that is not there is removed already.
    ///
    /// # Errors
    /// What the store answers.
    pub fn remove(&self, bucket: &str, key: &str) -> Result<(), Error> {
        self.done(&Ask::new(Method::DELETE, bucket, key))
    }

    fn done(&self, ask: &Ask<'_>) -> Result<(), Error> {
        let answer = self.wait(self.send(ask))?;
        self.good(ask, answer).map(drop)
    }

    fn xml<T: serde::de::DeserializeOwned>(&self, ask: &Ask<'_>) -> Result<T, Error> {
        let answer = self.wait(self.send(ask))?;
        let answer = self.good(ask, answer)?;
        let text = self.text(answer)?;
        quick_xml::de::from_str(&text).map_err(|cause| internal(&cause))
    }

    fn text(&self, answer: reqwest::Response) -> Result<String, Error> {
        let bytes = self.wait(answer.bytes());
        let bytes = bytes.map_err(|cause| unreachable("the store", &cause))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.aws.runtime.block_on(work)
    }

    /// An answer that says yes, or the error that it tells.
    fn good(&self, ask: &Ask<'_>, answer: reqwest::Response) -> Result<reqwest::Response, Error> {
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status().as_u16();
        let region = answer.headers().get("x-amz-bucket-region");
        let region = region.and_then(|region| Some(region.to_str().ok()?.to_owned()));
        let text = self.text(answer).unwrap_or_default();
        Err(self.refused(ask, status, &text, region))
    }

    fn refused(&self, ask: &Ask<'_>, status: u16, text: &str, region: Option<String>) -> Error {
        let told: Refused = quick_xml::de::from_str(text).unwrap_or_default();
        let message = match (told.message.as_str(), status) {
            ("", 403) => "Access Denied",
            ("", 404) => "The specified key does not exist.",
            ("", _) => "no reason was given",
            (message, _) => message,
        };
        let mut error = Error::new(
            ErrorClass::User,
            format!(
                "S3ServiceException: {message}, Status {status}, Error {}",
                told.code
            ),
        );
        error.detail = Some(format!(
            "it was asked for `s3://{}/{}`",
            ask.bucket, ask.key
        ));
        error.help = match region.or(told.region).filter(|region| *region != self.region) {
            Some(region) => Some(format!(
                "the bucket is in the region `{region}`: say so in the target (`s3: {{'s3://{}/': {{region: {region}}}}}`)",
                ask.bucket
            )),
            None if status == 403 => {
                Some("look at the credentials and at what they allow: `s3:ListBucket` on the bucket, `s3:GetObject`, `s3:PutObject` and `s3:DeleteObject` on its objects".to_owned())
            }
            None => None,
        };
        error
    }

    /// Sends a request, again where the network or the store was at fault.
    async fn send(&self, ask: &Ask<'_>) -> Result<reqwest::Response, Error> {
        let mut attempt = 1;
        loop {
            let answer = self.once(ask).await;
            let again = match &answer {
                Ok(answer) => matches!(answer.status().as_u16(), 429 | 500 | 502 | 503 | 504),
                Err(error) => error.class == ErrorClass::ConnectionLost,
            };
            if !again || attempt == ATTEMPTS {
                return answer;
            }
            tokio::time::sleep(PAUSE * 2_u32.pow(attempt - 1)).await;
            attempt += 1;
        }
    }

    async fn once(&self, ask: &Ask<'_>) -> Result<reqwest::Response, Error> {
        let url = self.url(ask);
        let mut request = http::Request::builder()
            .method(ask.method.clone())
            .uri(&url)
            .header("x-amz-content-sha256", hex(&Sha256::digest(&ask.body)));
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let (mut parts, ()) = request
            .body(())
            .map_err(|cause| internal(&cause))?
            .into_parts();
        let signed = self.signer.sign(&mut parts, None).await;
        signed.map_err(|cause| self.aws.no_credentials(&cause))?;
        let request = http::Request::from_parts(parts, ask.body.clone());
        let mut request = reqwest::Request::try_from(request).map_err(|cause| internal(&cause))?;
        *request.timeout_mut() = Some(WHOLE);
        let sent = self.aws.http.execute(request).await;
        sent.map_err(|cause| unreachable(&url, &cause))
    }

    /// By the bucket's own name on AWS; by a path elsewhere, and where the name would not fit a certificate.
    fn url(&self, ask: &Ask<'_>) -> String {
        let key = encoded(ask.key, true);
        let mark = if ask.query.is_empty() { "" } else { "?" };
        let (bucket, query) = (ask.bucket, &ask.query);
        match &self.endpoint {
            Some(endpoint) => format!("{endpoint}/{bucket}/{key}{mark}{query}"),
            None => {
                let endpoint = self.aws.endpoint("s3", &self.region);
                match endpoint.strip_prefix("https://") {
                    Some(host) if !bucket.contains('.') => {
                        format!("https://{bucket}.{host}/{key}{mark}{query}")
                    }
                    _ => format!("{endpoint}/{bucket}/{key}{mark}{query}"),
                }
            }
        }
    }
}

/// Everything but letters, digits and `-._~` by its bytes, as the signature wants it.
fn encoded(text: &str, path: bool) -> String {
    let mut url = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                url.push(char::from(byte));
            }
            b'/' if path => url.push('/'),
            _ => url += &format!("%{byte:02X}"),
        }
    }
    url
}

/// An object on its way. A connection that breaks is made anew, for the rest of the same version of it.
pub struct Download {
    s3: Arc<S3>,
    bucket: String,
    key: String,
    answer: Option<reqwest::Response>,
    etag: Option<String>,
    chunk: Bytes,
    at: u64,
    attempt: u32,
}

impl Download {
    fn open(&mut self) -> Result<(), Error> {
        let mut ask = Ask::new(Method::GET, &self.bucket, &self.key);
        if self.at > 0 {
            ask.headers.push(("range", format!("bytes={}-", self.at)));
            ask.headers
                .extend(self.etag.clone().map(|etag| ("if-match", etag)));
        }
        let answer = self.s3.wait(self.s3.send(&ask))?;
        let answer = self.s3.good(&ask, answer)?;
        if self.at > 0 && answer.status().as_u16() != 206 {
            return Err(internal(&"the store does not send the rest of an object"));
        }
        let etag = answer
            .headers()
            .get("etag")
            .and_then(|tag| tag.to_str().ok());
        self.etag = etag.map(str::to_owned);
        self.answer = Some(answer);
        Ok(())
    }

    /// The next bytes; empty at the end.
    fn next(&mut self) -> io::Result<Bytes> {
        loop {
            let why = match &mut self.answer {
                None => "the connection was lost".to_owned(),
                Some(answer) => {
                    let next = async { tokio::time::timeout(SILENCE, answer.chunk()).await };
                    match self.s3.aws.runtime.block_on(next) {
                        Ok(Ok(Some(chunk))) if chunk.is_empty() => continue,
                        Ok(Ok(chunk)) => return Ok(chunk.unwrap_or_default()),
                        Ok(Err(cause)) => crate::http::causes(&cause),
                        Err(_) => format!("no answer for {} s", SILENCE.as_secs()),
                    }
                }
            };
            if self.attempt == ATTEMPTS {
                return Err(io::Error::other(why));
            }
            self.attempt += 1;
            self.answer = None;
            self.open().map_err(io::Error::other)?;
        }
    }
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.chunk.is_empty() {
            self.chunk = self.next()?;
            self.at += self.chunk.len() as u64;
        }
        let length = buffer.len().min(self.chunk.len());
        self.chunk.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_as_the_signature_wants_them() {
        assert_eq!(encoded("a b/ü+=.csv", true), "a%20b/%C3%BC%2B%3D.csv");
        assert_eq!(encoded("a/b", false), "a%2Fb");
    }
}
