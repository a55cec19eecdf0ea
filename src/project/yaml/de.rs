//! Typed shapes from nodes: serde reads [`Yaml`], and every error keeps the place of its node.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    self, Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer,
    Unexpected, Visitor,
};

use super::{Yaml, YamlValue, written_as};
use crate::diagnostic::{Diagnostic, Span};

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its bytes in the file.
    pub span: Span,
}

/// Makes a shape from a node.
pub fn from_yaml<T: DeserializeOwned>(yaml: &Yaml) -> Result<T, Diagnostic> {
    T::deserialize(NodeDeserializer(yaml)).map_err(|error| *error.0)
}

/// An error of serde that carries a diagnostic through: for a shape that reads its node by hand.
pub fn carry<E: de::Error>(problem: Diagnostic) -> E {
    let message = problem.message.clone();
    CARRIED.with_borrow_mut(|slot| *slot = Some(problem));
    E::custom(message)
}

// serde has no place for a node's place. The two names below ask the deserializer to lay it into this slot, from which
// the visitor, which runs next on this thread, takes it.
const SPANNED: &str = "$redstart::Spanned";
const NODE: &str = "$redstart::Yaml";

thread_local! {
    static SPAN: RefCell<Option<Span>> = const { RefCell::new(None) };
    static STASHED: RefCell<Option<Yaml>> = const { RefCell::new(None) };
    static CARRIED: RefCell<Option<Diagnostic>> = const { RefCell::new(None) };
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpannedVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
            type Value = Spanned<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Self::Value, D::Error> {
                let span = SPAN.with_borrow_mut(Option::take);
                let value = T::deserialize(deserializer)?;
                let span =
                    span.ok_or_else(|| de::Error::custom("a place is known only in YAML"))?;
                Ok(Spanned { value, span })
            }
        }
        deserializer.deserialize_newtype_struct(SPANNED, SpannedVisitor(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NodeVisitor;
        impl<'de> Visitor<'de> for NodeVisitor {
            type Value = Yaml;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, _: D) -> Result<Yaml, D::Error> {
                STASHED
                    .with_borrow_mut(Option::take)
                    .ok_or_else(|| de::Error::custom("a node is known only in YAML"))
            }
        }
        deserializer.deserialize_newtype_struct(NODE, NodeVisitor)
    }
}

/// What did not fit.
#[derive(Debug)]
pub struct Error(Box<Diagnostic>);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}

impl Error {
    fn new(code: &'static str, message: String) -> Self {
        Self(Box::new(Diagnostic::error(code, message)))
    }

    /// The place of a node, unless a node within it has put its own.
    fn at(mut self, span: &Span) -> Self {
        self.0.span.get_or_insert_with(|| span.clone());
        self
    }
}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        match CARRIED.with_borrow_mut(Option::take) {
            Some(problem) => Self(Box::new(problem)),
            None => Self::new("yaml-value", message.to_string()),
        }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let text = match found {
            Unexpected::Str(text) => Some(text),
            _ => None,
        };
        let expected = plainly(expected);
        let help = written_as(&expected, text);
        let problem = Diagnostic::error(
            "yaml-type",
            format!("expected {expected}, found {}", words(found)),
        );
        Self(Box::new(problem.help(help)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let expected = plainly(expected);
        Self::new(
            "yaml-value",
            format!("expected {expected}, found {}", words(found)),
        )
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let error = Diagnostic::error("unknown-key", format!("there is no key `{field}` here"))
            .did_you_mean(field, expected.iter().copied());
        let error = if field.ends_with(')') && !field.contains('(') {
            error.help("a value with a comma stands in quotes between `{` and `}`: `data_type: \"numeric(10,2)\"`")
        } else if error.help.is_empty() {
            error.help(format!("the keys here are {}", list(expected)))
        } else {
            error
        };
        Self(Box::new(error))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let error = Diagnostic::error("unknown-value", format!("`{variant}` has no meaning here"))
            .did_you_mean(variant, expected.iter().copied());
        Self(Box::new(
            error.help(format!("write one of {}", list(expected))),
        ))
    }

    fn missing_field(field: &'static str) -> Self {
        let problem = Diagnostic::error("missing-key", format!("the key `{field}` is missing"));
        Self(Box::new(problem.help(format!("add `{field}: …` here"))))
    }
}

/// What is expected, without the names of Rust's types.
fn plainly(expected: &dyn de::Expected) -> String {
    let said = expected.to_string();
    match said.as_str() {
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        "f32" | "f64" => "a number",
        "a string" => "a text",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        "a map" => "a mapping",
        _ => return said,
    }
    .to_owned()
}

/// Names in backticks, joined by commas.
fn list(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn words(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("the boolean `{value}`"),
        Unexpected::Signed(value) => format!("the number `{value}`"),
        Unexpected::Unsigned(value) => format!("the number `{value}`"),
        Unexpected::Float(value) => format!("the number `{value}`"),
        Unexpected::Str(text) => format!("the text `{text}`"),
        Unexpected::Unit => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        other => other.to_string(),
    }
}

#[derive(Clone, Copy)]
struct NodeDeserializer<'a>(&'a Yaml);

impl NodeDeserializer<'_> {
    fn wrong<T>(self, expected: &dyn de::Expected) -> Result<T, Error> {
        Err(Error(Box::new(self.0.expected(&plainly(expected)))))
    }
}

impl<'de> Deserializer<'de> for NodeDeserializer<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let span = &self.0.span;
        match &self.0.value {
            YamlValue::Null => visitor.visit_unit(),
            YamlValue::Bool(value) => visitor.visit_bool(*value),
            YamlValue::Int(value) => visitor.visit_i64(*value),
            YamlValue::Float(value) => visitor.visit_f64(*value),
            YamlValue::String(text) => visitor.visit_str(text),
            YamlValue::Seq(items) => visitor.visit_seq(Items(items.iter())),
            YamlValue::Map(entries) => visitor.visit_map(Entries {
                rest: entries.iter(),
                value: None,
            }),
        }
        .map_err(|error| error.at(span))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.value {
            YamlValue::String(text) => visitor
                .visit_str(text)
                .map_err(|error: Error| error.at(&self.0.span)),
            YamlValue::Bool(_) | YamlValue::Int(_) | YamlValue::Float(_) => {
                let message = format!("expected a text, found {}", self.0.describe());
                let mut error = Error::new("yaml-type", message).at(&self.0.span);
                *error.0 = error
                    .0
                    .help(format!("put it in quotes: \"{}\"", self.0.span.text()));
                Err(error)
            }
            _ => self.wrong(&"a text"),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.value {
            YamlValue::Bool(value) => visitor.visit_bool(*value),
            _ => self.wrong(&"`true` or `false`"),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.value {
            YamlValue::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.value {
            // A key with nothing after it is an empty list, as it is an empty mapping below.
            YamlValue::Null => visitor.visit_seq(Items([].iter())),
            YamlValue::Seq(_) => self.deserialize_any(visitor),
            _ => self.wrong(&"a list"),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.value {
            YamlValue::Null => visitor.visit_map(Entries {
                rest: [].iter(),
                value: None,
            }),
            YamlValue::Map(_) => self.deserialize_any(visitor),
            _ => return self.wrong(&"a mapping"),
        }
        .map_err(|error| error.at(&self.0.span))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            SPANNED => SPAN.with_borrow_mut(|slot| *slot = Some(self.0.span.clone())),
            NODE => STASHED.with_borrow_mut(|slot| *slot = Some(self.0.clone())),
            _ => {}
        }
        visitor
            .visit_newtype_struct(self)
            .map_err(|error| error.at(&self.0.span))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.0.value {
            YamlValue::String(text) => visitor
                .visit_enum(text.as_str().into_deserializer())
                .map_err(|error: Error| error.at(&self.0.span)),
            _ => self.wrong(&"a text"),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

struct Items<'a>(std::slice::Iter<'a, Yaml>);

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        self.0
            .next()
            .map(|item| seed.deserialize(NodeDeserializer(item)))
            .transpose()
    }

    /// So that lists take no more memory than they need.
    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Entries<'a> {
    rest: std::slice::Iter<'a, (Yaml, Yaml)>,
    value: Option<&'a Yaml>,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        let text = key.key_text();
        seed.deserialize(text.as_str().into_deserializer())
            .map(Some)
            .map_err(|error: Error| error.at(&key.span))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        match self.value.take() {
            Some(value) => seed.deserialize(NodeDeserializer(value)),
            None => Err(de::Error::custom("a value is asked for before its key")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::project::yaml::parse;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        name: Spanned<String>,
        #[serde(default)]
        tags: Vec<String>,
        enabled: Option<bool>,
        meta: Option<Yaml>,
        kind: Option<Kind>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Big,
        Small,
    }

    fn shape(text: &str) -> String {
        match parse(&Source::new("a.yml", text)).and_then(|yaml| yaml.to::<Shape>()) {
            Ok(shape) => format!(
                "{:?} {:?} {:?} {:?} {:?}",
                shape.name,
                shape.tags,
                shape.enabled,
                shape.meta.map(|meta| meta.to_json()),
                shape.kind
            ),
            Err(error) => {
                error.to_string()
                    + &error
                        .help
                        .iter()
                        .map(|help| format!(" -- help: {help}"))
                        .collect::<String>()
            }
        }
    }

    #[test]
    fn a_shape_keeps_places_and_free_values() {
        insta::assert_snapshot!(shape("meta: {a: [1]}\nname: orders\ntags:\nkind: big\n"), @r#"Spanned { value: "orders", span: a.yml:2:7 } [] None Some(Object {"a": Array [Number(1)]}) Some(Big)"#);
    }

    #[test]
    fn what_does_not_fit_is_named_at_its_place() {
        insta::assert_snapshot!(shape("name: orders\ntag: [x]\n"), @"error[unknown-key]: there is no key `tag` here (a.yml:2:1) -- help: did you mean `tags`?");
        insta::assert_snapshot!(shape("name: orders\nsomething: 1\n"), @"error[unknown-key]: there is no key `something` here (a.yml:2:1) -- help: the keys here are `name`, `tags`, `enabled`, `meta`, `kind`");
        insta::assert_snapshot!(shape("tags: []\n"), @"error[missing-key]: the key `name` is missing (a.yml:1:1) -- help: add `name: …` here");
        insta::assert_snapshot!(shape("name: 2024\n"), @r#"error[yaml-type]: expected a text, found the number `2024` (a.yml:1:7) -- help: put it in quotes: "2024""#);
        insta::assert_snapshot!(shape("name: a\ntags: x\n"), @"error[yaml-type]: expected a list, found the text `x` (a.yml:2:7) -- help: write `[x]`, or each entry on a line of its own behind `- `");
        insta::assert_snapshot!(shape("name: a\nenabled: 'true'\n"), @"error[yaml-type]: expected `true` or `false`, found the text `true` (a.yml:2:10) -- help: write `true` or `false`, without quotes");
        insta::assert_snapshot!(shape("name: a\nkind: smal\n"), @"error[unknown-value]: `smal` has no meaning here (a.yml:2:7) -- help: did you mean `small`? -- help: write one of `big`, `small`");
        insta::assert_snapshot!(shape("- name: a\n"), @"error[yaml-type]: expected a mapping, found a list (a.yml:1:1) -- help: write `key: value`, each on a line of its own and indented, or `{key: value}`");
    }
}
