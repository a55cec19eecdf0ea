//! The profiles of AWS's shared files, as far as the credential chain leaves them to us: roles, SSO sessions, regions.
//!
//! In: `~/.aws/config` and `~/.aws/credentials`, or what `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE` name.
//! Source: "Configuration and credential file settings" in the AWS SDKs and Tools Reference Guide.

use std::collections::BTreeMap;

use ini::{Ini, Properties};
use reqsign_core::Context;

use super::{Error, wrong};

/// The profiles of both files.
pub(super) struct Profiles {
    found: BTreeMap<String, Profile>,
    files: [String; 2],
}

/// One profile.
#[derive(Debug, Default)]
pub(super) struct Profile {
    pub region: Option<String>,
    pub role: Option<Role>,
    pub sso_session: Option<SsoSession>,
}

/// A role that the profile stands for.
#[derive(Debug)]
pub(super) struct Role {
    pub arn: String,
    pub source_profile: Option<String>,
    pub credential_source: Option<String>,
    pub external_id: Option<String>,
    pub session_name: Option<String>,
    pub mfa_serial: Option<String>,
}

/// A profile that signs in through a named SSO session.
#[derive(Debug)]
pub(super) struct SsoSession {
    pub session: String,
    pub account: String,
    pub role: String,
    pub region: String,
}

impl Profiles {
    /// Reads the two files; a file that is not there holds nothing.
    ///
    /// # Errors
    /// When a file is there and cannot be read or understood.
    pub(super) fn read(context: &Context) -> Result<Self, Error> {
        let place = |variable: &str, usual: &str| {
            let path = context
                .env_var(variable)
                .unwrap_or_else(|| usual.to_owned());
            context.expand_home_dir(&path).unwrap_or(path)
        };
        let files = [
            place("AWS_CONFIG_FILE", "~/.aws/config"),
            place("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
        ];
        let mut found = BTreeMap::new();
        let config = load(&files[0])?;
        for (section, properties) in config.iter().flat_map(Ini::iter) {
            let Some(section) = section else { continue };
            let name = match section.strip_prefix("profile ") {
                Some(name) => name.trim(),
                None if section == "default" => section,
                None => continue,
            };
            found.insert(name.to_owned(), profile(properties, config.as_ref()));
        }
        for (section, properties) in load(&files[1])?.iter().flat_map(Ini::iter) {
            let Some(section) = section else { continue };
            let known: &mut Profile = found.entry(section.to_owned()).or_default();
            let here = profile(properties, None);
            known.region = known.region.take().or(here.region);
            known.role = known.role.take().or(here.role);
        }
        Ok(Self { found, files })
    }

    pub(super) fn get(&self, name: &str) -> Option<&Profile> {
        self.found.get(name)
    }

    /// The error for a profile that is not there.
    pub(super) fn unknown(&self, name: &str) -> Error {
        let names: Vec<&str> = self.found.keys().map(String::as_str).collect();
        let there = if names.is_empty() {
            "there is none".to_owned()
        } else {
            format!("there are {}", names.join(", "))
        };
        wrong(
            format!(
                "there is no profile `{name}` in {} or {}",
                self.files[0], self.files[1]
            ),
            &format!("name one of the profiles of AWS: {there}"),
        )
    }
}

fn load(file: &str) -> Result<Option<Ini>, Error> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ini::load_from_str(&text).map(Some).map_err(|cause| {
            wrong(
                format!("{file} cannot be understood: {cause}"),
                "it must be a configuration file of AWS",
            )
        }),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(wrong(
            format!("{file} cannot be read: {cause}"),
            "look at its permissions, or name another with AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE",
        )),
    }
}

fn profile(properties: &Properties, config: Option<&Ini>) -> Profile {
    let text = |key: &str| properties.get(key).map(str::to_owned);
    let role = text("role_arn").map(|arn| Role {
        arn,
        source_profile: text("source_profile"),
        credential_source: text("credential_source"),
        external_id: text("external_id"),
        session_name: text("role_session_name"),
        mfa_serial: text("mfa_serial"),
    });
    let sso_session = text("sso_session").and_then(|session| {
        let section = config?.section(Some(format!("sso-session {session}")))?;
        Some(SsoSession {
            account: text("sso_account_id")?,
            role: text("sso_role_name")?,
            region: section.get("sso_region")?.to_owned(),
            session,
        })
    });
    Profile {
        region: text("region"),
        role,
        sso_session,
    }
}
