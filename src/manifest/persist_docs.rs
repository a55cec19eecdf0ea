//! `persist_docs`: which descriptions are written into the warehouse.
//!
//! In: merged configuration. Out: whether those of relations, and those of columns; what is wrong is told at its place.

use serde_json::Value;

use super::merge::Merged;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};

const KEYS: [&str; 2] = ["relation", "columns"];

/// Whether descriptions of relations, and of columns, are written.
pub(super) fn read(merged: &Merged, at: Option<&Span>, problems: &mut Diagnostics) -> (bool, bool) {
    let place = merged.origin("persist_docs").or_else(|| at.cloned());
    let Some(value) = merged.get("persist_docs") else {
        return (false, false);
    };
    let wrong = |message: String| {
        Diagnostic::error("bad-config", message)
            .at_some(place.clone())
            .help("write `persist_docs: {relation: true, columns: true}`")
    };
    let Value::Object(given) = value else {
        problems.push(wrong(format!(
            "`persist_docs` is a mapping with `relation` and `columns`, not `{value}`"
        )));
        return (false, false);
    };
    for (key, value) in given {
        if !KEYS.contains(&key.as_str()) {
            // As in dbt no error, but it does nothing.
            problems.push(
                Diagnostic::warning("unknown-key", format!("`persist_docs` has no key `{key}`"))
                    .at_some(place.clone())
                    .did_you_mean(key, KEYS)
                    .help("the keys are `relation` and `columns`"),
            );
        } else if !value.is_boolean() {
            problems.push(wrong(format!(
                "`{key}` of `persist_docs` is `true` or `false`, not `{value}`"
            )));
        }
    }
    let is = |key: &str| given.get(key).and_then(Value::as_bool).unwrap_or(false);
    (is("relation"), is("columns"))
}
