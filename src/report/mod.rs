//! The words a person reads: diagnostics, progress, the summary, and the rows of `show`.
//!
//! In: [`Diagnostic`](crate::diagnostic::Diagnostic)s, [`Event`](crate::run::Event)s, [`RunResults`](crate::run::RunResults).
//! Out: bytes on standard output and standard error. The only room that prints; decides nothing.

mod again;
pub mod checks;
mod log_file;
pub mod message;
pub mod paint;
mod palette;
mod progress;
mod recap;
pub mod rows;
mod terminal;
#[cfg(test)]
mod tests;

pub use again::Again;
pub use log_file::{FileFormat, FileOptions};
pub use message::{Asked, LogLevel, Message};
pub use paint::{Painter, paint};
pub use terminal::{Color, Listener, LogFormat, Options, Terminal};
