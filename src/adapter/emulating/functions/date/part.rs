//! Date parts: their spellings, and reading one.

use sqlparser::ast::{Expr, Spanned};
use sqlparser::tokenizer::Span;

use super::moment_of;
use crate::adapter::Refusal;
use crate::adapter::emulating::functions::Call;
use crate::adapter::emulating::translator::{Constant, Sql, Translator, fold};
use crate::adapter::emulating::types::Type;
use crate::diagnostic::nearest;

/// Date parts with their abbreviations, and DuckDB's name:
/// <https://docs.aws.amazon.com/redshift/latest/dg/r_Dateparts_for_datetime_functions.html>.
pub(in crate::adapter::emulating) const PARTS: &[(&str, &[&str])] = &[
    ("millennium", &["millennium", "millennia", "mil", "mils"]),
    ("century", &["century", "centuries", "c", "cent", "cents"]),
    ("decade", &["decade", "decades", "dec", "decs"]),
    ("epoch", &["epoch"]),
    ("year", &["year", "years", "y", "yr", "yrs"]),
    ("quarter", &["quarter", "quarters", "qtr", "qtrs"]),
    ("month", &["month", "months", "mon", "mons"]),
    ("week", &["week", "weeks", "w"]),
    ("dow", &["dayofweek", "dow", "dw", "weekday"]),
    ("doy", &["dayofyear", "doy", "dy", "yearday"]),
    ("day", &["day", "days", "d"]),
    ("hour", &["hour", "hours", "h", "hr", "hrs"]),
    ("minute", &["minute", "minutes", "m", "min", "mins"]),
    ("second", &["second", "seconds", "s", "sec", "secs"]),
    (
        "millisecond",
        &[
            "millisecond",
            "milliseconds",
            "ms",
            "msec",
            "msecs",
            "msecond",
            "mseconds",
            "millisec",
            "millisecs",
            "millisecon",
        ],
    ),
    (
        "microsecond",
        &[
            "microsecond",
            "microseconds",
            "microsec",
            "microsecs",
            "usecond",
            "useconds",
            "us",
            "usec",
            "usecs",
        ],
    ),
];

/// Whether a word is a date part.
pub fn is_date_part(word: &str) -> bool {
    let word = word.to_lowercase();
    let mut spellings = PARTS.iter().flat_map(|(_, spellings)| *spellings);
    spellings.any(|spelling| *spelling == word)
}

pub(super) fn part(
    translator: &Translator<'_>,
    name: &str,
    span: Span,
) -> Result<&'static str, Refusal> {
    let name = name.trim_matches('\'').to_lowercase();
    let found = PARTS
        .iter()
        .find(|(_, spellings)| spellings.contains(&name.as_str()))
        .map(|(part, _)| *part);
    found.ok_or_else(|| {
        if name.starts_with("timezone") {
            return translator.unsupported(
                span,
                format!("the date part `{name}` is not emulated"),
                "all times are in UTC here",
            );
        }
        let near = nearest(
            &name,
            PARTS
                .iter()
                .flat_map(|(_, spellings)| spellings.iter().copied()),
        );
        Refusal {
            help: near.map(|near| format!("did you mean `{near}`?")),
            ..translator.refuse(
                "unknown-date-part",
                span,
                format!("`{name}` is not a date part of Redshift"),
            )
        }
    })
}

/// The date part that an argument names: a bare word or a text.
pub(super) fn part_argument(
    translator: &mut Translator<'_>,
    expr: &Expr,
) -> Result<&'static str, Refusal> {
    let name = match expr {
        Expr::Identifier(ident) => fold(ident),
        _ => match translator.expr(expr)?.constant {
            Some(Constant::Text(text)) => text,
            _ => {
                return Err(translator.unsupported(
                    expr.span(),
                    "a date part that is not constant is not emulated",
                    "write it as a word",
                ));
            }
        },
    };
    part(translator, &name, expr.span())
}

/// `extract(part from x)`: an integer.
pub(in crate::adapter::emulating) fn date_part(
    translator: &mut Translator<'_>,
    name: &str,
    value: &Sql,
    span: Span,
) -> Result<Sql, Refusal> {
    let part = part(translator, name, span)?;
    translator.is_moment(value, "extract", span)?;
    let x = moment_of(translator.engine, value);
    if translator.on_postgres() {
        let ty = match part {
            "epoch" => Type::Int8,
            _ => Type::Int4,
        };
        let text = format!(
            "CAST(__rs.date_part('{part}', {x}) AS {})",
            translator.engine.type_name(ty)
        );
        return Ok(Sql::typed(text, ty).of([value]));
    }
    let text = match part {
        "epoch" => {
            let text = format!("CAST(floor(epoch({x})) AS BIGINT)");
            return Ok(extracted(text, Type::Int8, value));
        }
        "millisecond" => format!("(date_part('millisecond', {x}) % 1000)"),
        "microsecond" => format!("(date_part('microsecond', {x}) % 1000000)"),
        // The first decade ends with the year 9: the twenty-first century begins with the decade 201.
        "decade" => format!("(date_part('decade', {x}) + 1)"),
        _ => format!("date_part('{part}', {x})"),
    };
    let text = format!("CAST({text} AS INTEGER)");
    Ok(extracted(text, Type::Int4, value))
}

/// A part of a moment with a zone is a float.
///
/// <https://docs.aws.amazon.com/redshift/latest/dg/r_EXTRACT_function.html>
fn extracted(text: String, ty: Type, value: &Sql) -> Sql {
    let sql = if value.is(Type::TimestampTz) {
        Sql::typed(format!("CAST({text} AS DOUBLE)"), Type::Float8)
    } else {
        Sql::typed(text, ty)
    };
    sql.of([value])
}

pub(super) fn date_part_call(
    translator: &mut Translator<'_>,
    call: &Call<'_>,
) -> Result<Sql, Refusal> {
    translator.count(call, 2, 2)?;
    let part = part_argument(translator, call.args[0])?;
    let value = translator.expr(call.args[1])?;
    translator.is_moment(&value, "date_part", call.args[1].span())?;
    if part == "second" {
        return Ok(seconds(translator, &value));
    }
    let sql = date_part(translator, part, &value, call.args[0].span())?;
    // The documentation says DOUBLE: date_part(…) / 2 keeps its half.
    Ok(Sql {
        text: format!(
            "CAST({} AS {})",
            sql.text,
            translator.engine.type_name(Type::Float8)
        ),
        ty: Some(Type::Float8),
        ..sql
    })
}

/// `date_part` reads the seconds with their fraction, which `extract` leaves out.
///
/// <https://docs.aws.amazon.com/redshift/latest/dg/r_Dateparts_for_datetime_functions.html>
fn seconds(translator: &Translator<'_>, value: &Sql) -> Sql {
    let x = moment_of(translator.engine, value);
    let text = if translator.on_postgres() {
        format!(
            "(CAST(__rs.date_part('second', {x}) AS DOUBLE PRECISION) + CAST(__rs.date_part('microsecond', {x}) AS DOUBLE PRECISION) / 1000000)"
        )
    } else {
        format!("(CAST(date_part('microsecond', {x}) AS DOUBLE) / 1000000)")
    };
    Sql::typed(text, Type::Float8).of([value])
}

pub(super) fn date_trunc(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 2, 2)?;
    let part = part_argument(translator, call.args[0])?;
    if matches!(part, "dow" | "doy" | "epoch") {
        return Err(translator.not_redshift(
            call.args[0].span(),
            format!("`date_trunc` has no part `{part}`"),
            "",
        ));
    }
    let value = translator.expr(call.args[1])?;
    translator.is_moment(&value, "date_trunc", call.args[1].span())?;
    let ty = match value.ty {
        Some(Type::TimestampTz) => Some(Type::TimestampTz),
        None => None,
        _ => Some(Type::Timestamp),
    };
    let function = if translator.on_postgres() {
        "__rs.date_trunc"
    } else {
        "date_trunc"
    };
    let moment = moment_of(translator.engine, &value);
    let years = match part {
        "century" | "millennium" if !translator.on_postgres() => Some(part),
        _ => None,
    };
    let text = match years {
        // The twentieth century begins in 1901; DuckDB has it begin in 1900.
        Some(part) => {
            format!("(date_trunc('{part}', {moment} - INTERVAL 1 YEAR) + INTERVAL 1 YEAR)")
        }
        None => format!("{function}('{part}', {moment})"),
    };
    Ok(Sql::new(text, ty).of([&value]))
}
