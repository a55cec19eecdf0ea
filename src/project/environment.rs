//! Environment variables, and the values that must never be shown.

use std::collections::BTreeMap;

use crate::redact::SECRET_PREFIX;

/// The environment variables of the program, read once where it starts, and which start it was.
#[derive(Clone, Debug, Default)]
pub struct Environment(pub BTreeMap<String, String>, pub Invocation);

/// One start of the program.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    /// When it was.
    pub started: jiff::Timestamp,
    /// `invocation_id`.
    pub id: String,
}

impl Environment {
    /// The variables of this process; what is not Unicode is left out.
    pub fn of_process(invocation: Invocation) -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
            invocation,
        )
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The names that are set.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether a name belongs to a secret.
    pub fn is_secret(name: &str) -> bool {
        name.starts_with(SECRET_PREFIX)
    }

    /// Every secret that is set.
    pub fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::default();
        for (name, value) in &self.0 {
            if Self::is_secret(name) {
                secrets.add(value);
            }
        }
        secrets
    }
}

/// Values that no output may hold.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// Keeps a value from being shown; an empty one hides nothing.
    pub fn add(&mut self, value: &str) {
        if !value.is_empty() && !self.0.iter().any(|known| known == value) {
            self.0.push(value.to_owned());
            self.0.sort_by_key(|known| std::cmp::Reverse(known.len()));
        }
    }

    /// The values, the longest first.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_the_variables_with_dbts_prefix_that_hold_something() {
        let environment = Environment(
            BTreeMap::from([
                ("DBT_ENV_SECRET_A".into(), "pass".into()),
                ("DBT_ENV_SECRET_B".into(), "password".into()),
                ("DBT_ENV_SECRET_EMPTY".into(), String::new()),
                ("USER".into(), "me".into()),
            ]),
            Invocation::default(),
        );
        let secrets = environment.secrets();
        assert_eq!(secrets.iter().collect::<Vec<_>>(), ["password", "pass"]);
    }
}
