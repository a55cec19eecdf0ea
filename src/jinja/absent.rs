//! Macros of dbt and its adapters that are not here, because nothing would call them: what they do is done without macros.
//!
//! In: the name of a macro that was not found. Out: why it is not there, and what to do.

use crate::diagnostic::Diagnostic;

/// Names, why they are not there, and what to do.
const ABSENT: [(&[&str], &str, &str); 8] = [
    (
        &[
            "get_catalog",
            "get_catalog_relations",
            "get_catalog_for_single_relation",
            "get_relations",
            "get_relation_last_modified",
            "list_function_relations_without_caching",
        ],
        "the catalog is read without macros",
        "ask `information_schema` with `run_query`, or read target/catalog.json after `docs generate`",
    ),
    (
        &["get_show_indexes_sql", "get_drop_index_sql"],
        "indexes are made with their table",
        "declare them: `indexes: [{columns: [id]}]`",
    ),
    (
        &[
            "materialized_view_setup",
            "materialized_view_teardown",
            "materialized_view_get_build_sql",
            "materialized_view_execute_no_op",
            "materialized_view_execute_build_sql",
            "get_alter_materialized_view_as_sql",
            "get_materialized_view_configuration_changes",
            "get_replace_materialized_view_sql",
            "get_replace_table_sql",
        ],
        "tables and materialized views are replaced without macros",
        "use `materialized='materialized_view'`, or `get_replace_sql` in a materialization of your own",
    ),
    (
        &[
            "get_unit_test_sql",
            "get_fixture_sql",
            "get_expected_sql",
            "format_row",
            "validate_fixture_rows",
        ],
        "unit tests are decided without macros",
        "declare the rows under `unit_tests:`",
    ),
    (
        &[
            "function_execute_build_sql",
            "scalar_function_sql",
            "scalar_function_create_replace_signature_sql",
            "scalar_function_body_sql",
            "scalar_function_volatility_sql",
            "scalar_function_volatility_javascript",
            "formatted_scalar_function_args_sql",
            "formatted_scalar_function_args_javascript",
            "get_aggregate_function_create_replace_signature",
            "get_aggregate_function_volatility_specifier",
            "get_formatted_aggregate_function_args",
            "get_function_language_specifier",
            "get_function_python_options",
            "unsupported_volatility_warning",
        ],
        "functions are no nodes here",
        "create the function in an `on-run-start` hook",
    ),
    (
        &[
            "resolve_model_name",
            "build_ref_function",
            "build_source_function",
            "build_config_dict",
            "py_script_postfix",
            "py_script_comment",
            "py_write_table",
        ],
        "Python models are not run",
        "write the model in SQL",
    ),
    (
        &["create_or_replace_clone"],
        "`clone` makes views without macros",
        "run `redstart clone --state path/to/artifacts`",
    ),
    (
        &[
            "external_location",
            "location_exists",
            "write_to_file",
            "store_relation",
            "render_write_options",
            "get_column_names",
            "drop_indexes_on_relation",
            "drop_foreign_key_dependents",
            "restore_foreign_key_dependents",
            "drop_relation_for_rebuild",
            "enforced_constraint_types",
            "existing_constraint_types",
            "has_foreign_key_constraints",
            "may_be_foreign_key_target",
            "validate_merge_config",
            "validate_merge_clauses",
            "validate_merge_clause_list",
            "validate_ducklake_restrictions",
            "merge_clause_defaults",
            "validate_string_field",
            "validate_string_list_field",
            "validate_dict_field",
            "validate_doc_columns",
            "normalize_incremental_predicates",
            "normalize_string_or_list",
            "duckdb_escape_comment",
            "flight_name",
            "generate_latest_version_pointer_alias",
        ],
        "it is an inner part of dbt's adapter, whose work is done without macros",
        "write what you need of it as a macro of your own",
    ),
];

/// The error that a macro is not found, with the reason where it is one of dbt's; else the error as it came.
pub(super) fn explained(diagnostic: Diagnostic, name: &str) -> Result<Diagnostic, Diagnostic> {
    // `default__name` is meant to be replaced, as `name` is.
    let name = name.rsplit_once("__").map_or(name, |(_, name)| name);
    let found = ABSENT.iter().find(|(names, ..)| names.contains(&name));
    match found {
        Some((_, why, help)) => Ok(diagnostic
            .note(format!("dbt has this macro, Redstart has not: {why}"))
            .help(*help)),
        None => Err(diagnostic),
    }
}
