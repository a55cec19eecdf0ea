//! Redstart builds SQL models into tested tables on Amazon Redshift, and runs the same models on an embedded DuckDB.
//!
//! The rooms are declared in the order in which they may use one another: a room uses only rooms above it.

// floor: words every room uses
pub mod diagnostic;
pub mod redact;
pub mod relation;

// parts: what we work with
pub mod adapter;
pub mod data_tests;
pub mod jinja;
pub mod sql;

// pipeline: one room per step, in the order the data walks
pub mod graph;
pub mod manifest;
pub mod materialization;
pub mod plan;
pub mod project;
pub mod run;

// voice: the same results, told to three listeners
pub mod artifacts;
pub mod report;
