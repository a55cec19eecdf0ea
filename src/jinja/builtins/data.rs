//! Functions over plain data: JSON, YAML, sets, zips, hashes.
//!
//! In: values. Out: values.
//! Knows nothing of a render.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use md5::{Digest, Md5};
use minijinja::value::{Tuple, ValueKind};
use minijinja::{Error, State, Value};

use super::args::{Args, Body, what};
use super::yaml;
use crate::jinja::error::bad_call;
use crate::jinja::values::{Dict, List, Set, pairs_of};

/// The functions, by name.
pub const FUNCTIONS: &[(&str, Body)] = &[
    ("tojson", to_json),
    ("fromjson", from_json),
    ("toyaml", to_yaml),
    ("fromyaml", from_yaml),
    ("zip", |_, args| zip(args, false)),
    ("zip_strict", |_, args| zip(args, true)),
    ("set", |_, args| set(args, false)),
    ("set_strict", |_, args| set(args, true)),
    ("local_md5", local_md5),
    ("diff_of_two_dicts", diff_of_two_dicts),
];

/// A value as Python's `json.dumps` writes it; `None` where the value is no data.
pub fn json(value: &Value, sorted: bool) -> Option<String> {
    let mut text = String::new();
    write_json(value, sorted, &mut text)?;
    Some(text)
}

/// The same over several lines, keys in order, each level further in by `width`.
pub fn indented(value: &Value, width: usize) -> Option<String> {
    let mut text = String::new();
    write_indented(value, width, 0, &mut text)?;
    Some(text)
}

fn write_indented(value: &Value, width: usize, depth: usize, text: &mut String) -> Option<()> {
    let line = |depth: usize| format!("\n{}", " ".repeat(width * depth));
    let (open, close, items) = match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().ok()?.map(|item| (None, item));
            ('[', ']', items.collect::<Vec<_>>())
        }
        ValueKind::Map => {
            let mut pairs = pairs_of(value).ok()?;
            pairs.sort();
            let items = pairs.into_iter().map(|(key, item)| (Some(key), item));
            ('{', '}', items.collect())
        }
        _ => return write_json(value, true, text),
    };
    text.push(open);
    for (at, (key, item)) in items.iter().enumerate() {
        text.push_str(if at > 0 { "," } else { "" });
        text.push_str(&line(depth + 1));
        if let Some(key) = key {
            json_text(&key.to_string(), text);
            text.push_str(": ");
        }
        write_indented(item, width, depth + 1, text)?;
    }
    if !items.is_empty() {
        text.push_str(&line(depth));
    }
    text.push(close);
    Some(())
}

fn write_json(value: &Value, sorted: bool, text: &mut String) -> Option<()> {
    match value.kind() {
        ValueKind::None => text.push_str("null"),
        ValueKind::Bool => text.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number => text.push_str(&value.to_string()),
        ValueKind::String => json_text(value.as_str()?, text),
        ValueKind::Seq | ValueKind::Iterable => {
            text.push('[');
            for (at, item) in value.try_iter().ok()?.enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write_json(&item, sorted, text)?;
            }
            text.push(']');
        }
        ValueKind::Map => {
            let mut pairs = pairs_of(value).ok()?;
            if sorted {
                pairs.sort();
            }
            text.push('{');
            for (at, (key, item)) in pairs.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                json_text(&key.to_string(), text);
                text.push_str(": ");
                write_json(item, sorted, text)?;
            }
            text.push('}');
        }
        _ => return None,
    }
    Some(())
}

/// Text in quotes; everything that is not ASCII is escaped, as Python does.
fn json_text(value: &str, text: &mut String) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            ' '..='~' => text.push(c),
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    text.push('"');
}

fn to_json(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let value = args.required("value")?;
    let default = args.optional("default");
    let sorted = args.flag("sort_keys", false);
    args.done()?;
    match json(&value, sorted).map(Value::from).or(default) {
        Some(text) => Ok(text),
        None => Err(bad_call(format!("{} is no JSON", what(&value)))),
    }
}

fn from_json(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let text = args.text("string")?;
    let default = args.optional("default");
    args.done()?;
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(value) => Ok(changeable(&value)),
        Err(error) => default.ok_or_else(|| bad_call(format!("the text is no JSON: {error}"))),
    }
}

/// JSON as lists and dicts that can change.
fn changeable(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Array(items) => List::of(items.iter().map(changeable).collect()),
        serde_json::Value::Object(pairs) => Dict::of(
            pairs
                .iter()
                .map(|(key, value)| (Value::from(key), changeable(value))),
        ),
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(value) => Value::from(*value),
        serde_json::Value::String(text) => Value::from(text),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Value::from(number),
            None => number
                .as_f64()
                .map_or_else(|| Value::from(number.to_string()), Value::from),
        },
    }
}

fn to_yaml(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let value = args.required("value")?;
    let default = args.optional("default");
    let sorted = args.flag("sort_keys", false);
    args.done()?;
    match yaml::write(&value, sorted).map(Value::from).or(default) {
        Some(text) => Ok(text),
        None => Err(bad_call(format!("{} is no YAML", what(&value)))),
    }
}

fn from_yaml(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let text = args.text("value")?;
    let default = args.optional("default");
    args.done()?;
    match yaml::read(&text) {
        Ok(value) => Ok(value),
        Err(error) => default.ok_or_else(|| bad_call(format!("the text is no YAML: {error}"))),
    }
}

fn zip(mut args: Args, strict: bool) -> Result<Value, Error> {
    let default = args.keyword("default");
    let lists: Vec<Value> = args.rest();
    args.done()?;
    let mut iterators = Vec::new();
    for list in &lists {
        match list.try_iter() {
            Ok(iterator) if !list.is_none() => iterators.push(iterator),
            _ if strict => return Err(bad_call(format!("cannot zip {}", what(list)))),
            _ => return Ok(default.unwrap_or(Value::from(()))),
        }
    }
    let mut rows = Vec::new();
    while !iterators.is_empty() {
        let row: Option<Vec<Value>> = iterators.iter_mut().map(Iterator::next).collect();
        let Some(row) = row else { break };
        rows.push(Value::from(Tuple::from(row)));
    }
    Ok(List::of(rows))
}

/// The values without repetitions.
fn set(mut args: Args, strict: bool) -> Result<Value, Error> {
    let value = args.required("value")?;
    let default = args.optional("default");
    args.done()?;
    let items = match value.try_iter() {
        Ok(items) if !value.is_none() => items,
        _ if strict => return Err(bad_call(format!("{} is no set", what(&value)))),
        _ => return Ok(default.unwrap_or(Value::from(()))),
    };
    Ok(Set::of(items))
}

fn local_md5(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let text = args.text("value")?;
    args.done()?;
    let mut hex = String::new();
    for byte in Md5::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(Value::from(hex))
}

/// For each key, the values of the first that the second has not, whatever their case.
fn diff_of_two_dicts(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let (first, second) = (args.required("dict_a")?, args.required("dict_b")?);
    args.done()?;
    let lower = |value: &Value| value.to_string().to_lowercase();
    let second: Vec<(String, BTreeSet<String>)> = pairs_of(&second)?
        .iter()
        .map(|(key, values)| {
            Ok((
                lower(key),
                values.try_iter()?.map(|it| lower(&it)).collect(),
            ))
        })
        .collect::<Result<_, Error>>()?;
    let mut left = Vec::new();
    for (key, values) in pairs_of(&first)? {
        let other = second.iter().find(|(name, _)| *name == lower(&key));
        let kept: Vec<Value> = values
            .try_iter()?
            .filter(|it| other.is_none_or(|(_, others)| !others.contains(&lower(it))))
            .collect();
        if !kept.is_empty() {
            left.push((key, List::of(kept)));
        }
    }
    Ok(Dict::of(left))
}
