//! The target of a profile: where the project is built.

use indexmap::IndexMap;
use serde_json::Value;

use super::Secrets;
use crate::diagnostic::Span;

/// One output of a profile, its values rendered and typed.
#[derive(Clone, Debug)]
pub struct Target {
    /// The profile it belongs to.
    pub profile_name: String,
    /// Its name, such as `dev`.
    pub name: String,
    /// `type`: `duckdb`, `postgres` or `redshift`.
    pub kind: String,
    /// `emulate`: the warehouse whose SQL it takes, if not its own.
    pub emulate: Option<String>,
    /// `schema`: where models without a schema of their own go.
    pub schema: String,
    /// The database it connects to, by the name that `target.database` shows.
    pub database: String,
    /// `threads`, or what the command line says.
    pub threads: usize,
    /// Every key, in the order of the file.
    pub values: IndexMap<String, TargetValue>,
    /// Passwords and secret variables among the values.
    pub secrets: Secrets,
    /// Where the output is declared.
    pub span: Span,
}

/// A value of a target.
#[derive(Clone, Debug)]
pub struct TargetValue {
    /// The value, Jinja rendered.
    pub value: Value,
    /// Where it is written.
    pub span: Span,
}

impl Target {
    /// The warehouse whose SQL the project is written in: `target.type` in Jinja.
    pub fn dialect(&self) -> &str {
        self.emulate.as_deref().unwrap_or(&self.kind)
    }

    /// A key's value.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key).map(|value| &value.value)
    }
}
