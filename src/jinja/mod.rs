//! The template language: what a template asks for, its text, and the way back from the text to the template.
//!
//! In: files with macros, a [`Template`], and a [`World`] that answers `ref`, `config`, `var` and the rest.
//! Out: [`Macros`], built once and shared; for each template [`Rendered`] text with its [`SourceMap`], a [`Value`], or a
//! [`Diagnostic`](crate::diagnostic::Diagnostic) that points into the file the user wrote.
//! Knows nothing of models, of the project's files or of any warehouse.
//!
//! The language is dbt's Jinja on an unforked minijinja. What minijinja lacks is added in three places: a pre-pass over the tokens
//! (`prepare`), objects with Python's manners (`values`), and one state for a whole render in which macros are called through
//! a wrapper that knows `return` (`render`).

mod absent;
mod again;
mod builtins;
mod error;
mod library;
mod macros;
mod prepare;
mod render;
mod spaces;
mod statics;
mod template;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod values;
mod world;

pub use builtins::{DBT_VERSION, MomentValue};
pub use error::missing_macro;
pub use macros::{Macro, MacroArgument, MacroFile, MacroKind, Macros, Rendered};
pub use minijinja::Value;
pub use prepare::{NamedBlock, snapshot_blocks};
pub use spaces::with_plain_spaces;
pub use statics::{StaticCalls, StaticRef, macros_named, says, static_calls, uncalled};
pub use template::{SourceMap, Template};
pub use values::{
    ColumnValue, ConfigOfResult, Lateness, Parts, RelationValue, TableValue, ahead, changing,
};
pub use world::{Answer, LATE, PROJECT, Question, RefCall, Reply, World, late, unavailable};
