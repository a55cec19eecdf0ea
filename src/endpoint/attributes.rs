//! The physical attributes of a table as they are recorded.
//!
//! In: [`Attributes`], as a `create` says them. Out: values of DuckDB.

use crate::adapter::emulating::literal;
pub(super) use crate::adapter::emulating::physical::Attributes;

/// The encodings as a map of DuckDB.
pub(super) fn encodings_sql(attributes: &Attributes) -> String {
    let pairs: Vec<String> = attributes
        .encodings
        .iter()
        .map(|(column, encoding)| format!("{}: {}", literal(column), literal(encoding)))
        .collect();
    if pairs.is_empty() {
        return "null".to_owned();
    }
    format!("map {{{}}}", pairs.join(", "))
}

/// Names as a list of DuckDB; none is NULL.
pub(super) fn list_sql(names: &[String]) -> String {
    if names.is_empty() {
        return "null".to_owned();
    }
    let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
    format!("[{}]", names.join(", "))
}
