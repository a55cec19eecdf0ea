//! Names that mean nothing in a query, and SQL that Redshift refuses.

use std::ops::Range;

use super::{Code, Found, Look};
use crate::adapter::emulating::is_date_part;
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::ResourceType;

pub(super) const CODES: &[Code] = &[
    Code::refused("unknown-column"),
    Code::refused("ambiguous-column"),
    Code::refused("unknown-alias"),
    Code::refused("duplicate-alias"),
    Code::refused("union-columns"),
    Code::refused("subquery-columns"),
    Code::refused("too-many-names"),
    Code::refused("no-such-place"),
    Code::refused("aggregate-misuse"),
    Code::refused("unknown-function"),
    Code::refused("unknown-type"),
    Code::refused("not-redshift"),
    Code::refused("not-emulated"),
    Code::refused("sql-syntax"),
    Code::refused("not-a-query"),
];

pub(super) fn check(look: &Look<'_>, found: &mut Found<'_>) {
    let Some(query) = look.query() else {
        return;
    };
    // The SQL of a generic test is not the user's; what it looks at is checked where it is declared.
    if !look.is_written() || look.node.resource_type == ResourceType::Snapshot {
        return;
    }
    // On Redshift itself the table of functions is not the last word: users bring their own.
    let refusals = query.refusals.iter().filter(|_| look.project.emulated);
    let mut places = Vec::new();
    for finding in &query.findings {
        let misspelt = refusals
            .clone()
            .filter(|refusal| refusal.code == "unknown-function");
        let mut calls = misspelt.filter_map(|refusal| refusal.range.as_ref());
        if calls.any(|call| look.is_date_part_of(call, finding.range.as_ref())) {
            continue;
        }
        let span = look.span(finding.range.as_ref()).or_else(|| look.place());
        places.extend(span.as_ref().map(|span| span.start));
        let mut told = Diagnostic::error(finding.code, finding.message.clone()).at_some(span);
        told.notes.extend(look.line(finding.range.as_ref()));
        if let Some(label) = &finding.label {
            told = told.label(label.clone());
        }
        if let Some(help) = &finding.help {
            told = told.help(help.clone());
        }
        found.tell(told);
    }
    for refusal in refusals {
        let span = look.span(refusal.range.as_ref()).or_else(|| look.place());
        let known = |span: &Span| places.contains(&span.start);
        if span.as_ref().is_some_and(known) {
            continue;
        }
        let mut told = Diagnostic::error(refusal.code, refusal.message.clone()).at_some(span);
        told.notes.extend(look.line(refusal.range.as_ref()));
        if let Some(reason) = &refusal.reason {
            told = told.label(reason.clone());
        }
        if let Some(help) = &refusal.help {
            told = told.help(help.clone());
        }
        found.tell(told.about(&look.node.name));
    }
}

impl Look<'_> {
    /// Whether a word is no column but the date part with which the call of a misspelt function begins: `datadd(day, …)`.
    fn is_date_part_of(&self, function: &Range<usize>, word: Option<&Range<usize>>) -> bool {
        let text = self.project.compiled.sql(self.id).map(|sql| &sql.text);
        let (Some(text), Some(word)) = (text, word) else {
            return false;
        };
        let between = text.get(function.end..word.start).map(str::trim);
        between == Some("(") && text.get(word.clone()).is_some_and(is_date_part)
    }
}
