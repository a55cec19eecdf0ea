//! `try_cast`: NULL where a cast would fail.

use sqlparser::ast::DataType;
use sqlparser::tokenizer::Span;

use super::translator::{Sql, Translator};
use super::types::{self, Type};
use crate::adapter::Refusal;

impl Translator<'_> {
    /// A cast that is NULL where the value does not fit: <https://docs.aws.amazon.com/redshift/latest/dg/r_TRY_CAST.html>. What the engine
    /// would read otherwise than Redshift is read as a cast reads it.
    pub(super) fn try_cast(
        &mut self,
        value: &Sql,
        data_type: &DataType,
        span: Span,
    ) -> Result<Sql, Refusal> {
        if self.on_postgres() {
            return Err(self.not_on_postgres(span, "`try_cast`"));
        }
        let target = types::parse(&data_type.to_string())?;
        let (x, to) = (&value.text, self.engine.type_name(target));
        let source = value.ty.unwrap_or(Type::Null);
        let text = match target {
            Type::Int2 | Type::Int4 | Type::Int8 if source.is_text() => format!(
                "TRY_CAST(CASE WHEN regexp_full_match({x}, ' *[+-]?[0-9]+ *') THEN {x} END AS {to})"
            ),
            Type::Int2 | Type::Int4 | Type::Int8 if source.is_float() => {
                format!("TRY_CAST(round({x}) AS {to})")
            }
            Type::Decimal(..) if source.is_float() => {
                let text = self.as_text(value.clone(), span)?.text;
                format!("TRY_CAST({text} AS {to})")
            }
            Type::Decimal(..) | Type::Float4 | Type::Float8 if source.is_text() => {
                format!("CASE WHEN NOT contains({x}, '_') THEN TRY_CAST({x} AS {to}) END")
            }
            _ if target.is_number() && source.is_number() => format!("TRY_CAST({x} AS {to})"),
            Type::Date | Type::Timestamp if source.is_text() => {
                format!("CAST(__rs_moment_or_null({x}) AS {to})")
            }
            Type::TimestampTz if source.is_text() => {
                format!("CAST(__rs_moment_zoned_or_null({x}) AS {to})")
            }
            Type::Bool if source.is_text() => format!(
                "CASE WHEN lower(trim({x}, ' ')) IN ('t', 'true', 'y', 'yes', '1') THEN TRUE WHEN lower(trim({x}, ' ')) IN ('f', 'false', 'n', 'no', '0') THEN FALSE END"
            ),
            // Nothing can fail there, or the cast is refused.
            Type::Varchar(_) | Type::Date | Type::Timestamp
                if value.ty.is_some_and(|ty| ty != Type::Super) =>
            {
                return self.cast_sql(value.clone(), data_type, span, false);
            }
            _ if value.is_null() => format!("CAST({x} AS {to})"),
            _ => {
                return Err(self.unsupported(
                    span,
                    format!("`try_cast` of this value to {target} is not emulated"),
                    match value.ty {
                        None => "the type of the value is not known here",
                        Some(_) => "its translation would fail where Redshift gives NULL",
                    },
                ));
            }
        };
        Ok(Sql::typed(format!("({text})"), target).of([value]))
    }
}
