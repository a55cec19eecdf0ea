//! Casts: what Redshift rounds, cuts or refuses where DuckDB does otherwise.

use sqlparser::ast::{CastKind, DataType, Expr, Spanned};
use sqlparser::tokenizer::Span;

use super::functions::date::{interval, named};
use super::translator::{Sql, Translator};
use super::types::{self, Type};
use super::{json, literal, moment};
use crate::adapter::Refusal;

impl Translator<'_> {
    pub(super) fn cast(
        &mut self,
        kind: &CastKind,
        expr: &Expr,
        data_type: &DataType,
        span: Span,
    ) -> Result<Sql, Refusal> {
        let value = self.expr(expr)?;
        match kind {
            CastKind::Cast | CastKind::DoubleColon => {
                self.cast_sql(value, data_type, expr.span(), false)
            }
            CastKind::TryCast => self.try_cast(&value, data_type, expr.span()),
            CastKind::SafeCast => Err(self.not_redshift(
                span,
                "`safe_cast` is not one of Redshift's functions",
                "write `try_cast(… as …)`",
            )),
        }
    }

    /// Casts a translated value. A typed literal (`date '2024-01-15'`) is a cast of its text.
    pub(super) fn cast_sql(
        &mut self,
        value: Sql,
        data_type: &DataType,
        span: Span,
        literal_of_type: bool,
    ) -> Result<Sql, Refusal> {
        let name = data_type.to_string();
        if name.eq_ignore_ascii_case("interval") {
            return self.cast_to_interval(value, span);
        }
        let target = types::parse(&name).map_err(|refusal| Refusal {
            range: self.place_of_type(&name).or_else(|| self.range(span)),
            ..refusal
        })?;
        let has_length = name.contains('(');
        if literal_of_type
            && !matches!(
                target,
                Type::Date | Type::Timestamp | Type::TimestampTz | Type::Time | Type::TimeTz
            )
        {
            return Err(self.unsupported(
                span,
                format!("the literal `{name} '…'` is not emulated"),
                "write `'…'::type`",
            ));
        }
        let plain = value.plain;
        let text = self.cast_text(&value, target, has_length, span)?;
        Ok(Sql {
            text,
            ty: Some(sized(&value, target, has_length)),
            constant: None,
            plain,
            late: None,
        })
    }

    /// A text becomes an interval where it is constant: its units have other spellings on DuckDB.
    pub(super) fn cast_to_interval(&self, value: Sql, span: Span) -> Result<Sql, Refusal> {
        if value.ty.is_some_and(Type::is_interval) {
            return Ok(value);
        }
        let text = value.constant_text().and_then(interval);
        let Some(text) = text else {
            return Err(self.unsupported(
                span,
                "this cast to `interval` is not emulated",
                "a constant text of numbers and units is: `'1 day 2 hours'`",
            ));
        };
        Ok(Sql {
            plain: true,
            ..Sql::typed(format!("INTERVAL {}", literal(&text)), Type::Interval)
        })
    }

    /// A value as another type, in the engine's SQL.
    ///
    /// # Errors
    /// A cast that Redshift refuses, or that is not emulated.
    pub(super) fn cast_text(
        &self,
        value: &Sql,
        target: Type,
        has_length: bool,
        span: Span,
    ) -> Result<String, Refusal> {
        let x = &value.text;
        let direct = || format!("CAST({x} AS {})", self.engine.type_name(target));
        if value.is_null() {
            return Ok(direct());
        }
        if value.is(Type::Super)
            && !matches!(target, Type::Super | Type::Varchar(_) | Type::Char(_))
        {
            return self.cast_super(value, target, span);
        }
        Ok(match target {
            Type::Int2 | Type::Int4 | Type::Int8 => match value.ty {
                Some(ty) if ty.is_float() && self.on_postgres() => {
                    format!("__rs.{}({x})", integer_macro(target))
                }
                Some(Type::Bool) if self.on_postgres() => {
                    format!("__rs.{}({x})", integer_macro(target))
                }
                Some(ty) if ty.is_float() => {
                    format!("CAST(round({x}) AS {})", self.engine.type_name(target))
                }
                Some(ty) if ty.is_text() => self.text_to_integer(value, target, span)?,
                Some(_) => direct(),
                None => format!("__rs.{}({x})", integer_macro(target)),
            },
            Type::Varchar(length) | Type::Char(length) => {
                return self.cast_to_text(value, target, length, has_length, span);
            }
            Type::Date | Type::Timestamp | Type::TimestampTz => {
                return self.cast_to_moment(value, target, span);
            }
            Type::Super | Type::Varbyte(_) if self.on_postgres() => {
                return Err(self.not_on_postgres(span, &format!("a cast to `{target}`")));
            }
            Type::Bool if self.on_postgres() && value.ty.is_some_and(Type::is_integer) => {
                format!("({x} <> 0)")
            }
            Type::Time if !self.on_postgres() && value.ty.is_none_or(Type::is_text) => {
                match value.constant_text() {
                    Some(text) => {
                        let read = moment::parse_time(text).ok_or_else(|| Refusal {
                            help: Some("write it as `10:30:00`".to_owned()),
                            ..self.unsupported(
                                span,
                                format!("the time `{text}` is not emulated"),
                                "a time of day is read as hours, minutes and seconds",
                            )
                        })?;
                        format!("CAST({} AS TIME)", literal(&read))
                    }
                    None => format!("__rs.time({x})"),
                }
            }
            Type::TimeTz if !self.on_postgres() && value.constant_text().is_some() => {
                let text = value.constant_text().unwrap_or_default();
                let read = moment::parse_zoned_time(text).ok_or_else(|| {
                    self.unsupported(
                        span,
                        format!("the time `{text}` is not emulated"),
                        "it is read as `20:00:00`, with an offset or the name of a zone after it",
                    )
                })?;
                format!("CAST({} AS TIME WITH TIME ZONE)", literal(&read))
            }
            Type::Decimal(..) | Type::Float4 | Type::Float8
                if !self.on_postgres() && value.ty.is_some_and(Type::is_text) =>
            {
                let to = self.engine.type_name(target);
                match value.constant_text() {
                    // DuckDB reads over such signs between digits.
                    Some(text) if text.contains('_') => {
                        return Err(self.not_redshift(
                            span,
                            format!("`{text}` is not a number"),
                            "write digits alone",
                        ));
                    }
                    Some(_) => direct(),
                    None => format!("CAST(__rs.unbroken({x}) AS {to})"),
                }
            }
            // By the digits that it prints, as PostgreSQL does: `0.285` is no less than that.
            Type::Decimal(..) if !self.on_postgres() && value.ty.is_some_and(Type::is_float) => {
                let text = self.as_text(value.clone(), span)?.text;
                format!("CAST({text} AS {})", self.engine.type_name(target))
            }
            Type::Super => self.as_super(value, span)?.text,
            Type::Varbyte(length) => {
                // A whole number has the bytes of its type, a `char` those of its padding:
                // <https://docs.aws.amazon.com/redshift/latest/dg/r_VARBYTE_type.html>.
                let (bytes, most) = match value.ty {
                    Some(Type::Varbyte(most)) => (x.clone(), most),
                    Some(Type::Char(most)) => (format!("encode(rpad({x}, {most}, ' '))"), most),
                    Some(Type::Varchar(most)) => (format!("encode({x})"), most),
                    Some(Type::Text) => (format!("encode({x})"), u32::MAX),
                    Some(ty) if ty.is_integer() => {
                        let size = match ty {
                            Type::Int2 => 2,
                            Type::Int4 => 4,
                            _ => 8,
                        };
                        let digits = size * 2;
                        let hex = format!(
                            "right('0000000000000000' || to_hex(CAST({x} AS BIGINT)), {digits})"
                        );
                        (format!("from_hex({hex})"), size)
                    }
                    _ => {
                        return Err(self.unsupported(
                            span,
                            "a cast to `varbyte` is emulated for texts and whole numbers only",
                            "cast to varchar first",
                        ));
                    }
                };
                match most <= length {
                    true => bytes,
                    false => format!("__rs.bytes_within({bytes}, {length})"),
                }
            }
            Type::TimeTz if value.is_text() => format!("timezone('UTC', {})", direct()),
            Type::Bool
                if value
                    .ty
                    .is_some_and(|ty| ty.is_float() || matches!(ty, Type::Decimal(..))) =>
            {
                return Err(self.not_redshift(
                    span,
                    "a decimal or float does not cast to boolean",
                    "compare with `<> 0`",
                ));
            }
            _ => direct(),
        })
    }

    /// A `super` value as another type: NULL where it does not fit, as long as `cast_super_null_on_error` is on.
    ///
    /// <https://docs.aws.amazon.com/redshift/latest/dg/query-super.html>, "Lax semantics".
    fn cast_super(&self, value: &Sql, target: Type, span: Span) -> Result<String, Refusal> {
        let (x, to) = (&value.text, self.engine.type_name(target));
        if self.on_postgres() {
            return Ok(format!("CAST({} AS {to})", json::scalar(x)));
        }
        Ok(match target {
            Type::Int2 | Type::Int4 | Type::Int8 => {
                format!("TRY_CAST(__rs.super_whole({x}) AS {to})")
            }
            Type::Decimal(..) | Type::Float4 | Type::Float8 => {
                format!("TRY_CAST(__rs.super_number({x}) AS {to})")
            }
            Type::Bool => format!("__rs.super_bool({x})"),
            Type::Date | Type::Timestamp => {
                format!("CAST(__rs_moment_or_null(__rs.super_string({x})) AS {to})")
            }
            Type::TimestampTz => {
                format!("CAST(__rs_moment_zoned_or_null(__rs.super_string({x})) AS {to})")
            }
            Type::Time => format!("TRY_CAST(__rs.super_clock({x}) AS {to})"),
            _ => {
                return Err(self.unsupported(
                    span,
                    format!("a cast of a `super` value to `{target}` is not emulated"),
                    "it is not known here how such a text is read",
                ));
            }
        })
    }

    /// A value as a `super`. Dates and times have no place in one:
    /// <https://docs.aws.amazon.com/redshift/latest/dg/limitations-super.html>.
    ///
    /// # Errors
    /// A date, a time, or an interval.
    pub(super) fn as_super(&self, value: &Sql, span: Span) -> Result<Sql, Refusal> {
        let x = &value.text;
        let text = match value.ty {
            _ if value.is_null() => return Ok(value.clone()),
            Some(Type::Super) => return Ok(value.clone()),
            Some(ty) if ty.is_moment() || ty.is_interval() => {
                return Err(self.not_redshift(
                    span,
                    format!("cannot cast type {ty} to super"),
                    "cast it to `varchar` first",
                ));
            }
            None if !self.on_postgres() => format!("__rs.super({x})"),
            _ => format!("to_json({x})"),
        };
        Ok(Sql {
            text,
            ty: Some(Type::Super),
            constant: None,
            ..value.clone()
        })
    }

    /// Texts are read as Redshift reads them; what is no text DuckDB casts the same.
    fn cast_to_moment(&self, value: &Sql, target: Type, span: Span) -> Result<String, Refusal> {
        let x = &value.text;
        let zoned = target == Type::TimestampTz;
        if let Some(moment) = value
            .constant_text()
            .and_then(|text| named(self.engine, text))
        {
            return Ok(format!(
                "CAST({moment} AS {})",
                self.engine.type_name(target)
            ));
        }
        if value.constant_text().is_some_and(moment::is_before_christ) {
            return Err(self.unsupported(
                span,
                "a date before Christ is not emulated",
                "no page tells the year that Redshift reads of one",
            ));
        }
        if let Some(text) = value.constant_text() {
            let read = if zoned {
                moment::parse
            } else {
                moment::parse_local
            };
            let moment = read(text).ok_or_else(|| {
                self.not_redshift(
                    span,
                    format!("`{text}` is no {target}"),
                    "write it as `2024-01-15` or `2024-01-15 10:30:00`",
                )
            })?;
            return Ok(format!(
                "CAST({} AS {})",
                literal(&moment),
                self.engine.type_name(target)
            ));
        }
        let (function, name) = match target {
            Type::Date => (self.engine.own("moment"), "date"),
            Type::Timestamp => (self.engine.own("moment"), "timestamp"),
            _ => (self.engine.own("moment_zoned"), "timestamptz"),
        };
        Ok(match value.ty {
            None => format!("__rs.{name}({x})"),
            Some(ty) if ty.is_text() => {
                format!("CAST({function}({x}) AS {})", self.engine.type_name(target))
            }
            Some(_) => format!("CAST({x} AS {})", self.engine.type_name(target)),
        })
    }

    /// A literal text where a value of another type is wanted: it must read as one.
    ///
    /// # Errors
    /// A text that does not.
    pub(super) fn literal_as(&self, value: &Sql, target: Type, span: Span) -> Result<Sql, Refusal> {
        let text = value.constant_text().unwrap_or_default().trim();
        let refuse = || {
            let help = "write a value of that type, or cast the others to `varchar`";
            Err(self.not_redshift(span, format!("`{text}` is no {target}"), help))
        };
        let read = match target {
            Type::Bool => match text.to_ascii_lowercase().as_str() {
                "t" | "true" | "y" | "yes" | "1" => "TRUE".to_owned(),
                "f" | "false" | "n" | "no" | "0" => "FALSE".to_owned(),
                _ => return refuse(),
            },
            Type::Decimal(..) | Type::Float4 | Type::Float8 => match text.parse::<f64>() {
                Ok(_) => format!(
                    "CAST({} AS {})",
                    literal(text),
                    self.engine.type_name(target)
                ),
                Err(_) => return refuse(),
            },
            Type::Int2 | Type::Int4 | Type::Int8 => match text.parse::<i64>() {
                Ok(_) => format!(
                    "CAST({} AS {})",
                    literal(text),
                    self.engine.type_name(target)
                ),
                Err(_) => return refuse(),
            },
            Type::Date | Type::Timestamp | Type::TimestampTz | Type::Time | Type::TimeTz => {
                self.cast_text(value, target, false, span)?
            }
            Type::Super if !self.on_postgres() => return self.as_super(value, span),
            _ => return Ok(value.clone()),
        };
        Ok(Sql {
            plain: true,
            ..Sql::typed(read, target)
        })
    }

    fn text_to_integer(&self, value: &Sql, target: Type, span: Span) -> Result<String, Refusal> {
        match value.constant_text() {
            Some(text) if text.trim().parse::<i128>().is_ok() => Ok(format!(
                "CAST({} AS {})",
                literal(text.trim()),
                self.engine.type_name(target)
            )),
            Some(text) => Err(self.not_redshift(
                span,
                format!("`{text}` is not a whole number"),
                match text.trim().parse::<f64>() {
                    Ok(_) => "cast to decimal first",
                    Err(_) => "write a number, or keep the text as `varchar`",
                },
            )),
            None => Ok(format!("__rs.{}({})", integer_macro(target), value.text)),
        }
    }

    fn cast_to_text(
        &self,
        value: &Sql,
        target: Type,
        length: u32,
        has_length: bool,
        span: Span,
    ) -> Result<String, Refusal> {
        let is_char = matches!(target, Type::Char(_));
        if is_char && !has_length {
            return Err(self.unsupported(
                span,
                "a cast to `char` without a length is not emulated",
                "write the length: `char(n)`",
            ));
        }
        if is_char && value.constant_text().is_some_and(|text| !text.is_ascii()) {
            return Err(self.not_redshift(
                span,
                "a `char` holds characters of one byte",
                "cast to `varchar(n)`",
            ));
        }
        if let Some(text) = value.constant_text() {
            let cut = moment::left_bytes(
                text,
                if has_length {
                    length as usize
                } else {
                    text.len()
                },
            );
            return Ok(format!(
                "CAST({} AS VARCHAR)",
                literal(if is_char {
                    cut.trim_end_matches(' ')
                } else {
                    cut
                })
            ));
        }
        let fits =
            matches!(value.ty, Some(Type::Varchar(known) | Type::Char(known)) if known <= length);
        let text = match value.ty {
            Some(Type::Varbyte(_)) if !self.on_postgres() => format!("decode({})", value.text),
            _ => self.as_text(value.clone(), span)?.text,
        };
        let text = match is_char {
            // Of a `char` it is known, and of a number.
            true if !value
                .ty
                .is_some_and(|ty| ty.is_number() || matches!(ty, Type::Char(_))) =>
            {
                format!("__rs.single_bytes({text})")
            }
            _ => text,
        };
        let cut = if has_length && !fits && length < types::MAX_LENGTH {
            format!("__rs.cut({text}, {length})")
        } else {
            text
        };
        Ok(if is_char {
            format!("rtrim({cut}, ' ')")
        } else {
            cut
        })
    }

    /// Where the name of a type stands: the parser keeps no place for it.
    fn place_of_type(&self, name: &str) -> Option<std::ops::Range<usize>> {
        let word = name.split(['(', ' ']).next()?.to_lowercase();
        let lower = self.text.to_ascii_lowercase();
        let from = self.near.as_ref().map_or(0, |near| near.start);
        let at = lower.get(from..)?.find(&word)? + from;
        Some(at..at + word.len())
    }
}

/// The type of a cast value: a text without a length has that of what is cast, where that is a text.
///
/// <https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html>
fn sized(value: &Sql, target: Type, has_length: bool) -> Type {
    match (target, value.ty) {
        (Type::Varchar(_), Some(Type::Varchar(length) | Type::Char(length))) if !has_length => {
            Type::Varchar(length)
        }
        (Type::Varchar(_), _) if !has_length => Type::Text,
        _ => target,
    }
}

fn integer_macro(target: Type) -> &'static str {
    match target {
        Type::Int2 => "int2",
        Type::Int4 => "int4",
        _ => "int8",
    }
}

#[cfg(test)]
mod tests {
    use crate::adapter::emulating::translate_query;

    #[test]
    fn a_time_of_day_that_is_none_is_refused() {
        let refused = translate_query("select '10:30:00 at night'::time").unwrap_err();
        assert_eq!(
            refused.message,
            "the time `10:30:00 at night` is not emulated"
        );
        assert!(translate_query("select '10:30:00.5'::time, ' 9:05 '::time").is_ok());
    }
}
