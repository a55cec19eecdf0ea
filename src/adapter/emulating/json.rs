//! `super` values: paths into them, and scalars out of them.

use super::{identifier, literal};

/// One step of a path: `."key"`.
pub(super) fn key(name: &str) -> String {
    format!(".\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A column and the keys after it.
pub(super) fn path_text(column: &[&String], path: &[String]) -> String {
    let column = column
        .iter()
        .map(|part| identifier(part))
        .collect::<Vec<_>>()
        .join(".");
    let steps: String = path.iter().map(|part| key(part)).collect();
    extract(&column, &format!("${steps}"))
}

/// The value under a path; `NULL` where there is none, as Redshift's lax navigation has it.
pub(super) fn extract(base: &str, path: &str) -> String {
    if path == "$" {
        base.to_owned()
    } else {
        format!("json_extract({base}, {})", literal(path))
    }
}

/// The scalar in a `super` value as text, without quotes.
pub(super) fn scalar(sql: &str) -> String {
    format!("json_extract_string({sql}, '$')")
}

/// A JSON text with the names of its attributes changed, and nothing else. Only letters of ASCII change, as Redshift folds names.
#[cfg(feature = "duckdb")]
pub(super) fn with_names(json: &str, change: fn(&char) -> char) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(open) = rest.find('"') {
        let inside = &rest[open + 1..];
        let close = end_of_text(inside);
        let after = &inside[close..];
        let is_name = after
            .strip_prefix('"')
            .is_some_and(|after| after.trim_start().starts_with(':'));
        out.push_str(&rest[..=open]);
        if is_name {
            push_changed(&inside[..close], change, &mut out);
        } else {
            out.push_str(&inside[..close]);
        }
        let quote = usize::from(!after.is_empty());
        out.push_str(&after[..quote]);
        rest = &after[quote..];
    }
    out.push_str(rest);
    out
}

/// Where a text in quotes ends.
#[cfg(feature = "duckdb")]
fn end_of_text(inside: &str) -> usize {
    let mut escaped = false;
    for (at, character) in inside.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at,
            _ => {}
        }
    }
    inside.len()
}

/// A name, its letters changed but for those that an escape is made of.
#[cfg(feature = "duckdb")]
fn push_changed(name: &str, change: fn(&char) -> char, out: &mut String) {
    let mut literal = 0;
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        if literal > 0 {
            literal -= 1;
            out.push(character);
        } else if character == '\\' {
            literal = if characters.peek() == Some(&'u') {
                5
            } else {
                1
            };
            out.push(character);
        } else {
            out.push(change(&character));
        }
    }
}
