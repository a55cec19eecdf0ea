//! Installs what translated SQL calls into a DuckDB instance: macros, and functions in Rust.

use std::sync::{Mutex, PoisonError};

use duckdb::Connection;

use super::{PRELUDE, SETTINGS, udf};

/// The catalog of functions belongs to the whole instance: only one connection may write it at a time.
static INSTALLING: Mutex<()> = Mutex::new(());

pub(super) fn install(connection: &Connection) -> duckdb::Result<()> {
    for setting in SETTINGS {
        connection.execute_batch(setting)?;
    }
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let installed: i64 = connection.query_row(
        "SELECT count(*) FROM duckdb_functions() WHERE function_name = 'hashable' AND database_name = ?",
        [PRELUDE],
        |row| row.get(0),
    )?;
    if installed > 0 {
        return Ok(());
    }
    udf::register(connection)?;
    connection.execute_batch(&format!("ATTACH IF NOT EXISTS ':memory:' AS {PRELUDE}"))?;
    connection.execute_batch(include_str!("prelude.sql"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::emulating::{prelude, translate_query};

    fn value(connection: &Connection, sql: &str) -> String {
        connection
            .query_row(sql, [], |row| row.get::<_, String>(0))
            .unwrap()
    }

    #[test]
    fn a_view_in_a_file_is_read_again_after_the_file_was_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("warehouse.duckdb");
        let query = translate_query("select initcap(name) || (7/n) || coalesce(x, 'z'::varchar(2)) as c from t where name = 'ann '").unwrap();
        {
            let connection = Connection::open(&path).unwrap();
            prelude(&connection).unwrap();
            connection
                .execute_batch(&format!(
                    "CREATE TABLE t(name VARCHAR, n INTEGER, x VARCHAR); INSERT INTO t VALUES ('ann', 2, NULL); CREATE VIEW v AS {}",
                    query.sql
                ))
                .unwrap();
            assert_eq!(value(&connection, "SELECT c FROM v"), "Ann3z");
        }
        let connection = Connection::open(&path).unwrap();
        let schemas = value(
            &connection,
            "SELECT string_agg(DISTINCT database_name, ',' ORDER BY database_name) FROM duckdb_databases() WHERE NOT internal",
        );
        assert_eq!(schemas, "warehouse");
        prelude(&connection).unwrap();
        assert_eq!(value(&connection, "SELECT c FROM v"), "Ann3z");
    }

    #[test]
    fn every_connection_of_an_instance_may_ask_for_the_prelude() {
        let connection = Connection::open_in_memory().unwrap();
        prelude(&connection).unwrap();
        let clones: Vec<Connection> = (0..4).map(|_| connection.try_clone().unwrap()).collect();
        std::thread::scope(|scope| {
            for clone in clones {
                scope.spawn(move || {
                    prelude(&clone).unwrap();
                    assert_eq!(
                        value(&clone, "SELECT CAST(__rs.divide(7, 2) AS VARCHAR)"),
                        "3"
                    );
                });
            }
        });
    }
}
