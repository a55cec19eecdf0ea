//! Amazon Redshift: its words for typed statements.
//!
//! In: [`Statement`](super::Statement)s. Out: Redshift SQL, byte for byte what a cluster would get.
//! A target that emulates Redshift shows this SQL too; what it really runs is its own business.

pub mod iam;
pub mod sql;
#[cfg(test)]
pub(in crate::adapter) mod tests;
