//! Redstart builds SQL models into tested tables on Amazon Redshift, and runs the same models on an embedded DuckDB.
//!
//! The rooms are declared in the order in which they may use one another: a room uses only rooms above it.
//! (Blank lines keep rustfmt from sorting them.)

// floor: words every room uses
pub mod diagnostic;
pub mod http;
pub mod redact;
pub mod relation;
pub mod warnings;

// parts: what we work with
pub mod jinja;

pub mod sql;

pub mod adapter;

pub mod data_tests;

// pipeline: one room per step, in the order the data walks
pub mod project;

pub mod packages;

pub mod manifest;

pub mod graph;

pub mod compile;

pub mod analyze;

pub mod materialization;

pub mod plan;

pub mod run;

// voice: the same results, told to three listeners
pub mod artifacts;
pub mod docs;

pub mod report;

// the other side of the wire, for tests and for people without a cluster
#[cfg(feature = "duckdb")]
pub mod endpoint;

// door
pub mod commands;
