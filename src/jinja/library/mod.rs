//! The macros that come with Redstart, as the package `dbt`.
//!
//! In: the files beside this one. Out: [`MacroFile`]s.
//! Does not know which of them a project replaces.

use super::macros::MacroFile;
use super::render::BUILTIN_PACKAGE;
use crate::diagnostic::Source;

/// Each file with its text.
const FILES: &[(&str, &str)] = &[
    ("names.sql", include_str!("names.sql")),
    ("statement.sql", include_str!("statement.sql")),
    ("relations.sql", include_str!("relations.sql")),
    ("create.sql", include_str!("create.sql")),
    ("alter.sql", include_str!("alter.sql")),
    ("kinds.sql", include_str!("kinds.sql")),
    ("rows.sql", include_str!("rows.sql")),
    ("strategies.sql", include_str!("strategies.sql")),
    ("materializations.sql", include_str!("materializations.sql")),
    ("snapshots.sql", include_str!("snapshots.sql")),
    ("dates.sql", include_str!("dates.sql")),
    ("types.sql", include_str!("types.sql")),
    ("functions.sql", include_str!("functions.sql")),
    ("spine.sql", include_str!("spine.sql")),
];

/// The files of the library.
pub fn files() -> Vec<MacroFile> {
    FILES
        .iter()
        .map(|(name, text)| MacroFile {
            package: BUILTIN_PACKAGE.to_string(),
            source: Source::new(format!("dbt/{name}"), *text),
        })
        .collect()
}
