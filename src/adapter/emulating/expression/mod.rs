//! Expressions, by their form in the syntax tree. Functions are in `functions`.

mod name;
pub(super) mod operator;
mod syntax;
mod tuple;
mod value;

use sqlparser::ast::{Expr, Spanned};
use sqlparser::tokenizer::Span;

use super::compare;
use super::translator::{Sql, Translator};
use super::types::{Type, unify};
use crate::adapter::Refusal;
use operator::parenthesized;

impl Translator<'_> {
    /// Translates one expression. The match names every form that is understood; all others are refused.
    pub fn expr(&mut self, expr: &Expr) -> Result<Sql, Refusal> {
        let outer = self.near.clone();
        if let Some(range) = self.range_of(expr) {
            self.near = Some(range);
        }
        // A sum of thousands of terms is a tree as deep; a stack that runs out would end the process.
        let result = stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || self.expr_inner(expr));
        self.near = outer;
        let sql = self.in_group(result?);
        // PostgreSQL knows every type when it chooses a function.
        Ok(Sql {
            plain: sql.plain || self.on_postgres(),
            ..sql
        })
    }

    fn expr_inner(&mut self, expr: &Expr) -> Result<Sql, Refusal> {
        let span = place(expr);
        match expr {
            Expr::Value(value) => self.value(&value.value, span),
            Expr::Identifier(ident) => self.identifier(ident),
            Expr::CompoundIdentifier(parts) => self.compound(parts),
            Expr::CompoundFieldAccess { root, access_chain } => {
                self.field_access(root, access_chain)
            }
            Expr::JsonAccess { value, path } => self.json_access(value, path),
            Expr::Nested(inner) => {
                let inner = self.expr(inner)?;
                Ok(Sql {
                    text: parenthesized(&inner.text),
                    ..inner
                })
            }
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right, span),
            Expr::UnaryOp { op, expr } => self.unary(*op, expr, span),
            Expr::IsNull(inner) => self.postfix(inner, "IS NULL"),
            Expr::IsNotNull(inner) => self.postfix(inner, "IS NOT NULL"),
            Expr::IsTrue(inner) => self.truth_test(inner, "IS TRUE"),
            Expr::IsNotTrue(inner) => self.truth_test(inner, "IS NOT TRUE"),
            Expr::IsFalse(inner) => self.truth_test(inner, "IS FALSE"),
            Expr::IsNotFalse(inner) => self.truth_test(inner, "IS NOT FALSE"),
            Expr::IsUnknown(inner) => self.truth_test(inner, "IS NULL"),
            Expr::IsNotUnknown(inner) => self.truth_test(inner, "IS NOT NULL"),
            Expr::InList {
                expr,
                list,
                negated,
            } => {
                if let Some(values) = tuple::row(expr) {
                    return self.row_in_list(values, list, *negated, span);
                }
                let places: Vec<Span> = list.iter().map(Spanned::span).collect();
                let expr = self.expr(expr)?;
                let list = self.exprs(list)?;
                for (item, place) in list.iter().zip(places) {
                    self.reads_beside(item, &expr, place)?;
                    self.comparable(&expr, item, place)?;
                }
                Ok(compare::in_list(&expr, &list, *negated))
            }
            Expr::InSubquery {
                expr,
                subquery,
                negated,
            } => self.in_subquery(expr, subquery, *negated),
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                let places = (low.span(), high.span());
                let (expr, low, high) = (self.expr(expr)?, self.expr(low)?, self.expr(high)?);
                self.reads_beside(&low, &expr, places.0)?;
                self.reads_beside(&high, &expr, places.1)?;
                self.comparable(&expr, &low, places.0)?;
                self.comparable(&expr, &high, places.1)?;
                Ok(compare::between(&expr, &low, &high, *negated))
            }
            Expr::Like { any: true, .. } | Expr::ILike { any: true, .. } => Err(self.not_redshift(
                span,
                "`like any` is not one of Redshift's operators",
                "join the patterns with `or`",
            )),
            Expr::Like {
                negated,
                expr,
                pattern,
                escape_char,
                ..
            } => self.like("LIKE", *negated, expr, pattern, escape_char.as_deref()),
            Expr::ILike {
                negated,
                expr,
                pattern,
                escape_char,
                ..
            } => self.like("ILIKE", *negated, expr, pattern, escape_char.as_deref()),
            Expr::SimilarTo {
                negated,
                expr,
                pattern,
                escape_char,
            } => self.similar_to(*negated, expr, pattern, escape_char.as_deref()),
            Expr::AnyOp {
                left,
                compare_op,
                right,
                ..
            } => self.quantified(left, compare_op, "ANY", right, span),
            Expr::AllOp {
                left,
                compare_op,
                right,
            } => self.quantified(left, compare_op, "ALL", right, span),
            Expr::Cast {
                kind,
                expr,
                data_type,
                format,
            } => {
                if format.is_some() {
                    return Err(self.not_redshift(
                        span,
                        "`cast … format` is not one of Redshift's",
                        "use `to_char` or `to_date`",
                    ));
                }
                self.cast(kind, expr, data_type, span)
            }
            Expr::Convert {
                is_try: false,
                expr,
                data_type: Some(data_type),
                charset: None,
                styles,
                ..
            } if styles.is_empty() => {
                self.cast(&sqlparser::ast::CastKind::Cast, expr, data_type, span)
            }
            Expr::TypedString(typed) => self.typed_string(typed),
            Expr::Interval(interval) => self.interval(interval, span),
            Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => self.at_time_zone(timestamp, time_zone, span),
            Expr::Extract { field, expr, .. } => self.extract(field, expr, span),
            Expr::Ceil { expr, field } => self.ceil_floor("ceil", expr, field, span),
            Expr::Floor { expr, field } => self.ceil_floor("floor", expr, field, span),
            Expr::Position { expr, r#in } => {
                let (needle, text) = (self.text_operand(expr)?, self.text_operand(r#in)?);
                Ok(Sql::typed(
                    format!("CAST(strpos({}, {}) AS INTEGER)", text.text, needle.text),
                    Type::Int4,
                )
                .of([&needle, &text]))
            }
            Expr::Substring {
                expr,
                substring_from,
                substring_for,
                ..
            } => self.substring(
                expr,
                substring_from.as_deref(),
                substring_for.as_deref(),
                span,
            ),
            Expr::Trim {
                trim_where,
                trim_what,
                expr,
                trim_characters,
            } => self.trim(
                trim_where.as_ref(),
                trim_what.as_deref(),
                expr,
                trim_characters.as_deref(),
                span,
            ),
            Expr::Function(function) => self.function(function, span),
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(operand.as_deref(), conditions, else_result.as_deref()),
            Expr::Exists { subquery, negated } => {
                let inner = self.subquery(subquery)?;
                let not = if *negated { "NOT " } else { "" };
                Ok(Sql::typed(
                    format!("({not}EXISTS ({}))", inner.text),
                    Type::Bool,
                ))
            }
            Expr::Subquery(query) => {
                let inner = self.subquery(query)?;
                let ty = match inner.columns.as_deref() {
                    Some([(_, ty)]) => *ty,
                    _ => None,
                };
                Ok(Sql::new(format!("({})", inner.text), ty))
            }
            Expr::Tuple(_) => Err(self.lone_row(span)),
            Expr::IsDistinctFrom(..) | Expr::IsNotDistinctFrom(..) => Err(self.not_redshift(
                span,
                "`is distinct from` is not one of Redshift's operators",
                "compare with `=` and test both sides with `is null`",
            )),
            Expr::Array(_) | Expr::Struct { .. } | Expr::Dictionary(_) | Expr::Map(_) => Err(self
                .not_redshift(
                    span,
                    "a list, struct or map literal is not one of Redshift's",
                    "write `array(…)` or `json_parse('…')`",
                )),
            Expr::Lambda(_) => Err(self.not_redshift(span, "Redshift has no lambda functions", "")),
            Expr::Collate { .. } => Err(self.unsupported(
                span,
                "`collate` is not emulated",
                "the comparison would not be Redshift's",
            )),
            Expr::OuterJoin(_) => Err(self.unsupported(
                span,
                "the outer join operator `(+)` is not emulated",
                "DuckDB has no such operator",
            )),
            _ => Err(self.not_redshift(
                span,
                format!("`{}` is not an expression of Redshift", shorten(expr)),
                "",
            )),
        }
    }

    pub fn exprs(&mut self, list: &[Expr]) -> Result<Vec<Sql>, Refusal> {
        list.iter().map(|expr| self.expr(expr)).collect()
    }

    /// An expression where Redshift wants text: a known number is cast, a boolean refused.
    pub fn text_operand(&mut self, expr: &Expr) -> Result<Sql, Refusal> {
        let sql = self.expr(expr)?;
        self.as_text(sql, expr.span())
    }

    /// The text of a pattern match: a column of unknown type stays as it is, so that DuckDB can use its statistics.
    pub fn matched_text(&mut self, expr: &Expr) -> Result<Sql, Refusal> {
        let sql = self.expr(expr)?;
        match sql.ty {
            None if !sql.is_null() => Ok(sql),
            _ => self.as_text(sql, expr.span()),
        }
    }

    /// A value as Redshift casts it to text.
    pub fn as_text(&self, sql: Sql, span: Span) -> Result<Sql, Refusal> {
        let ty = Some(Type::Text);
        let text = match sql.ty {
            _ if sql.is_null() => NULL_TEXT.to_owned(),
            Some(known) if known.is_text() => return Ok(sql),
            Some(Type::Bool) => {
                return Err(self.not_redshift(
                    span,
                    "a boolean does not cast to text on Redshift",
                    "write `case when … then 'true' else 'false' end`",
                ));
            }
            Some(Type::Float4) => format!("{}({})", self.engine.own("real_text"), sql.text),
            Some(Type::Float8) => format!("{}({})", self.engine.own("float_text"), sql.text),
            // The functions that take bytes: <https://docs.aws.amazon.com/redshift/latest/dg/varbyte-functions.html>.
            Some(ty @ Type::Varbyte(_)) => {
                return Err(self.not_redshift(
                    span,
                    format!("a text is wanted, and this is {ty}"),
                    "write `from_varbyte(x, 'utf8')`, or cast it to `varchar`",
                ));
            }
            Some(Type::Super) if self.on_postgres() => format!("__rs.text({})", sql.text),
            Some(Type::Super) => format!("__rs.super_scalar({})", sql.text),
            Some(_) => format!("CAST({} AS VARCHAR)", sql.text),
            None => format!("__rs.text({})", sql.text),
        };
        Ok(Sql {
            text,
            ty,
            constant: None,
            plain: sql.plain,
            late: None,
        })
    }
}

/// The place of an expression. A sum of thousands of terms is asked at each of them: its first and last one tell it.
pub(super) fn place(expr: &Expr) -> Span {
    let Expr::BinaryOp { right, .. } = expr else {
        return expr.span();
    };
    let mut first = expr;
    while let Expr::BinaryOp { left, .. } = first {
        first = left;
    }
    first.span().union(&right.span())
}

/// NULL where a text is wanted.
const NULL_TEXT: &str = "CAST(NULL AS VARCHAR)";

/// The type that several results have in common, where it is known. A literal text takes the type of the others.
pub(super) fn common_type<'s>(results: impl Iterator<Item = &'s Sql>) -> Option<Type> {
    let results: Vec<&Sql> = results.filter(|result| !result.is_null()).collect();
    let other = |result: &&Sql| result.ty.is_some_and(|ty| !ty.is_text());
    let adapts = results.iter().any(other);
    let mut common = Type::Null;
    for result in results {
        if adapts && result.constant_text().is_some() {
            continue;
        }
        common = unify(common, result.ty?)?;
    }
    (common != Type::Null).then_some(common)
}

fn shorten(expr: &Expr) -> String {
    let text = expr.to_string();
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
