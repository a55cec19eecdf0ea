//! Values as a server prints them, typed by the description of their columns.
//!
//! In: texts, and the type and modifier of their column. Out: [`Value`]s, and names of types.

use tokio_postgres::types::Type;

use crate::adapter::Value;

/// A column of an answer: its type, and the type's modifier.
pub(in crate::adapter) type Kind = (Type, i32);

/// The query inside one that keeps the first rows, and where it stands in there.
pub(in crate::adapter) fn wrap(query: &str, limit: Option<usize>) -> (String, usize) {
    const SELECT: &str = "select * from (\n";
    let start = crate::adapter::without_comment(query)
        .trim_start()
        .trim_start_matches('(')
        .to_ascii_lowercase();
    let reads = ["select", "with", "values", "table"]
        .iter()
        .any(|word| start.starts_with(word));
    match limit {
        Some(limit) if reads && !query.contains(';') => {
            let limit = limit.saturating_add(1);
            (
                format!("{SELECT}{query}\n) as rs_rows limit {limit}"),
                SELECT.len(),
            )
        }
        _ => (query.to_owned(), 0),
    }
}

/// A value as the server prints it, typed by its column.
pub(in crate::adapter) fn value(text: Option<&str>, kind: Option<&Type>) -> Value {
    let Some(text) = text else {
        return Value::Null;
    };
    let as_text = || Value::Text(text.to_owned());
    match kind {
        Some(&Type::BOOL) => Value::Bool(text == "t"),
        Some(&(Type::INT2 | Type::INT4 | Type::INT8 | Type::OID)) => {
            text.parse().map_or_else(|_| as_text(), Value::Int)
        }
        Some(&(Type::FLOAT4 | Type::FLOAT8)) => {
            text.parse().map_or_else(|_| as_text(), Value::Float)
        }
        Some(&Type::NUMERIC) => Value::Decimal(text.to_owned()),
        _ => as_text(),
    }
}

/// The name that the server's `format_type` gives, for the types that are met every day.
pub(in crate::adapter) fn name_of((kind, modifier): &Kind) -> String {
    let long = match *kind {
        Type::BOOL => "boolean",
        Type::INT2 => "smallint",
        Type::INT4 => "integer",
        Type::INT8 => "bigint",
        Type::FLOAT4 => "real",
        Type::FLOAT8 => "double precision",
        Type::VARCHAR => "character varying",
        Type::BPCHAR => "character",
        Type::TIMESTAMP => "timestamp without time zone",
        Type::TIMESTAMPTZ => "timestamp with time zone",
        Type::TIME => "time without time zone",
        Type::TIMETZ => "time with time zone",
        _ => kind.name(),
    };
    // The modifier counts the four bytes of its own header.
    match (kind, modifier - 4) {
        (&(Type::VARCHAR | Type::BPCHAR), length) if length > 0 => format!("{long}({length})"),
        (&Type::NUMERIC, packed) if packed >= 0 => {
            format!("numeric({},{})", packed >> 16, packed & 0x7ff)
        }
        _ => long.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_typed_by_their_columns() {
        assert_eq!(value(Some("t"), Some(&Type::BOOL)), Value::Bool(true));
        assert_eq!(value(Some("-7"), Some(&Type::INT8)), Value::Int(-7));
        assert_eq!(
            value(Some("-Infinity"), Some(&Type::FLOAT8)),
            Value::Float(f64::NEG_INFINITY)
        );
        assert_eq!(
            value(Some("1.50"), Some(&Type::NUMERIC)),
            Value::Decimal("1.50".to_owned())
        );
        assert_eq!(
            value(Some("7"), Some(&Type::TEXT)),
            Value::Text("7".to_owned())
        );
        assert_eq!(value(None, Some(&Type::INT4)), Value::Null);
    }

    #[test]
    fn types_have_the_names_of_the_catalog() {
        assert_eq!(name_of(&(Type::VARCHAR, 16)), "character varying(12)");
        assert_eq!(name_of(&(Type::VARCHAR, -1)), "character varying");
        assert_eq!(
            name_of(&(Type::NUMERIC, ((10 << 16) | 2) + 4)),
            "numeric(10,2)"
        );
        assert_eq!(name_of(&(Type::JSONB, -1)), "jsonb");
    }

    #[test]
    fn a_limit_is_put_around_a_query_and_nothing_else() {
        assert_eq!(
            wrap("select 1", Some(5)).0,
            "select * from (\nselect 1\n) as rs_rows limit 6"
        );
        assert_eq!(wrap("select 1", None).0, "select 1");
        assert_eq!(wrap("show all", Some(5)).0, "show all");
    }
}
