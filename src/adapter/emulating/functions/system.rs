//! System functions. Most describe a cluster, or change it, and there is none here.

use super::{How, Returns, Row, row};

const CLUSTER: &str = "it describes a cluster, and there is none here";
const ADMINISTRATION: &str = "it administers a cluster, and there is none here";

const fn of_cluster(name: &'static str, page: &'static str, help: &'static str) -> Row {
    row(name, How::Refused(CLUSTER, help), page, &[])
}

const fn administers(name: &'static str, page: &'static str) -> Row {
    row(name, How::Refused(ADMINISTRATION, ""), page, &[])
}

/// System functions: <https://docs.aws.amazon.com/redshift/latest/dg/r_System_information_functions.html>, and those that administer:
/// <https://docs.aws.amazon.com/redshift/latest/dg/r_System_administration_functions.html>.
pub(in super::super) const ROWS: &[Row] = &[
    row(
        "current_schema",
        How::Forms(&[(0, "current_schema()")], Returns::Text),
        "r_CURRENT_SCHEMA.html",
        &[("SELECT CURRENT_SCHEMA()", "main")],
    ),
    row(
        "generate_series",
        How::Refused(
            "on Redshift it runs on the leader node only, apart from tables",
            "build the rows with `with recursive`, or keep them in a seed",
        ),
        "c_SQL_functions_leader_node_only.html",
        &[],
    ),
    row(
        "explain_model",
        How::Refused("models of machine learning live on the cluster", ""),
        "r_explain_model_function.html",
        &[],
    ),
    of_cluster("current_aws_account", "r_CURRENT_AWS_ACCOUNT.html", ""),
    of_cluster(
        "current_database",
        "r_CURRENT_DATABASE.html",
        "use `{{ target.dbname }}`",
    ),
    of_cluster("current_namespace", "r_CURRENT_NAMESPACE.html", ""),
    of_cluster(
        "current_schemas",
        "r_CURRENT_SCHEMAS.html",
        "use `{{ target.schema }}`",
    ),
    of_cluster("current_session_arn", "CURRENT_SESSION_ARN.html", ""),
    of_cluster(
        "current_user",
        "r_CURRENT_USER.html",
        "use `{{ target.user }}`",
    ),
    of_cluster("current_user_id", "r_CURRENT_USER_ID.html", ""),
    of_cluster("default_iam_role", "DEFAULT_IAM_ROLE.html", ""),
    of_cluster("get_number_attributes", "GET_NUMBER_ATTRIBUTES.html", ""),
    of_cluster(
        "has_assumerole_privilege",
        "r_HAS_ASSUMEROLE_PRIVILEGE.html",
        "",
    ),
    of_cluster(
        "has_database_privilege",
        "r_HAS_DATABASE_PRIVILEGE.html",
        "",
    ),
    of_cluster("has_schema_privilege", "r_HAS_SCHEMA_PRIVILEGE.html", ""),
    of_cluster("has_table_privilege", "r_HAS_TABLE_PRIVILEGE.html", ""),
    of_cluster("last_user_query_id", "LAST_USER_QUERY_ID.html", ""),
    of_cluster("pg_backend_pid", "PG_BACKEND_PID.html", ""),
    of_cluster(
        "pg_get_cols",
        "PG_GET_COLS.html",
        "use `adapter.get_columns_in_relation`",
    ),
    of_cluster(
        "pg_get_grantee_by_iam_role",
        "PG_GET_GRANTEE_BY_IAMROLE.html",
        "",
    ),
    of_cluster(
        "pg_get_iam_role_by_user",
        "PG_GET_IAM_ROLE_BY_USER.html",
        "",
    ),
    of_cluster(
        "pg_get_late_binding_view_cols",
        "PG_GET_LATE_BINDING_VIEW_COLS.html",
        "use `adapter.get_columns_in_relation`",
    ),
    of_cluster("pg_get_session_roles", "PG_GET_SESSION_ROLES.html", ""),
    of_cluster("pg_last_copy_count", "PG_LAST_COPY_COUNT.html", ""),
    of_cluster("pg_last_copy_id", "PG_LAST_COPY_ID.html", ""),
    of_cluster("pg_last_query_id", "PG_LAST_QUERY_ID.html", ""),
    of_cluster("pg_last_unload_count", "PG_LAST_UNLOAD_COUNT.html", ""),
    of_cluster("pg_last_unload_id", "PG_LAST_UNLOAD_ID.html", ""),
    of_cluster("role_is_member_of", "r_ROLE_IS_MEMBER_OF.html", ""),
    of_cluster(
        "session_user",
        "r_SESSION_USER.html",
        "use `{{ target.user }}`",
    ),
    of_cluster("slice_num", "r_SLICE_NUM.html", ""),
    of_cluster("user", "r_USER.html", "use `{{ target.user }}`"),
    of_cluster("user_is_member_of", "r_USER_IS_MEMBER_OF.html", ""),
    of_cluster("version", "r_VERSION.html", ""),
    administers("change_query_priority", "r_CHANGE_QUERY_PRIORITY.html"),
    administers("change_session_priority", "r_CHANGE_SESSION_PRIORITY.html"),
    administers("change_user_priority", "r_CHANGE_USER_PRIORITY.html"),
    administers("current_setting", "r_CURRENT_SETTING.html"),
    administers("pg_cancel_backend", "PG_CANCEL_BACKEND.html"),
    administers("pg_terminate_backend", "PG_TERMINATE_BACKEND.html"),
    administers("reboot_cluster", "REBOOT_CLUSTER.html"),
    administers("set_config", "r_SET_CONFIG.html"),
];
