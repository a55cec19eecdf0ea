//! JSON as Redshift reads it, which is stricter than DuckDB, and what two `super` values are equal by.
//!
//! In: texts. Out: whether they are JSON, and a text that is the same for values that Redshift holds equal. Knows nothing of SQL.
//! Sources: `JSON_PARSE` and "Parsing options for SUPER" (an attribute stands once in an object), "Dynamic typing" of
//! <https://docs.aws.amazon.com/redshift/latest/dg/query-super.html> (numbers of all types are comparable, blanks at the end of texts do
//! not count, arrays and objects are equal when all that is in them is).

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Whether a text is JSON by the letter: without commas too many, `NaN` or comments; each attribute once in its object where `unique`.
///
/// # Errors
/// Why not.
pub(super) fn check(json: &str, unique: bool) -> Result<(), String> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let read = Checked { unique }.deserialize(&mut reader);
    read.and_then(|()| reader.end())
        .map_err(|error| format!("invalid JSON: {error}"))
}

/// A value that is read and forgotten.
#[derive(Clone, Copy)]
struct Checked {
    unique: bool,
}

impl<'de> DeserializeSeed<'de> for Checked {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value of JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut attributes: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = attributes.next_key::<String>()? {
            attributes.next_value_seed(self)?;
            if self.unique && seen.contains(&name) {
                return Err(A::Error::custom(format!(
                    "the attribute \"{name}\" stands twice in one object"
                )));
            }
            seen.insert(name);
        }
        Ok(())
    }
}

/// A text that is the same for two JSON values that Redshift holds equal; none for `null`, which is equal to nothing.
pub(super) fn key(json: &str) -> Option<String> {
    match serde_json::from_str(json).ok()? {
        Value::Null => None,
        value => Some(same(&value)),
    }
}

fn same(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if !number.is_i64() && !number.is_u64() => of_float(float),
            _ => number.to_string(),
        },
        Value::String(text) => Value::from(text.trim_end_matches(' ')).to_string(),
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(same).collect();
            format!("[{}]", elements.join(","))
        }
        Value::Object(attributes) => {
            let sorted: BTreeMap<&String, String> = attributes
                .iter()
                .map(|(name, value)| (name, same(value)))
                .collect();
            let attributes: Vec<String> = sorted
                .into_iter()
                .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
                .collect();
            format!("{{{}}}", attributes.join(","))
        }
        other => other.to_string(),
    }
}

/// A number with a point or an exponent: a whole one as it is without them.
fn of_float(float: f64) -> String {
    // From here on not every whole number is a float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if float == 0.0 {
        return "0".to_owned();
    }
    match float.fract() == 0.0 && float.abs() <= EXACT {
        true => format!("{float:.0}"),
        false => format!("{float:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_by_the_letter() {
        for json in ["{\"a\":[1,{\"a\":null}]}", " 1e2 ", "\"x\"", "true"] {
            assert_eq!(check(json, true), Ok(()), "{json}");
        }
        for json in ["", "{\"a\":1,}", "[1,]", "NaN", "{a:1}", "1 2", "[1"] {
            assert!(check(json, true).is_err(), "{json}");
        }
        let twice = "{\"a\":1,\"b\":{\"c\":1,\"c\":2}}";
        assert!(check(twice, false).is_ok());
        let why = check(twice, true).unwrap_err();
        assert!(why.contains("\"c\" stands twice in one object"), "{why}");
    }

    #[test]
    fn values_are_equal_by_what_they_hold() {
        for (one, other) in [
            ("1", "1.0"),
            ("100", "1e2"),
            ("0", "-0.0"),
            ("\"a \"", "\"a\""),
            ("[1, 2.50]", "[1.0,2.5]"),
            ("{\"b\":[\"x \"],\"a\":null}", "{\"a\":null,\"b\":[\"x\"]}"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        for (one, other) in [
            ("1", "\"1\""),
            ("true", "\"true\""),
            ("[1]", "1"),
            ("\" a\"", "\"a\""),
            ("{\"a\":1}", "{\"a\":1,\"b\":null}"),
            ("9007199254740993", "9007199254740992"),
        ] {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
        assert_eq!(key("null"), None);
    }
}
