//! Diagnostics of what a warehouse refuses or answers to a query that a command asks by itself.

use crate::adapter::{self, Refusal};
use crate::compile::Sql;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// A refusal, at its place in the template that the query came from.
pub fn refused(refusal: Refusal, sql: &Sql) -> Diagnostics {
    let span = refusal.range.and_then(|range| sql.map.span(range));
    let mut diagnostic = Diagnostic::error(refusal.code, refusal.message).at_some(span);
    diagnostic.label = refusal.reason;
    diagnostic.help.extend(refusal.help);
    diagnostic.into()
}

/// What the warehouse answered to a query, at its place in the template that the query came from.
pub fn failed(error: adapter::Error, sql: &Sql) -> Diagnostics {
    let span = error.range.and_then(|range| sql.map.span(range));
    let mut diagnostic = match &error.fault {
        Some(fault) => {
            let candidates = fault.candidates.iter().map(String::as_str);
            Diagnostic::error(fault.code, &*fault.message)
                .did_you_mean(fault.name.as_deref().unwrap_or_default(), candidates)
        }
        None => Diagnostic::error("database-error", "the warehouse could not run the query"),
    }
    .at_some(span);
    diagnostic
        .notes
        .push(format!("the database said: {}", error.message));
    diagnostic.notes.extend(error.detail);
    diagnostic.help.extend(error.help);
    diagnostic.into()
}
