//! Redshift SQL said in DuckDB's words, or refused by name.
//!
//! In: SQL text in Redshift's dialect. Out: DuckDB SQL with the same meaning, or a [`Refusal`] that points into the
//! given text. Closed world: what the table of `functions` and the match over the syntax tree do not know is refused,
//! never passed through. Knows nothing of models, files or connections; only `prelude` (feature `duckdb`) touches one.

mod types;

use std::ops::Range;

pub use types::{
    ColumnsSql, DuckdbType, Type, create_table_columns, declared_length, duckdb_type, fix_type,
    redshift_type,
};

use super::Refusal;
use super::statement::Copy;

/// Statements for each new DuckDB session, before anything else.
pub const SETTINGS: &[&str] = &[
    "SET integer_division = true",
    "SET default_null_order = 'nulls_last_on_asc_first_on_desc'",
    "SET preserve_identifier_case = false",
    "SET TimeZone = 'UTC'",
];

/// The attached in-memory database that holds our macros, so that nothing of them lands in the user's file.
pub const PRELUDE: &str = "__rs";

/// A query in DuckDB's SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translated {
    /// The query.
    pub sql: String,
    /// Its output columns, as far as the text alone tells them; `None` where a `*` hides them.
    pub columns: Option<Vec<OutputColumn>>,
}

/// One output column of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputColumn {
    /// Its name as Redshift folds it.
    pub name: String,
    /// Its Redshift type, where the text alone tells it.
    pub data_type: Option<String>,
}

/// One statement of the user in DuckDB's SQL.
#[derive(Clone, Debug, PartialEq)]
pub struct TranslatedStatement {
    /// Where it stands in the given text.
    pub range: Range<usize>,
    /// What to do.
    pub work: Work,
    /// What Redshift would do and DuckDB has no meaning for, dropped knowingly: `distkey (a)`, `grant`.
    pub dropped: Vec<String>,
}

/// What a translated statement asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// A query: its rows are the answer.
    Query(Translated),
    /// Statements to run in order.
    Sql(Vec<String>),
    /// `create table … as`: run `create` around the query after casting its columns with [`fix_type`].
    CreateTableAs {
        /// Everything before the query, ending in `AS`.
        create: String,
        /// The query.
        query: Translated,
    },
    /// A load of files: ours to do, not DuckDB's.
    Copy(Box<Copy>),
    /// Nothing to do on this engine; `dropped` says what was left out.
    Nothing,
}

/// Translates one query (a `select`, `with … select` or set operation).
///
/// # Errors
/// The first thing that DuckDB cannot answer as Redshift would, or that Redshift itself refuses.
pub fn translate_query(sql: &str) -> Result<Translated, Refusal> {
    Err(not_yet(sql))
}

/// Translates the statements of a hook or operation, separated by semicolons.
///
/// # Errors
/// The first thing that cannot be emulated.
pub fn translate_statements(sql: &str) -> Result<Vec<TranslatedStatement>, Refusal> {
    Err(not_yet(sql))
}

/// Translates one scalar expression over the columns of some relation (a predicate, a default).
///
/// # Errors
/// The first thing that cannot be emulated.
pub fn translate_expression(sql: &str) -> Result<String, Refusal> {
    Err(not_yet(sql))
}

/// Reads a Redshift `COPY` statement; its columns are left empty, as they come from the table.
///
/// # Errors
/// An option that is unknown, or known and not emulated.
pub fn parse_copy(sql: &str) -> Result<Copy, Refusal> {
    Err(not_yet(sql))
}

/// Where in the Redshift text a failure of the translated query stands, and what DuckDB would have accepted there.
pub fn locate(duckdb_error: &str, redshift_sql: &str) -> Option<Located> {
    let name = duckdb_error.split('"').nth(1)?;
    let at = redshift_sql.find(name)?;
    Some(Located {
        range: at..at + name.len(),
        name: name.to_owned(),
        candidates: Vec::new(),
    })
}

/// A failure of DuckDB brought home to the Redshift text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Bytes of the Redshift text.
    pub range: Range<usize>,
    /// The name that was not found.
    pub name: String,
    /// Names that exist there.
    pub candidates: Vec<String>,
}

/// An identifier in DuckDB's quotes, folded as Redshift folds it.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.to_lowercase().replace('"', "\"\""))
}

/// A string literal in DuckDB's quotes.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn not_yet(sql: &str) -> Refusal {
    Refusal {
        code: "not-emulated",
        message: "this SQL is not emulated yet".to_owned(),
        range: Some(0..sql.len()),
        reason: None,
        help: None,
    }
}

/// Installs the macros and functions that translated SQL calls, for every connection of this database instance.
///
/// Views keep the calls by name, so a file with such views needs this before they are read. Nothing is written
/// to the user's database: the macros live in an attached in-memory database, the functions in the process.
///
/// # Errors
/// What DuckDB answers.
#[cfg(feature = "duckdb")]
pub fn prelude(connection: &duckdb::Connection) -> duckdb::Result<()> {
    for setting in SETTINGS {
        connection.execute_batch(setting)?;
    }
    connection.execute_batch(&format!("ATTACH IF NOT EXISTS ':memory:' AS {PRELUDE}"))
}
