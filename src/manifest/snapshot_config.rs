//! How a snapshot keeps its history: dbt's configuration, typed and checked.
//!
//! In: [`Merged`] values of a snapshot. Out: [`SnapshotConfig`], and everything that is wrong with them.

use serde_json::Value;

use super::merge::Merged;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};

/// The keys that mean something to a snapshot alone.
pub const KEYS: [&str; 10] = [
    "strategy",
    "unique_key",
    "updated_at",
    "check_cols",
    "hard_deletes",
    "invalidate_hard_deletes",
    "dbt_valid_to_current",
    "snapshot_meta_column_names",
    "target_schema",
    "target_database",
];

/// The columns that a history adds, as dbt calls them.
const COLUMNS: [&str; 5] = [
    "dbt_scd_id",
    "dbt_updated_at",
    "dbt_valid_from",
    "dbt_valid_to",
    "dbt_is_deleted",
];

/// How a snapshot keeps its history.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotConfig {
    /// When a row counts as changed.
    pub strategy: SnapshotStrategy,
    /// `updated_at`: the column that tells since when a row is what it is.
    pub updated_at: Option<String>,
    /// What becomes of rows that are gone.
    pub hard_deletes: HardDeletes,
    /// `dbt_valid_to_current`: what stands for the end of a row that still holds, as SQL; NULL where it is not said.
    pub valid_to_current: Option<String>,
    /// The names of the columns that the history adds.
    pub names: HistoryColumns,
}

/// dbt's strategies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnapshotStrategy {
    /// By a column that says when a row was changed.
    Timestamp,
    /// By comparing these columns; none named means all.
    Check(Option<Vec<String>>),
}

/// What becomes of a row of the history whose source is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HardDeletes {
    /// It stays as it is.
    Ignore,
    /// It ends.
    Invalidate,
    /// It ends, and another row says that it was deleted.
    NewRecord,
}

/// The columns that a history has beside those of its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryColumns {
    /// The key of a row of the history.
    pub scd_id: String,
    /// When the row was last changed, as its strategy tells.
    pub updated_at: String,
    /// Since when it holds.
    pub valid_from: String,
    /// Until when it held.
    pub valid_to: String,
    /// `'True'` in a row that says that its source is gone.
    pub is_deleted: String,
}

/// How the template of a materialization finds the columns of a history: dbt's `snapshot_table_column_names`.
pub fn column_names(given: Option<&Value>) -> Value {
    let named = |name: &&str| given.and_then(|given| given[*name].as_str());
    let names = COLUMNS.iter().map(|name| {
        let value = named(name).unwrap_or(name);
        ((*name).to_owned(), Value::from(value))
    });
    Value::Object(names.collect())
}

/// Reads the keys of a snapshot; `default` is where it is declared. A strategy that is the project's own (`is_own`) is left to its
/// macro: then there is nothing to be read.
pub fn read(
    merged: &Merged,
    is_own: &dyn Fn(&str) -> bool,
    default: Option<&Span>,
    problems: &mut Diagnostics,
) -> Option<SnapshotConfig> {
    let mut reader = Reader {
        merged,
        is_own,
        default,
        problems,
    };
    let strategy = reader.strategy();
    if reader.merged.get("unique_key").is_none() {
        reader.missing("unique_key", "the columns by which a row is known again");
    }
    let updated_at = reader.text("updated_at");
    let config = SnapshotConfig {
        hard_deletes: reader.hard_deletes(),
        valid_to_current: reader.text("dbt_valid_to_current"),
        names: reader.names(),
        strategy: strategy?,
        updated_at,
    };
    if config.strategy == SnapshotStrategy::Timestamp && config.updated_at.is_none() {
        reader.missing("updated_at", "the column that says when a row was changed");
    }
    Some(config)
}

struct Reader<'a> {
    merged: &'a Merged,
    is_own: &'a dyn Fn(&str) -> bool,
    default: Option<&'a Span>,
    problems: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn at(&self, key: &str) -> Option<Span> {
        self.merged.origin(key).or_else(|| self.default.cloned())
    }

    fn wrong(&mut self, key: &str, message: String, help: &str) {
        let at = self.at(key);
        self.problems.push(
            Diagnostic::error("bad-config", message)
                .at_some(at)
                .help(help),
        );
    }

    fn missing(&mut self, key: &str, what: &str) {
        self.wrong(
            key,
            format!("a snapshot needs `{key}`: {what}"),
            &format!("configure `{key}`"),
        );
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.merged.get(key)? {
            Value::String(text) => Some(text.clone()),
            other => {
                let message = format!("`{key}` is a text, not `{other}`");
                self.wrong(key, message, "write it as a text");
                None
            }
        }
    }

    fn strategy(&mut self) -> Option<SnapshotStrategy> {
        const KNOWN: [&str; 2] = ["timestamp", "check"];
        let Some(name) = self.text("strategy") else {
            self.missing("strategy", "how it sees that a row changed");
            return None;
        };
        match name.as_str() {
            "timestamp" => Some(SnapshotStrategy::Timestamp),
            "check" => self.check_cols().map(SnapshotStrategy::Check),
            own if (self.is_own)(own) => None,
            _ => {
                let at = self.at("strategy");
                self.problems.push(
                    Diagnostic::error(
                        "unknown-strategy",
                        format!("there is no snapshot strategy `{name}`"),
                    )
                    .at_some(at)
                    .did_you_mean(&name, KNOWN)
                    .help(format!(
                        "write `timestamp` or `check`, or a macro `snapshot_{name}_strategy`"
                    )),
                );
                None
            }
        }
    }

    /// All columns, or those that are named.
    fn check_cols(&mut self) -> Option<Option<Vec<String>>> {
        const HELP: &str = "write `check_cols: all`, or a list of columns";
        match self.merged.get("check_cols") {
            Some(Value::String(all)) if all == "all" => Some(None),
            Some(Value::Array(columns)) if !columns.is_empty() => {
                let names: Option<Vec<String>> = columns
                    .iter()
                    .map(|column| column.as_str().map(str::to_owned))
                    .collect();
                if names.is_none() {
                    self.wrong(
                        "check_cols",
                        "`check_cols` is a list of columns".to_owned(),
                        HELP,
                    );
                }
                names.map(Some)
            }
            Some(other) => {
                let message = format!("`check_cols` cannot be `{other}`");
                self.wrong("check_cols", message, HELP);
                None
            }
            None => {
                self.missing(
                    "check_cols",
                    "the columns that the strategy `check` compares",
                );
                None
            }
        }
    }

    fn hard_deletes(&mut self) -> HardDeletes {
        let old = self.merged.get("invalidate_hard_deletes");
        let new = self.text("hard_deletes");
        if let (Some(_), Some(_)) = (old, &new) {
            self.wrong(
                "invalidate_hard_deletes",
                "`hard_deletes` and `invalidate_hard_deletes` are both there".to_owned(),
                "leave out `invalidate_hard_deletes`",
            );
        }
        match new.as_deref() {
            None if old == Some(&Value::Bool(true)) => HardDeletes::Invalidate,
            None | Some("ignore") => HardDeletes::Ignore,
            Some("invalidate") => HardDeletes::Invalidate,
            Some("new_record") => HardDeletes::NewRecord,
            Some(other) => {
                let at = self.at("hard_deletes");
                self.problems.push(
                    Diagnostic::error(
                        "unknown-value",
                        format!("`hard_deletes` cannot be `{other}`"),
                    )
                    .at_some(at)
                    .did_you_mean(other, ["ignore", "invalidate", "new_record"])
                    .help("write one of `ignore`, `invalidate`, `new_record`"),
                );
                HardDeletes::Ignore
            }
        }
    }

    fn names(&mut self) -> HistoryColumns {
        const KEY: &str = "snapshot_meta_column_names";
        let named = self.merged.get(KEY).cloned().unwrap_or_default();
        for name in named.as_object().into_iter().flat_map(|names| names.keys()) {
            if !COLUMNS.contains(&name.as_str()) {
                let at = self.at(KEY);
                self.problems.push(
                    Diagnostic::error(
                        "unknown-key",
                        format!("a history has no column `{name}` that could be named otherwise"),
                    )
                    .at_some(at)
                    .one_of(name, COLUMNS),
                );
            }
        }
        let [scd_id, updated_at, valid_from, valid_to, is_deleted] =
            COLUMNS.map(|known| named[known].as_str().unwrap_or(known).to_owned());
        HistoryColumns {
            scd_id,
            updated_at,
            valid_from,
            valid_to,
            is_deleted,
        }
    }
}
