//! Advice for Redshift: what runs and gives another answer, or a slower one, than was meant.
//!
//! Sources: the Amazon Redshift Database Developer Guide, "Designing tables", "Designing queries", `AVG function`, `Character types`.

use super::{Code, Found, Look};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Node, ResourceType};
use crate::sql::dialect::Dialect;

pub(super) const CODES: &[Code] = &[
    Code::warning("average-of-integers"),
    Code::warning("integer-division"),
    Code::warning("not-in-nullable"),
    Code::warning("select-star"),
    Code::warning("filter-on-function"),
    Code::warning("literal-with-zone"),
    Code::warning("order-by"),
    Code::off("bound-view"),
];

pub(super) fn check(look: &Look<'_>, found: &mut Found<'_>) {
    let Some(query) = look.query().filter(|_| {
        look.project.dialect == Dialect::Redshift && look.node.resource_type == ResourceType::Model
    }) else {
        return;
    };
    let facts = &query.facts;
    let at =
        |range: &Option<std::ops::Range<usize>>| look.span(range.as_ref()).or_else(|| look.place());
    for call in &facts.calls {
        let integer = call
            .what
            .arguments
            .first()
            .is_some_and(|argument| argument.as_deref().is_some_and(is_integer));
        if &*call.what.name == "avg" && integer {
            found.tell(
                Diagnostic::warning(
                    "average-of-integers",
                    "the average of whole numbers is a whole number",
                )
                .at_some(at(&call.range))
                .label("Redshift cuts off what is behind the point")
                .help("write `avg(x::decimal(18, 4))`"),
            );
        }
    }
    for fact in &facts.comparisons {
        let it = &fact.what;
        let both = [&it.left, &it.right]
            .into_iter()
            .all(|side| side.as_deref().is_some_and(is_integer));
        if it.operator == "/" && both {
            found.tell(
                Diagnostic::warning(
                    "integer-division",
                    "whole numbers are divided without a rest",
                )
                .at_some(at(&fact.range))
                .label("Redshift cuts off what is behind the point")
                .help("multiply one side by 1.0, or cast it to a decimal"),
            );
        }
    }
    for fact in facts.not_in.iter().filter(|fact| !fact.what.never_null) {
        found.tell(
            Diagnostic::warning("not-in-nullable", "`not in` finds no row at all once the subquery gives a NULL")
                .at_some(at(&fact.range))
                .help("write `not exists`, or filter with `is not null`; a `not_null` test on the column settles it too"),
        );
    }
    let name = &look.node.name;
    for star in facts.stars.iter().filter(|_| is_fact(look.node)) {
        found.tell(
            Diagnostic::warning(
                "select-star",
                format!("`{name}` takes every column there is"),
            )
            .at_some(at(&star.range))
            .help(
                "name its columns: a new one upstream changes the table, and every column is read",
            ),
        );
    }
    for fact in &facts.wrapped_filters {
        let Some(&id) = look.project.manifest.by_unique_id.get(&*fact.what.table) else {
            continue;
        };
        let node = look.project.manifest.node(id);
        if node
            .config
            .attributes
            .sort
            .iter()
            .any(|key| key.eq_ignore_ascii_case(&fact.what.column))
        {
            found.tell(
                Diagnostic::warning(
                    "filter-on-function",
                    format!(
                        "`{}` is a sort key of `{}`, and the filter is on a function of it",
                        fact.what.column, node.name
                    ),
                )
                .at_some(at(&fact.range))
                .label("all blocks are read")
                .help("compare the column itself: a range instead of `date_trunc`"),
            );
        }
    }
    for fact in &facts.zoned_literals {
        found.tell(
            Diagnostic::warning(
                "literal-with-zone",
                format!(
                    "the zone in `{}` is dropped: the type is `timestamp`",
                    fact.what
                ),
            )
            .at_some(at(&fact.range))
            .help("cast to `timestamptz`"),
        );
    }
    if let Some(order) = &facts.final_order {
        found.tell(
            Diagnostic::warning("order-by", "the rows of a table or view have no order")
                .at_some(at(&order.range))
                .help("leave `order by` out, and give the table a sort key"),
        );
    }
    bound_view(look, found);
}

/// A view that is bound to a table which every run makes anew.
fn bound_view(look: &Look<'_>, found: &mut Found<'_>) {
    let config = &look.node.config;
    if config.materialized != "view" || !config.bind {
        return;
    }
    let rebuilt = look
        .node
        .depends_on
        .iter()
        .map(|id| look.project.manifest.node(*id))
        .find(|node| node.config.materialized == "table");
    if let Some(table) = rebuilt {
        found.tell(
            Diagnostic::warning(
                "bound-view",
                format!(
                    "the view `{}` is bound to `{}`, which every run makes anew",
                    look.node.name, table.name
                ),
            )
            .at_some(look.place())
            .help("configure `bind: false`"),
        );
    }
}

/// Whether a node is a fact by its name or folder.
pub(super) fn is_fact(node: &Node) -> bool {
    node.name.starts_with("fct_")
        || node.name.starts_with("fact_")
        || node.fqn.iter().any(|part| part == "facts")
}

fn is_integer(data_type: &str) -> bool {
    matches!(
        data_type,
        "smallint" | "integer" | "bigint" | "int" | "int2" | "int4" | "int8"
    )
}
