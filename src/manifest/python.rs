//! How Python prints a value: dbt makes names and hashes of tests from that text.

use serde_json::{Number, Value};

/// `str(value)`.
pub fn str_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => repr(other),
    }
}

/// `repr(value)`.
pub fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number_text(number),
        Value::String(text) => text_repr(text),
        Value::Array(items) => {
            format!(
                "[{}]",
                items.iter().map(repr).collect::<Vec<_>>().join(", ")
            )
        }
        Value::Object(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", text_repr(key), repr(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => {
            let text = format!("{float:?}");
            match text.split_once('e') {
                // Python writes two digits of an exponent, with its sign.
                Some((mantissa, exponent)) => {
                    let (sign, digits) = match exponent.strip_prefix('-') {
                        Some(digits) => ('-', digits),
                        None => ('+', exponent),
                    };
                    format!("{}e{sign}{digits:0>2}", mantissa.trim_end_matches(".0"))
                }
                None => text,
            }
        }
        _ => number.to_string(),
    }
}

fn text_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut repr = String::with_capacity(text.len() + 2);
    repr.push(quote);
    for character in text.chars() {
        match character {
            '\\' => repr.push_str("\\\\"),
            '\n' => repr.push_str("\\n"),
            '\r' => repr.push_str("\\r"),
            '\t' => repr.push_str("\\t"),
            character if character == quote => {
                repr.push('\\');
                repr.push(character);
            }
            character if (character as u32) < 0x20 || character as u32 == 0x7f => {
                repr.push_str(&format!("\\x{:02x}", character as u32));
            }
            character => repr.push(character),
        }
    }
    repr.push(quote);
    repr
}

/// The MD5 of a text, in hexadecimal.
pub fn md5(text: &str) -> String {
    use md5::{Digest, Md5};
    Md5::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_print_as_in_python() {
        let value =
            json!({"a": [true, null, 1, 1.5, 1e16, "x"], "it's": "say \"it's\"\n", "b": "it's"});
        assert_eq!(
            repr(&value),
            r#"{'a': [True, None, 1, 1.5, 1e+16, 'x'], "it's": 'say "it\'s"\n', 'b': "it's"}"#
        );
        assert_eq!(md5("a"), "0cc175b9c0f1b6a831c399e269772661");
    }
}
