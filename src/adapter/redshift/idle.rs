//! Keys of a `redshift` target that mean nothing for the way in which it logs in, and are taken as dbt takes them.
//!
//! In: a [`TargetConfig`]. Out: warnings. Refuses nothing.

use super::super::target::{TargetConfig, TargetKey};
use super::config::IDENTITY_CENTER_KEYS;
use crate::diagnostic::Diagnostic;

/// Warns of keys that say something of the login and that its method does not heed.
pub fn idle_keys(config: &TargetConfig) -> Vec<Diagnostic> {
    let method = match config.get("method").filter(|key| !key.value.is_null()) {
        Some(key) => key.text().unwrap_or_default(),
        None => "database".to_owned(),
    };
    let of_aws: &[&str] = match method.as_str() {
        "database" => &[
            "iam_profile",
            "access_key_id",
            "secret_access_key",
            "db_groups",
            "autocreate",
        ],
        // The user is the one that AWS has for the identity.
        "iam" if is_serverless(config) => &["db_groups", "autocreate"],
        "iam_role" => &["db_groups", "autocreate"],
        _ => &[],
    };
    let why = match method.as_str() {
        "database" => "a user with a password asks nothing of AWS",
        "iam" => "on a workgroup the user is that of the identity of AWS, whoever `user` names",
        _ => "the user is that of the identity of AWS",
    };
    let mut told = Vec::new();
    for key in config.keys.iter().filter(|key| says_something(key)) {
        let name = key.name.as_str();
        let (why, help) = if of_aws.contains(&name) {
            (why, "take it out, or choose another `method`")
        } else if IDENTITY_CENTER_KEYS.contains(&name) {
            (
                "it is for a login through an identity centre",
                "take it out: such a login is not supported",
            )
        } else {
            continue;
        };
        told.push(
            Diagnostic::warning(
                "no-effect",
                format!("`{name}` has no effect with `method: {method}`: {why}"),
            )
            .at_some(key.key_span.clone())
            .help(help),
        );
    }
    told
}

/// Whether a key asks for anything.
fn says_something(key: &TargetKey) -> bool {
    match &key.value {
        serde_json::Value::Null | serde_json::Value::Bool(false) => false,
        serde_json::Value::String(text) => !text.is_empty(),
        serde_json::Value::Array(all) => !all.is_empty(),
        _ => true,
    }
}

/// Whether a target is a workgroup, by its keys or by the name of its host.
pub(super) fn is_serverless(config: &TargetConfig) -> bool {
    let text = |name: &str| config.get(name).and_then(|key| key.text().ok());
    let said = config.get("is_serverless");
    said.is_some_and(|key| key.flag() == Ok(true))
        || text("serverless_work_group").is_some_and(|name| !name.is_empty())
        || text("host")
            .is_some_and(|host| host.to_ascii_lowercase().contains(".redshift-serverless."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_login_does_not_heed_is_told() {
        let told = |more: serde_json::Value| {
            let mut keys = json!({"type": "redshift", "host": "h", "dbname": "d", "schema": "s"});
            for (key, value) in more.as_object().unwrap() {
                keys[key] = value.clone();
            }
            let config = TargetConfig::of_json("prod", keys);
            let told = idle_keys(&config).into_iter();
            told.map(|warning| format!("{warning}\n"))
                .collect::<String>()
        };
        insta::assert_snapshot!(told(json!({
            "user": "u", "password": "p", "cluster_id": "c", "region": "eu-west-1", "iam_profile": "w", "db_groups": ["a"], "autocreate": false,
            "idp_listen_port": "abc", "token_endpoint": {"type": "okta"},
        })), @"
        warning[no-effect]: `iam_profile` has no effect with `method: database`: a user with a password asks nothing of AWS
        warning[no-effect]: `db_groups` has no effect with `method: database`: a user with a password asks nothing of AWS
        warning[no-effect]: `idp_listen_port` has no effect with `method: database`: it is for a login through an identity centre
        warning[no-effect]: `token_endpoint` has no effect with `method: database`: it is for a login through an identity centre
        ");
        insta::assert_snapshot!(told(json!({"method": "iam", "user": "u", "cluster_id": "c", "db_groups": ["a"], "autocreate": true})), @"");
        insta::assert_snapshot!(told(json!({"method": "iam", "is_serverless": "true", "db_groups": ["a"], "autocreate": true})), @"
        warning[no-effect]: `db_groups` has no effect with `method: iam`: on a workgroup the user is that of the identity of AWS, whoever `user` names
        warning[no-effect]: `autocreate` has no effect with `method: iam`: on a workgroup the user is that of the identity of AWS, whoever `user` names
        ");
        insta::assert_snapshot!(told(json!({"method": "iam_role", "db_groups": "a", "iam_profile": "w"})), @"warning[no-effect]: `db_groups` has no effect with `method: iam_role`: the user is that of the identity of AWS");
    }
}
