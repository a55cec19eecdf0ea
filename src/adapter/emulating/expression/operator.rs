//! Operators, pattern matches and tests against a subquery.

use sqlparser::ast::{BinaryOperator, Expr, Query, Spanned, UnaryOperator};
use sqlparser::tokenizer::Span;

use super::tuple::{row, row_in_query};
use crate::adapter::Refusal;
use crate::adapter::emulating::query::operand;
use crate::adapter::emulating::translator::{Constant, Sql, Translator};
use crate::adapter::emulating::types::{MAX_BYTES, MAX_LENGTH, Type};
use crate::adapter::emulating::{compare, literal};

impl Translator<'_> {
    pub(super) fn postfix(&mut self, inner: &Expr, words: &str) -> Result<Sql, Refusal> {
        self.no_comparison_before(inner, words)?;
        let inner = self.expr(inner)?;
        Ok(operand(
            format!("{} {words}", inner.text),
            Some(Type::Bool),
            &[&inner],
        ))
    }

    /// `is` binds tighter than comparisons in the grammar that Redshift comes from, and weaker in today's PostgreSQL: with truth values on
    /// both sides the two readings have other answers.
    fn no_comparison_before(&self, inner: &Expr, words: &str) -> Result<(), Refusal> {
        match inner {
            Expr::BinaryOp { op, .. } if compare::symbol(op).is_some() => {
                let words = words.to_lowercase();
                Err(self.unsupported(
                    inner.span(),
                    format!("`a {op} b {words}` can be read in two ways"),
                    &format!("write `(a {op} b) {words}` or `a {op} (b {words})`"),
                ))
            }
            _ => Ok(()),
        }
    }

    /// `x is [not] true`, `false` or `unknown`.
    pub(super) fn truth_test(&mut self, inner: &Expr, words: &str) -> Result<Sql, Refusal> {
        self.no_comparison_before(inner, words)?;
        let what = match words {
            "IS NULL" => "`is unknown`".to_owned(),
            "IS NOT NULL" => "`is not unknown`".to_owned(),
            _ => format!("`{}`", words.to_lowercase()),
        };
        let value = self.truth(inner, &what)?;
        Ok(operand(
            format!("{} {words}", value.text),
            Some(Type::Bool),
            &[&value],
        ))
    }

    /// An expression where a condition is wanted. DuckDB takes a number for one, Redshift does not.
    pub fn truth(&mut self, expr: &Expr, what: &str) -> Result<Sql, Refusal> {
        let value = self.expr(expr)?;
        self.as_truth(value, what, expr.span())
    }

    fn as_truth(&self, value: Sql, what: &str, span: Span) -> Result<Sql, Refusal> {
        match value.ty {
            Some(Type::Bool | Type::Super) => Ok(value),
            _ if value.is_null() => Ok(value),
            Some(_) if value.constant_text().is_some() => self.literal_as(&value, Type::Bool, span),
            Some(ty) => {
                let help = match ty.is_number() {
                    true => "compare it: `… <> 0`",
                    false => "compare it with a value",
                };
                Err(self.not_redshift(
                    span,
                    format!("{what} takes a condition, and this is {ty}"),
                    help,
                ))
            }
            None if self.on_postgres() => Ok(value),
            None => Ok(Sql {
                text: format!("__rs.condition({})", value.text),
                ty: Some(Type::Bool),
                ..value
            }),
        }
    }

    pub(super) fn unary(
        &mut self,
        op: UnaryOperator,
        expr: &Expr,
        span: Span,
    ) -> Result<Sql, Refusal> {
        if let (UnaryOperator::Not, Some((values, query, negated))) = (op, row_in_query(expr)) {
            return self.row_in_query(values, query, !negated, span);
        }
        let inner = match op {
            UnaryOperator::Not => self.truth(expr, "`not`")?,
            _ => self.expr(expr)?,
        };
        if let (UnaryOperator::Minus | UnaryOperator::Plus, Some(Type::Super), false) =
            (op, inner.ty, self.on_postgres())
        {
            // What is no number gives NULL: `0 + 'text'` is none either.
            let text = format!(
                "CAST(__rs_super_math('0', '{}', CAST({} AS VARCHAR)) AS JSON)",
                if op == UnaryOperator::Minus { "-" } else { "+" },
                inner.text
            );
            return Ok(Sql::typed(text, Type::Super).of([&inner]));
        }
        self.counts_with(op, &inner, span)?;
        let (text, ty) = match op {
            UnaryOperator::Minus => {
                if let Some(Constant::Number(number)) = &inner.constant {
                    return Ok(Sql {
                        text: format!("(-{})", inner.text),
                        constant: Some(Constant::Number(format!("-{number}"))),
                        ..inner
                    });
                }
                (format!("-{}", inner.text), inner.ty)
            }
            UnaryOperator::Plus => (inner.text.clone(), inner.ty),
            UnaryOperator::Not => (format!("NOT {}", inner.text), Some(Type::Bool)),
            UnaryOperator::BitwiseNot if matches!(inner.ty, Some(Type::Varbyte(_))) => (
                format!("CAST(~CAST({} AS BIT) AS BLOB)", inner.text),
                inner.ty,
            ),
            UnaryOperator::BitwiseNot => (format!("~{}", inner.text), inner.ty),
            UnaryOperator::PGSquareRoot if self.on_postgres() => (
                format!("sqrt(CAST({} AS DOUBLE PRECISION))", inner.text),
                Some(Type::Float8),
            ),
            UnaryOperator::PGSquareRoot => (format!("sqrt({})", inner.text), Some(Type::Float8)),
            UnaryOperator::PGCubeRoot if self.on_postgres() => {
                (format!("cbrt({})", inner.text), Some(Type::Float8))
            }
            UnaryOperator::PGCubeRoot => (format!("__rs.cbrt({})", inner.text), Some(Type::Float8)),
            UnaryOperator::PGAbs => (format!("abs({})", inner.text), inner.ty),
            _ => {
                return Err(self.not_redshift(
                    span,
                    format!("`{op}` is not one of Redshift's operators"),
                    "",
                ));
            }
        };
        Ok(operand(text, ty, &[&inner]))
    }

    /// Refuses a sign of numbers before what is none.
    fn counts_with(&self, op: UnaryOperator, value: &Sql, span: Span) -> Result<(), Refusal> {
        let taken = match (op, value.ty) {
            (UnaryOperator::Not, _) | (_, None) => true,
            _ if value.is_null() => true,
            (UnaryOperator::Minus, Some(ty)) if ty.is_interval() => true,
            (UnaryOperator::BitwiseNot, Some(Type::Varbyte(_))) => !self.on_postgres(),
            (UnaryOperator::BitwiseNot, Some(ty)) => ty.is_integer(),
            (_, Some(ty)) => ty.is_number(),
        };
        match (taken, value.ty) {
            (false, Some(ty)) => Err(self.not_redshift(
                span,
                format!("`{op}` does not take {ty}"),
                "cast it to a number",
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn binary(
        &mut self,
        left: &Expr,
        op: &BinaryOperator,
        right: &Expr,
        span: Span,
    ) -> Result<Sql, Refusal> {
        // Long chains of `and`, `or` and `||` lean to the left; walk them without a call for each link.
        if matches!(
            op,
            BinaryOperator::And | BinaryOperator::Or | BinaryOperator::StringConcat
        ) {
            return self.chain(left, op, right);
        }
        if let (Some(left), Some(right)) = (row(left), row(right)) {
            return self.compare_rows(left, op, right, span);
        }
        let (a, b) = (self.expr(left)?, self.expr(right)?);
        if compare::symbol(op).is_some() {
            self.reads_beside(&a, &b, left.span())?;
            self.reads_beside(&b, &a, right.span())?;
        }
        self.operator(&a, op, &b, span)
    }

    /// A text as it is written is read as a value of what it is compared with.
    ///
    /// # Errors
    /// A text that is none. DuckDB would round `'7.5'` beside whole numbers, and find 8.
    pub(super) fn reads_beside(&self, value: &Sql, other: &Sql, span: Span) -> Result<(), Refusal> {
        // A decimal as it is written has no places that a text would be rounded to.
        let target = other
            .ty
            .filter(|ty| other.constant.is_none() || ty.is_integer());
        if let (Some(_), Some(target)) = (value.constant_text(), target)
            && (target.is_number() || target == Type::Bool)
        {
            self.literal_as(value, target, span)?;
        }
        Ok(())
    }

    fn chain(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Result<Sql, Refusal> {
        let mut operands = vec![right];
        let mut rest = left;
        while let Expr::BinaryOp {
            left,
            op: inner,
            right,
        } = rest
        {
            if inner != op {
                break;
            }
            operands.push(right);
            rest = left;
        }
        operands.push(rest);
        operands.reverse();
        let mut parts = Vec::with_capacity(operands.len());
        for expr in &operands {
            parts.push(match op {
                BinaryOperator::And => self.truth(expr, "`and`")?,
                BinaryOperator::Or => self.truth(expr, "`or`")?,
                _ => self.expr(expr)?,
            });
        }
        let (symbol, ty) = match op {
            BinaryOperator::And => (" AND ", Type::Bool),
            BinaryOperator::Or => (" OR ", Type::Bool),
            _ => return self.concatenated(parts, &operands),
        };
        let text = parts
            .iter()
            .map(|part| part.text.as_str())
            .collect::<Vec<_>>()
            .join(symbol);
        Ok(Sql::typed(format!("({text})"), ty).of(&parts))
    }

    /// Values one after the other: bytes where all are bytes, texts otherwise.
    pub fn concatenated(&self, parts: Vec<Sql>, exprs: &[&Expr]) -> Result<Sql, Refusal> {
        let bytes = |part: &Sql| match part.ty {
            Some(Type::Varbyte(length)) => Some(length),
            _ => None,
        };
        let lengths: Option<Vec<u32>> = parts.iter().map(bytes).collect();
        if let Some(lengths) = lengths {
            let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
            let length = lengths.into_iter().fold(0, u32::saturating_add);
            let text = format!("({})", texts.join(" || "));
            return Ok(Sql::typed(text, Type::Varbyte(length.min(MAX_BYTES))).of(&parts));
        }
        let is_bytes = |part: &Sql| bytes(part).is_some();
        if let Some(at) = parts.iter().position(is_bytes)
            && parts
                .iter()
                .any(|part| part.ty.is_some() && !is_bytes(part))
        {
            return Err(self.not_redshift(
                exprs[at].span(),
                "a `varbyte` is joined with `varbyte` values only",
                "cast it to `varchar`",
            ));
        }
        let mut texts = Vec::with_capacity(parts.len());
        for (part, expr) in parts.into_iter().zip(exprs) {
            texts.push(self.as_text(part, expr.span())?);
        }
        Ok(joined(&texts))
    }

    pub(super) fn like(
        &mut self,
        word: &str,
        negated: bool,
        expr: &Expr,
        pattern: &Expr,
        escape: Option<&Expr>,
    ) -> Result<Sql, Refusal> {
        let text = self.matched_text(expr)?;
        let sought = self.matched_text(pattern)?;
        let (escape, character) = match escape {
            Some(escape) => {
                let escape = self.expr(escape)?;
                (
                    escape.text.clone(),
                    escape.constant_text().map(str::to_owned),
                )
            }
            None => (literal("\\"), Some("\\".to_owned())),
        };
        if let (Some(text), Some(character)) = (sought.constant_text(), character)
            && ends_escaping(text, &character)
        {
            return Err(self.not_redshift(
                pattern.span(),
                "the pattern ends with its escape character",
                "write the escape character twice",
            ));
        }
        let not = if negated { "NOT " } else { "" };
        Ok(operand(
            format!("{} {not}{word} {} ESCAPE {escape}", text.text, sought.text),
            Some(Type::Bool),
            &[&text, &sought],
        ))
    }

    pub(super) fn in_subquery(
        &mut self,
        expr: &Expr,
        subquery: &Query,
        negated: bool,
    ) -> Result<Sql, Refusal> {
        if let Some(values) = row(expr) {
            return self.row_in_query(values, subquery, negated, expr.span());
        }
        let left = self.expr(expr)?;
        let words = if negated { "NOT IN" } else { "IN" };
        self.with_query(&left, words, subquery)
    }

    fn with_query(&mut self, left: &Sql, words: &str, query: &Query) -> Result<Sql, Refusal> {
        let (inner, correlated) = self.correlated(query)?;
        if correlated && words.ends_with("IN") {
            self.no_grouped_aggregate(query)?;
        }
        let ty = match inner.columns.as_deref() {
            Some([(_, ty)]) => *ty,
            _ => None,
        };
        self.comparable(left, &Sql::new("", ty), query.span())?;
        Ok(compare::with_query(left, words, ty, &inner.text))
    }

    pub(super) fn quantified(
        &mut self,
        left: &Expr,
        op: &BinaryOperator,
        word: &str,
        right: &Expr,
        span: Span,
    ) -> Result<Sql, Refusal> {
        let (Expr::Subquery(query), Some(symbol)) = (right, compare::symbol(op)) else {
            return Err(self.not_redshift(
                span,
                format!("`{}` takes a subquery", word.to_lowercase()),
                "Redshift has no arrays; write `in (…)`",
            ));
        };
        if row(left).is_some() {
            return Err(self.lone_row(span));
        }
        let left = self.expr(left)?;
        self.with_query(&left, &format!("{symbol} {word}"), query)
    }
}

pub(super) fn parenthesized(text: &str) -> String {
    if text.starts_with('(') && text.ends_with(')') && closes_at_end(text) {
        text.to_owned()
    } else {
        format!("({text})")
    }
}

/// Whether the first parenthesis of a text is closed by its last character.
fn closes_at_end(text: &str) -> bool {
    let mut depth = 0usize;
    let mut quote: Option<char> = None;
    for (at, character) in text.char_indices() {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None => match character {
                '\'' | '"' => quote = Some(character),
                '(' => depth += 1,
                ')' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return at + 1 == text.len();
                    }
                }
                _ => {}
            },
        }
    }
    false
}

/// Whether a pattern ends in an escape character that escapes nothing.
fn ends_escaping(pattern: &str, escape: &str) -> bool {
    let ends = pattern.len() - pattern.trim_end_matches(escape).len();
    !escape.is_empty() && (ends / escape.len()) % 2 == 1
}

/// Texts one after the other: as long as all of them.
pub(in super::super) fn joined(parts: &[Sql]) -> Sql {
    let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
    let mut text = format!("({})", texts.join(" || "));
    let lengths: Option<Vec<u32>> = parts.iter().map(|part| part.ty?.length()).collect();
    let ty = match lengths {
        Some(lengths) => {
            let sum = lengths.into_iter().fold(0, u32::saturating_add);
            if sum > MAX_LENGTH {
                text = format!("__rs.sized({text})");
            }
            Type::Varchar(sum.min(MAX_LENGTH))
        }
        None => Type::Text,
    };
    // DuckDB forgets that a joined NULL is a text.
    let null = parts.iter().any(|part| part.text == super::NULL_TEXT);
    Sql::typed(
        if null {
            format!("CAST({text} AS VARCHAR)")
        } else {
            text
        },
        ty,
    )
    .of(parts)
}
