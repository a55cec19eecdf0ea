//! The SQL language as Redshift speaks it: text in, syntax trees with places out.
//!
//! In: SQL text as rendered. Out: [`redshift::Statement`]s, [`redshift::ParseError`]s.
//! Knows nothing of files, nodes or warehouses.

pub mod alone;
pub mod position;
pub mod redshift;
