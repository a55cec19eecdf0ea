//! Matches of texts with patterns: `~~`, `~`, `similar to`.

use sqlparser::ast::Expr;
use sqlparser::tokenizer::Span;

use super::engine::Engine;
use super::query::operand;
use super::translator::{Sql, Translator};
use super::types::Type;
use super::{literal, regex};
use crate::adapter::Refusal;

impl Translator<'_> {
    pub(super) fn like_operator(
        &self,
        a: &Sql,
        b: &Sql,
        word: &str,
        span: Span,
    ) -> Result<Sql, Refusal> {
        let (a, b) = (self.as_matched(a, span)?, self.as_matched(b, span)?);
        Ok(operand(
            format!("{} {word} {} ESCAPE {}", a.text, b.text, literal("\\")),
            Some(Type::Bool),
            &[&a, &b],
        ))
    }

    /// The text of a pattern match, where the value has been translated already.
    fn as_matched(&self, value: &Sql, span: Span) -> Result<Sql, Refusal> {
        match value.ty {
            None if !value.is_null() => Ok(value.clone()),
            _ => self.as_text(value.clone(), span),
        }
    }

    /// `~` searches, where DuckDB's `~` matches the whole text.
    pub(super) fn matches(
        &self,
        a: &Sql,
        b: &Sql,
        ignore_case: bool,
        negated: bool,
        span: Span,
    ) -> Result<Sql, Refusal> {
        let pattern = self.pattern(b, false, span)?;
        let a = &self.as_matched(a, span)?;
        let not = if negated { "NOT " } else { "" };
        if self.on_postgres() {
            let symbol = match (negated, ignore_case) {
                (false, false) => "~",
                (false, true) => "~*",
                (true, false) => "!~",
                (true, true) => "!~*",
            };
            let text = format!("{} {symbol} {pattern}", a.text);
            return Ok(operand(text, Some(Type::Bool), &[a]));
        }
        let options = if ignore_case { ", 'i'" } else { "" };
        let text = format!("regexp_matches({}, {pattern}{options})", a.text);
        Ok(if negated {
            operand(format!("{not}{text}"), Some(Type::Bool), &[a])
        } else {
            Sql::typed(text, Type::Bool).of([a])
        })
    }

    pub(super) fn similar_to(
        &mut self,
        negated: bool,
        expr: &Expr,
        pattern: &Expr,
        escape: Option<&Expr>,
    ) -> Result<Sql, Refusal> {
        use sqlparser::ast::Spanned;
        let span = pattern.span();
        let text = self.matched_text(expr)?;
        let pattern = self.expr(pattern)?;
        let escape = match escape {
            None => '\\',
            Some(escape) => {
                let escape_sql = self.expr(escape)?;
                let mut characters = escape_sql.constant_text().unwrap_or_default().chars();
                match (characters.next(), characters.next()) {
                    (Some(character), None) => character,
                    _ => return Err(self.not_redshift(span, "`escape` takes one character", "")),
                }
            }
        };
        let Some(constant) = pattern.constant_text() else {
            return Err(self.unsupported(
                span,
                "`similar to` with a pattern that is not constant is not emulated",
                "the pattern is rewritten when the query is translated",
            ));
        };
        if self.on_postgres() {
            let not = if negated { "NOT " } else { "" };
            let text = format!(
                "{} {not}SIMILAR TO {} ESCAPE {}",
                text.text,
                pattern.text,
                literal(&escape.to_string())
            );
            return Ok(operand(text, Some(Type::Bool), &[&pattern]));
        }
        let pattern = regex::similar(constant, escape)
            .map_err(|reason| self.unsupported(span, "this pattern is not emulated", &reason))?;
        let not = if negated { "NOT " } else { "" };
        Ok(operand(
            format!(
                "{not}regexp_full_match({}, {}, 's')",
                text.text,
                literal(&pattern)
            ),
            Some(Type::Bool),
            &[&text],
        ))
    }

    /// A regular expression in the words of DuckDB's library. Only constants: others cannot be checked.
    pub(super) fn pattern(&self, pattern: &Sql, perl: bool, span: Span) -> Result<String, Refusal> {
        if let (Some(ty), Some(_)) = (pattern.ty.filter(|ty| !ty.is_text()), &pattern.constant) {
            return Err(self.not_redshift(
                span,
                format!("a pattern is a text, and this is {ty}"),
                "write the pattern in quotes",
            ));
        }
        let Some(constant) = pattern.constant_text() else {
            return Err(self.unsupported(
                span,
                "a regular expression that is not constant is not emulated",
                "the pattern is rewritten when the query is translated",
            ));
        };
        let pattern = match self.engine {
            Engine::DuckDb => regex::re2(constant, perl),
            Engine::Postgres => regex::advanced(constant, perl),
        };
        let pattern = pattern.map_err(|reason| {
            self.unsupported(span, "this regular expression is not emulated", &reason)
        })?;
        Ok(literal(&pattern))
    }
}
