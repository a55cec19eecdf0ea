//! Rows of values: `(a, b) = (1, 2)` and `(a, b) in (…)`, compared value by value.
//!
//! DuckDB compares rows as values of their own, in which NULL equals NULL.

use sqlparser::ast::{BinaryOperator, Expr, Query, Spanned};
use sqlparser::tokenizer::Span;

use crate::adapter::Refusal;
use crate::adapter::emulating::compare;
use crate::adapter::emulating::translator::{Sql, Translator};
use crate::adapter::emulating::types::Type;

/// The values of a row, where an expression is one.
pub(super) fn row(expr: &Expr) -> Option<&[Expr]> {
    match expr {
        Expr::Nested(inner) => row(inner),
        Expr::Tuple(parts) => Some(parts),
        _ => None,
    }
}

/// The parts of `(a, b) [not] in (query)`.
pub(super) fn row_in_query(expr: &Expr) -> Option<(&[Expr], &Query, bool)> {
    match expr {
        Expr::Nested(inner) => row_in_query(inner),
        Expr::InSubquery {
            expr,
            subquery,
            negated,
        } => Some((row(expr)?, subquery, *negated)),
        _ => None,
    }
}

impl Translator<'_> {
    pub(super) fn lone_row(&self, span: Span) -> Refusal {
        Refusal {
            help: Some("compare the values one by one".to_owned()),
            ..self.unsupported(
                span,
                "a row of values is not emulated here",
                "it is understood on both sides of `=` and `<>`, and before `in`",
            )
        }
    }

    pub(super) fn compare_rows(
        &mut self,
        left: &[Expr],
        op: &BinaryOperator,
        right: &[Expr],
        span: Span,
    ) -> Result<Sql, Refusal> {
        let not = match op {
            BinaryOperator::Eq => "",
            BinaryOperator::NotEq => "NOT ",
            _ => return Err(self.lone_row(span)),
        };
        let left = self.exprs(left)?;
        let equal = self.equal_rows(&left, right, span)?;
        Ok(Sql::typed(format!("({not}{})", equal.text), Type::Bool).of([&equal]))
    }

    pub(super) fn row_in_list(
        &mut self,
        left: &[Expr],
        list: &[Expr],
        negated: bool,
        span: Span,
    ) -> Result<Sql, Refusal> {
        let left = self.exprs(left)?;
        let mut any = Vec::new();
        for item in list {
            let right = row(item).ok_or_else(|| self.lone_row(item.span()))?;
            any.push(self.equal_rows(&left, right, span)?);
        }
        let texts: Vec<&str> = any.iter().map(|equal| equal.text.as_str()).collect();
        let not = if negated { "NOT " } else { "" };
        Ok(Sql::typed(format!("({not}({}))", texts.join(" OR ")), Type::Bool).of(&any))
    }

    fn equal_rows(&mut self, left: &[Sql], right: &[Expr], span: Span) -> Result<Sql, Refusal> {
        if left.len() != right.len() {
            return Err(self.not_redshift(span, "the two rows have not as many values", ""));
        }
        let right = self.exprs(right)?;
        let all: Vec<Sql> = left
            .iter()
            .zip(&right)
            .map(|(left, right)| compare::compare(left, "=", right))
            .collect();
        let texts: Vec<&str> = all.iter().map(|equal| equal.text.as_str()).collect();
        Ok(Sql::typed(format!("({})", texts.join(" AND ")), Type::Bool).of(&all))
    }

    pub(super) fn row_in_query(
        &mut self,
        left: &[Expr],
        query: &Query,
        negated: bool,
        span: Span,
    ) -> Result<Sql, Refusal> {
        let left = self.exprs(left)?;
        let inner = self.subquery(query)?;
        let columns: Vec<String> = (1..=left.len()).map(|at| format!("c{at}")).collect();
        let types = match &inner.columns {
            Some(known) if known.len() == left.len() => known.iter().map(|(_, ty)| *ty).collect(),
            Some(_) => {
                return Err(self.not_redshift(
                    span,
                    "the row and the query have not as many values",
                    "",
                ));
            }
            None => vec![None; left.len()],
        };
        let list = columns.join(", ");
        let rows = format!("({}) AS __rs_in({list})", inner.text);
        if negated {
            let postgres = self.on_postgres();
            // DuckDB answers NULL for any row once the query holds a NULL, be the other values equal or not.
            let equal: Vec<String> = left
                .iter()
                .zip(columns.iter().zip(&types))
                .map(|(left, (column, ty))| {
                    // DuckDB chooses a macro before it knows the type of a column of the query around.
                    let outer = Sql {
                        plain: left.plain && postgres,
                        ..left.clone()
                    };
                    let column = Sql {
                        plain: postgres,
                        ..Sql::new(format!("__rs_in.{column}"), *ty)
                    };
                    compare::compare(&outer, "=", &column).text
                })
                .collect();
            return Ok(Sql::typed(
                format!(
                    "(NOT EXISTS (SELECT 1 FROM {rows} WHERE ({}) IS NOT FALSE))",
                    equal.join(" AND ")
                ),
                Type::Bool,
            ));
        }
        let mut values = Vec::new();
        let mut found = Vec::new();
        for (left, (column, ty)) in left.iter().zip(columns.iter().zip(&types)) {
            let (value, column) = compare::in_column(left, *ty, column).ok_or_else(|| Refusal {
                help: Some("cast it".to_owned()),
                ..self.unsupported(
                    span,
                    "a row with a value of unknown type is not emulated before `in`",
                    "trailing blanks would count if it is a text",
                )
            })?;
            values.push(value);
            found.push(column);
        }
        Ok(Sql::typed(
            format!(
                "(({}) IN (SELECT {} FROM {rows}))",
                values.join(", "),
                found.join(", ")
            ),
            Type::Bool,
        ))
    }
}
