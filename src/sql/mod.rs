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

/// The stack that a text of SQL may need.
const DEEP: usize = 64 * 1024 * 1024;

/// Runs on a stack that is large enough for any text: the parser's tree of a long sum is as deep as the sum, and so is every walk over it,
/// the last one included that frees it.
///
/// A new stack is new memory to the system, page by page, which costs more than to read a short query. So it is twice as large, and who
/// has many texts to read takes one around them all: within it, the next call has room enough and takes none.
pub fn deep<T>(work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(DEEP, 2 * DEEP, work)
}

/// A name as Redshift folds it: to lower case, quoted or not.
pub fn fold(ident: &Ident) -> String {
    ident.value.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_deep_already_takes_no_new_stack() {
        let left = || stacker::remaining_stack().unwrap_or_default();
        let (outer, inner) = deep(|| (left(), deep(left)));
        assert!(inner >= DEEP);
        assert!(outer.abs_diff(inner) < DEEP / 2, "{outer} and {inner}");
    }
}
