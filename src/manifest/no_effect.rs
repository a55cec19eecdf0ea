//! Settings that mean nothing to the materialization that a node has.
//!
//! In: a model's typed configuration, and where each key was written. Out: warnings.

use super::config::Config;
use super::merge::Merged;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// What only a table has.
const OF_TABLES: [&str; 3] = ["dist", "sort", "sort_type"];

/// Warns of a view that is told how to lay out its rows; a folder of the project file may do so for the tables in it.
pub(super) fn check(config: &Config, merged: &Merged, problems: &mut Diagnostics) {
    if config.materialized != "view" || config.in_jinja.is_some() {
        return;
    }
    for key in OF_TABLES {
        let Some(place) = merged.origin(key).filter(|_| merged.get(key).is_some()) else {
            continue;
        };
        if place.source.path.ends_with("dbt_project.yml") {
            continue;
        }
        problems.push(
            Diagnostic::warning(
                "no-effect",
                format!("`{key}` has no effect: a view holds no rows"),
            )
            .at(place)
            .help("make it a table with `materialized='table'`, or take the setting out"),
        );
    }
}
