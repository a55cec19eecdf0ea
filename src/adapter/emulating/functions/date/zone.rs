//! Time zones, and the day of a moment.

use sqlparser::ast::Spanned;
use sqlparser::tokenizer::Span;

use super::as_timestamp;
use crate::adapter::Refusal;
use crate::adapter::emulating::functions::Call;
use crate::adapter::emulating::literal;
use crate::adapter::emulating::translator::{Sql, Translator};
use crate::adapter::emulating::types::Type;
use crate::adapter::emulating::zone;

/// The name of a time zone, as the engine knows it.
pub(in crate::adapter::emulating) fn zone(
    translator: &Translator<'_>,
    zone: &Sql,
    span: Span,
) -> Result<String, Refusal> {
    match zone.constant_text() {
        Some(name) if name.trim_start().starts_with(['+', '-']) => {
            Err(Refusal {
                help: Some("write hours west of Greenwich behind a name: `UTC-2`".to_owned()),
                ..translator.unsupported(
                    span,
                    format!("the time zone `{name}` is not emulated"),
                    "Redshift's documentation shows no offset without a name",
                )
            })
        }
        Some(name) if translator.on_postgres() => {
            Ok(literal(&zone::for_postgres(name)))
        }
        Some(name) => zone::for_duckdb(name)
            .map(|name| literal(&name))
            .ok_or_else(|| Refusal {
                help: Some("name its region: `Australia/Darwin`".to_owned()),
                ..translator.unsupported(
                    span,
                    format!("the time zone `{name}` is not emulated"),
                    "DuckDB knows no abbreviation or offset that is not a whole number of hours from Greenwich",
                )
            }),
        None if zone.ty.is_some_and(Type::is_interval) => Err(translator.unsupported(
            span,
            "an interval as time zone is not emulated",
            "name the zone",
        )),
        None if translator.on_postgres() => Ok(zone.text.clone()),
        None => Ok(format!("__rs_zone({})", zone.text)),
    }
}

pub(super) fn convert_timezone(
    translator: &mut Translator<'_>,
    call: &Call<'_>,
) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 2, 3)?;
    let (source, target, value) = match args.as_slice() {
        [source, target, value] => (zone(translator, source, call.span)?, target, value),
        [target, value] => (literal("UTC"), target, value),
        _ => {
            return Err(translator.not_redshift(
                call.span,
                "`convert_timezone` takes 2 or 3 arguments",
                "",
            ));
        }
    };
    let target = zone(translator, target, call.span)?;
    let text = format!(
        "(({} AT TIME ZONE {source}) AT TIME ZONE {target})",
        as_timestamp(translator.engine, value)
    );
    Ok(Sql::typed(text, Type::Timestamp).of(&args))
}

pub(super) fn timezone(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 2, 2)?;
    let zone = zone(translator, &args[0], call.span)?;
    let value = &args[1];
    let (text, ty) = match value.ty {
        Some(Type::TimestampTz) => (value.text.clone(), Type::Timestamp),
        Some(_) => (as_timestamp(translator.engine, value), Type::TimestampTz),
        None => {
            return Err(translator.unsupported(
                call.args[1].span(),
                "`timezone` of a value of unknown type is not emulated",
                "cast it to timestamp or timestamptz: the two go opposite ways",
            ));
        }
    };
    Ok(Sql::typed(format!("({text} AT TIME ZONE {zone})"), ty).of(&args))
}

/// `date(x)`, a cast in the words of a function.
pub(super) fn date(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, 1)?;
    let text = translator.cast_text(&args[0], Type::Date, false, call.span)?;
    Ok(Sql::typed(text, Type::Date).of(&args))
}
