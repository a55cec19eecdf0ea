//! Joins that nobody meant: without a condition, or by columns of different types.

use super::sets::clash;
use super::{Code, Found, Look};
use crate::adapter::statement::Dist;
use crate::diagnostic::Diagnostic;
use crate::manifest::Node;
use crate::sql::dialect::Dialect;
use crate::sql::lineage::{Comparison, Fact, Origin};

pub(super) const CODES: &[Code] = &[
    Code::warning("implicit-cross-join"),
    Code::warning("compared-types"),
    Code::warning("join-distribution"),
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
    for fact in &query.facts.comparisons {
        let it = &fact.what;
        if it.literal || it.operator == "/" {
            continue;
        }
        if let (Some(left), Some(right)) = (&it.left, &it.right)
            && clash(left, right)
        {
            found.tell(
                Diagnostic::warning("compared-types", format!("{left} is compared with {right}"))
                    .at_some(look.span(fact.range.as_ref()).or_else(|| look.place()))
                    .help("cast one side, so that it is clear which one is meant"),
            );
        }
        if it.joins && it.operator == "=" && look.project.dialect == Dialect::Redshift {
            distribution(look, fact, found);
        }
    }
}

/// A join of two distributed tables moves rows between nodes where it is not by both keys.
fn distribution<'a>(look: &Look<'a>, fact: &'a Fact<Comparison>, found: &mut Found<'_>) {
    let key = |origin| key_of(look, origin);
    let (Some(left), Some(right)) = (
        key(fact.what.left_column.as_ref()),
        key(fact.what.right_column.as_ref()),
    ) else {
        return;
    };
    let by_key =
        |(_, key, origin): (&Node, &String, &Origin)| key.eq_ignore_ascii_case(&origin.column);
    if by_key(left) == by_key(right) {
        return;
    }
    let (other, of) = if by_key(left) {
        (right, left)
    } else {
        (left, right)
    };
    found.tell(
        Diagnostic::warning(
            "join-distribution",
            format!(
                "`{}` is distributed by `{}`, and joined by `{}` to the key of `{}`",
                other.0.name, other.1, other.2.column, of.0.name
            ),
        )
        .at_some(look.span(fact.range.as_ref()).or_else(|| look.place()))
        .label("rows move between nodes for this join")
        .help(format!(
            "distribute `{}` by `{}`, or `all` if it is small",
            other.0.name, other.2.column
        )),
    );
}

/// The node of a column, and the column that it is distributed by.
fn key_of<'a>(
    look: &Look<'a>,
    origin: Option<&'a Origin>,
) -> Option<(&'a Node, &'a String, &'a Origin)> {
    let origin = origin?;
    let id = *look.project.manifest.by_unique_id.get(&*origin.table)?;
    let node = look.project.manifest.node(id);
    match &node.config.attributes.dist {
        Some(Dist::Key(key)) => Some((node, key, origin)),
        _ => None,
    }
}
