//! A node's merged configuration: typed where Redstart acts on it, and whole, as Jinja and the artifacts see it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::values::Values;
use crate::diagnostic::{Source, Span};
use crate::jinja::Template;

/// A materialization, as far as configuration names it. The room of materializations says which there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownMaterialization {
    /// What `materialized` says.
    pub name: &'static str,
    /// The configuration keys that mean something to it, beside those of every node.
    pub keys: &'static [&'static str],
}

/// The configuration of a node: project file, then properties, then the `config()` call, merged as dbt does.
///
/// `values` holds every key, also those that only a macro reads; the typed fields are read from it once, checked.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// All keys, merged.
    pub values: Values,
    /// `enabled`.
    pub enabled: bool,
    /// `materialized`: `view`, `table`, `materialized_view`, `incremental`, `ephemeral`, `seed`, `test`, `load`, or a custom name.
    pub materialized: String,
    /// The macro that builds the node, as `package.macro`, where a materialization written in Jinja does.
    pub in_jinja: Option<String>,
    /// `tags`.
    pub tags: Vec<String>,
    /// `meta`.
    pub meta: Map<String, Value>,
    /// `schema`: the custom schema, before `generate_schema_name`.
    pub schema: Option<String>,
    /// `alias`.
    pub alias: Option<String>,
    /// `database`.
    pub database: Option<String>,
    /// `pre-hook`.
    pub pre_hook: Vec<Hook>,
    /// `post-hook`.
    pub post_hook: Vec<Hook>,
    /// `unique_key`: one or several columns.
    pub unique_key: Vec<String>,
    /// `incremental_strategy`.
    pub incremental_strategy: Option<String>,
    /// How an incremental model is cut into batches, by `incremental_strategy: microbatch`.
    pub microbatch: Option<super::microbatch::Microbatch>,
    /// `incremental_predicates`.
    pub incremental_predicates: Vec<String>,
    /// `merge_update_columns`.
    pub merge_update_columns: Vec<String>,
    /// `merge_exclude_columns`.
    pub merge_exclude_columns: Vec<String>,
    /// `on_schema_change`.
    pub on_schema_change: OnSchemaChange,
    /// `full_refresh`: overrides the flag when set.
    pub full_refresh: Option<bool>,
    /// `persist_docs.relation`.
    pub persist_docs_relation: bool,
    /// `persist_docs.columns`.
    pub persist_docs_columns: bool,
    /// `sql_header`.
    pub sql_header: Option<String>,
    /// `grants`: privilege to grantees.
    pub grants: Vec<(String, Vec<String>)>,
    /// `contract.enforced`.
    pub contract_enforced: bool,
    /// `dist`, `sort`, `sort_type`, `backup`, typed.
    pub attributes: crate::adapter::statement::TableAttributes,
    /// `auto_refresh`: whether the warehouse refreshes a materialized view by itself.
    pub auto_refresh: bool,
    /// `on_configuration_change`.
    pub on_configuration_change: OnConfigurationChange,
    /// `query_group`.
    pub query_group: Option<String>,
    /// `bind`: `false` makes a late-binding view.
    pub bind: bool,
    /// Seeds: `column_types`.
    pub column_types: Vec<(String, String)>,
    /// Seeds: `delimiter`.
    pub delimiter: Option<char>,
    /// Seeds: `quote_columns`.
    pub quote_columns: Option<bool>,
    /// Tests: `severity`.
    pub severity: Severity,
    /// Tests: `warn_if`.
    pub warn_if: String,
    /// Tests: `error_if`.
    pub error_if: String,
    /// Tests: `where`.
    pub where_clause: Option<String>,
    /// Tests: `limit`.
    pub limit: Option<u64>,
    /// Tests: `fail_calc`.
    pub fail_calc: String,
    /// Tests: `store_failures`.
    pub store_failures: Option<bool>,
    /// Tests: `store_failures_as`: `table`, `view` or `ephemeral`.
    pub store_failures_as: Option<String>,
    /// Snapshots: how the history is kept.
    pub snapshot: Option<Box<super::snapshot_config::SnapshotConfig>>,
    /// `rejects`: whether rows that fail a test of one row go to a table of their own.
    pub rejects: bool,
    /// `audit`: whether the tests of the node decide before its rows are shown.
    pub audit: Option<bool>,
    /// `reject_limit`: how many of them are too many.
    pub reject_limit: Option<RejectLimit>,
    /// `unload`: where the rows go as files after a build.
    pub unload: Option<Box<super::unload::UnloadConfig>>,
    /// `group`.
    pub group: Option<String>,
    /// `docs.show`.
    pub docs_show: bool,
    /// Where each key was given its value.
    pub origins: BTreeMap<String, Span>,
}

impl Config {
    /// Whether the failures of a test are kept in a relation; `store_failures_as` says more than `store_failures`, and both more than
    /// the flag `--store-failures`.
    pub fn keeps_failures(&self, flag: bool) -> bool {
        match self.store_failures_as.as_deref() {
            Some(kept_as) => kept_as != "ephemeral",
            None => self.store_failures.unwrap_or(flag),
        }
    }

    /// Where `word` is written in the value of `key`; the whole value where the word is not to be seen in it.
    pub fn written(&self, key: &str, word: &str) -> Option<Span> {
        let value = self.origins.get(key)?;
        let inner = |letter: char| letter.is_alphanumeric() || letter == '_';
        let text = value.text();
        let found = text.match_indices(word).find(|(at, _)| {
            !text[..*at].ends_with(inner) && !text[at + word.len()..].starts_with(inner)
        });
        Some(match found {
            Some((at, _)) if !word.is_empty() => {
                let start = value.start + at;
                Span::new(&value.source, start..start + word.len())
            }
            _ => value.clone(),
        })
    }
}

/// SQL that runs before or after a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Hook {
    /// The template.
    pub sql: String,
    /// Whether it runs in the transaction of its node.
    pub transaction: bool,
    /// Where it is written.
    pub origin: Option<Span>,
}

impl Hook {
    /// Its template, with its place in the user's file.
    pub fn template(&self) -> Template {
        match &self.origin {
            Some(span) => Template::scalar(&self.sql, span),
            None => Template::file(&Source::new("hook", &*self.sql)),
        }
    }
}

/// How many rejected rows are too many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RejectLimit {
    /// More than this number.
    Rows(u64),
    /// More than this share of all rows, in percent.
    Percent(f64),
}

impl std::fmt::Display for RejectLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rows(rows) => write!(f, "{rows}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// What a materialized view does when it is configured in another way than it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConfigurationChange {
    /// Changes it, or makes it anew where it cannot be changed.
    #[default]
    Apply,
    /// Leaves it as it is, with a warning.
    Continue,
    /// Stops.
    Fail,
}

/// What an incremental model does when its query's columns are not the table's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnSchemaChange {
    /// Goes on with the columns of the table.
    #[default]
    Ignore,
    /// Stops.
    Fail,
    /// Adds what is new.
    AppendNewColumns,
    /// Adds what is new, drops what is gone.
    SyncAllColumns,
}

/// Whether a failing test fails the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Severity {
    /// It does.
    #[default]
    Error,
    /// It only warns.
    Warn,
}
