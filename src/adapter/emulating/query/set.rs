//! Set operations.

use sqlparser::ast::{SetExpr, SetOperator, SetQuantifier, Spanned};

use super::{QuerySql, column_key, distinct, join, may_hold_text};
use crate::adapter::Refusal;
use crate::adapter::emulating::engine::Engine;
use crate::adapter::emulating::translator::{Named, Scope, Translator};
use crate::adapter::emulating::types::unify;
use crate::adapter::emulating::{identifier, postgres};

impl Translator<'_> {
    pub(super) fn set_expr(
        &mut self,
        body: &SetExpr,
        correlated: bool,
    ) -> Result<QuerySql, Refusal> {
        stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || {
            self.set_expr_inner(body, correlated)
        })
    }

    fn set_expr_inner(&mut self, body: &SetExpr, correlated: bool) -> Result<QuerySql, Refusal> {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => {
                let inner = self.query_in(query, correlated)?;
                Ok(QuerySql {
                    text: format!("({})", inner.text),
                    ..inner
                })
            }
            SetExpr::SetOperation {
                left,
                op,
                set_quantifier,
                right,
            } => {
                let (left_side, right_side) = (left, right);
                let chained = is_union_all(op, set_quantifier)
                    && matches!(left.as_ref(), SetExpr::SetOperation { op, set_quantifier, .. } if is_union_all(op, set_quantifier));
                let refused = self.refused_so_far();
                let mut left = self.part(QuerySql::refused(), |translator| {
                    translator.set_side(left, correlated, chained)
                })?;
                let mut right = self.part(QuerySql::refused(), |translator| {
                    translator.set_side(right, correlated, false)
                })?;
                self.with_all_parts(refused)?;
                self.match_sides(op, (left_side, &mut left), (right_side, &mut right))?;
                let quantifier = match set_quantifier {
                    SetQuantifier::None | SetQuantifier::Distinct => "",
                    SetQuantifier::All => " ALL",
                    _ => {
                        return Err(self.not_redshift(
                            body.span(),
                            "`by name` is not a part of Redshift's set operations",
                            "list the columns in the same order",
                        ));
                    }
                };
                let op = match (op, quantifier) {
                    (SetOperator::Union, _) => "UNION",
                    (SetOperator::Except | SetOperator::Minus, "") => "EXCEPT",
                    (SetOperator::Intersect, "") => "INTERSECT",
                    _ => {
                        return Err(self.not_redshift(
                            body.span(),
                            "`all` goes with `union` only",
                            "leave out `all`",
                        ));
                    }
                };
                let names = left.columns.clone();
                let columns = set_columns(left.columns, right.columns);
                let text = format!("{} {op}{quantifier} {}", left.text, right.text);
                let text = match op {
                    _ if !may_hold_text(&columns) => text,
                    "UNION" if quantifier.is_empty() => {
                        let all = format!("{} UNION ALL {}", left.text, right.text);
                        distinct(self.engine, &all, columns.as_deref())
                    }
                    "UNION" => text,
                    _ if self.on_postgres() => {
                        postgres::set_difference(&left.text, op, &right.text, columns.as_deref())
                    }
                    _ => set_difference(
                        &left.text,
                        op,
                        &right.text,
                        names.as_deref().zip(columns.as_deref()),
                    ),
                };
                Ok(QuerySql {
                    text,
                    columns,
                    into: None,
                    limit: None,
                })
            }
            SetExpr::Values(_) => Err(self.not_redshift(
                body.span(),
                "`values` does not stand as a query of its own",
                "write `select … union all select …`",
            )),
            _ => Err(self.not_redshift(body.span(), "this is not a query of Redshift", "")),
        }
    }

    /// A side of a set operation; `chained` where it needs no parentheses.
    fn set_side(
        &mut self,
        side: &SetExpr,
        correlated: bool,
        chained: bool,
    ) -> Result<QuerySql, Refusal> {
        let scope = std::mem::replace(
            self.scope(),
            Scope {
                correlated,
                ..Scope::default()
            },
        );
        let inner = self.set_expr(side, correlated);
        *self.scope() = Scope {
            tables: Vec::new(),
            ..scope
        };
        let inner = inner?;
        if inner.into.is_some() {
            return Err(self.unsupported(
                side.span(),
                "`select … into` with a set operation is not emulated",
                "write `create temp table … as`",
            ));
        }
        Ok(match side {
            SetExpr::SetOperation { .. } if chained => inner,
            SetExpr::SetOperation { .. } => QuerySql {
                text: format!("({})", inner.text),
                ..inner
            },
            _ => match &inner.limit {
                Some(limit) => QuerySql {
                    text: format!("({} LIMIT {limit})", inner.text),
                    limit: None,
                    ..inner
                },
                None => inner,
            },
        })
    }
}

fn is_union_all(op: &SetOperator, quantifier: &SetQuantifier) -> bool {
    *op == SetOperator::Union && *quantifier == SetQuantifier::All
}

/// `except` and `intersect`: rows of the left side without, or with, an equal row on the right.
fn set_difference(
    left: &str,
    op: &str,
    right: &str,
    columns: Option<(&[Named], &[Named])>,
) -> String {
    let Some((names, types)) = columns else {
        // The columns behind a `*` have no names to compare them by.
        return format!(
            "SELECT __rs.unpadded(COLUMNS(*)) FROM ({left}) AS __rs_left {op} SELECT __rs.unpadded(COLUMNS(*)) FROM ({right}) AS __rs_right"
        );
    };
    let numbered = || (1..=names.len()).map(|at| format!("c{at}"));
    let columns = join(numbered());
    let renamed = join(
        numbered()
            .zip(names)
            .map(|(column, (name, _))| format!("__rs_left.{column} AS {}", identifier(name))),
    );
    let equal: Vec<String> = numbered()
        .zip(types)
        .map(|(column, (_, ty))| {
            format!(
                "{} IS NOT DISTINCT FROM {}",
                column_key(&format!("__rs_left.{column}"), *ty),
                column_key(&format!("__rs_right.{column}"), *ty)
            )
        })
        .collect();
    let kind = if op == "EXCEPT" { "ANTI" } else { "SEMI" };
    // The right side without its rows gives the left one the types that both have in common.
    distinct(
        Engine::DuckDb,
        &format!(
            "SELECT {renamed} FROM ({left} UNION ALL SELECT * FROM ({right}) AS __rs_right WHERE FALSE) AS __rs_left({columns}) {kind} JOIN ({right}) AS __rs_right({columns}) ON {}",
            equal.join(" AND ")
        ),
        Some(types),
    )
}

/// The columns of a set operation: the names of the left side, the types that both sides have in common.
fn set_columns(left: Option<Vec<Named>>, right: Option<Vec<Named>>) -> Option<Vec<Named>> {
    let (left, right) = (left?, right);
    Some(
        left.into_iter()
            .enumerate()
            .map(|(at, (name, ty))| {
                let other = right
                    .as_ref()
                    .and_then(|right| right.get(at))
                    .and_then(|(_, ty)| *ty);
                (name, ty.zip(other).and_then(|(ty, other)| unify(ty, other)))
            })
            .collect(),
    )
}
