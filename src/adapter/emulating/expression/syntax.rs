//! `case`, and functions that have a syntax of their own.

use sqlparser::ast::{CaseWhen, CeilFloorKind, DateTimeField, Expr, Spanned, TrimWhereField};
use sqlparser::tokenizer::Span;

use super::common_type;
use crate::adapter::Refusal;
use crate::adapter::emulating::functions::{date, numeric, string};
use crate::adapter::emulating::query::operand;
use crate::adapter::emulating::translator::{Sql, Translator, fold};
use crate::adapter::emulating::types::Type;
use crate::adapter::emulating::{compare, literal};

impl Translator<'_> {
    pub(super) fn case(
        &mut self,
        subject: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
    ) -> Result<Sql, Refusal> {
        let subject = subject.map(|expr| self.expr(expr)).transpose()?;
        let mut parts = Vec::new();
        let (mut results, mut exprs) = (Vec::new(), Vec::new());
        for when in conditions {
            parts.push(match &subject {
                Some(subject) => {
                    let value = self.expr(&when.condition)?;
                    self.comparable(subject, &value, when.condition.span())?;
                    compare::compare(subject, "=", &value)
                }
                None => self.truth(&when.condition, "`when`")?,
            });
            results.push(self.expr(&when.result)?);
            exprs.push(&when.result);
        }
        if let Some(otherwise) = otherwise {
            results.push(self.expr(otherwise)?);
            exprs.push(otherwise);
        }
        let results = self.matched("CASE", results, &exprs)?;
        let mut text = String::from("CASE");
        for (condition, result) in parts.iter().zip(&results) {
            text.push_str(&format!(" WHEN {} THEN {}", condition.text, result.text));
        }
        if let Some(result) = results.get(parts.len()) {
            text.push_str(&format!(" ELSE {}", result.text));
        }
        text.push_str(" END");
        let ty = common_type(results.iter());
        Ok(Sql::new(text, ty).of(parts.iter().chain(&results)))
    }

    pub(super) fn at_time_zone(
        &mut self,
        timestamp: &Expr,
        zone: &Expr,
        span: Span,
    ) -> Result<Sql, Refusal> {
        let (value, zone) = (self.expr(timestamp)?, self.expr(zone)?);
        let zone = date::zone(self, &zone, span)?;
        if let Some(ty) = value.ty
            && !(ty.is_text() || matches!(ty, Type::Date | Type::Timestamp | Type::TimestampTz))
        {
            let help = match ty {
                ty if ty.is_interval() => {
                    "it binds tighter than `+`: put parentheses around the sum"
                }
                _ => "cast it to `timestamp` first",
            };
            return Err(self.not_redshift(
                timestamp.span(),
                format!("`at time zone` takes a timestamp, and this is {ty}"),
                help,
            ));
        }
        let ty = match value.ty {
            Some(Type::TimestampTz) => Some(Type::Timestamp),
            Some(Type::Timestamp | Type::Date) => Some(Type::TimestampTz),
            _ => None,
        };
        let source = if value.is(Type::Date) || value.is_text() {
            format!("CAST({} AS TIMESTAMP)", value.text)
        } else {
            value.text.clone()
        };
        Ok(operand(
            format!("{source} AT TIME ZONE {zone}"),
            ty,
            &[&value],
        ))
    }

    pub(super) fn extract(
        &mut self,
        field: &DateTimeField,
        expr: &Expr,
        span: Span,
    ) -> Result<Sql, Refusal> {
        let value = self.expr(expr)?;
        date::date_part(self, &field_name(field), &value, span)
    }

    pub(super) fn ceil_floor(
        &mut self,
        name: &str,
        expr: &Expr,
        field: &CeilFloorKind,
        span: Span,
    ) -> Result<Sql, Refusal> {
        if !matches!(
            field,
            CeilFloorKind::DateTimeField(DateTimeField::NoDateTime)
        ) {
            return Err(self.not_redshift(span, format!("`{name}` takes one number"), ""));
        }
        let value = self.expr(expr)?;
        if let Some(of_super) = numeric::of_super(self, name, std::slice::from_ref(&value)) {
            return Ok(of_super);
        }
        let value = numeric::numbers(self, name, vec![value], &[expr])?.remove(0);
        Ok(numeric::rounded(self, name, &value))
    }

    pub(super) fn substring(
        &mut self,
        expr: &Expr,
        from: Option<&Expr>,
        length: Option<&Expr>,
        span: Span,
    ) -> Result<Sql, Refusal> {
        let value = self.expr(expr)?;
        let Some(from) = from else {
            return Err(self.not_redshift(span, "`substring` needs the position to start at", ""));
        };
        let place = from.span();
        let from = self.expr(from)?;
        let from = self.as_count(from, "substring", place)?;
        let length = match length {
            Some(length) => {
                let place = length.span();
                let length = self.expr(length)?;
                Some(self.as_count(length, "substring", place)?)
            }
            None => None,
        };
        string::part_of(self, value, &from, length.as_ref(), expr.span())
    }

    pub(super) fn trim(
        &mut self,
        side: Option<&TrimWhereField>,
        what: Option<&Expr>,
        expr: &Expr,
        characters: Option<&[Expr]>,
        span: Span,
    ) -> Result<Sql, Refusal> {
        let what = match (what, characters) {
            (Some(what), None) => Some(self.text_operand(what)?),
            (None, Some([what])) => Some(self.text_operand(what)?),
            (None, None) => None,
            _ => return Err(self.not_redshift(span, "`trim` takes one set of characters", "")),
        };
        let text = self.text_operand(expr)?;
        let function = match side {
            None | Some(TrimWhereField::Both) => "trim",
            Some(TrimWhereField::Leading) => "ltrim",
            Some(TrimWhereField::Trailing) => "rtrim",
        };
        let what = what.map_or_else(|| literal(" "), |what| what.text);
        Ok(Sql::new(format!("{function}({}, {what})", text.text), text.ty).of([&text]))
    }
}

pub(super) fn field_name(field: &DateTimeField) -> String {
    match field {
        DateTimeField::Custom(ident) => fold(ident),
        other => other.to_string().to_lowercase(),
    }
}
