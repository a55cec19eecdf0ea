//! The dialects that a project may be written in.
//!
//! In: a text. Out: the one query that it is, or why it is none. Redshift's own syntax is read by [`super::redshift`]; that of the other
//! two as far as the parser knows it.

use sqlparser::ast::{Query, Statement};
use sqlparser::dialect::{DuckDbDialect, PostgreSqlDialect};
use sqlparser::parser::{Parser, ParserOptions};

use super::redshift;

/// The language that a project's SQL is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Redshift's, on Redshift or emulated.
    Redshift,
    /// PostgreSQL's.
    Postgres,
    /// DuckDB's.
    DuckDb,
}

impl Dialect {
    /// The dialect that dbt's name of an adapter stands for.
    pub fn named(adapter: &str) -> Self {
        match adapter {
            "postgres" => Self::Postgres,
            "duckdb" => Self::DuckDb,
            _ => Self::Redshift,
        }
    }

    /// Reads one query; none where the text is something else, or not understood.
    pub fn query(self, text: &str) -> Option<Box<Query>> {
        let statement = match self {
            Self::Redshift => only(redshift::parse(text).ok()?)?.statement,
            Self::Postgres => only(parsed(&PostgreSqlDialect {}, text)?)?,
            Self::DuckDb => only(parsed(&DuckDbDialect {}, text)?)?,
        };
        match statement {
            Statement::Query(query) => Some(query),
            _ => None,
        }
    }
}

fn parsed(dialect: &dyn sqlparser::dialect::Dialect, text: &str) -> Option<Vec<Statement>> {
    let parser = Parser::new(dialect)
        .with_options(ParserOptions::new().with_trailing_commas(true))
        .with_recursion_limit(120);
    parser.try_with_sql(text).ok()?.parse_statements().ok()
}

fn only<T>(mut all: Vec<T>) -> Option<T> {
    let last = all.pop();
    if all.is_empty() { last } else { None }
}
