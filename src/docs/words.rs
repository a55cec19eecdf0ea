//! Names, tests and keys in the words of the dictionary.

use serde_json::Value;

use crate::adapter::statement::{Dist, SortType, TableAttributes};
use crate::artifacts::timestamp;
use crate::manifest::node::{Constraint, ConstraintKind, Detail, GenericTest};
use crate::manifest::{Node, ResourceType};

/// The columns of a test over several columns.
pub(super) fn combination(test: &GenericTest) -> Option<Vec<&str>> {
    if !test.name.starts_with("unique_combination") {
        return None;
    }
    let arguments = ["columns", "combination_of_columns"];
    let columns = arguments
        .iter()
        .find_map(|name| test.arguments.get(*name)?.as_array())?;
    Some(columns.iter().filter_map(Value::as_str).collect())
}

/// The name of a generic test, what it was told, and of which rows it speaks.
pub(super) fn label(test: &GenericTest, rows: Option<&str>) -> String {
    let mut label = told(test);
    if let Some(rows) = rows {
        label.push_str(" where ");
        label.push_str(&bare(rows));
    }
    label
}

fn told(test: &GenericTest) -> String {
    let name = match &test.namespace {
        Some(namespace) => format!("{namespace}.{}", test.name),
        None => test.name.clone(),
    };
    if test.name == "relationships"
        && let (Some(to), Some(field)) = (test.arguments.get("to"), test.arguments.get("field"))
    {
        return format!("{name}: {} {}", bare(&plain(to)), plain(field));
    }
    let told = test
        .arguments
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "model" | "column_name" | "quote"));
    let told: Vec<String> = told
        .map(|(key, value)| match (test.name.as_str(), key.as_str()) {
            // What the name of the test says already.
            ("accepted_values", "values")
            | ("expression_is_true", "expression")
            | ("unique_combination", "columns") => bare(&plain(value)),
            _ => format!("{key} {}", bare(&plain(value))),
        })
        .collect();
    if told.is_empty() {
        name
    } else {
        format!("{name}: {}", told.join(", "))
    }
}

/// A text without the braces of Jinja around a call.
fn bare(text: &str) -> String {
    text.replace("{{ ", "").replace(" }}", "")
}

pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

pub(super) fn name(node: &Node) -> String {
    match &node.detail {
        Detail::Source(detail) => format!("{}.{}", detail.source_name, node.name),
        _ => node.name.clone(),
    }
}

/// The end of a `unique_id`, after kind and package: what a node is called among its like.
pub(super) fn last_of_id(node: &Node) -> String {
    let last = node.unique_id.splitn(3, '.').nth(2);
    last.unwrap_or(&node.name).to_owned()
}

/// A constraint of a table as SQL would say it.
pub(super) fn constraint(constraint: &Constraint) -> String {
    let columns = format!("({})", constraint.columns.join(", "));
    let expression = constraint.expression.as_deref().unwrap_or_default();
    match constraint.kind {
        ConstraintKind::NotNull => format!("not null {columns}"),
        ConstraintKind::Unique => format!("unique {columns}"),
        ConstraintKind::PrimaryKey => format!("primary key {columns}"),
        ConstraintKind::ForeignKey => {
            let target = constraint
                .to
                .as_deref()
                .map(|to| format!("{} ({})", bare(to), constraint.to_columns.join(", ")));
            format!(
                "foreign key {columns} references {}",
                target.as_deref().unwrap_or(expression)
            )
        }
        ConstraintKind::Check => format!("check ({expression})"),
        ConstraintKind::Custom => expression.to_owned(),
    }
}

pub(super) fn anchor(node: &Node) -> String {
    let safe = |character: char| {
        if character.is_alphanumeric() || matches!(character, '-' | '_' | '.') {
            character
        } else {
            '-'
        }
    };
    node.unique_id.chars().map(safe).collect()
}

pub(super) fn kind(node: &Node) -> String {
    match node.resource_type {
        ResourceType::Model => format!("{} model", node.config.materialized.replace('_', " ")),
        other => other.to_string(),
    }
}

/// `meta.owner` (a text, or a mapping with `name` or `email`), or the group.
pub(super) fn owner(node: &Node) -> Option<String> {
    let said = node.config.meta.get("owner");
    let named = said.and_then(|owner| owner.get("name").or_else(|| owner.get("email")));
    let named = named.or(said).and_then(Value::as_str);
    named
        .map(str::to_owned)
        .or_else(|| node.config.group.clone())
}

pub(super) fn dist(attributes: &TableAttributes) -> Option<String> {
    Some(match attributes.dist.as_ref()? {
        Dist::All => "all".to_owned(),
        Dist::Even => "even".to_owned(),
        Dist::Auto => "auto".to_owned(),
        Dist::Key(column) => format!("key ({column})"),
    })
}

pub(super) fn sort(attributes: &TableAttributes) -> Option<String> {
    let kind = match attributes.sort_type {
        Some(SortType::Interleaved) => "interleaved ",
        Some(SortType::Auto) => return Some("auto".to_owned()),
        Some(SortType::Compound) if attributes.sort.len() > 1 => "compound ",
        _ => "",
    };
    (!attributes.sort.is_empty()).then(|| format!("{kind}({})", attributes.sort.join(", ")))
}

/// `2024-01-15 10:30 UTC`.
pub(super) fn minute(at: jiff::Timestamp) -> String {
    let text = timestamp(at);
    format!("{} {} UTC", &text[..10], &text[11..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn test(name: &str, arguments: Value) -> GenericTest {
        let Value::Object(arguments) = arguments else {
            panic!("arguments are a mapping");
        };
        GenericTest {
            config: serde_json::Map::new(),
            name: name.to_owned(),
            namespace: None,
            arguments,
            places: Vec::new(),
        }
    }

    #[test]
    fn a_test_is_told_in_the_words_of_its_declaration_and_for_its_rows_only() {
        let rows = Some("page = '{{ var('page') }}'");
        assert_eq!(
            label(&test("not_null", json!({"column_name": "a"})), rows),
            "not_null where page = 'var('page')'"
        );
        assert_eq!(
            label(
                &test("row_count", json!({"equals": "{{ var('expected') }}"})),
                None
            ),
            "row_count: equals var('expected')"
        );
        assert_eq!(
            label(
                &test(
                    "accepted_values",
                    json!({"values": [200, 404], "quote": false})
                ),
                None
            ),
            "accepted_values: 200, 404"
        );
        assert_eq!(
            label(
                &test("expression_is_true", json!({"expression": "a <= b"})),
                None
            ),
            "expression_is_true: a <= b"
        );
    }
}
