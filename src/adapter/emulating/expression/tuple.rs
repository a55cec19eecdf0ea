//! Rows of values: `(a, b) = (1, 2)` and `(a, b) in (…)`, compared value by value.
//!
//! DuckDB compares rows as values of their own, in which NULL equals NULL.

use sqlparser::ast::{BinaryOperator, Expr, Query, Spanned, UnaryOperator};
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
        for (left, right) in left.iter().zip(&right) {
            self.comparable(left, right, span)?;
        }
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
        let met = self.aggregates;
        let left = self.exprs(left)?;
        let summed = self.aggregates > met;
        let inner = self.subquery(query)?;
        let columns: Vec<String> = (1..=left.len()).map(|at| format!("__rs_c{at}")).collect();
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
        for (left, ty) in left.iter().zip(&types) {
            self.comparable(left, &Sql::new("", *ty), span)?;
        }
        let rows = format!("({}) AS __rs_in({})", inner.text, columns.join(", "));
        let chooses = self.choosing.contains(&std::ptr::from_ref(query));
        // DuckDB answers NULL for any row once the query holds a NULL, be the other values equal or not.
        if self.on_postgres() || (chooses && !negated) {
            let sides = left.iter().zip(columns.iter().zip(&types));
            let sides = sides.map(|(left, (column, ty))| compare::in_column(left, *ty, column));
            if let Some(sides) = sides.collect::<Option<Vec<_>>>() {
                let (values, found): (Vec<_>, Vec<_>) = sides.into_iter().unzip();
                let not = if negated { "NOT " } else { "" };
                let text = format!(
                    "(({}) {not}IN (SELECT {} FROM {rows}))",
                    values.join(", "),
                    found.join(", ")
                );
                return Ok(Sql::typed(text, Type::Bool));
            }
        }
        if summed {
            return Err(Refusal {
                help: Some("compute it in a query in `from`".to_owned()),
                ..self.unsupported(
                    span,
                    "a row with an aggregate is not emulated here",
                    "it is looked for in a query of its own, which would aggregate there",
                )
            });
        }
        let equal = self.equal_to_row_of_query(&left, &columns, &types);
        Ok(Sql::typed(
            match (chooses, negated) {
                (true, true) => {
                    format!("(NOT EXISTS (SELECT 1 FROM {rows} WHERE ({equal}) IS NOT FALSE))")
                }
                (_, negated) => {
                    let (found, missing) = if negated {
                        ("FALSE", "TRUE")
                    } else {
                        ("TRUE", "FALSE")
                    };
                    format!(
                        "(CASE (SELECT max(CASE WHEN {equal} THEN 2 WHEN ({equal}) IS NULL THEN 1 ELSE 0 END) FROM {rows}) WHEN 2 THEN {found} WHEN 1 THEN NULL ELSE {missing} END)"
                    )
                }
            },
            Type::Bool,
        ))
    }

    /// Whether the values of a row equal those of a row that a query gives.
    fn equal_to_row_of_query(
        &self,
        left: &[Sql],
        columns: &[String],
        types: &[Option<Type>],
    ) -> String {
        let postgres = self.on_postgres();
        let sides = left.iter().zip(columns.iter().zip(types));
        let equal = sides.map(|(left, (column, ty))| {
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
        });
        equal.collect::<Vec<_>>().join(" AND ")
    }

    /// Notes the queries of a condition that rows are looked for in, where a NULL is as good as false.
    pub fn note_choosing(&mut self, condition: &Expr) {
        let mut parts = vec![condition];
        while let Some(part) = parts.pop() {
            match part {
                Expr::Nested(inner) => parts.push(inner),
                Expr::BinaryOp {
                    left,
                    op: BinaryOperator::And | BinaryOperator::Or,
                    right,
                } => parts.extend([&**left, &**right]),
                Expr::UnaryOp {
                    op: UnaryOperator::Not,
                    expr,
                } => {
                    let query = row_in_query(expr).map(|(_, query, _)| std::ptr::from_ref(query));
                    self.choosing.extend(query);
                }
                Expr::InSubquery { .. } => {
                    let query = row_in_query(part).map(|(_, query, _)| std::ptr::from_ref(query));
                    self.choosing.extend(query);
                }
                _ => {}
            }
        }
    }
}
