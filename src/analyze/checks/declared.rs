//! Columns that YAML declares, beside those that the query has.

use super::configured::is_name;
use super::sets::clash;
use super::{Code, Found, Look};
use crate::analyze::QueryColumn;
use crate::diagnostic::Diagnostic;
use crate::manifest::ResourceType;
use crate::manifest::node::Detail;

pub(super) const CODES: &[Code] = &[
    Code::refused("contract-broken"),
    Code::error("undeclared-column"),
    Code::warning("undescribed-columns"),
    Code::warning("undeclared-source-column"),
];

pub(super) fn check(look: &Look<'_>, found: &mut Found<'_>) {
    match look.node.resource_type {
        ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot
            if !look.node.columns.is_empty() || !look.node.constraints.is_empty() =>
        {
            of_node(look, found)
        }
        ResourceType::Source => of_source(look, found),
        _ => {}
    }
}

fn of_node(look: &Look<'_>, found: &mut Found<'_>) {
    let schema = &look.analysis.schema;
    let contract = look.node.config.contract_enforced;
    let names = || schema.columns.iter().map(|column| column.name.as_str());
    for declared in look
        .node
        .columns
        .values()
        .filter(|column| is_name(&column.name))
    {
        let name = &declared.name;
        if schema.lacks(name) {
            let (code, what) = match contract {
                true => ("contract-broken", "the contract of"),
                false => ("undeclared-column", "the description of"),
            };
            found.tell(
                Diagnostic::error(
                    code,
                    format!(
                        "{what} `{}` has the column `{name}`, its query does not",
                        look.node.name
                    ),
                )
                .at_some(declared.declared_at.clone().or_else(|| look.place()))
                .one_of(name, names()),
            );
        }
    }
    of_keys(look, found);
    let Some(query) = look.query().filter(|query| query.complete) else {
        return;
    };
    let missing: Vec<&QueryColumn> = query
        .columns
        .iter()
        .filter(|written| {
            !look
                .node
                .columns
                .values()
                .any(|column| column.name.eq_ignore_ascii_case(&written.name))
        })
        .collect();
    if look.node.columns.is_empty() {
        return;
    }
    if contract {
        for QueryColumn { name, range, .. } in &missing {
            found.tell(
                Diagnostic::error(
                    "contract-broken",
                    format!(
                        "`{}` has the column `{name}`, its contract does not",
                        look.node.name
                    ),
                )
                .at_some(
                    look.span(range.as_ref().filter(|range| !range.is_empty()))
                        .or_else(|| look.place()),
                )
                .help("declare it with its `data_type`, or leave it out of the query"),
            );
        }
        broken_types(look, found);
    } else if !missing.is_empty() {
        let all: Vec<String> = missing
            .iter()
            .map(|column| format!("`{}`", column.name))
            .collect();
        found.tell(
            Diagnostic::warning(
                "undescribed-columns",
                format!(
                    "`{}` has columns that its description leaves out: {}",
                    look.node.name,
                    all.join(", ")
                ),
            )
            .at_some(look.node.declared_at.clone().or_else(|| look.place())),
        );
    }
}

/// Columns that a node's own keys name, here or in the relation to which they lead.
fn of_keys(look: &Look<'_>, found: &mut Found<'_>) {
    let manifest = look.project.manifest;
    for key in &look.node.constraints {
        let here = key
            .columns
            .iter()
            .map(|name| (look.node, &look.analysis.schema, name));
        let other = key
            .to_node
            .map(|id| (manifest.node(id), &look.project.analysis.node(id).schema));
        let there = other
            .into_iter()
            .flat_map(|(node, schema)| key.to_columns.iter().map(move |name| (node, schema, name)));
        for (of, schema, name) in here.chain(there) {
            if is_name(name) && schema.lacks(name) {
                found.tell(
                    Diagnostic::error(
                        "undeclared-column",
                        format!(
                            "the {} of `{}` names the column `{name}`, which `{}` does not have",
                            key.kind.words(),
                            look.node.name,
                            of.name
                        ),
                    )
                    .at_some(key.declared_at.clone().or_else(|| look.place()))
                    .one_of(
                        name,
                        schema.columns.iter().map(|column| column.name.as_str()),
                    ),
                );
            }
        }
    }
}

/// Columns whose query gives a type that the contract's column cannot hold.
fn broken_types(look: &Look<'_>, found: &mut Found<'_>) {
    let Some(query) = look.query() else {
        return;
    };
    for QueryColumn {
        name,
        data_type: inferred,
        ..
    } in &query.columns
    {
        let declared = look
            .node
            .columns
            .values()
            .find(|column| column.name.eq_ignore_ascii_case(name));
        let (Some(declared), Some(inferred)) = (declared, inferred) else {
            continue;
        };
        if let Some(data_type) = &declared.data_type
            && clash(data_type, inferred)
        {
            found.tell(
                Diagnostic::error("contract-broken", format!("the contract of `{}` says that `{name}` is {data_type}, its query gives {inferred}", look.node.name))
                    .at_some(declared.type_at.clone().or_else(|| declared.declared_at.clone())),
            );
        }
    }
}

/// Columns that are read from a source whose declaration, types and all, does not name them.
fn of_source(look: &Look<'_>, found: &mut Found<'_>) {
    let declared = &look.node.columns;
    let whole = !declared.is_empty() && declared.values().all(|column| column.data_type.is_some());
    if !whole || look.analysis.schema.is_complete() {
        return;
    }
    let source = match &look.node.detail {
        Detail::Source(detail) => format!("{}.{}", detail.source_name, look.node.name),
        _ => look.node.name.clone(),
    };
    for column in look
        .analysis
        .schema
        .columns
        .iter()
        .filter(|column| column.implied)
    {
        found.tell(
            Diagnostic::warning("undeclared-source-column", format!("models read the column `{}` of `{source}`, which its declaration does not name", column.name))
                .at_some(look.node.declared_at.clone())
                .one_of(&column.name, declared.keys().map(String::as_str)),
        );
    }
}
