//! Values that become one column, and must be of one kind: the results of `case` and `coalesce`, the sides of a set operation.
//!
//! A text without a type takes that of the others, and must read as one; two kinds of values are refused, where DuckDB would
//! make text of both. The rules: <https://docs.aws.amazon.com/redshift/latest/dg/r_UNION.html>,
//! <https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html#r_Type_conversion>.

use sqlparser::ast::{Expr, SelectItem, SetExpr, SetOperator, Spanned, Value};
use sqlparser::tokenizer::Span;

use super::expression::common_type;
use super::query::QuerySql;
use super::translator::{Constant, Sql, Translator};
use super::types::{Type, unify};
use super::{compare, identifier};
use crate::adapter::Refusal;

/// Types that are converted into each other where values of both meet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Bool,
    Moment,
    Time,
    Super,
}

fn kind(ty: Type) -> Option<Kind> {
    Some(match ty {
        _ if ty.is_number() => Kind::Number,
        _ if ty.is_text() => Kind::Text,
        Type::Bool => Kind::Bool,
        Type::Date | Type::Timestamp | Type::TimestampTz => Kind::Moment,
        Type::Time | Type::TimeTz => Kind::Time,
        Type::Super => Kind::Super,
        _ => return None,
    })
}

/// Whether values of two types cannot meet in one column.
fn differ(a: Type, b: Type) -> bool {
    kind(a).zip(kind(b)).is_some_and(|(a, b)| a != b)
}

impl Translator<'_> {
    /// The results of one expression, each literal text as the type of the others.
    pub fn matched(
        &self,
        what: &str,
        results: Vec<Sql>,
        exprs: &[&Expr],
    ) -> Result<Vec<Sql>, Refusal> {
        let span = |at: usize| exprs.get(at).map_or_else(Span::empty, |expr| expr.span());
        if !self.on_postgres() && results.iter().any(|result| result.is(Type::Super)) {
            let results = results.iter().enumerate();
            return results
                .map(|(at, result)| self.as_super(result, span(at)))
                .collect();
        }
        let mut first: Option<Type> = None;
        for (at, result) in results.iter().enumerate() {
            let Some(ty) = result.ty.filter(|_| result.constant_text().is_none()) else {
                continue;
            };
            match first {
                Some(other) if differ(other, ty) => {
                    return Err(self.unmatched(what, other, ty, span(at)));
                }
                None if kind(ty).is_some() => first = Some(ty),
                _ => {}
            }
        }
        let Some(ty) = common_type(results.iter()).filter(|ty| !ty.is_text()) else {
            return Ok(results);
        };
        // Beside a smallint DuckDB would make a literal small too.
        let widened = ty == Type::Int4
            && !self.on_postgres()
            && results.iter().any(|result| result.is(Type::Int2));
        results
            .into_iter()
            .enumerate()
            .map(|(at, result)| match result.constant {
                Some(Constant::Text(_)) => self.literal_as(&result, ty, span(at)),
                _ if ty == Type::Float8 && result.is(Type::Float4) => Ok(compare::double(&result)),
                Some(Constant::Number(_)) if widened => Ok(Sql {
                    text: format!("CAST({} AS INTEGER)", result.text),
                    ..result
                }),
                _ => Ok(result),
            })
            .collect()
    }

    fn unmatched(&self, what: &str, a: Type, b: Type, span: Span) -> Refusal {
        self.not_redshift(
            span,
            format!("{what} types {a} and {b} cannot be matched"),
            "cast one of them",
        )
    }

    /// Gives the columns of both sides of a set operation one kind each.
    pub(super) fn match_sides(
        &self,
        op: &SetOperator,
        (left_side, left): (&SetExpr, &mut QuerySql),
        (right_side, right): (&SetExpr, &mut QuerySql),
    ) -> Result<(), Refusal> {
        let (Some(a), Some(b)) = (&left.columns, &right.columns) else {
            return Ok(());
        };
        let (mut in_left, mut in_right) = (Vec::new(), Vec::new());
        for (at, ((_, a), (_, b))) in a.iter().zip(b).enumerate() {
            let (Some(a), Some(b)) = (*a, *b) else {
                continue;
            };
            if unify(a, b) == Some(Type::Float8) {
                for (ty, side) in [(a, &mut in_left), (b, &mut in_right)] {
                    if ty == Type::Float4 {
                        let column = Sql::typed(format!("c{}", at + 1), ty);
                        side.push((at, compare::double(&column)));
                    }
                }
            }
            if !differ(a, b) {
                continue;
            }
            let (target, side, literals) = match (text_at(left_side, at), text_at(right_side, at)) {
                (Some(text), None) => (b, (left_side, text), &mut in_left),
                (None, Some(text)) => (a, (right_side, text), &mut in_right),
                _ => {
                    let what = op.to_string();
                    return Err(self.unmatched(&what, a, b, span_at(right_side, at)));
                }
            };
            let (side, text) = side;
            let literal = Sql {
                constant: Some(Constant::Text(text.to_owned())),
                ..Sql::typed(super::literal(text), Type::Text)
            };
            literals.push((at, self.literal_as(&literal, target, span_at(side, at))?));
        }
        put_literals(left, in_left);
        put_literals(right, in_right);
        Ok(())
    }
}

/// The literal text that a column of a side is.
fn text_at(side: &SetExpr, at: usize) -> Option<&str> {
    match item_at(side, at)? {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

fn span_at(side: &SetExpr, at: usize) -> Span {
    item_at(side, at).map_or_else(|| side.span(), Spanned::span)
}

/// The expression of a column of a select without a `*`.
fn item_at(side: &SetExpr, at: usize) -> Option<&Expr> {
    let select = match side {
        SetExpr::Select(select) => select,
        SetExpr::Query(query) => return item_at(&query.body, at),
        _ => return None,
    };
    let exprs: Option<Vec<&Expr>> = select
        .projection
        .iter()
        .map(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
            _ => None,
        })
        .collect();
    exprs?.get(at).copied()
}

/// Puts values in the place of columns: literals that are read as another type, and columns that are cast.
fn put_literals(side: &mut QuerySql, literals: Vec<(usize, Sql)>) {
    let Some(columns) = side.columns.as_mut().filter(|_| !literals.is_empty()) else {
        return;
    };
    let numbered: Vec<String> = (1..=columns.len()).map(|at| format!("c{at}")).collect();
    let mut values = numbered.clone();
    for (at, literal) in literals {
        columns[at].1 = literal.ty;
        values[at] = literal.text;
    }
    let items: Vec<String> = values
        .iter()
        .zip(columns.iter())
        .map(|(value, (name, _))| format!("{value} AS {}", identifier(name)))
        .collect();
    side.text = format!(
        "SELECT {} FROM ({}) AS __rs_side({})",
        items.join(", "),
        side.text,
        numbered.join(", ")
    );
}
