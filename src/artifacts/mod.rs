//! The same facts for programs: `manifest.json`, `run_results.json` and `catalog.json` in dbt's shape.
//!
//! In: `Manifest`, `RunResults`, the columns of relations. Out: files in the target folder, each written whole or not at all.
//! The only room that knows dbt's JSON.

#[cfg(test)]
pub(crate) mod fixture;

use jiff::Timestamp;

use crate::relation::Relation;

/// dbt's `relation_name`: every part in double quotes, as all our warehouses quote.
pub fn relation_name(relation: &Relation) -> String {
    let quote = |part: &str| format!("\"{}\"", part.replace('"', "\"\""));
    let mut name = String::new();
    if let Some(database) = &relation.database {
        name.push_str(&quote(database));
        name.push('.');
    }
    name + &quote(&relation.schema) + "." + &quote(&relation.identifier)
}

/// dbt's timestamps: UTC with microseconds, `2024-01-15T10:30:45.123456Z`.
pub fn timestamp(at: Timestamp) -> String {
    format!("{at:.6}")
}
