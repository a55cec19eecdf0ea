//! The name that Redshift gives an output column without an alias.

use sqlparser::ast::{CastKind, Expr, Function, ObjectNamePart};

use super::fold;

/// The name of a select item without an alias, as PostgreSQL 8 and Redshift after it choose it.
pub fn output_name(expr: &Expr) -> String {
    known_name(expr).unwrap_or_else(|| "?column?".to_owned())
}

fn known_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) => Some(match fold(ident).as_str() {
            "sysdate" => "timestamp".to_owned(),
            name => name.to_owned(),
        }),
        Expr::CompoundIdentifier(parts) => parts.last().map(fold),
        Expr::CompoundFieldAccess { root, access_chain } => access_chain
            .iter()
            .rev()
            .find_map(|access| match access {
                sqlparser::ast::AccessExpr::Dot(expr) => known_name(expr),
                sqlparser::ast::AccessExpr::Subscript(_) => None,
            })
            .or_else(|| known_name(root)),
        Expr::Nested(inner) => known_name(inner),
        Expr::Cast {
            kind: CastKind::Cast | CastKind::DoubleColon,
            expr,
            data_type,
            ..
        } => known_name(expr).or_else(|| Some(type_name(&data_type.to_string()))),
        Expr::TypedString(typed) => Some(type_name(&typed.data_type.to_string())),
        Expr::Function(function) => Some(function_name(function)),
        Expr::Case { else_result, .. } => match else_result.as_deref() {
            Some(column @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_))) => {
                known_name(column)
            }
            _ => Some("case".to_owned()),
        },
        Expr::Extract { .. } => Some("date_part".to_owned()),
        Expr::Substring { .. } => Some("substring".to_owned()),
        Expr::Trim { .. } => Some("btrim".to_owned()),
        Expr::Position { .. } => Some("strpos".to_owned()),
        Expr::Ceil { .. } => Some("ceil".to_owned()),
        Expr::Floor { .. } => Some("floor".to_owned()),
        Expr::Interval(_) => Some("interval".to_owned()),
        Expr::Value(value) if matches!(value.value, sqlparser::ast::Value::Boolean(_)) => {
            Some("bool".to_owned())
        }
        _ => None,
    }
}

fn function_name(function: &Function) -> String {
    let name = function
        .name
        .0
        .last()
        .and_then(ObjectNamePart::as_ident)
        .map(fold)
        .unwrap_or_default();
    match name.as_str() {
        "nvl" => "coalesce".to_owned(),
        "decode" | "nvl2" => "case".to_owned(),
        "date_part" => "pgdate_part".to_owned(),
        "dateadd" => "date_add".to_owned(),
        "datediff" => "date_diff".to_owned(),
        _ => name,
    }
}

fn type_name(data_type: &str) -> String {
    let base = data_type
        .split('(')
        .next()
        .unwrap_or(data_type)
        .trim()
        .to_lowercase();
    match base.as_str() {
        "int" | "integer" => "int4",
        "bigint" => "int8",
        "smallint" => "int2",
        "decimal" => "numeric",
        "float" | "double precision" => "float8",
        "real" => "float4",
        "boolean" => "bool",
        "character varying" | "text" => "varchar",
        "char" | "character" => "bpchar",
        other => other,
    }
    .to_owned()
}
