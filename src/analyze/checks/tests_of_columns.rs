//! Data tests on columns that are not there, and relationships between columns of different kinds.

use super::configured::is_name;
use super::sets::clash;
use super::{Code, Found, Look};
use crate::diagnostic::Diagnostic;
use crate::manifest::node::{Detail, GenericTest};

pub(super) const CODES: &[Code] = &[Code::warning("relationship-types")];

pub(super) fn check(look: &Look<'_>, found: &mut Found<'_>) {
    let Detail::Test(test) = &look.node.detail else {
        return;
    };
    let (Some(generic), Some(of)) = (&test.generic, test.attached_node) else {
        return;
    };
    let manifest = look.project.manifest;
    let schema = &look.project.analysis.node(of).schema;
    let column = test.column_name.as_deref().filter(|name| is_name(name));
    let combined = combined(generic);
    for name in column.into_iter().chain(combined) {
        if schema.lacks(name) {
            let names = schema.columns.iter().map(|column| column.name.as_str());
            found.tell(
                Diagnostic::error(
                    "unknown-column",
                    format!(
                        "the test `{}` is on the column `{name}`, which `{}` does not have",
                        generic.name,
                        manifest.node(of).name
                    ),
                )
                .at_some(look.node.declared_at.clone())
                .did_you_mean(name, names),
            );
        }
    }
    if generic.name != "relationships" || generic.namespace.is_some() {
        return;
    }
    let field = generic
        .arguments
        .get("field")
        .and_then(serde_json::Value::as_str);
    let declared = look.node.declared_at.as_ref();
    let mut others = look.node.depends_on.iter().filter(|id| **id != of);
    let (Some(field), Some(to), None, Some(column)) = (field, others.next(), others.next(), column)
    else {
        return;
    };
    let target = &look.project.analysis.node(*to).schema;
    if is_name(field) && target.lacks(field) {
        let names = target.columns.iter().map(|column| column.name.as_str());
        found.tell(
            Diagnostic::error(
                "unknown-column",
                format!(
                    "the relationship leads to the column `{field}`, which `{}` does not have",
                    manifest.node(*to).name
                ),
            )
            .at_some(generic.place_of("field").or(declared).cloned())
            .one_of(field, names),
        );
        return;
    }
    let types = (
        schema
            .column(column)
            .and_then(|column| column.data_type.as_deref()),
        target
            .column(field)
            .and_then(|column| column.data_type.as_deref()),
    );
    if let (Some(own), Some(other)) = types
        && clash(own, other)
    {
        found.tell(
            Diagnostic::warning(
                "relationship-types",
                format!(
                    "`{column}` is {own}, and `{field}` of `{}` is {other}",
                    manifest.node(*to).name
                ),
            )
            .at_some(look.node.declared_at.clone())
            .help("give both the same type"),
        );
    }
}

/// The columns of a built-in test of several.
fn combined(generic: &GenericTest) -> impl Iterator<Item = &str> {
    let built_in = generic.name == "unique_combination" && generic.namespace.is_none();
    let columns = generic.arguments.get("columns").filter(|_| built_in);
    let columns = columns.and_then(serde_json::Value::as_array);
    let names = columns
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str());
    names.filter(|name| is_name(name))
}
