//! YAML as the functions `toyaml` and `fromyaml` know it.
//!
//! In: a value or text. Out: text or a value.
//! Knows nothing of the project's files, which are read with their places elsewhere.

use minijinja::Value;
use minijinja::value::ValueKind;
use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::jinja::values::{Dict, List, pairs_of};

/// A value as Python's `yaml.safe_dump` writes it in block style; `None` where the value is no data.
pub fn write(value: &Value, sorted: bool) -> Option<String> {
    let mut text = String::new();
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map => {
            write_block(value, 0, sorted, &mut text)?;
        }
        _ => {
            text.push_str(&scalar(value)?);
            text.push_str("\n...\n");
        }
    }
    Some(text)
}

fn is_empty(value: &Value) -> bool {
    value.len() == Some(0)
}

fn write_block(value: &Value, indent: usize, sorted: bool, text: &mut String) -> Option<()> {
    let pad = " ".repeat(indent);
    if value.kind() == ValueKind::Map {
        let mut pairs = pairs_of(value).ok()?;
        if sorted {
            pairs.sort();
        }
        if pairs.is_empty() {
            text.push_str("{}\n");
        }
        for (key, item) in pairs {
            text.push_str(&format!("{pad}{}:", scalar(&key)?));
            // A list in a map stands under its key, a map one step to the right.
            let deeper = indent + 2 * usize::from(item.kind() == ValueKind::Map);
            write_item(&item, deeper, sorted, text)?;
        }
        return Some(());
    }
    if is_empty(value) {
        text.push_str("[]\n");
    }
    for item in value.try_iter().ok()? {
        text.push_str(&format!("{pad}-"));
        match item.kind() {
            ValueKind::Map | ValueKind::Seq | ValueKind::Iterable if !is_empty(&item) => {
                let mut inner = String::new();
                write_block(&item, indent + 2, sorted, &mut inner)?;
                text.push_str(&format!(" {}", inner.trim_start()));
            }
            _ => write_item(&item, indent, sorted, text)?,
        }
    }
    Some(())
}

fn write_item(item: &Value, indent: usize, sorted: bool, text: &mut String) -> Option<()> {
    match item.kind() {
        ValueKind::Map if is_empty(item) => text.push_str(" {}\n"),
        ValueKind::Seq | ValueKind::Iterable if is_empty(item) => text.push_str(" []\n"),
        ValueKind::Map | ValueKind::Seq | ValueKind::Iterable => {
            text.push('\n');
            write_block(item, indent, sorted, text)?;
        }
        _ => text.push_str(&format!(" {}\n", scalar(item)?)),
    }
    Some(())
}

fn scalar(value: &Value) -> Option<String> {
    Some(match value.kind() {
        ValueKind::None => "null".to_string(),
        ValueKind::Bool => value.is_true().to_string(),
        ValueKind::Number => value.to_string(),
        ValueKind::String => text_scalar(value.as_str()?),
        _ => return None,
    })
}

/// Text as it is where it reads back as the same text, else in quotes.
fn text_scalar(text: &str) -> String {
    let special = "-?:,[]{}#&*!|>'\"%@` ";
    let plain = !text.is_empty()
        && !text.starts_with(|c| special.contains(c))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains(|c: char| c.is_control())
        && resolve(text).as_str().is_some();
    if plain {
        text.to_string()
    } else if text.contains(|c: char| c.is_control()) {
        format!("{text:?}")
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// The first document of a YAML text.
///
/// # Errors
/// Why the text is no YAML.
pub fn read(text: &str) -> Result<Value, String> {
    let mut stack: Vec<Open> = Vec::new();
    let mut done = Value::from(());
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| error.to_string())?;
        let value = match event {
            Event::Scalar(text, style, _, _) => match style {
                ScalarStyle::Plain => resolve(&text),
                _ => Value::from(text.as_ref()),
            },
            Event::SequenceStart(..) => {
                stack.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                stack.push(Open::Map(Vec::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match stack.pop() {
                Some(Open::List(items)) => List::of(items),
                Some(Open::Map(pairs, _)) => Dict::of(pairs),
                None => continue,
            },
            Event::Alias(_) => return Err("aliases are not supported here".to_string()),
            Event::DocumentEnd => break,
            _ => continue,
        };
        match stack.last_mut() {
            None => done = value,
            Some(Open::List(items)) => items.push(value),
            Some(Open::Map(pairs, key)) => match key.take() {
                None => *key = Some(value),
                Some(key) => pairs.push((key, value)),
            },
        }
    }
    Ok(done)
}

enum Open {
    List(Vec<Value>),
    Map(Vec<(Value, Value)>, Option<Value>),
}

/// A plain scalar by the rules of YAML 1.1, as Python reads it.
fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::from(()),
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return Value::from(true);
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Value::from(false);
        }
        _ => {}
    }
    let digits = text.replace('_', "");
    if let Ok(number) = digits.parse::<i64>() {
        return Value::from(number);
    }
    let numeric = digits.contains('.') && !digits.contains(|c: char| c.is_alphabetic() && c != 'e');
    match digits.parse::<f64>() {
        Ok(number) if numeric => Value::from(number),
        _ => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_reads_back_what_it_writes() {
        let text = "a: 1\nb:\n- x\n- k: 'yes'\n  l: []\nc:\n  d: null\n";
        let value = read(text).unwrap();
        assert_eq!(write(&value, false).unwrap(), text);
    }
}
