//! Joining texts and cutting them.

use sqlparser::ast::Spanned;
use sqlparser::tokenizer::Span;

use crate::adapter::Refusal;
use crate::adapter::emulating::functions::{Call, TEXT};
use crate::adapter::emulating::translator::{Constant, Sql, Translator};
use crate::adapter::emulating::types::Type;

pub(super) fn concat(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    if call.args.len() > 2 {
        return Err(translator.not_redshift(
            call.span,
            format!("`concat` takes 2 arguments, not {}", call.args.len()),
            "join with `||`",
        ));
    }
    let args = translator.arguments(call, 2, 2)?;
    translator.concatenated(args, &call.args)
}

pub(super) fn substring_call(
    translator: &mut Translator<'_>,
    call: &Call<'_>,
) -> Result<Sql, Refusal> {
    translator.count(call, 2, 3)?;
    let value = translator.expr(call.args[0])?;
    let from = translator.count_argument(call, 1)?;
    let length = match call.args.len() {
        3 => Some(translator.count_argument(call, 2)?),
        _ => None,
    };
    part_of(
        translator,
        value,
        &from,
        length.as_ref(),
        call.args[0].span(),
    )
}

/// A part of a text, or of bytes: there it is counted in bytes.
///
/// <https://docs.aws.amazon.com/redshift/latest/dg/r_SUBSTRING.html>
pub(in crate::adapter::emulating) fn part_of(
    translator: &Translator<'_>,
    value: Sql,
    from: &Sql,
    length: Option<&Sql>,
    span: Span,
) -> Result<Sql, Refusal> {
    let Some(ty @ Type::Varbyte(_)) = value.ty else {
        let text = translator.as_text(value, span)?;
        return Ok(substring(&text, from, length));
    };
    // Two digits a byte.
    let hex = format!("hex({})", value.text);
    let start = format!("2 * ({}) - 1", from.text);
    let text = match length {
        Some(length) => format!("__rs.substring({hex}, {start}, 2 * ({}))", length.text),
        None => format!("__rs.substring_from({hex}, {start})"),
    };
    Ok(Sql::typed(format!("from_hex({text})"), ty).of([&value, from]))
}

/// The bytes of a text, or of bytes.
pub(super) fn octet_length(
    translator: &mut Translator<'_>,
    call: &Call<'_>,
) -> Result<Sql, Refusal> {
    translator.count(call, 1, 1)?;
    let value = translator.expr(call.args[0])?;
    let (function, value) = match value.ty {
        Some(Type::Varbyte(_)) => ("octet_length", value),
        _ => {
            let function = match translator.on_postgres() {
                true => "octet_length",
                false => "strlen",
            };
            (function, translator.as_text(value, call.args[0].span())?)
        }
    };
    let text = format!("CAST({function}({}) AS INTEGER)", value.text);
    Ok(Sql::typed(text, Type::Int4).of([&value]))
}

/// `substring`: characters before the first position count towards the length.
pub(in crate::adapter::emulating) fn substring(
    text: &Sql,
    from: &Sql,
    length: Option<&Sql>,
) -> Sql {
    let start = match &from.constant {
        Some(Constant::Number(number)) => number.parse::<i64>().ok(),
        _ => None,
    };
    let sql = match (start, length) {
        (Some(1..), None) => format!("substring({}, {})", text.text, from.text),
        (Some(1..), Some(length)) if is_count(length) => {
            format!("substring({}, {}, {})", text.text, from.text, length.text)
        }
        (_, None) => format!("__rs.substring_from({}, {})", text.text, from.text),
        (_, Some(length)) => format!(
            "__rs.substring({}, {}, {})",
            text.text, from.text, length.text
        ),
    };
    Sql::typed(sql, TEXT).of([text, from])
}

/// Whether a number is a literal that is not negative.
fn is_count(sql: &Sql) -> bool {
    matches!(&sql.constant, Some(Constant::Number(number)) if !number.starts_with('-'))
}

/// `left` and `right`: a count below zero means on DuckDB what Redshift does not say.
/// `len`, `length`: the characters of a text, the bytes of bytes.
pub(super) fn length(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 1, 1)?;
    let value = translator.expr(call.args[0])?;
    let text = match value.ty {
        Some(Type::Varbyte(_)) => format!("octet_length({})", value.text),
        _ => {
            let text = translator.as_text(value, call.args[0].span())?;
            return Ok(Sql::typed(
                format!("CAST(length({}) AS INTEGER)", text.text),
                Type::Int4,
            )
            .of([&text]));
        }
    };
    Ok(Sql::typed(format!("CAST({text} AS INTEGER)"), Type::Int4))
}

pub(super) fn left_right(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 2, 2)?;
    let text = translator.text_operand(call.args[0])?;
    let count = translator.count_argument(call, 1)?;
    let count_text = if is_count(&count) {
        count.text.clone()
    } else {
        format!("__rs.count({})", count.text)
    };
    let sql = format!("{}({}, {count_text})", call.name, text.text);
    Ok(Sql::typed(sql, TEXT).of([&text, &count]))
}

pub(super) fn split_part(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 3, 3)?;
    let text = translator.text_operand(call.args[0])?;
    let delimiter = translator.text_operand(call.args[1])?;
    if delimiter.constant_text() == Some("") {
        return Err(translator.unsupported(
            call.args[1].span(),
            "`split_part` with an empty delimiter is not emulated",
            "DuckDB would split into characters",
        ));
    }
    let part = translator.count_argument(call, 2)?;
    let sql = match &part.constant {
        Some(Constant::Number(number)) if number.parse::<i64>().is_ok_and(|part| part > 0) => {
            format!("split_part({}, {}, {number})", text.text, delimiter.text)
        }
        Some(Constant::Number(_)) => {
            return Err(translator.not_redshift(
                call.args[2].span(),
                "the part of `split_part` counts from 1",
                "",
            ));
        }
        _ => format!(
            "__rs.split_part({}, {}, {})",
            text.text, delimiter.text, part.text
        ),
    };
    Ok(Sql::typed(sql, TEXT).of([&text, &delimiter, &part]))
}
