//! Two columns of one name in a table or view.

use std::collections::BTreeMap;

use super::{Code, Found, Look};
use crate::analyze::QueryColumn;
use crate::diagnostic::Diagnostic;
use crate::manifest::ResourceType;
use crate::sql::dialect::Dialect;

pub(super) const CODES: &[Code] = &[Code::refused("duplicate-column")];

pub(super) fn check(look: &Look<'_>, found: &mut Found<'_>) {
    // DuckDB gives the second one another name.
    let stored = matches!(
        look.node.resource_type,
        ResourceType::Model | ResourceType::Snapshot
    ) && look.node.config.materialized != "ephemeral";
    let Some(query) = look
        .query()
        .filter(|_| stored && look.project.dialect != Dialect::DuckDb)
    else {
        return;
    };
    // PostgreSQL tells names apart by case. What is added to later is compared by names without it.
    let grows = look.node.resource_type == ResourceType::Snapshot
        || matches!(
            look.node.config.materialized.as_str(),
            "incremental" | "snapshot"
        );
    let by_case = look.project.dialect == Dialect::Postgres && !grows;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (number, QueryColumn { name, range, .. }) in query.columns.iter().enumerate() {
        // What a `*` brings from a table that is not known whole is only declared there, and may not be.
        if range.is_none() && !query.complete {
            continue;
        }
        // What has no name of its own (`?column?`) is not the same column twice in a view of PostgreSQL either, but nobody wrote the name.
        let key = match by_case {
            true => name.clone(),
            false => name.to_lowercase(),
        };
        if let Some(first) = seen.insert(key, number) {
            let earlier = &query.columns[first].name;
            let only_case = look.project.dialect == Dialect::Postgres && earlier != name;
            let (message, help) = match only_case {
                true => (
                    format!(
                        "`{}` has the columns `{earlier}` and `{name}`, whose names differ only in case",
                        look.node.name
                    ),
                    "a table or view may have both, what rows are added to may not: give one of them another name with `as`",
                ),
                false => (
                    format!("`{}` has two columns named `{name}`", look.node.name),
                    "give one of them another name with `as`",
                ),
            };
            let written = range
                .as_ref()
                .or(query.columns[first].range.as_ref())
                .filter(|range| !range.is_empty());
            let star = query
                .facts
                .stars
                .first()
                .and_then(|star| star.range.as_ref());
            found.tell(
                Diagnostic::error("duplicate-column", message)
                    .at_some(look.span(written.or(star)).or_else(|| look.place()))
                    .help(help),
            );
        }
    }
}
