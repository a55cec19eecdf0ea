//! Names, tests and keys in the words of the dictionary.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

use crate::adapter::statement::{Dist, SortType, TableAttributes};
use crate::artifacts::{Previous, timestamp};
use crate::manifest::node::{Constraint, ConstraintKind, Detail, GenericTest};
use crate::manifest::{Manifest, Node, NodeId, ResourceType, template_in};
use crate::run::{RunResults, Status};

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

/// What a template says, if it can be told.
pub(super) type Said<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The name of a generic test, what it was told, and of which rows it speaks.
pub(super) fn label(test: &GenericTest, rows: Option<&str>, said: Said<'_>) -> String {
    let mut label = told(test, said);
    if let Some(rows) = rows {
        label.push_str(" where ");
        label.push_str(&worded(rows, said));
    }
    label
}

/// Keeps with the results of a run what its tests were told, where templates say that: a later run may have other variables.
pub fn keep_words(
    manifest: &Manifest,
    last: &mut Previous,
    results: &RunResults,
    said: &dyn Fn(NodeId, &str) -> Option<String>,
) {
    let has_template = |value: &Value| match value {
        Value::Array(values) => values.iter().any(|it| it.as_str().is_some_and(is_template)),
        value => value.as_str().is_some_and(is_template),
    };
    for result in &results.results {
        let node = manifest.node(result.node);
        let Detail::Test(detail) = &node.detail else {
            continue;
        };
        let (Some(test), Some(kept)) = (&detail.generic, last.results.get_mut(&node.unique_id))
        else {
            continue;
        };
        let rows = node.config.where_clause.as_deref();
        let mut own = test.arguments.iter().filter(|(name, _)| *name != "model");
        let told = own.any(|(_, value)| has_template(value)) || rows.is_some_and(is_template);
        if told && result.status != Status::Skipped {
            kept.told = Some(label(test, rows, &|text| said(result.node, text)));
        }
    }
}

fn is_template(text: &str) -> bool {
    template_in(text).is_some()
}

fn told(test: &GenericTest, said: Said<'_>) -> String {
    let name = match &test.namespace {
        Some(namespace) => format!("{namespace}.{}", test.name),
        None => test.name.clone(),
    };
    if test.name == "relationships"
        && let (Some(to), Some(field)) = (test.arguments.get("to"), test.arguments.get("field"))
    {
        let to = value_worded(to, said);
        return format!("{name}: {to}.{}", value_worded(field, said));
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
            | ("unique_combination", "columns") => value_worded(value, said),
            _ => format!("{key} {}", value_worded(value, said)),
        })
        .collect();
    if told.is_empty() {
        name
    } else {
        format!("{name}: {}", told.join(", "))
    }
}

pub(super) fn plain(value: &Value) -> String {
    value_worded(value, &|_| None)
}

fn value_worded(value: &Value, said: Said<'_>) -> String {
    match value {
        Value::String(text) => worded(text, said),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(|it| value_worded(it, said)).collect();
            values.join(", ")
        }
        other => other.to_string(),
    }
}

/// What a text of a declaration says to a reader: tables by their names, other templates by what they say.
fn worded(text: &str, said: Said<'_>) -> String {
    let named = RELATION.replace_all(text, |call: &Captures<'_>| table_of(call));
    let Some(template) = template_in(&named) else {
        return named.into_owned();
    };
    // The dictionary is published: what the environment holds, and what is another one in each run, is told by its name.
    let apart = ["env_var", "run_started_at", "invocation_id"];
    let said = said(&template).filter(|_| !apart.iter().any(|word| text.contains(word)));
    said.unwrap_or_else(|| named.replace("{{ ", "").replace(" }}", ""))
}

/// A call of `ref` or `source` that is all there is between braces, or all of a text.
static RELATION: LazyLock<Regex> = LazyLock::new(|| {
    let call = r"(?<FN>ref|source)\s*\((?<ARGS>[^(){}]*)\)";
    let braced = call.replace("FN", "braced").replace("ARGS", "in_braces");
    let alone = call.replace("FN", "alone").replace("ARGS", "in_text");
    Regex::new(&format!(r"\{{\{{-?\s*{braced}\s*-?\}}\}}|^\s*{alone}\s*$"))
        .unwrap_or_else(|error| unreachable!("a constant pattern: {error}"))
});

/// The version in an argument of `ref` that names one: `v=2`, `version = '2'`.
fn version_in(argument: &str) -> Option<&str> {
    let (name, version) = argument.split_once('=')?;
    matches!(name.trim(), "v" | "version").then(|| version.trim().trim_matches(['\'', '"']))
}

/// How the dictionary calls what a call of `ref` or `source` names; the call itself, where its arguments are no plain texts.
fn table_of(call: &Captures<'_>) -> String {
    let part = |one: &str, other: &str| {
        let found = call.name(one).or_else(|| call.name(other));
        found.map_or("", |found| found.as_str())
    };
    let arguments = part("in_braces", "in_text").split(',').map(str::trim);
    let (versions, arguments): (Vec<&str>, Vec<&str>) =
        arguments.partition(|argument| version_in(argument).is_some());
    let version = versions.first().and_then(|argument| version_in(argument));
    let version = version.map_or_else(String::new, |version| format!(" v{version}"));
    let texts: Option<Vec<&str>> = arguments
        .into_iter()
        .map(|argument| {
            let quote = argument
                .chars()
                .next()
                .filter(|it| matches!(it, '\'' | '"'))?;
            argument.strip_prefix(quote)?.strip_suffix(quote)
        })
        .collect();
    match (part("braced", "alone"), texts.as_deref()) {
        ("source", Some([source, table])) => format!("{source}.{table}"),
        ("ref", Some([name] | [_, name])) => format!("{name}{version}"),
        _ => call[0].to_owned(),
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
            let target = constraint.to.as_deref().map(|to| {
                format!(
                    "{} ({})",
                    worded(to, &|_| None),
                    constraint.to_columns.join(", ")
                )
            });
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

/// A name, and an address behind it where there is one; of `owner: {name: …, email: …}`, or a text.
pub(super) fn person(owner: &Value) -> Option<String> {
    let part = |key: &str| owner.get(key).and_then(Value::as_str);
    let parts: Vec<&str> = [owner.as_str(), part("name"), part("email")]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Who may read a model, where it is not what holds anyway.
pub(super) fn access(node: &Node) -> Option<String> {
    let access = node.config.values.get("access").and_then(Value::as_str);
    let said = access.filter(|access| *access != "protected");
    said.map(str::to_owned)
}

/// The file and line of YAML that declares a node.
pub(super) fn declared(node: &Node) -> Option<String> {
    let span = node.declared_at.as_ref()?;
    let path = node.own_path(&span.source.path);
    Some(format!("{path}:{}", span.line_column().0))
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
        let said = |text: &str| match text {
            "page = '{{ var('page') }}'" => Some("page = 'Home'".to_owned()),
            "{{ var('expected') }}" | "{{ env_var('ROWS') }}" => Some("8056".to_owned()),
            _ => None,
        };
        let rows = Some("page = '{{ var('page') }}'");
        let not_null = test("not_null", json!({"column_name": "a"}));
        assert_eq!(
            label(&not_null, rows, &said),
            "not_null where page = 'Home'"
        );
        for (name, arguments, told) in [
            (
                "row_count",
                json!({"equals": "{{ var('expected') }}"}),
                "row_count: equals 8056",
            ),
            (
                "row_count",
                json!({"equals": "{{ late() }}"}),
                "row_count: equals late()",
            ),
            (
                "row_count",
                json!({"equals": "{{ env_var('ROWS') }}"}),
                "row_count: equals env_var('ROWS')",
            ),
            (
                "row_count",
                json!({"compare_to": "ref('stg')"}),
                "row_count: compare_to stg",
            ),
            (
                "row_count",
                json!({"compare_to": "{{ source('raw', \"events\") }}"}),
                "row_count: compare_to raw.events",
            ),
            (
                "relationships",
                json!({"to": "ref('core', 'users', v = '2')", "field": "id"}),
                "relationships: users v2.id",
            ),
            (
                "relationships",
                json!({"to": "{{ ref(name) }}", "field": "id"}),
                "relationships: ref(name).id",
            ),
            (
                "accepted_values",
                json!({"values": [200, 404], "quote": false}),
                "accepted_values: 200, 404",
            ),
            (
                "expression_is_true",
                json!({"expression": "a <= b"}),
                "expression_is_true: a <= b",
            ),
        ] {
            assert_eq!(label(&test(name, arguments), None, &said), told);
        }
    }
}
