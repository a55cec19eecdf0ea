//! The engines that play Redshift. What a query means is found out once for all of them; only the words differ.

use super::types::Type;

/// The engine whose SQL a translation writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// The embedded DuckDB; what it lacks are macros and functions of the process (`prelude.sql`, `udf`).
    #[default]
    DuckDb,
    /// A PostgreSQL server; what it lacks are functions in the schema `__rs` (`postgres/prelude.sql`).
    Postgres,
}

impl Engine {
    /// A function of ours that is no macro: it lives in the process on DuckDB, in the schema on PostgreSQL.
    pub(super) fn own(self, name: &str) -> String {
        match self {
            Self::DuckDb => format!("__rs_{name}"),
            Self::Postgres => format!("__rs.{name}"),
        }
    }

    /// The engine's name of a type.
    pub(super) fn type_name(self, ty: Type) -> String {
        match (self, ty) {
            (Self::Postgres, Type::Float4) => "REAL".to_owned(),
            (Self::Postgres, Type::Float8) => "DOUBLE PRECISION".to_owned(),
            (Self::Postgres, Type::Super) => "JSONB".to_owned(),
            (Self::Postgres, Type::Varbyte(_)) => "BYTEA".to_owned(),
            (_, ty) => ty.duckdb(),
        }
    }

    /// The aggregate that gives any value of a group.
    pub(super) fn any_value(self) -> &'static str {
        match self {
            Self::DuckDb => "any_value",
            Self::Postgres => "__rs.any_value",
        }
    }
}
