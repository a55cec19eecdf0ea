//! Requests for credentials, sent where AWS's variables say that STS and SSO are reached.
//!
//! In: a request to `sts.…amazonaws.com` or `portal.sso.…`. Out: the same to `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL_SSO` or
//! `AWS_ENDPOINT_URL`, where one is set; any other as it is. The credential chain knows no such variables.

use bytes::Bytes;
use http::uri::{PathAndQuery, Uri};
use reqsign_core::{Error, HttpSend, Result};
use reqsign_http_send_reqwest::ReqwestHttpSend;

/// Sends requests, some of them elsewhere.
#[derive(Debug)]
pub(super) struct Elsewhere {
    http: ReqwestHttpSend,
    /// The beginning of a host and the address that stands for it.
    places: Vec<(&'static str, String)>,
}

impl Elsewhere {
    /// `variable` answers for a variable of the environment.
    pub(super) fn new(http: ReqwestHttpSend, variable: impl Fn(&str) -> Option<String>) -> Self {
        let services = [
            ("sts.", "AWS_ENDPOINT_URL_STS"),
            ("portal.sso.", "AWS_ENDPOINT_URL_SSO"),
        ];
        let places = services.into_iter().filter_map(|(host, own)| {
            let url = variable(own).or_else(|| variable("AWS_ENDPOINT_URL"))?;
            Some((host, url.trim_end_matches('/').to_owned()))
        });
        Self {
            http,
            places: places.collect(),
        }
    }

    fn place(&self, uri: &Uri) -> Option<Result<Uri>> {
        let host = uri.host()?;
        let (_, url) = self
            .places
            .iter()
            .find(|(start, _)| host.starts_with(start))?;
        let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let placed = format!("{url}{path}").parse();
        Some(placed.map_err(|cause| {
            Error::config_invalid(format!("{url} is no address")).with_source(cause)
        }))
    }
}

impl HttpSend for Elsewhere {
    async fn http_send(&self, mut request: http::Request<Bytes>) -> Result<http::Response<Bytes>> {
        if let Some(place) = self.place(request.uri()) {
            *request.uri_mut() = place?;
        }
        self.http.http_send(request).await
    }
}
