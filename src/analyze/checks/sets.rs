//! Queries joined by `union` whose columns do not fit.

use super::{Code, Found, Look};
use crate::diagnostic::Diagnostic;
use crate::sql::dialect::Dialect;

pub(super) const CODES: &[Code] = &[Code::refused("union-types"), Code::off("union-distinct")];

/// Kinds of types of which no two meet in one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Number,
    Text,
    Boolean,
    Date,
    Moment,
}

/// The family of a type in the words of any dialect.
pub(super) fn family(data_type: &str) -> Option<Family> {
    let lower = data_type.to_lowercase();
    let base = lower.split('(').next().unwrap_or("").trim();
    Some(match base {
        "smallint" | "integer" | "int" | "bigint" | "int2" | "int4" | "int8" | "numeric"
        | "decimal" | "real" | "float4" | "float8" | "float" | "double precision" | "double" => {
            Family::Number
        }
        "character varying" | "varchar" | "text" | "char" | "character" | "nvarchar" | "bpchar"
        | "string" => Family::Text,
        "boolean" | "bool" => Family::Boolean,
        "date" => Family::Date,
        "timestamp"
        | "timestamptz"
        | "timestamp without time zone"
        | "timestamp with time zone" => Family::Moment,
        _ => return None,
    })
}

/// Whether no column can hold both.
pub(super) fn clash(a: &str, b: &str) -> bool {
    match (family(a), family(b)) {
        (Some(Family::Date), Some(Family::Moment)) | (Some(Family::Moment), Some(Family::Date)) => {
            false
        }
        (Some(a), Some(b)) => a != b,
        _ => false,
    }
}

/// Whether neither of two types turns into the other, not even by a cast: a moment and a number, a moment and a truth value.
///
/// Source: "Data types > Type compatibility and conversion" of Amazon's documentation; PostgreSQL and DuckDB refuse the same.
pub(super) fn apart(a: &str, b: &str) -> bool {
    let is_moment = |family| matches!(family, Family::Date | Family::Moment);
    let other = |family| matches!(family, Family::Number | Family::Boolean);
    match (family(a), family(b)) {
        (Some(a), Some(b)) => (is_moment(a) && other(b)) || (other(a) && is_moment(b)),
        _ => false,
    }
}

pub(super) fn check(look: &Look<'_>, found: &mut Found<'_>) {
    let Some(query) = look.query().filter(|_| look.is_written()) else {
        return;
    };
    for fact in &query.facts.sets {
        // DuckDB casts one side to the other.
        if look.project.dialect != Dialect::DuckDb {
            for column in &fact.what.columns {
                if let (Some(left), Some(right)) = (&column.left, &column.right)
                    && clash(left, right)
                {
                    let range = column.range.as_ref().or(fact.range.as_ref());
                    found.tell(
                        Diagnostic::error("union-types", format!("the column `{}` is {left} in the first query of the union and {right} in the second", column.name))
                            .at_some(look.span(range).or_else(|| look.place()))
                            .help("cast one of them"),
                    );
                }
            }
        }
        if fact.what.distinct_union {
            found.tell(
                Diagnostic::warning("union-distinct", "`union` looks for doubles among all rows")
                    .at_some(look.span(fact.range.as_ref()).or_else(|| look.place()))
                    .help("write `union all` where the queries have no row in common"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_clash_only_where_no_column_holds_both() {
        assert!(clash("integer", "character varying(20)"));
        assert!(clash("boolean", "numeric(10,2)"));
        assert!(!clash("date", "timestamp without time zone"));
        assert!(!clash("integer", "numeric(10,2)"));
        assert!(!clash("super", "integer"));
    }
}
