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
    Code::refused("unknown-date-part"),
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
        let told = Diagnostic::error(finding.code, finding.message.clone()).at_some(span);
        let told = look.explained(told, finding.range.as_ref(), &finding.label, &finding.help);
        found.tell(told);
    }
    for refusal in refusals {
        let span = look.span(refusal.range.as_ref()).or_else(|| look.place());
        let known = |span: &Span| places.contains(&span.start);
        if span.as_ref().is_some_and(known) {
            continue;
        }
        let told = Diagnostic::error(refusal.code, refusal.message.clone()).at_some(span);
        let told = look.explained(told, refusal.range.as_ref(), &refusal.reason, &refusal.help);
        found.tell(told.about(&look.node.name));
    }
}

impl Look<'_> {
    /// A mistake with the line of SQL where that is not the template's, the reason and what to do.
    fn explained(
        &self,
        mut told: Diagnostic,
        range: Option<&Range<usize>>,
        reason: &Option<String>,
        help: &Option<String>,
    ) -> Diagnostic {
        told.notes.extend(self.line(range));
        told.label = reason.clone().or(told.label);
        told.help.extend(help.clone());
        told
    }

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
