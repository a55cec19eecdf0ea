//! Statements that Redshift runs only outside of a transaction.
//!
//! In: SQL text. Out: whether its first statement is one of those. Sources: the pages of `VACUUM`, `ALTER TABLE`,
//! `ALTER TABLE APPEND`, `CREATE DATABASE` and `CREATE EXTERNAL TABLE` in the Database Developer Guide.

use sqlparser::tokenizer::Token;

use super::redshift::tokens;

/// Whether a statement runs only outside of a transaction.
pub fn runs_alone(sql: &str) -> bool {
    let Ok(tokens) = tokens(sql) else {
        return false;
    };
    let words: Vec<String> = tokens
        .iter()
        .take_while(|token| token.token != Token::SemiColon)
        .filter_map(|token| match &token.token {
            Token::Word(word) => Some(word.value.to_lowercase()),
            _ => None,
        })
        .take(12)
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["vacuum", ..] | ["create" | "drop", "database", ..] => true,
        ["create" | "alter", "external", "table", ..] => true,
        ["alter", "table", rest @ ..] => {
            let pairs = || rest.windows(2);
            rest.contains(&"append")
                || pairs().any(|pair| pair == ["alter", "column"]) && rest.contains(&"type")
        }
        _ => false,
    }
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
