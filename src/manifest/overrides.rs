//! Macros of dbt that a project replaces, and that nothing here would call.
//!
//! In: the macros of a project. Out: what is refused: passing over a replacement would do something else than the project asks for.

use super::resolve::Resolver;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Macros that do one work, which is done here without them.
pub(super) struct Overrides {
    names: &'static [&'static str],
    /// What is done without them.
    label: &'static str,
    help: &'static str,
}

/// By which dbt keeps the history of snapshots.
pub(super) const OF_SNAPSHOTS: Overrides = Overrides {
    names: &[
        "snapshot_timestamp_strategy",
        "snapshot_check_strategy",
        "snapshot_check_all_get_existing_columns",
        "snapshot_hash_arguments",
        "snapshot_get_time",
        "snapshot_string_as_time",
        "snapshot_staging_table",
        "build_snapshot_staging_table",
        "build_snapshot_table",
        "snapshot_merge_sql",
        "get_snapshot_get_time_data_type",
        "get_snapshot_table_column_names",
        "get_dbt_valid_to_current",
        "create_columns",
        "post_snapshot",
        "unique_key_fields",
        "unique_key_join_on",
        "unique_key_is_null",
        "unique_key_is_not_null",
    ],
    label: "the history of snapshots is kept without this macro",
    help: "remove the macro, or disable the snapshots",
};

/// By which dbt decides data tests.
pub(super) const OF_TESTS: Overrides = Overrides {
    names: &["get_test_sql"],
    label: "data tests are decided without this macro",
    help: "remove the macro: `fail_calc`, `warn_if`, `error_if` and `limit` of a test say what it would",
};

/// Refuses each of the macros that the project replaces.
pub(super) fn refuse(resolver: &Resolver<'_>, overrides: &Overrides, problems: &mut Diagnostics) {
    let dialect = &resolver.shared.dialect;
    for name in overrides.names {
        let forms = [
            (*name).to_owned(),
            format!("{dialect}__{name}"),
            format!("default__{name}"),
        ];
        let found = forms
            .iter()
            .filter_map(|form| resolver.macros.find(&resolver.shared.project, form))
            .find(|found| found.package != "dbt");
        if let Some(found) = found {
            problems.push(
                Diagnostic::error(
                    "not-supported-yet",
                    format!("the project overrides `{name}`, which is not supported yet"),
                )
                .at(found.span.clone())
                .label(overrides.label)
                .help(overrides.help),
            );
        }
    }
}
