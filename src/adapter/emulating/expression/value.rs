//! Literals.

use sqlparser::ast::{Interval, TypedString, Value};
use sqlparser::tokenizer::Span;

use super::syntax::field_name;
use crate::adapter::Refusal;
use crate::adapter::emulating::functions::date;
use crate::adapter::emulating::literal;
use crate::adapter::emulating::translator::{Constant, Sql, Translator};
use crate::adapter::emulating::types::Type;

impl Translator<'_> {
    pub(super) fn value(&self, value: &Value, span: Span) -> Result<Sql, Refusal> {
        let (text, ty, constant) = match value {
            Value::Number(number, false) if !fits(number) => {
                return Err(self.not_redshift(
                    span,
                    format!("the number `{number}` is out of range"),
                    "a decimal has 38 digits, a `double precision` reaches from 1e-307 to 1e+308",
                ));
            }
            Value::Number(number, false) => (
                self.number(number),
                Some(number_type(number)),
                Constant::Number(number.clone()),
            ),
            Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) => (
                literal(text),
                Some(Type::Varchar(
                    u32::try_from(text.len().max(1)).unwrap_or(u32::MAX),
                )),
                Constant::Text(text.clone()),
            ),
            Value::DollarQuotedString(text) => (
                literal(&text.value),
                Some(Type::Varchar(
                    u32::try_from(text.value.len().max(1)).unwrap_or(u32::MAX),
                )),
                Constant::Text(text.value.clone()),
            ),
            Value::Boolean(value) => (
                if *value { "TRUE" } else { "FALSE" }.to_owned(),
                Some(Type::Bool),
                Constant::Bool(*value),
            ),
            Value::Null => ("NULL".to_owned(), None, Constant::Null),
            _ => {
                return Err(self.not_redshift(
                    span,
                    format!("`{value}` is not a literal of Redshift"),
                    "",
                ));
            }
        };
        Ok(Sql {
            text,
            ty,
            constant: Some(constant),
            plain: true,
            late: None,
        })
    }

    /// A number with an exponent is a float on Redshift and on DuckDB, and a decimal on PostgreSQL.
    fn number(&self, number: &str) -> String {
        match number_type(number) {
            ty if self.on_postgres() && ty.is_float() => {
                format!("CAST({number} AS DOUBLE PRECISION)")
            }
            // DuckDB has a whole number of 128 bits for it, and Redshift none.
            ty @ Type::Decimal(_, 0) if !self.on_postgres() && !number.contains('.') => {
                format!("CAST({number} AS {})", ty.duckdb())
            }
            _ => number.to_owned(),
        }
    }

    pub(super) fn typed_string(&mut self, typed: &TypedString) -> Result<Sql, Refusal> {
        let span = typed.value.span;
        let value = self.value(&typed.value.value, span)?;
        if typed.uses_odbc_syntax {
            return Err(self.not_redshift(
                span,
                "`{d '…'}` is not one of Redshift's literals",
                "write `date '…'`",
            ));
        }
        self.cast_sql(value, &typed.data_type, span, true)
    }

    pub(super) fn interval(&mut self, interval: &Interval, span: Span) -> Result<Sql, Refusal> {
        let value = self.expr(&interval.value)?;
        let Some(text) = value.constant_text() else {
            return Err(self.not_redshift(
                span,
                "an interval literal takes a text",
                "write `n * interval '1 day'` for a number that is not constant",
            ));
        };
        let read = match &interval.leading_field {
            Some(first) => date::qualified(
                text,
                &date::Qualifier {
                    first: field_name(first),
                    last: interval.last_field.as_ref().map(field_name),
                    // `second(3)` tells the digits behind the point, of which the standard has two numbers.
                    places: interval
                        .fractional_seconds_precision
                        .or(interval.leading_precision),
                },
            ),
            None => date::interval(text)
                .map(|text| (text, Type::Interval))
                .ok_or_else(|| "its parts are not a number and a unit each".to_owned()),
        };
        let (normal, ty) = read.map_err(|reason| {
            self.unsupported(
                span,
                format!("the interval `{text}` is not emulated"),
                &reason,
            )
        })?;
        Ok(Sql {
            plain: true,
            ..Sql::typed(format!("INTERVAL {}", literal(&normal)), ty)
        })
    }
}

/// Whether a number has a type: a decimal has 38 digits, and the exponent of a float is bounded.
fn fits(number: &str) -> bool {
    if number.contains(['e', 'E']) {
        let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
        let zero = !mantissa.contains(|digit: char| ('1'..='9').contains(&digit));
        return number
            .parse::<f64>()
            .is_ok_and(|value| value.is_normal() || (zero && value == 0.0));
    }
    let digits = number.trim_start_matches('0').bytes();
    digits.filter(u8::is_ascii_digit).count() <= 38
}

fn number_type(number: &str) -> Type {
    match number.split_once('.') {
        _ if number.contains(['e', 'E']) => Type::Float8,
        Some((whole, fraction)) => {
            let whole = whole.trim_start_matches('0').len();
            let digits = u8::try_from(whole + fraction.len())
                .unwrap_or(38)
                .clamp(1, 38);
            Type::Decimal(
                digits,
                u8::try_from(fraction.len()).unwrap_or(37).min(digits),
            )
        }
        None => match number.parse::<i128>() {
            Ok(value) if i32::try_from(value).is_ok() => Type::Int4,
            Ok(value) if i64::try_from(value).is_ok() => Type::Int8,
            // It has as many digits as are written: a decimal, which a bigint has no place for.
            _ => {
                let digits = number.trim_start_matches('0').len();
                Type::Decimal(u8::try_from(digits).unwrap_or(38).clamp(1, 38), 0)
            }
        },
    }
}
