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
