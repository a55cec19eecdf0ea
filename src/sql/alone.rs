//! Statements that Redshift runs only outside of a transaction.
//!
//! In: a statement, or a text of several. Out: what of it is one of those, and its [`Part`]s. Sources: the pages of `VACUUM`,
//! `ALTER TABLE`, `ALTER TABLE APPEND`, `CREATE DATABASE` and `CREATE EXTERNAL TABLE` in the Database Developer Guide.

use sqlparser::tokenizer::Token;

use super::dialect::Dialect;
use super::position::Lines;
use super::redshift;
use super::words::Words;

/// What is sent by itself of a text that the user wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'s> {
    /// The SQL.
    pub sql: &'s str,
    /// Whether it runs only outside of a transaction.
    pub alone: bool,
}

impl<'s> Part<'s> {
    /// A text that is sent as it is.
    pub fn whole(sql: &'s str) -> Self {
        Self { sql, alone: false }
    }
}

/// The statements of a text, as dbt-redshift sends them: one after the other, because several in one message are one transaction. A
/// text of one statement, or one that cannot be read, stays as it is.
pub fn parts(sql: &str) -> Vec<Part<'_>> {
    let part = |sql| Part {
        sql,
        alone: stands_alone(&Words::new(sql)).is_some(),
    };
    let tokens = redshift::tokens(sql).unwrap_or_default();
    let lines = Lines::new(sql);
    let mut found: Vec<&str> = Vec::new();
    let mut start = 0;
    for range in redshift::split(&tokens) {
        let semicolon = tokens.get(range.end);
        let end = semicolon.and_then(|token| lines.offset(token.span.start));
        let end = end.unwrap_or(sql.len());
        // What stands behind a semicolon and says nothing is no statement.
        if tokens[range].iter().any(redshift::is_code) {
            found.push(sql[start..end].trim());
        }
        start = (end + 1).min(sql.len());
    }
    match found.as_slice() {
        [] | [_] => vec![part(sql)],
        _ => found.into_iter().map(part).collect(),
    }
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

/// Takes the `;` away that ends a query, where nothing but comments follows: the query becomes a part of a statement. What stands
/// behind it keeps its place.
pub fn without_end(sql: &mut String, dialect: Dialect) {
    // Only in Redshift's words a `\` keeps a text open.
    if !sql.contains(';') || dialect != Dialect::Redshift && sql.contains('\\') {
        return;
    }
    let Ok(tokens) = redshift::tokens(sql) else {
        return;
    };
    let lines = Lines::new(sql);
    let said = tokens.iter().rev();
    let said = said.filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF));
    let ends: Vec<usize> = said
        .take_while(|token| token.token == Token::SemiColon)
        .filter_map(|token| Some(lines.range(token.span)?.start))
        .collect();
    for end in ends {
        sql.replace_range(end..=end, " ");
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
            assert!(parts(alone)[0].alone, "{alone}");
        }
        for together in [
            "analyze analytics.orders",
            "alter table a.t add column type varchar(3)",
            "alter table a.t rename to vacuum",
            "grant select on a.t to group b",
            "insert into a.t select 'vacuum'",
            "create table database (id int)",
        ] {
            assert!(!parts(together)[0].alone, "{together}");
        }
    }

    #[test]
    fn the_end_of_a_query_is_taken_away() {
        for (sql, left) in [
            ("select 1;", "select 1 "),
            (
                "select ';' -- a; b\n;\n; /* ; */ -- c\n",
                "select ';' -- a; b\n \n  /* ; */ -- c\n",
            ),
            ("select 1; select 2;", "select 1; select 2 "),
            ("select 'ä';", "select 'ä' "),
            ("select 'open;", "select 'open;"),
        ] {
            let mut text = sql.to_owned();
            without_end(&mut text, Dialect::Redshift);
            assert_eq!(text, left);
        }
    }

    #[test]
    fn a_text_has_its_statements_as_parts() {
        let said = |sql| {
            let parts = parts(sql).into_iter();
            let said = parts
                .map(|part| format!("{}{}\n", part.sql, if part.alone { " (alone)" } else { "" }));
            said.collect::<String>()
        };
        for one in [
            "analyze a;",
            " vacuum_log ",
            "-- nothing;",
            "insert into t values ('a;b')",
            "select 'open; vacuum a",
        ] {
            assert_eq!(said(one), format!("{one}\n"));
        }
        assert_eq!(
            said(
                "insert into t values (';'); -- why; not\nvacuum t; /* ; */ ;\n call p($$ a; b $$) ; -- done"
            ),
            "insert into t values (';')\n-- why; not\nvacuum t (alone)\ncall p($$ a; b $$)\n"
        );
    }
}
