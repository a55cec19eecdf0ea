//! The same facts for programs: `manifest.json`, `run_results.json` and `catalog.json` in dbt's shape.
//!
//! In: `Manifest`, `RunResults`, the columns of relations. Out: files in the target folder, each written whole or not at all.
//! The only room that knows dbt's JSON. Time and ids come in from outside.

pub mod backup;
pub mod catalog;
mod config;
pub mod declared;
mod entry;
pub mod file;
#[cfg(test)]
pub(crate) mod fixture;
pub mod graph_summary;
pub mod impact;
pub mod keys;
pub mod lineage;
pub mod load_errors;
pub mod manifest;
pub mod previous;
mod response;
pub mod run_results;
pub mod sources;
pub mod state;
#[cfg(test)]
mod tests;
pub mod timeline;
mod unit_test;

pub use catalog::CatalogTable;
pub use previous::{LastResult, Previous};

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

pub use crate::jinja::DBT_VERSION;
use crate::relation::Relation;
use crate::run::NodeResult;

/// This run of the program, as the artifacts name it.
#[derive(Clone, Debug)]
pub struct Invocation<'a> {
    /// Its id, a UUID.
    pub id: &'a str,
    /// When the program started.
    pub started_at: Timestamp,
    /// When the artifact is made.
    pub generated_at: Timestamp,
    /// dbt's name of the adapter (`target.type`).
    pub adapter_type: &'a str,
    /// The target's database, for nodes that name none.
    pub database: Option<&'a str>,
    /// The target's schema, for nodes that have no relation.
    pub schema: &'a str,
    /// The target folder as the user names it, such as `target`.
    pub target_path: &'a Path,
}

impl Invocation<'_> {
    fn metadata(&self, kind: &str, version: u8) -> Value {
        json!({
            "dbt_schema_version": format!("https://schemas.getdbt.com/dbt/{kind}/v{version}.json"),
            "dbt_version": DBT_VERSION,
            "generated_at": timestamp(self.generated_at),
            "invocation_id": self.id,
            "invocation_started_at": timestamp(self.started_at),
            "env": {},
        })
    }
}

/// dbt's `relation_name`: every part in double quotes, as all our warehouses quote.
pub fn relation_name(relation: &Relation) -> String {
    let quote = quoted;
    let mut name = String::new();
    if let Some(database) = &relation.database {
        name.push_str(&quote(database));
        name.push('.');
    }
    name + &quote(&relation.schema) + "." + &quote(&relation.identifier)
}

/// A name in quotes.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// dbt's timestamps: UTC with microseconds, `2024-01-15T10:30:45.123456Z`.
pub fn timestamp(at: Timestamp) -> String {
    format!("{at:.6}")
}

/// How long a node's turn took.
pub fn seconds(result: &NodeResult) -> f64 {
    [result.compile, result.execute]
        .into_iter()
        .flatten()
        .map(|timing| timing.duration())
        .sum::<std::time::Duration>()
        .as_secs_f64()
}
