//! The texts that dbt makes of a declared test: its names, the hash of its id, the call of its macro.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use crate::jinja::Macro;
use crate::manifest::python::{md5, repr, str_of};
use crate::project::render::is_jinja;

/// Longer names than this are cut, with a hash.
const LONGEST_NAME: usize = 64;

/// A text of YAML that is an expression though it has no braces, as in `to: ref('x')`.
pub static FUNCTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(env_var|ref|var|source|doc)\s*\(.+\)\s*$")
        .unwrap_or_else(|error| unreachable!("a constant pattern: {error}"))
});

/// The template in an argument of a test, if it has one: a text with Jinja, or a lone call such as `ref('x')`.
pub fn template_in(text: &str) -> Option<Cow<'_, str>> {
    if is_jinja(text) {
        Some(Cow::Borrowed(text))
    } else if FUNCTION.is_match(text) {
        Some(Cow::Owned(format!("{{{{ {} }}}}", text.trim())))
    } else {
        None
    }
}

/// A test's macro, and its name taken apart.
pub struct Called<'m> {
    /// The package, if named.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The macro.
    pub declared: &'m Macro,
}

/// The short and the full name that dbt makes from the test, the node (its name, and whether it is a source) and the arguments.
pub fn names(
    tested: (&str, bool),
    called: &Called<'_>,
    arguments: &Map<String, Value>,
) -> (String, String) {
    let mut sorted = arguments
        .iter()
        .filter(|(key, _)| *key != "model")
        .collect::<Vec<_>>();
    sorted.sort_by_key(|(key, _)| *key);
    let flat = sorted.iter().flat_map(|(_, value)| match value {
        Value::Object(entries) => entries.values().map(str_of).collect::<Vec<_>>(),
        Value::Array(items) => items.iter().map(str_of).collect(),
        other => vec![str_of(other)],
    });
    let unique = flat
        .map(|text| cleaned(&text))
        .collect::<Vec<_>>()
        .join("__");
    let source = if tested.1 { "source_" } else { "" };
    let namespace = called
        .namespace
        .as_ref()
        .map_or_else(String::new, |namespace| format!("{namespace}_"));
    let identifier = format!("{namespace}{source}{}_{}", called.name, tested.0);
    let full = format!("{identifier}_{unique}");
    if full.chars().count() < LONGEST_NAME {
        return (full.clone(), full);
    }
    let cut = identifier.chars().take(30).collect::<String>();
    (format!("{cut}_{}", md5(&full)), full)
}

/// Every run of other characters than letters, digits and `_` becomes one `_`.
fn cleaned(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut in_run = false;
    for character in text.chars() {
        let word = character.is_ascii_alphanumeric() || character == '_';
        if word {
            clean.push(character);
        } else if !in_run {
            clean.push('_');
        }
        in_run = !word;
    }
    clean
}

/// The end of a test's id: dbt hashes how Python prints the test's description.
pub fn hash(full: &str, called: &Called<'_>, arguments: &Map<String, Value>) -> String {
    let namespace = called
        .namespace
        .as_ref()
        .map_or_else(|| "None".to_owned(), Clone::clone);
    let description = json!({"kwargs": texts_only(&Value::Object(arguments.clone())), "name": called.name, "namespace": namespace});
    let hash = md5(&format!("{full}{}", repr(&description)));
    hash[hash.len() - 10..].to_owned()
}

/// Keys sorted, everything at the leaves as Python prints it.
fn texts_only(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let mut sorted = entries.iter().collect::<Vec<_>>();
            sorted.sort_by_key(|(key, _)| *key);
            Value::Object(
                sorted
                    .into_iter()
                    .map(|(key, value)| (key.clone(), texts_only(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(texts_only).collect()),
        other => Value::String(str_of(other)),
    }
}

/// The call of the test's macro; texts with Jinja become expressions.
pub fn template(called: &Called<'_>, arguments: &Map<String, Value>) -> String {
    let mut before = String::new();
    let mut written = Vec::with_capacity(arguments.len());
    for (name, value) in arguments {
        let expression = if name == "column_name" {
            literal(value)
        } else {
            expression(value, &mut before)
        };
        written.push(format!("{name}={expression}"));
    }
    let namespace = called
        .namespace
        .as_ref()
        .map_or_else(String::new, |namespace| format!("{namespace}."));
    format!(
        "{before}{{{{ {namespace}test_{}({}) }}}}",
        called.name,
        written.join(", ")
    )
}

fn expression(value: &Value, before: &mut String) -> String {
    match value {
        Value::String(text) if FUNCTION.is_match(text) && !is_jinja(text) => text.trim().to_owned(),
        Value::String(text) if is_jinja(text) => match lone(text) {
            Some(inner) => format!("({inner})"),
            None => {
                let name = format!("_argument_{}", before.matches("{% set ").count());
                before.push_str(&format!("{{% set {name} %}}{text}{{% endset %}}"));
                name
            }
        },
        Value::Array(items) => format!(
            "[{}]",
            items
                .iter()
                .map(|item| expression(item, before))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| {
                format!(
                    "{}: {}",
                    literal(&Value::from(key.as_str())),
                    expression(value, before)
                )
            });
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        other => literal(other),
    }
}

/// The expression of a text that is one `{{ … }}` and nothing else.
fn lone(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!inner.contains("{{") && !inner.contains("}}")).then(|| inner.trim_matches('-').trim())
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_become_expressions() {
        let mut before = String::new();
        let value = json!({"to": "ref('x')", "n": "{{ var('n') }}", "mixed": "a {{ b }}", "list": ["it's", 1, null, true]});
        let written = expression(&value, &mut before);
        insta::assert_snapshot!(format!("{before}|{written}"), @r#"{% set _argument_0 %}a {{ b }}{% endset %}|{"to": ref('x'), "n": (var('n')), "mixed": _argument_0, "list": ["it's", 1, none, true]}"#);
    }

    #[test]
    fn runs_of_other_characters_become_one_underscore() {
        assert_eq!(cleaned("ref('a-b') é"), "ref_a_b_");
    }
}
