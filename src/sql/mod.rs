//! SQL as syntax trees that know where they stand: Redshift's, and as far as the parser goes PostgreSQL's and DuckDB's.
//!
//! In: text. Out: [`redshift::Parsed`] statements, and for one query its columns and their lineage ([`lineage`]).
//! Knows nothing of files, nodes or adapters.

pub mod alone;
pub mod comments;
pub mod dialect;
pub mod lineage;
pub mod names;
pub mod normal;
pub mod position;
pub mod redshift;
pub mod reserved;
pub mod secrets;
pub mod words;

use sqlparser::ast::Ident;

/// A name as Redshift folds it: to lower case, quoted or not.
pub fn fold(ident: &Ident) -> String {
    ident.value.to_lowercase()
}
