//! Redshift's catalog, as views over DuckDB's own and over what DuckDB has no place for.
//!
//! In: [`Options`]. Out: statements of DuckDB that make it. What is recorded (distribution, sort keys, owners, grants, users, texts of
//! views) is kept in a schema of the user's database, so that it lives and is rolled back with the tables it speaks of.

use super::options::Options;
use crate::adapter::emulating::{identifier, literal};

/// The attached database that holds the views; the other schema there stands for `information_schema`.
pub(super) const CATALOG: &str = "__pg";

/// The schema of the user's database that holds what is recorded; no catalog shows it.
pub(super) const STATE: &str = "__redstart";

/// The system views and tables that queries may name, in `pg_catalog` or without a schema.
pub(super) const SYSTEM: &[&str] = &[
    "pg_attrdef",
    "pg_attribute",
    "pg_auth_members",
    "pg_class",
    "pg_class_info",
    "pg_collation",
    "pg_constraint",
    "pg_database",
    "pg_database_info",
    "pg_depend",
    "pg_description",
    "pg_group",
    "pg_index",
    "pg_inherits",
    "pg_namespace",
    "pg_proc",
    "pg_proc_info",
    "pg_rewrite",
    "pg_roles",
    "pg_settings",
    "pg_shadow",
    "pg_stat_activity",
    "pg_table_def",
    "pg_tables",
    "pg_tablespace",
    "pg_trigger",
    "pg_type",
    "pg_user",
    "pg_user_info",
    "pg_views",
    "stl_ddltext",
    "stl_load_commits",
    "stl_load_errors",
    "stl_loaderror_detail",
    "stl_query",
    "stl_querytext",
    "stl_utilitytext",
    "stv_inflight",
    "stv_mv_info",
    "stv_recents",
    "stv_sessions",
    "svl_qlog",
    "svl_statementtext",
    "svv_all_columns",
    "svv_all_schemas",
    "svv_all_tables",
    "svv_columns",
    "svv_database_privileges",
    "svv_default_privileges",
    "svv_external_columns",
    "svv_external_databases",
    "svv_external_schemas",
    "svv_external_tables",
    "svv_mv_info",
    "svv_redshift_columns",
    "svv_redshift_databases",
    "svv_redshift_schemas",
    "svv_redshift_tables",
    "svv_relation_privileges",
    "svv_role_grants",
    "svv_roles",
    "svv_schema_privileges",
    "svv_table_info",
    "svv_tables",
    "svv_transactions",
    "svv_user_grants",
    "svv_user_info",
    "svv_views",
    "sys_load_error_detail",
    "sys_load_history",
    "sys_query_detail",
    "sys_query_history",
    "sys_query_text",
    "sys_session_history",
];

/// The views of `information_schema` that queries may name.
pub(super) const INFORMATION: &[&str] = &[
    "columns",
    "key_column_usage",
    "schemata",
    "table_constraints",
    "table_privileges",
    "tables",
    "views",
];

/// Functions of the leader node that are macros of the catalog.
pub(super) const MACROS: &[&str] = &[
    "charindex",
    "col_description",
    "default_iam_role",
    "format_type",
    "has_assumerole_privilege",
    "has_column_privilege",
    "has_database_privilege",
    "has_schema_privilege",
    "has_table_privilege",
    "has_function_privilege",
    "obj_description",
    "oidvectortypes",
    "pg_encoding_to_char",
    "pg_function_is_visible",
    "pg_get_constraintdef",
    "pg_get_expr",
    "pg_get_indexdef",
    "pg_get_userbyid",
    "pg_get_viewdef",
    "pg_relation_size",
    "pg_table_is_visible",
    "pg_type_is_visible",
    "regexp_replace",
    "regexp_substr",
    "regclass",
    "shobj_description",
];

/// Makes the catalog of a server that has just opened its database.
pub(super) fn bootstrap(options: &Options) -> Vec<String> {
    let database = identifier(&options.database);
    let state = format!("{database}.{}", identifier(STATE));
    [include_str!("state.sql"), include_str!("views.sql")]
        .join("\n")
        .replace("{state}", &state)
        .replace("{database}", &database)
        .replace("{database_text}", &literal(&options.database))
        .replace("{user}", &literal(&options.user))
        .split(";\n")
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
        .map(str::to_owned)
        .collect()
}
