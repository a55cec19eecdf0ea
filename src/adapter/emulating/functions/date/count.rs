//! Counting with dates: adding to them, and what lies between two.

use sqlparser::ast::Spanned;

use super::as_timestamp;
use super::part::part_argument;
use crate::adapter::Refusal;
use crate::adapter::emulating::engine::Engine;
use crate::adapter::emulating::functions::Call;
use crate::adapter::emulating::moment;
use crate::adapter::emulating::translator::{Constant, Sql, Translator};
use crate::adapter::emulating::types::Type;

/// Days of a week and of a year, and `epoch`, are parts of `date_part` and `extract` alone:
/// <https://docs.aws.amazon.com/redshift/latest/dg/r_Dateparts_for_datetime_functions.html>.
fn no_such_part(translator: &Translator<'_>, call: &Call<'_>, name: &str, part: &str) -> Refusal {
    let help = match part {
        "epoch" => "write `second`",
        _ => "write `day`",
    };
    translator.not_redshift(
        call.args[0].span(),
        format!("`{name}` has no part `{part}`"),
        help,
    )
}

pub(super) fn dateadd(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 3, 3)?;
    let part = part_argument(translator, call.args[0])?;
    let count = translator.count_argument(call, 1)?;
    let value = translator.expr(call.args[2])?;
    translator.is_moment(&value, "dateadd", call.args[2].span())?;
    if let Some(ty) = count.ty
        && (ty.is_float() || matches!(ty, Type::Decimal(..)))
    {
        return Err(translator.not_redshift(
            call.args[1].span(),
            format!("`dateadd` counts whole parts, and this is a {ty}"),
            "cast it to `integer`",
        ));
    }
    let (function, times) = match part {
        "millennium" => ("to_years", 1000),
        "century" => ("to_years", 100),
        "decade" => ("to_years", 10),
        "year" => ("to_years", 1),
        "quarter" => ("to_months", 3),
        "month" => ("to_months", 1),
        "week" => ("to_days", 7),
        "day" => ("to_days", 1),
        "hour" => ("to_hours", 1),
        "minute" => ("to_minutes", 1),
        "second" => ("to_seconds", 1),
        "millisecond" => ("to_microseconds", 1000),
        "microsecond" => ("to_microseconds", 1),
        _ => return Err(no_such_part(translator, call, "dateadd", part)),
    };
    if translator.on_postgres() {
        return Ok(dateadd_on_postgres(translator, part, &count, &value));
    }
    let whole = match function {
        "to_years" | "to_months" | "to_days" => "INTEGER",
        _ => "BIGINT",
    };
    let number = match times {
        1 if matches!(count.constant, Some(Constant::Number(_))) => count.text.clone(),
        1 => format!("CAST({} AS {whole})", count.text),
        _ => format!("CAST({} * {times} AS {whole})", count.text),
    };
    let zoned = value.is(Type::TimestampTz) || matches!(value.ty, Some(Type::Time | Type::TimeTz));
    let (base, ty) = if zoned {
        (value.text.clone(), value.ty)
    } else {
        (
            as_timestamp(translator.engine, &value),
            Some(Type::Timestamp),
        )
    };
    let text = match function {
        "to_years" => format!("__rs.add_years({base}, {number})"),
        _ => format!("({base} + {function}({number}))"),
    };
    Ok(Sql::new(text, ty).of([&count, &value]))
}

/// A number of units times the unit: the clock of PostgreSQL has no functions like `to_months`.
fn dateadd_on_postgres(translator: &Translator<'_>, part: &str, count: &Sql, value: &Sql) -> Sql {
    let unit = match part {
        "quarter" => "3 months",
        part => part,
    };
    let number = match count.constant {
        Some(Constant::Number(_)) => count.text.clone(),
        _ => format!("CAST({} AS BIGINT)", count.text),
    };
    let unit = match unit.starts_with('3') {
        true => unit.to_owned(),
        false => format!("1 {unit}"),
    };
    let zoned = value.is(Type::TimestampTz) || matches!(value.ty, Some(Type::Time | Type::TimeTz));
    let (base, ty) = if zoned {
        (value.text.clone(), value.ty)
    } else {
        (
            as_timestamp(translator.engine, value),
            Some(Type::Timestamp),
        )
    };
    let moved = |base: &str| format!("{base} + {number} * INTERVAL '{unit}'");
    let text = match part {
        "year" | "decade" | "century" | "millennium" => format!(
            "CASE WHEN to_char({base}, 'MMDD') = '0229' THEN {} + INTERVAL '1 day' ELSE {} END",
            moved(&format!("({base} - INTERVAL '1 day')")),
            moved(&base)
        ),
        _ => format!("({})", moved(&base)),
    };
    Sql::new(text, ty).of([count, value])
}

pub(super) fn datediff(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 3, 3)?;
    let part = part_argument(translator, call.args[0])?;
    let (from, to) = (
        translator.expr(call.args[1])?,
        translator.expr(call.args[2])?,
    );
    translator.is_moment(&from, "datediff", call.args[1].span())?;
    translator.is_moment(&to, "datediff", call.args[2].span())?;
    if part == "week" {
        return Err(Refusal {
            help: Some("write `datediff(day, date_trunc('week', a), date_trunc('week', b)) / 7` for weeks that begin on Monday".into()),
            ..translator.unsupported(
                call.args[0].span(),
                "`datediff` in weeks is not emulated",
                "the day on which Redshift begins a week here is not documented",
            )
        });
    }
    let part = match part {
        "doy" | "dow" | "epoch" => {
            return Err(no_such_part(translator, call, "datediff", part));
        }
        part => part,
    };
    let time = |value: &Sql| matches!(value.ty, Some(Type::Time | Type::TimeTz));
    if translator.on_postgres() && (time(&from) || time(&to)) {
        return Err(translator.not_on_postgres(call.span, "`datediff` of times"));
    }
    let engine = translator.engine;
    let side = |value: &Sql| {
        if time(value) {
            return value.text.clone();
        }
        let moment = as_timestamp(engine, value);
        match part {
            // The twentieth century begins in 1901; DuckDB has it begin in 1900.
            "century" | "millennium" if engine == Engine::DuckDb => {
                format!("({moment} - INTERVAL 1 YEAR)")
            }
            _ => moment,
        }
    };
    let function = match translator.on_postgres() {
        true => "__rs.date_diff",
        false => "date_diff",
    };
    Ok(Sql::typed(
        format!("{function}('{part}', {}, {})", side(&from), side(&to)),
        Type::Int8,
    )
    .of([&from, &to]))
}

/// `interval_cmp`: texts are intervals here.
pub(super) fn interval_cmp(
    translator: &mut Translator<'_>,
    call: &Call<'_>,
) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 2, 2)?;
    let mut sides = Vec::new();
    for (arg, expr) in args.into_iter().zip(&call.args) {
        sides.push(match arg.ty {
            Some(ty) if ty.is_text() => translator.cast_to_interval(arg, expr.span())?,
            _ => arg,
        });
    }
    let (a, b) = (&sides[0].text, &sides[1].text);
    let text =
        format!("CASE WHEN {a} < {b} THEN -1 WHEN {a} > {b} THEN 1 WHEN {a} = {b} THEN 0 END");
    Ok(Sql::typed(text, Type::Int4).of(&sides))
}

pub(super) fn next_day(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 2, 2)?;
    let value = translator.expr(call.args[0])?;
    translator.is_moment(&value, "next_day", call.args[0].span())?;
    let day = translator.expr(call.args[1])?;
    let Some(name) = day.constant_text() else {
        return Err(translator.unsupported(
            call.args[1].span(),
            "a weekday that is not constant is not emulated",
            "write its name",
        ));
    };
    // One letter where it tells the day: <https://docs.aws.amazon.com/redshift/latest/dg/r_NEXT_DAY.html>.
    let whole = match name.trim().to_ascii_lowercase().as_str() {
        "m" => "monday",
        "w" => "wednesday",
        "f" => "friday",
        _ => name,
    };
    let Some(day) = moment::weekday(whole) else {
        return Err(translator.not_redshift(
            call.args[1].span(),
            format!("`{name}` is not a weekday"),
            "write `Sunday`, `Sun` or `Su`",
        ));
    };
    let date = format!("CAST({} AS DATE)", as_timestamp(translator.engine, &value));
    let dow = if translator.on_postgres() {
        format!("__rs.date_part('dow', {date})")
    } else {
        format!("date_part('dow', {date})")
    };
    Ok(Sql::typed(
        format!("({date} + CAST(({day} - {dow} + 6) % 7 + 1 AS INTEGER))"),
        Type::Date,
    )
    .of([&value]))
}
