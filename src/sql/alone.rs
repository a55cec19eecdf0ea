//! Statements that Redshift runs only outside of a transaction.
//!
//! In: a statement. Out: what of it is one of those. Sources: the pages of `VACUUM`, `ALTER TABLE`,
//! `ALTER TABLE APPEND`, `CREATE DATABASE` and `CREATE EXTERNAL TABLE` in the Database Developer Guide.

use super::words::Words;

/// Whether a text begins with a statement that runs only outside of a transaction.
pub fn runs_alone(sql: &str) -> bool {
    stands_alone(&Words::new(sql)).is_some()
}

/// What of a statement cannot run in a transaction that others are part of, in Redshift's words.
pub fn stands_alone(words: &Words) -> Option<&'static str> {
    Some(match (words.word(0).as_str(), words.word(1).as_str()) {
        ("vacuum", _) => "VACUUM",
        ("create", "database") => "CREATE DATABASE",
        ("drop", "database") => "DROP DATABASE",
        ("alter", "database") => "ALTER DATABASE",
        ("create", "external") if words.word(2) == "table" => "CREATE EXTERNAL TABLE",
        ("alter", "external") if words.word(2) == "table" => "ALTER EXTERNAL TABLE",
        ("drop", "external") => "DROP EXTERNAL TABLE",
        ("alter", "table") => {
            let (_, at) = words.name(2);
            let next = (words.word(at), words.word(at + 1));
            match (next.0.as_str(), next.1.as_str()) {
                ("append", _) => "ALTER TABLE APPEND",
                ("alter", "column") if words.word(at + 3) == "type" => "ALTER TABLE ALTER COLUMN",
                _ => return None,
            }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_redshift_takes_only_outside_of_a_transaction_is_known() {
        for alone in [
            "vacuum sort only analytics.orders",
            "-- nightly\n/* all */ VACUUM;",
            "alter table a.t alter column name type varchar(300)",
            "alter table a.t append from a.stage",
            "create external table spectrum.t (id int) stored as parquet location 's3://b/'",
            "create database x",
        ] {
            assert!(runs_alone(alone), "{alone}");
        }
        for together in [
            "analyze analytics.orders",
            "alter table a.t add column type varchar(3)",
            "alter table a.t rename to vacuum",
            "grant select on a.t to group b",
            "insert into a.t select 'vacuum'",
            "create table database (id int)",
        ] {
            assert!(!runs_alone(together), "{together}");
        }
    }
}
