//! Who we are for AWS, and signed requests in that name.
//!
//! In: [`Identity`], what a target says of it. Out: [`Aws`], which finds credentials by the usual chain (keys, shared
//! profiles with roles and SSO, web identity, container and instance roles) and sends signed requests.
//! Knows no service: `redshift::iam` asks for passwords.

mod elsewhere;
mod profile;
pub mod s3;

use std::time::Duration;

use bytes::Bytes;
use reqsign_aws_v4::{
    AssumeRoleCredentialProvider, Credential, DefaultCredentialProvider, EnvCredentialProvider,
    RequestSigner, SSOCredentialProvider, StaticCredentialProvider,
};
use reqsign_command_execute_tokio::TokioCommandExecute;
use reqsign_core::{Context, Env, ProvideCredentialChain, Signer};
use reqsign_file_read_tokio::TokioFileRead;
use reqsign_http_send_reqwest::ReqwestHttpSend;
use sha2::{Digest, Sha256};

use super::{Error, ErrorClass};
use crate::http::{causes, client};
use elsewhere::Elsewhere;
use profile::{Profile, Profiles};

/// How many roles may stand behind one another in `source_profile`.
const ROLES: usize = 5;

/// How long a service may take to answer: an instance without a metadata service must not hang.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(30);

/// What a target says about who asks.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// A profile of the shared files (`iam_profile`); it goes before the environment, as in AWS's own tools.
    pub profile: Option<String>,
    /// An access key and its secret (`access_key_id`, `secret_access_key`); they go before everything else.
    pub keys: Option<(String, String)>,
    /// The region (`region`).
    pub region: Option<String>,
}

/// Sends signed requests. Each call blocks until the answer is there.
pub struct Aws {
    runtime: tokio::runtime::Runtime,
    http: reqwest::Client,
    context: Context,
    profiles: Profiles,
    identity: Identity,
}

impl Aws {
    /// Reads the shared files of AWS; asks nobody yet.
    ///
    /// # Errors
    /// When the profile that was named is in none of the files, or TLS cannot be set up.
    pub fn new(identity: Identity, environment: impl Env) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| internal(&cause))?;
        let ca_bundle = environment.var("AWS_CA_BUNDLE");
        let http = client(CONNECT, ANSWER, ca_bundle.as_deref()).map_err(|cause| {
            wrong(
                cause,
                "AWS_CA_BUNDLE must name a file of certificates in PEM form",
            )
        })?;
        let context = Context::new()
            .with_file_read(TokioFileRead)
            .with_http_send(Elsewhere::new(ReqwestHttpSend::new(http.clone()), |name| {
                environment.var(name)
            }))
            .with_command_execute(TokioCommandExecute)
            .with_env(environment);
        let profiles = Profiles::read(&context)?;
        if let Some(name) = &identity.profile
            && profiles.get(name).is_none()
        {
            return Err(profiles.unknown(name));
        }
        Ok(Self {
            runtime,
            http,
            context,
            profiles,
            identity,
        })
    }

    /// The region: of the target, of the environment, or of the profile.
    pub fn region(&self) -> Option<String> {
        self.identity
            .region
            .clone()
            .or_else(|| self.context.env_var("AWS_REGION"))
            .or_else(|| self.context.env_var("AWS_DEFAULT_REGION"))
            .or_else(|| self.profile()?.region.clone())
    }

    /// Where a service is reached. AWS's own variables may name another place (`AWS_ENDPOINT_URL_REDSHIFT`).
    ///
    /// `service` is the name in addresses, such as `redshift-serverless`.
    pub fn endpoint(&self, service: &str, region: &str) -> String {
        let own = format!(
            "AWS_ENDPOINT_URL_{}",
            service.to_uppercase().replace('-', "_")
        );
        self.context
            .env_var(&own)
            .or_else(|| self.context.env_var("AWS_ENDPOINT_URL"))
            .map(|url| url.trim_end_matches('/').to_owned())
            .unwrap_or_else(|| {
                let suffix = if region.starts_with("cn-") {
                    "amazonaws.com.cn"
                } else {
                    "amazonaws.com"
                };
                format!("https://{service}.{region}.{suffix}")
            })
    }

    /// Posts a body, signed for a service; the status and the body of the answer.
    ///
    /// # Errors
    /// When no credentials are found, or the service cannot be reached. An answer that says no is an answer.
    pub fn post(
        &self,
        service: &str,
        region: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<(u16, Bytes), Error> {
        let url = format!("{}/", self.endpoint(service, region));
        self.runtime.block_on(async {
            let mut request = http::Request::post(&url).header(
                "x-amz-content-sha256",
                hex(&Sha256::digest(body.as_bytes())),
            );
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let (mut parts, ()) = request
                .body(())
                .map_err(|cause| internal(&cause))?
                .into_parts();
            let signer = self.signer(service, region)?;
            let signed = signer.sign(&mut parts, None).await;
            signed.map_err(|cause| self.no_credentials(&cause))?;
            let request = http::Request::from_parts(parts, body);
            let request = reqwest::Request::try_from(request).map_err(|cause| internal(&cause))?;
            let answer = self
                .http
                .execute(request)
                .await
                .map_err(|cause| unreachable(&url, &cause))?;
            let status = answer.status().as_u16();
            let body = answer
                .bytes()
                .await
                .map_err(|cause| unreachable(&url, &cause))?;
            Ok((status, body))
        })
    }

    /// Where a store that is not AWS is, where AWS's own variables name one.
    fn endpoint_of_s3(&self) -> Option<String> {
        self.context
            .env_var("AWS_ENDPOINT_URL_S3")
            .or_else(|| self.context.env_var("AWS_ENDPOINT_URL"))
    }

    /// Signs requests to a service, and keeps the credentials until they end.
    fn signer(&self, service: &str, region: &str) -> Result<Signer<Credential>, Error> {
        Ok(Signer::new(
            self.context.clone(),
            self.chain(region)?,
            RequestSigner::new(service, region),
        ))
    }

    /// The profile in force: the target's, the environment's, or `default`.
    fn profile(&self) -> Option<&Profile> {
        self.profiles.get(&self.profile_name())
    }

    fn profile_name(&self) -> String {
        self.identity
            .profile
            .clone()
            .or_else(|| self.context.env_var("AWS_PROFILE"))
            .unwrap_or_else(|| "default".to_owned())
    }

    /// Where credentials are looked for, in order.
    fn chain(&self, region: &str) -> Result<ProvideCredentialChain<Credential>, Error> {
        let chain = ProvideCredentialChain::new();
        if let Some((id, secret)) = &self.identity.keys {
            return Ok(chain.push(StaticCredentialProvider::new(id, secret)));
        }
        let name = self.profile_name();
        if self.identity.profile.is_some() {
            return self.of_profile(chain, &name, region, ROLES);
        }
        let chain = chain.push(EnvCredentialProvider::new());
        let chain = self.of_profile(chain, &name, region, ROLES)?;
        Ok(chain.push(DefaultCredentialProvider::builder().no_env().build()))
    }

    /// The credentials of a profile, those of a role behind another profile included.
    fn of_profile(
        &self,
        chain: ProvideCredentialChain<Credential>,
        name: &str,
        region: &str,
        roles: usize,
    ) -> Result<ProvideCredentialChain<Credential>, Error> {
        let Some(profile) = self.profiles.get(name) else {
            return Ok(chain);
        };
        let Some(role) = &profile.role else {
            return Ok(self.without_role(chain, name, profile));
        };
        if roles == 0 {
            return Err(wrong(
                format!("the profile `{name}` of AWS leads from role to role without an end"),
                "look at `source_profile` in `~/.aws/config`",
            ));
        }
        let empty = ProvideCredentialChain::new();
        let source = match (&role.source_profile, role.credential_source.as_deref()) {
            // A profile may name itself: its own keys then ask for the role.
            (Some(source), _) if source == name => self.without_role(empty, name, profile),
            (Some(source), _) => {
                if self.profiles.get(source).is_none() {
                    return Err(self.profiles.unknown(source));
                }
                self.of_profile(empty, source, region, roles - 1)?
            }
            (None, Some("Environment")) => empty.push(EnvCredentialProvider::new()),
            (None, Some("EcsContainer" | "Ec2InstanceMetadata")) => empty.push(
                DefaultCredentialProvider::builder()
                    .no_env()
                    .no_profile()
                    .no_sso()
                    .no_process()
                    .build(),
            ),
            (None, other) => {
                let found = other.map_or_else(
                    || "neither `source_profile` nor `credential_source`".to_owned(),
                    |other| format!("`credential_source = {other}`, which is unknown"),
                );
                return Err(wrong(
                    format!("the profile `{name}` of AWS takes a role and has {found}"),
                    "say whose credentials ask for the role: `source_profile = …` in `~/.aws/config`",
                ));
            }
        };
        if role.mfa_serial.is_some() {
            return Err(wrong(
                format!(
                    "the profile `{name}` of AWS wants a code of a second factor (`mfa_serial`), which Redstart cannot ask for"
                ),
                "put temporary credentials into the environment, for example with `aws configure export-credentials`",
            ));
        }
        let signer = Signer::new(
            self.context.clone(),
            source,
            RequestSigner::new("sts", region),
        );
        let mut provider = AssumeRoleCredentialProvider::new(role.arn.clone(), signer)
            .with_region(region.to_owned())
            .with_regional_sts_endpoint()
            .with_role_session_name(
                role.session_name
                    .clone()
                    .unwrap_or_else(|| "redstart".to_owned()),
            );
        if let Some(id) = &role.external_id {
            provider = provider.with_external_id(id.clone());
        }
        Ok(chain.push(provider))
    }

    /// A profile's own keys, SSO session or program.
    fn without_role(
        &self,
        chain: ProvideCredentialChain<Credential>,
        name: &str,
        profile: &Profile,
    ) -> ProvideCredentialChain<Credential> {
        if let Some(sso) = &profile.sso_session {
            // A session's token lies in the cache under the session's name, where the older form has the start address:
            // the provider makes the file's name of what it is given as address, and uses it for nothing else.
            return chain.push(
                SSOCredentialProvider::new()
                    .with_account_id(&sso.account)
                    .with_role_name(&sso.role)
                    .with_region(&sso.region)
                    .with_start_url(&sso.session),
            );
        }
        chain.push(
            DefaultCredentialProvider::builder()
                .with_profile(name)
                .no_env()
                .no_web_identity()
                .no_ecs()
                .no_imds()
                .build(),
        )
    }

    fn no_credentials(&self, cause: &reqsign_core::Error) -> Error {
        let place = match (&self.identity.keys, &self.identity.profile) {
            (Some(_), _) => "the keys of the target".to_owned(),
            (None, Some(profile)) => format!("the profile `{profile}` of AWS"),
            (None, None) => {
                "the environment, the shared profile or the roles of this machine".to_owned()
            }
        };
        let mut error = wrong(
            format!("{place} gave no credentials of AWS"),
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile with `iam_profile`, or run `aws sso login`",
        );
        error.detail = Some(causes(cause));
        error
    }
}

fn unreachable(url: &str, cause: &reqwest::Error) -> Error {
    let mut error = Error::new(
        ErrorClass::ConnectionLost,
        format!("{url} cannot be reached"),
    );
    error.detail = Some(causes(cause));
    error.help = Some("look at `region`, the network and the proxy settings".to_owned());
    error
}

fn wrong(message: String, help: &str) -> Error {
    let mut error = Error::new(ErrorClass::User, message);
    error.help = Some(help.to_owned());
    error
}

fn internal(cause: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorClass::Internal, cause.to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
