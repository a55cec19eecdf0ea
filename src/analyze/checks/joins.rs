//! Joins that nobody meant: without a condition, or by columns of different types; comparisons and casts that no database does.

use super::sets::{apart, clash};
use super::{Code, Found, Look};
use crate::diagnostic::Diagnostic;

pub(super) const CODES: &[Code] = &[
    Code::warning("implicit-cross-join"),
    Code::warning("compared-types"),
    Code::error("incomparable-types"),
    Code::error("impossible-cast"),
];

pub(super) fn check(look: &Look<'_>, found: &mut Found<'_>) {
    let Some(query) = look.query().filter(|_| look.is_written()) else {
        return;
    };
    for fact in &query.facts.cross_joins {
        let table = &fact.what.table;
        found.tell(
            Diagnostic::warning(
                "implicit-cross-join",
                format!("nothing joins `{table}` to the tables before it"),
            )
            .at_some(look.span(fact.range.as_ref()).or_else(|| look.place()))
            .label("every row meets every row")
            .help("give the join a condition, or write `cross join` if that is meant"),
        );
    }
    for fact in &query.facts.conversions {
        let it = &fact.what;
        if apart(&it.from, &it.to) {
            found.tell(
                Diagnostic::error(
                    "impossible-cast",
                    format!("{} cannot be cast to {}", it.from, it.to),
                )
                .at_some(look.span(fact.range.as_ref()).or_else(|| look.place()))
                .help("`date_part` and `extract` give numbers of a moment, `to_date` and `dateadd` moments of numbers"),
            );
        }
    }
    for fact in &query.facts.comparisons {
        let it = &fact.what;
        let (Some(left), Some(right)) = (&it.left, &it.right) else {
            continue;
        };
        if it.operator == "/" {
            continue;
        }
        if apart(left, right) {
            found.tell(
                Diagnostic::error(
                    "incomparable-types",
                    format!("{left} cannot be compared with {right}"),
                )
                .at_some(look.span(fact.range.as_ref()).or_else(|| look.place()))
                .help("compare values of one type: look at the columns, or cast one side"),
            );
        } else if !it.literal && clash(left, right) {
            found.tell(
                Diagnostic::warning("compared-types", format!("{left} is compared with {right}"))
                    .at_some(look.span(fact.range.as_ref()).or_else(|| look.place()))
                    .help("cast one side, so that it is clear which one is meant"),
            );
        }
    }
}
