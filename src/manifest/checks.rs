//! What stands out once all names are known.

use std::collections::BTreeSet;

use super::config::OnSchemaChange;
use super::node::{Constraint, ConstraintKind, Detail, Node, ResourceType};
use super::{Manifest, NodeId};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Warnings about the whole manifest, and contracts that cannot be kept.
pub fn check(manifest: &Manifest, dialect: &str, problems: &mut Diagnostics) {
    for node in &manifest.nodes {
        if node.resource_type == ResourceType::Model && node.config.contract_enforced {
            check_contract(node, problems);
        }
    }
    let tested = tested_keys(manifest);
    for id in manifest.ids() {
        let node = manifest.node(id);
        // Other databases keep the keys that a contract makes.
        if dialect != "redshift" && node.config.contract_enforced {
            continue;
        }
        for (columns, constraint) in keys(node) {
            let wanted = columns
                .iter()
                .map(|column| column.to_lowercase())
                .collect::<BTreeSet<_>>();
            if wanted.is_empty() || tested.contains(&(id, wanted)) {
                continue;
            }
            let kind = constraint.kind.words();
            let named = columns
                .iter()
                .map(|column| format!("`{column}`"))
                .collect::<Vec<_>>()
                .join(", ");
            let help = match columns.as_slice() {
                [_] => "add `data_tests: [unique]` to the column".to_owned(),
                many => format!(
                    "add the test `unique_combination` with `columns: [{}]` to `{}`",
                    many.join(", "),
                    node.name
                ),
            };
            problems.push(
                Diagnostic::warning(
                    "untested-key",
                    format!(
                        "the {kind} {named} of `{}` is declared but not tested",
                        node.name
                    ),
                )
                .at_some(constraint.declared_at.clone())
                .label(match dialect {
                    "redshift" => "Redshift does not enforce it",
                    _ => "without an enforced contract it is not made",
                })
                .help(help),
            );
        }
    }
}

/// What a contract needs: columns, and a materialization that can keep it. Whether each has a type is looked at when it is built.
fn check_contract(node: &Node, problems: &mut Diagnostics) {
    let place = |key: &str| {
        let written = node.config.origins.get(key).cloned();
        written.or_else(|| node.declared_at.clone())
    };
    let config = &node.config;
    let incremental = config.materialized == "incremental";
    let keeps = [OnSchemaChange::AppendNewColumns, OnSchemaChange::Fail];
    if incremental && !keeps.contains(&config.on_schema_change) {
        problems.push(
            Diagnostic::error(
                "contract-cannot-be-kept",
                format!(
                    "`{}` grows and has an enforced contract, so it must say what becomes of new columns",
                    node.name
                ),
            )
            .at_some(place("on_schema_change"))
            .help("set `on_schema_change` to `append_new_columns` or `fail`"),
        );
    }
    if config.materialized == "ephemeral" {
        // As in dbt, which says nothing of it.
        problems.push(
            Diagnostic::warning(
                "contract-not-checked",
                format!(
                    "the contract of `{}` is not checked: an ephemeral model makes no relation",
                    node.name
                ),
            )
            .at_some(place("contract"))
            .help("a contract is kept by `table`, `view` and `incremental`"),
        );
    }
    if config.materialized == "materialized_view" {
        problems.push(
            Diagnostic::error(
                "contract-cannot-be-kept",
                format!(
                    "a contract cannot be enforced for `{}`, which is materialized as `{}`",
                    node.name, config.materialized
                ),
            )
            .at_some(place("contract"))
            .help("it can for `table`, `view` and `incremental`"),
        );
    }
    if node.columns.is_empty() {
        problems.push(
            Diagnostic::error(
                "no-columns",
                format!("the contract of `{}` declares no columns", node.name),
            )
            .at_some(place("contract"))
            .help("list all columns under `columns:` with `name` and `data_type`"),
        );
    }
}

/// The columns of each key that a node declares.
fn keys(node: &Node) -> Vec<(Vec<String>, &Constraint)> {
    let is_key = |constraint: &&Constraint| {
        matches!(
            constraint.kind,
            ConstraintKind::PrimaryKey | ConstraintKind::Unique
        )
    };
    if !matches!(
        node.resource_type,
        ResourceType::Model | ResourceType::Seed | ResourceType::Source
    ) {
        return Vec::new();
    }
    let of_columns = node.columns.values().flat_map(|column| {
        column
            .constraints
            .iter()
            .filter(is_key)
            .map(|constraint| (vec![column.name.clone()], constraint))
    });
    let of_node = node
        .constraints
        .iter()
        .filter(is_key)
        .map(|constraint| (constraint.columns.clone(), constraint));
    of_columns.chain(of_node).collect()
}

/// The sets of columns that a test finds unique.
fn tested_keys(manifest: &Manifest) -> BTreeSet<(NodeId, BTreeSet<String>)> {
    let mut tested = BTreeSet::new();
    for node in &manifest.nodes {
        let Detail::Test(test) = &node.detail else {
            continue;
        };
        let (Some(generic), Some(attached)) = (&test.generic, test.attached_node) else {
            continue;
        };
        // Some rows say nothing of a key.
        if node.config.where_clause.is_some() {
            continue;
        }
        let columns = match generic.name.as_str() {
            "unique" => {
                let named = test
                    .column_name
                    .as_deref()
                    .or_else(|| generic.arguments.get("column_name")?.as_str());
                named.into_iter().map(str::to_lowercase).collect()
            }
            "unique_combination" | "unique_combination_of_columns" => {
                let listed = generic
                    .arguments
                    .get("columns")
                    .or_else(|| generic.arguments.get("combination_of_columns"));
                let listed = listed
                    .and_then(serde_json::Value::as_array)
                    .into_iter()
                    .flatten();
                listed
                    .filter_map(serde_json::Value::as_str)
                    .map(str::to_lowercase)
                    .collect()
            }
            _ => continue,
        };
        tested.insert((attached, columns));
    }
    tested
}
