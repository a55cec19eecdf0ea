//! YAML as dbt reads it (PyYAML's YAML 1.1 scalars), with a place on every node.
//!
//! In: a [`Source`]. Out: [`Yaml`] nodes, or typed shapes made from them by serde ([`Yaml::to`]).
//! Knows nothing of dbt's keys, and renders no Jinja.

mod de;
mod load;
mod scalar;
mod syntax;

pub use de::{Spanned, carry};
pub use load::{parse, parse_forgiving};

use std::sync::Arc;

use serde_json::{Map, Number, Value};

use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};

/// A node of a YAML document and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Yaml {
    /// What it is.
    pub value: YamlValue,
    /// Its bytes in the file.
    pub span: Span,
}

/// What a YAML node is.
#[derive(Clone, Debug, PartialEq)]
pub enum YamlValue {
    /// `null`, `~` or nothing.
    Null,
    /// `true`, `yes`, `on` and their opposites.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number with a point.
    Float(f64),
    /// Everything else that is not a list or a mapping; dates too.
    String(String),
    /// A list.
    Seq(Vec<Yaml>),
    /// A mapping in the order of the file. Keys are scalars.
    Map(Vec<(Yaml, Yaml)>),
}

impl Yaml {
    /// A node made from a JSON value, all of it at one place (the result of a template stands where the template does).
    pub fn from_json(value: &Value, span: &Span) -> Self {
        let value = match value {
            Value::Null => YamlValue::Null,
            Value::Bool(value) => YamlValue::Bool(*value),
            Value::Number(number) => number.as_i64().map_or_else(
                || YamlValue::Float(number.as_f64().unwrap_or(f64::NAN)),
                YamlValue::Int,
            ),
            Value::String(text) => YamlValue::String(text.clone()),
            Value::Array(items) => YamlValue::Seq(
                items
                    .iter()
                    .map(|item| Self::from_json(item, span))
                    .collect(),
            ),
            Value::Object(entries) => YamlValue::Map(
                entries
                    .iter()
                    .map(|(key, value)| {
                        let key = Self {
                            value: YamlValue::String(key.clone()),
                            span: span.clone(),
                        };
                        (key, Self::from_json(value, span))
                    })
                    .collect(),
            ),
        };
        Self {
            value,
            span: span.clone(),
        }
    }

    /// The node without its places.
    pub fn to_json(&self) -> Value {
        match &self.value {
            YamlValue::Null => Value::Null,
            YamlValue::Bool(value) => Value::Bool(*value),
            YamlValue::Int(value) => Value::from(*value),
            YamlValue::Float(value) => Number::from_f64(*value)
                .map_or_else(|| Value::String(self.span.text().to_owned()), Value::Number),
            YamlValue::String(text) => Value::String(text.clone()),
            YamlValue::Seq(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            YamlValue::Map(_) => Value::Object(self.to_object()),
        }
    }

    /// The entries of a mapping without their places; empty for anything else.
    pub fn to_object(&self) -> Map<String, Value> {
        self.entries()
            .iter()
            .map(|(key, value)| (key.key_text(), value.to_json()))
            .collect()
    }

    /// A typed shape made from the node.
    ///
    /// # Errors
    /// The first thing that does not fit, at its place, with the nearest key for one that is unknown.
    pub fn to<T: serde::de::DeserializeOwned>(&self) -> Result<T, Diagnostic> {
        de::from_yaml(self)
    }

    /// A typed shape made from the node, when nothing in it is wrong; all that is goes to `problems`. What `passed_over` takes out of
    /// the node is only a warning.
    pub fn read<T: serde::de::DeserializeOwned>(
        mut self,
        problems: &mut Diagnostics,
        passed_over: impl Fn(&mut Self, &Diagnostic) -> bool,
    ) -> Option<T> {
        // What was wrong and is out of the way, so that the rest is looked at too.
        let mut wrong: Vec<(Span, Vec<String>)> = Vec::new();
        loop {
            match self.to::<T>() {
                Ok(shape) => return wrong.is_empty().then_some(shape),
                Err(problem) if passed_over(&mut self, &problem) => {
                    problems.push(problem.as_warning());
                }
                Err(problem) => {
                    let Some(at) = problem.span.clone() else {
                        problems.push(problem);
                        return None;
                    };
                    if !follows(&problem, &at, &wrong) {
                        problems.push(problem);
                    }
                    wrong.push((at.clone(), self.take_at(&at)?));
                }
            }
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            YamlValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.value {
            YamlValue::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_seq(&self) -> Option<&[Yaml]> {
        match &self.value {
            YamlValue::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[(Yaml, Yaml)] {
        match &self.value {
            YamlValue::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Whether it is a mapping.
    pub fn is_map(&self) -> bool {
        matches!(self.value, YamlValue::Map(_))
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        self.value == YamlValue::Null
    }

    /// The value of a mapping's key.
    pub fn get(&self, key: &str) -> Option<&Yaml> {
        self.entries()
            .iter()
            .find(|(name, _)| name.as_str() == Some(key))
            .map(|(_, value)| value)
    }

    /// Takes the key that stands at a place out of the mapping to which a way of keys leads, through lists; whether there was one.
    pub fn take_key(&mut self, way: &[&str], at: &Span) -> bool {
        match (&mut self.value, way) {
            (YamlValue::Seq(items), _) => items.iter_mut().any(|item| item.take_key(way, at)),
            (YamlValue::Map(entries), [first, rest @ ..]) => entries
                .iter_mut()
                .filter(|(key, _)| key.as_str() == Some(first))
                .any(|(_, value)| value.take_key(rest, at)),
            (YamlValue::Map(entries), []) => {
                // What a template made stands at one place, all of it: there the key is none.
                let written = |key: &Self| {
                    let text = at.text().trim_matches(['"', '\'']);
                    key.span == *at && key.as_str() == Some(text)
                };
                let place = entries.iter().position(|(key, _)| written(key));
                place.map(|place| entries.remove(place)).is_some()
            }
            _ => false,
        }
    }

    /// Takes whatever stands at a place out of the lists and mappings below this node, keys with their values; the keys that went.
    /// Nothing where nothing stands there.
    pub fn take_at(&mut self, at: &Span) -> Option<Vec<String>> {
        let mut keys = Vec::new();
        let found = self.drain_at(at, &mut keys);
        found.then_some(keys)
    }

    fn drain_at(&mut self, at: &Span, keys: &mut Vec<String>) -> bool {
        match &mut self.value {
            YamlValue::Seq(items) => {
                let before = items.len();
                items.retain(|item| item.span != *at);
                let gone = items.len() < before;
                let below = items.iter_mut().map(|item| item.drain_at(at, keys));
                below.fold(gone, |gone, below| gone | below)
            }
            YamlValue::Map(entries) => {
                let before = keys.len();
                entries.retain(|(key, value)| {
                    let gone = key.span == *at || value.span == *at;
                    if gone {
                        keys.push(key.key_text());
                    }
                    !gone
                });
                let gone = keys.len() > before;
                let below = entries
                    .iter_mut()
                    .map(|(_, value)| value.drain_at(at, keys));
                below.fold(gone, |gone, below| gone | below)
            }
            _ => false,
        }
    }

    /// The text of a scalar as a mapping's key: what JSON makes of it.
    pub fn key_text(&self) -> String {
        match &self.value {
            YamlValue::Null => "null".to_owned(),
            YamlValue::Bool(value) => value.to_string(),
            YamlValue::Int(value) => value.to_string(),
            YamlValue::Float(value) => value.to_string(),
            YamlValue::String(text) => text.clone(),
            YamlValue::Seq(_) | YamlValue::Map(_) => self.span.text().to_owned(),
        }
    }

    /// The node in a few words, for "expected …, found …".
    pub fn describe(&self) -> String {
        match &self.value {
            YamlValue::Null => "nothing".to_owned(),
            YamlValue::Bool(value) => format!("the boolean `{value}`"),
            YamlValue::Int(value) => format!("the number `{value}`"),
            YamlValue::Float(value) => format!("the number `{value}`"),
            YamlValue::String(text) if text.chars().count() > 40 => "a text".to_owned(),
            YamlValue::String(text) => format!("the text `{text}`"),
            YamlValue::Seq(_) => "a list".to_owned(),
            YamlValue::Map(_) => "a mapping".to_owned(),
        }
    }

    /// An error that this node is not what was wanted.
    pub fn expected(&self, what: &str) -> Diagnostic {
        Diagnostic::error(
            "yaml-type",
            format!("expected {what}, found {}", self.describe()),
        )
        .at(self.span.clone())
        .help(self.written_as(what))
    }

    fn written_as(&self, what: &str) -> String {
        written_as(what, self.as_str())
    }
}

/// How what was wanted is written, with the text that was found where that helps.
fn written_as(what: &str, found: Option<&str>) -> String {
    let short = found.filter(|text| text.len() <= 40 && !text.contains(['\n', ',']));
    let text = short.unwrap_or("…");
    if what.starts_with("a list") {
        format!("write `[{text}]`, or each entry on a line of its own behind `- `")
    } else if what.starts_with("a mapping") {
        "write `key: value`, each on a line of its own and indented, or `{key: value}`".to_owned()
    } else if (what.starts_with("a number") || what == "a whole number") && found.is_some() {
        "write digits alone, without quotes or a unit".to_owned()
    } else if what.starts_with("`true`") {
        "write `true` or `false`, without quotes".to_owned()
    } else if what.starts_with("a text") {
        "write one text, in quotes where it looks like something else".to_owned()
    } else {
        format!("write {what} here, or take the key out")
    }
}

/// The code of a key that must be there.
const MISSING_KEY: &str = "missing-key";

/// Whether something is wrong only because what was wrong in it is out of the way: a key that went with its value, a test without its
/// arguments.
fn follows(problem: &Diagnostic, at: &Span, wrong: &[(Span, Vec<String>)]) -> bool {
    wrong.iter().any(|(gone, keys)| {
        let within = at.start <= gone.start && gone.end <= at.end;
        let names = |key: &String| problem.message.contains(&format!("`{key}`"));
        within && (problem.code != MISSING_KEY || keys.iter().any(names))
    })
}

/// The mapping that a text of the command line holds (`--vars`).
///
/// # Errors
/// Where the text is not YAML, or not a mapping.
pub fn parse_mapping(name: &str, text: &str) -> Result<Map<String, Value>, Diagnostic> {
    let source = Source::new(name, text);
    let yaml = parse(&Arc::clone(&source))?;
    if yaml.is_null() {
        return Ok(Map::new());
    }
    if !yaml.is_map() {
        return Err(yaml
            .expected("a mapping")
            .help(format!("write {name} '{{name: value}}'")));
    }
    Ok(yaml.to_object())
}
