//! What PostgreSQL and Redshift have in common: the protocol, the client that speaks it, TLS, errors and values.
//!
//! In: how a server is reached. Out: [`link::Link`], whose calls block until the server has answered.
//! Knows no server's SQL. With the adapters that stand on it, the only room with async code: each session drives its connection
//! on a small runtime of its own.

pub(super) mod error;
pub(super) mod link;
pub(super) mod rows;
pub(super) mod tls;

pub use tls::SslMode;
