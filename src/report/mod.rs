//! The words a person reads: diagnostics, progress, the summary, and the rows of `show`.
//!
//! In: [`Diagnostic`](crate::diagnostic::Diagnostic)s, [`Event`](crate::run::Event)s, `RunResults`.
//! Out: bytes on standard output and standard error. The only room that prints; decides nothing.

pub mod paint;

pub use paint::{Painter, paint};
