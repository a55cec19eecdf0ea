//! Joins on Redshift whose rows do not lie on the same nodes.
//!
//! Source: the Amazon Redshift Database Developer Guide, "Choose the best distribution style", "Data distribution for query optimization".

use super::advice::is_fact;
use super::{Code, Found, Look};
use crate::adapter::statement::Dist;
use crate::diagnostic::Diagnostic;
use crate::manifest::node::Detail;
use crate::manifest::{Node, NodeId, ResourceType};
use crate::sql::dialect::Dialect;
use crate::sql::lineage::{Comparison, Fact, Origin};

pub(super) const CODES: &[Code] = &[
    Code::warning("join-distribution"),
    Code::warning("missing-dist-key"),
];

/// With fewer rows a table is small: Redshift keeps a copy on every node by itself.
const LARGE: u64 = 1_000_000;

/// One side of a join.
struct Side<'a> {
    id: NodeId,
    node: &'a Node,
    dist: Option<&'a Dist>,
    column: &'a str,
}

impl Side<'_> {
    /// Whether its rows lie where the join wants them; unknown where nothing is said about it.
    fn is_by_column(&self) -> Option<bool> {
        match self.dist {
            Some(Dist::Key(key)) => Some(key.eq_ignore_ascii_case(self.column)),
            _ => None,
        }
    }
}

pub(super) fn check(look: &Look<'_>, found: &mut Found<'_>) {
    let Some(query) = look
        .query()
        .filter(|_| look.is_written() && look.project.dialect == Dialect::Redshift)
    else {
        return;
    };
    let joins = query.facts.comparisons.iter();
    let joins = joins.filter(|fact| fact.what.joins && fact.what.operator == "=");
    let mut biggest: Option<(u64, &Fact<Comparison>, [Side<'_>; 2])> = None;
    for fact in joins {
        let (Some(left), Some(right)) = (
            side_of(look, fact.what.left_column.as_ref()),
            side_of(look, fact.what.right_column.as_ref()),
        ) else {
            continue;
        };
        if let (Some(of_left), Some(of_right)) = (left.is_by_column(), right.is_by_column()) {
            if of_left != of_right {
                let (other, of) = if of_left {
                    (right, left)
                } else {
                    (left, right)
                };
                elsewhere(look, fact, &other, &of, found);
            }
            continue;
        }
        if let Some(size) = size(look, &left, &right)
            && biggest.as_ref().is_none_or(|(known, ..)| size > *known)
        {
            biggest = Some((size, fact, [left, right]));
        }
    }
    if let Some((_, fact, sides)) = biggest {
        without_key(look, fact, &sides, found);
    }
}

/// How large a join is: the rows of its smaller side. None where that is small, or where its rows are sent to no other node.
fn size(look: &Look<'_>, left: &Side<'_>, right: &Side<'_>) -> Option<u64> {
    let both = [left, right];
    let whole = |side: &&Side<'_>| {
        matches!(side.dist, Some(Dist::All | Dist::Even | Dist::Auto))
            || side.is_by_column() == Some(false)
    };
    if left.id == right.id || both.iter().any(whole) {
        return None;
    }
    let rows = both.map(|side| match look.project.rows.get(&side.id) {
        Some(rows) => Some(*rows).filter(|rows| *rows >= LARGE),
        // Before it is built, a name is all there is.
        None => is_fact(side.node).then_some(LARGE),
    });
    Some(rows[0]?.min(rows[1]?))
}

fn without_key(
    look: &Look<'_>,
    fact: &Fact<Comparison>,
    sides: &[Side<'_>; 2],
    found: &mut Found<'_>,
) {
    let [left, right] = sides;
    let (missing, other) = if left.dist.is_none() {
        (left, right)
    } else {
        (right, left)
    };
    let message = match other.dist {
        None => format!(
            "neither `{}` nor `{}`, which are both large, has a distribution key",
            left.node.name, right.node.name
        ),
        Some(_) => format!(
            "`{}` has no distribution key, and is joined to that of `{}`, which is large as well",
            missing.node.name, other.node.name
        ),
    };
    let help = match other.dist {
        None => format!(
            "distribute `{}` by `{}` and `{}` by `{}` (`dist: …`); `dist: auto` says that Redshift is to choose",
            left.node.name, left.column, right.node.name, right.column
        ),
        Some(_) => format!(
            "distribute `{}` by `{}` (`dist: …`); `dist: auto` says that Redshift is to choose",
            missing.node.name, missing.column
        ),
    };
    found.tell(
        Diagnostic::warning("missing-dist-key", message)
            .at_some(look.span(fact.range.as_ref()).or_else(|| look.place()))
            .label("the largest join of this query: rows move between nodes for it")
            .help(help),
    );
}

/// A join of two distributed tables moves rows between nodes where it is not by both keys.
fn elsewhere(
    look: &Look<'_>,
    fact: &Fact<Comparison>,
    other: &Side<'_>,
    of: &Side<'_>,
    found: &mut Found<'_>,
) {
    let Some(Dist::Key(key)) = other.dist else {
        return;
    };
    found.tell(
        Diagnostic::warning(
            "join-distribution",
            format!(
                "`{}` is distributed by `{key}`, and joined by `{}` to the key of `{}`",
                other.node.name, other.column, of.node.name
            ),
        )
        .at_some(look.span(fact.range.as_ref()).or_else(|| look.place()))
        .label("rows move between nodes for this join")
        .help(format!(
            "distribute `{}` by `{}`, or `all` if it is small",
            other.node.name, other.column
        )),
    );
}

/// The table of a column, where the project makes it.
fn side_of<'a>(look: &Look<'a>, origin: Option<&'a Origin>) -> Option<Side<'a>> {
    let origin = origin?;
    let id = *look.project.manifest.by_unique_id.get(&*origin.table)?;
    let node = look.project.manifest.node(id);
    let attributes = match &node.detail {
        Detail::Source(source) => &source.load.as_ref()?.attributes,
        _ => &node.config.attributes,
    };
    let is_table = match node.resource_type {
        ResourceType::Model => matches!(&*node.config.materialized, "table" | "incremental"),
        _ => true,
    };
    is_table.then(|| Side {
        id,
        node,
        dist: attributes.dist.as_ref(),
        column: &origin.column,
    })
}
