//! System functions. Most describe a cluster, and there is none here.

use super::{How, Returns, Row, row};

const CLUSTER: &str = "it describes a cluster, and there is none here";
const PAGE: &str = "r_System_information_functions.html";

/// System functions: <https://docs.aws.amazon.com/redshift/latest/dg/r_System_information_functions.html>.
pub(in super::super) const ROWS: &[Row] = &[
    row(
        "current_schema",
        How::Forms(&[(0, "current_schema()")], Returns::Text),
        "r_CURRENT_SCHEMA.html",
        &[("SELECT CURRENT_SCHEMA()", "main")],
    ),
    row(
        "current_database",
        How::Refused(CLUSTER, "use `{{ target.dbname }}`"),
        "r_CURRENT_DATABASE.html",
        &[],
    ),
    row(
        "current_setting",
        How::Refused(CLUSTER, ""),
        "r_CURRENT_SETTING.html",
        &[],
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
    row("has_schema_privilege", How::Refused(CLUSTER, ""), PAGE, &[]),
    row("has_table_privilege", How::Refused(CLUSTER, ""), PAGE, &[]),
    row(
        "pg_backend_pid",
        How::Refused(CLUSTER, ""),
        "PG_BACKEND_PID.html",
        &[],
    ),
    row(
        "pg_last_copy_count",
        How::Refused(CLUSTER, ""),
        "PG_LAST_COPY_COUNT.html",
        &[],
    ),
    row(
        "pg_last_query_id",
        How::Refused(CLUSTER, ""),
        "PG_LAST_QUERY_ID.html",
        &[],
    ),
    row("version", How::Refused(CLUSTER, ""), "r_VERSION.html", &[]),
];
