//! Settings that mean nothing to the materialization that a node has.
//!
//! In: a model's typed configuration, and where each key was written. Out: warnings.

use serde_json::Value;

use super::config::Config;
use super::merge::Merged;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// What holds no rows, and so has nothing to lay out.
const WITHOUT_ROWS: [&str; 2] = ["view", "ephemeral"];

/// A key, the materializations that do not heed it, why, and what to do.
const UNHEEDED: [(&str, &[&str], &str, &str); 7] = [
    ("dist", &WITHOUT_ROWS, HOLDS_NONE, MAKE_TABLE),
    ("sort", &WITHOUT_ROWS, HOLDS_NONE, MAKE_TABLE),
    ("sort_type", &WITHOUT_ROWS, HOLDS_NONE, MAKE_TABLE),
    ("backup", &WITHOUT_ROWS, HOLDS_NONE, MAKE_TABLE),
    ("indexes", &WITHOUT_ROWS, HOLDS_NONE, MAKE_TABLE),
    (
        "bind",
        &["table", "incremental", "ephemeral", "materialized_view"],
        "is bound to nothing: that is for views",
        "make it a view with `materialized='view'`, or take the setting out",
    ),
    (
        "auto_refresh",
        &["table", "incremental", "ephemeral", "view"],
        "is refreshed by its builds alone",
        "make it a materialized view with `materialized='materialized_view'`, or take the setting out",
    ),
];

const HOLDS_NONE: &str = "holds no rows";
const MAKE_TABLE: &str = "make it a table with `materialized='table'`, or take the setting out";

/// Warns of what a model's own configuration says in vain; a folder of the project file may do so for those in it that heed it.
pub(super) fn check(config: &Config, merged: &Merged, problems: &mut Diagnostics) {
    if config.in_jinja.is_some() {
        return;
    }
    let kind = config.materialized.as_str();
    // One that nobody knows is told, and stands as a view only for now.
    let said = merged.get("materialized").and_then(Value::as_str);
    if said.is_some_and(|said| said != kind) {
        return;
    }
    for (key, _, why, help) in UNHEEDED.iter().filter(|(_, of, ..)| of.contains(&kind)) {
        let Some(place) = merged.origin(key).filter(|_| merged.get(key).is_some()) else {
            continue;
        };
        if place.source.path.ends_with("dbt_project.yml") {
            continue;
        }
        let article = match kind.starts_with(['a', 'e', 'i', 'o']) {
            true => "an",
            false => "a",
        };
        let kind = match kind {
            "table" | "view" => kind.to_owned(),
            other => format!("{} model", other.replace('_', " ")),
        };
        problems.push(
            Diagnostic::warning(
                "no-effect",
                format!("`{key}` has no effect: {article} {kind} {why}"),
            )
            .at(place)
            .help(*help),
        );
    }
}
