//! Settings that are mappings: grants, types of columns, and dbt's switches inside `contract`, `docs` and `quoting`.

use serde_json::{Map, Value};

use super::Reader;
use crate::diagnostic::{Diagnostic, nearest};
use crate::manifest::merge::list;

/// Of tables and views on Redshift (<https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html>) and PostgreSQL.
const PRIVILEGES: [&str; 13] = [
    "all",
    "all privileges",
    "alter",
    "delete",
    "drop",
    "insert",
    "maintain",
    "references",
    "rule",
    "select",
    "trigger",
    "truncate",
    "update",
];

impl<'m> Reader<'m> {
    fn mapping(&mut self, key: &str, what: &str) -> Option<&'m Map<String, Value>> {
        match self.merged.get(key)? {
            Value::Object(entries) => Some(entries),
            Value::Null => None,
            other => {
                self.wrong(key, what, other);
                None
            }
        }
    }

    /// `true` or `false` of a key inside a mapping.
    pub(super) fn switch(&mut self, key: &str, inner: &str) -> Option<bool> {
        let value = self
            .mapping(key, &format!("a mapping with `{inner}`"))?
            .get(inner)?;
        self.is_on(&format!("{key}: {inner}"), key, value)
    }

    fn is_on(&mut self, shown: &str, key: &str, value: &Value) -> Option<bool> {
        let text = value.as_str().map(str::to_ascii_lowercase);
        match (value, text.as_deref()) {
            (Value::Bool(on), _) => Some(*on),
            (Value::Null, _) => None,
            // What `{{ … }}` renders to inside a longer text is text.
            (_, Some("true")) => Some(true),
            (_, Some("false")) => Some(false),
            _ => {
                self.wrong_at(key, shown, "`true` or `false`", value);
                None
            }
        }
    }

    /// Which parts of a relation's name stand in quotes; read where names are made.
    pub(super) fn quoting(&mut self) {
        let Some(parts) = self.mapping(
            "quoting",
            "a mapping with `database`, `schema` and `identifier`",
        ) else {
            return;
        };
        for (part, value) in parts {
            self.is_on(&format!("quoting: {part}"), "quoting", value);
        }
    }

    pub(super) fn grants(&mut self) -> Vec<(String, Vec<String>)> {
        let grants = self.mapping("grants", "a mapping of privileges to those who get them");
        let mut read = Vec::new();
        for (privilege, grantees) in grants.into_iter().flatten() {
            self.warn_of_privilege(privilege);
            let mut names = Vec::new();
            for name in list(grantees) {
                match name {
                    Value::String(name) => names.push(name),
                    other => self.wrong_at(
                        "grants",
                        &format!("grants: {privilege}"),
                        "a name or a list of names",
                        &other,
                    ),
                }
            }
            read.push((privilege.clone(), names));
        }
        read
    }

    /// A word that is nearly a privilege. What else other databases grant, nobody here knows.
    fn warn_of_privilege(&mut self, privilege: &str) {
        let said = privilege.to_lowercase();
        if PRIVILEGES.contains(&said.as_str()) {
            return;
        }
        let Some(near) = nearest(&said, PRIVILEGES) else {
            return;
        };
        let place = self.merged.origin("grants").or_else(|| self.at.cloned());
        let place = place.map(|place| place.of_word(privilege));
        let message = format!("`grants` gives `{privilege}`, which is no privilege");
        self.problems.push(
            Diagnostic::warning("unknown-value", message)
                .at_some(place)
                .help(format!("did you mean `{near}`?")),
        );
    }

    pub(super) fn column_types(&mut self) -> Vec<(String, String)> {
        const WHAT: &str = "a mapping of columns to types";
        let types = self.mapping("column_types", WHAT);
        let mut read = Vec::new();
        for (column, data_type) in types.into_iter().flatten() {
            match data_type {
                Value::String(data_type) => read.push((column.clone(), data_type.clone())),
                other => self.wrong("column_types", WHAT, other),
            }
        }
        read
    }
}
