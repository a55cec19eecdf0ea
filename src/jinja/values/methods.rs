//! Python's methods on text, tuples and maps that minijinja does not have.
//!
//! In: a value, the name of a method, arguments. Out: what Python gives.
//! Knows nothing of a render.

use minijinja::value::{Tuple, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State, Value};

use super::{Dict, List, format, own};

/// Calls a method of Python on a value that has no such method by itself.
///
/// # Errors
/// [`ErrorKind::UnknownMethod`] when Python has no such method either.
pub fn call(
    state: &mut State,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    if let Some(text) = value.as_str() {
        match method {
            "format" => return format::format(state, text, args),
            "join" => return join(text, args),
            _ => {}
        }
        match text_method(text, method, args) {
            Err(error) if error.kind() == ErrorKind::UnknownMethod => {}
            done => return done,
        }
    }
    match (value.kind(), method) {
        (ValueKind::Seq, "index") => {
            let (wanted,): (Value,) = from_args(args)?;
            let at = value.try_iter()?.position(|it| it == wanted);
            return at
                .map(Value::from)
                .ok_or_else(|| invalid(format!("`{wanted}` is not in the sequence")));
        }
        (ValueKind::Seq | ValueKind::Iterable, "copy") => {
            return Ok(List::of(value.try_iter()?.collect()));
        }
        (ValueKind::Map, "fromkeys") => {
            let (keys, value): (Value, Option<Value>) = from_args(args)?;
            let value = value.unwrap_or(Value::from(()));
            return Ok(Dict::of(keys.try_iter()?.map(|key| (key, value.clone()))));
        }
        // What dbt shows as an object is a mapping here: `result.to_dict()`.
        (ValueKind::Map, "copy" | "to_dict") => return Ok(Dict::of(super::pairs_of(value)?)),
        (
            ValueKind::Seq | ValueKind::Iterable,
            "append" | "extend" | "insert" | "pop" | "remove" | "sort" | "reverse" | "clear",
        )
        | (ValueKind::Map, "update" | "pop" | "setdefault" | "clear")
            if !is_ours(value) =>
        {
            return Err(invalid(format!(
                "this value was made by a filter or an operator and cannot change; \
                 keep it with `{{% set … %}}` first, then call `{method}`"
            )));
        }
        _ => {}
    }
    minijinja_contrib::pycompat::unknown_method_callback(state, value, method, args).map(own)
}

/// `', '.join(texts)`: as in Python, of texts alone.
fn join(between: &str, args: &[Value]) -> Result<Value, Error> {
    let (items,): (Value,) = from_args(args)?;
    let mut texts = Vec::new();
    for item in items.try_iter()? {
        match item.as_str() {
            Some(text) => texts.push(text.to_owned()),
            None => {
                return Err(invalid(format!(
                    "`join` of a text joins texts, and not `{item}`; the filter takes anything: `… | join('{between}')`"
                )));
            }
        }
    }
    Ok(Value::from(texts.join(between)))
}

fn is_ours(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|object| object.type_name().starts_with("redstart::"))
}

fn invalid(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail.into())
}

/// The arguments of `ljust`, `rjust` and `center`.
fn padding(args: &[Value]) -> Result<(usize, char), Error> {
    let (width, fill): (usize, Option<String>) = from_args(args)?;
    let fill = fill.and_then(|fill| fill.chars().next()).unwrap_or(' ');
    Ok((width, fill))
}

fn text_method(text: &str, method: &str, args: &[Value]) -> Result<Value, Error> {
    let fill = |count: usize, with: char| -> String { std::iter::repeat_n(with, count).collect() };
    let length = text.chars().count();
    Ok(match method {
        "ljust" => {
            let (width, with) = padding(args)?;
            Value::from(format!(
                "{text}{}",
                fill(width.saturating_sub(length), with)
            ))
        }
        "rjust" => {
            let (width, with) = padding(args)?;
            Value::from(format!(
                "{}{text}",
                fill(width.saturating_sub(length), with)
            ))
        }
        "center" => {
            let (width, with) = padding(args)?;
            let missing = width.saturating_sub(length);
            // Python puts the odd one on the left when the width is odd.
            let left = missing / 2 + (missing & width & 1);
            Value::from(format!(
                "{}{text}{}",
                fill(left, with),
                fill(missing - left, with)
            ))
        }
        "zfill" => {
            let (width,): (usize,) = from_args(args)?;
            let (sign, digits) = match text.chars().next() {
                Some(sign @ ('+' | '-')) => (sign.to_string(), &text[1..]),
                _ => (String::new(), text),
            };
            let zeros = fill(width.saturating_sub(length), '0');
            Value::from(format!("{sign}{zeros}{digits}"))
        }
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(args)?;
            Value::from(text.strip_prefix(prefix).unwrap_or(text))
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(args)?;
            Value::from(text.strip_suffix(suffix).unwrap_or(text))
        }
        "partition" => {
            let (by,): (&str,) = from_args(args)?;
            let parts = text.split_once(by).map(|(left, right)| [left, by, right]);
            tuple(parts.unwrap_or([text, "", ""]))
        }
        "rpartition" => {
            let (by,): (&str,) = from_args(args)?;
            let parts = text.rsplit_once(by).map(|(left, right)| [left, by, right]);
            tuple(parts.unwrap_or(["", "", text]))
        }
        "rsplit" => {
            let (by, most): (Option<String>, Option<i64>) = from_args(args)?;
            let most = most.and_then(|most| usize::try_from(most).ok());
            let mut parts: Vec<Value> = match (by, most) {
                (Some(by), Some(most)) => text.rsplitn(most + 1, &by).map(Value::from).collect(),
                (Some(by), None) => text.rsplit(&by).map(Value::from).collect(),
                (None, _) => text.split_whitespace().rev().map(Value::from).collect(),
            };
            parts.reverse();
            List::of(parts)
        }
        "index" | "rindex" => {
            let (part,): (&str,) = from_args(args)?;
            let found = if method == "index" {
                text.find(part)
            } else {
                text.rfind(part)
            };
            match found {
                Some(at) => Value::from(text[..at].chars().count()),
                None => return Err(invalid(format!("`{part}` is not in `{text}`"))),
            }
        }
        "swapcase" => Value::from(
            text.chars()
                .flat_map(|c| -> Vec<char> {
                    if c.is_uppercase() {
                        c.to_lowercase().collect()
                    } else {
                        c.to_uppercase().collect()
                    }
                })
                .collect::<String>(),
        ),
        "casefold" => Value::from(text.to_lowercase().replace('ß', "ss")),
        "encode" => Value::from_bytes(text.as_bytes().to_vec()),
        "title" => Value::from(titled(text)),
        "isidentifier" => {
            let mut characters = text.chars();
            let first = characters
                .next()
                .is_some_and(|c| c == '_' || c.is_alphabetic());
            Value::from(first && characters.all(|c| c == '_' || c.is_alphanumeric()))
        }
        "expandtabs" => {
            let (size,): (Option<usize>,) = from_args(args)?;
            Value::from(without_tabs(text, size.unwrap_or(8)))
        }
        "translate" => translate(text, args)?,
        _ => return Err(Error::from(ErrorKind::UnknownMethod)),
    })
}

/// With each letter that follows no letter in upper case, as Python's `title`.
fn titled(text: &str) -> String {
    let mut made = String::new();
    let mut inside = false;
    for letter in text.chars() {
        match inside {
            true => made.extend(letter.to_lowercase()),
            false => made.extend(letter.to_uppercase()),
        }
        inside = letter.is_alphabetic();
    }
    made
}

/// With each tab as blanks up to the next column that `size` divides.
fn without_tabs(text: &str, size: usize) -> String {
    let mut made = String::new();
    let mut column = 0;
    for letter in text.chars() {
        match letter {
            '\t' if size == 0 => {}
            '\t' => {
                let blanks = size - column % size;
                made.extend(std::iter::repeat_n(' ', blanks));
                column += blanks;
            }
            '\n' | '\r' => {
                made.push(letter);
                column = 0;
            }
            letter => {
                made.push(letter);
                column += 1;
            }
        }
    }
    made
}

fn tuple(parts: [&str; 3]) -> Value {
    Value::from(Tuple::from(parts.map(Value::from).to_vec()))
}

/// `translate` with a dict from a character, or its number, to text or none.
fn translate(text: &str, args: &[Value]) -> Result<Value, Error> {
    let (table,): (Value,) = from_args(args)?;
    let mut made = String::new();
    for c in text.chars() {
        let by_number = table.get_item(&Value::from(u32::from(c)))?;
        let found = if by_number.is_undefined() {
            table.get_item(&Value::from(c.to_string()))?
        } else {
            by_number
        };
        if found.is_undefined() {
            made.push(c);
        } else if !found.is_none() {
            made.push_str(&found.to_string());
        }
    }
    Ok(Value::from(made))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shows(expression: &str) -> String {
        let mut env = minijinja::Environment::new();
        env.set_unknown_method_callback(call);
        env.render_str(&format!("{{{{ {expression} }}}}"), ())
            .unwrap()
    }

    #[test]
    fn text_has_the_methods_of_python() {
        assert_eq!(shows("'7'.zfill(3) ~ '-7'.zfill(4)"), "007-007");
        assert_eq!(
            shows("'ab'.ljust(4, '.') ~ 'ab'.rjust(3) ~ 'ab'.center(5, '*')"),
            "ab.. ab**ab*"
        );
        assert_eq!(shows("'a.b.c'.rsplit('.', 1)"), "['a.b', 'c']");
        assert_eq!(shows("'a=b=c'.partition('=')"), "('a', '=', 'b=c')");
        assert_eq!(
            shows("'stg_orders'.removeprefix('stg_').swapcase()"),
            "ORDERS"
        );
        assert_eq!(shows("'{!r} is {}'.format('x', 1)"), "'x' is 1");
        assert_eq!(shows("(1, 2).index(2)"), "1");
        assert_eq!(shows("\"it's a TEST\".title()"), "It'S A Test");
        assert_eq!(shows("'a\\tb\\n\\tc'.expandtabs(4)"), "a   b\n    c");
        assert_eq!(shows("{}.fromkeys(['a', 'b'], 1)"), "{'a': 1, 'b': 1}");
        assert_eq!(shows("'ß'.casefold()"), "ss");
        assert_eq!(shows("', '.join(['a', 'b'])"), "a, b");
    }

    #[test]
    fn a_value_that_cannot_change_says_what_to_do() {
        let mut env = minijinja::Environment::new();
        env.set_unknown_method_callback(call);
        let error = env
            .render_str("{{ ([1] + [2]).append(3) }}", ())
            .unwrap_err();
        assert!(
            error.to_string().contains("keep it with `{% set"),
            "{error}"
        );
        assert!(env.render_str("{{ ', '.join([1]) }}", ()).is_err());
    }
}
