//! The things that a template holds in its hands: relations, columns, tables, lists and dicts that change.
//!
//! In: nothing. Out: objects of the template language.
//! Knows nothing of who makes them.

mod column;
mod relation;
mod table;

pub use column::ColumnValue;
pub use relation::RelationValue;
pub use table::TableValue;
