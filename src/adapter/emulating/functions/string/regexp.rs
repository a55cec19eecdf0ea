//! The functions of regular expressions.

use sqlparser::ast::Spanned;

use crate::adapter::Refusal;
use crate::adapter::emulating::functions::{Call, TEXT};
use crate::adapter::emulating::translator::{Constant, Sql, Translator};
use crate::adapter::emulating::types::Type;
use crate::adapter::emulating::{literal, regex};

/// The parameters that come last: `i` ignores case, `p` is the Perl dialect, `e` wants a group.
struct Options {
    text: String,
    perl: bool,
    group: bool,
}

fn options(
    translator: &mut Translator<'_>,
    call: &Call<'_>,
    at: usize,
) -> Result<Options, Refusal> {
    let mut options = Options {
        text: String::new(),
        perl: false,
        group: false,
    };
    let Some(expr) = call.args.get(at) else {
        return Ok(options);
    };
    let sql = translator.expr(expr)?;
    let Some(given) = sql.constant_text() else {
        return Err(translator.unsupported(
            expr.span(),
            "parameters that are not constant are not emulated",
            "write them as a text",
        ));
    };
    for parameter in given.chars() {
        match parameter {
            'c' => options.text.retain(|option| option != 'i'),
            'i' => options.text.push('i'),
            'p' => options.perl = true,
            'e' => options.group = true,
            _ => {
                return Err(translator.not_redshift(
                    expr.span(),
                    format!("`{parameter}` is not a parameter of `{}`", call.name),
                    "",
                ));
            }
        }
    }
    Ok(options)
}

fn with_options(options: &Options) -> String {
    if options.text.is_empty() {
        String::new()
    } else {
        format!(", {}", literal(&options.text))
    }
}

/// The text to search: all of it, or from a position on.
fn from_position(
    translator: &mut Translator<'_>,
    call: &Call<'_>,
    text: &Sql,
    at: usize,
) -> Result<String, Refusal> {
    Ok(match call.args.get(at) {
        None => text.text.clone(),
        Some(expr) => {
            let position = translator.expr(expr)?;
            match &position.constant {
                Some(Constant::Number(number)) if number == "1" => text.text.clone(),
                _ => format!("substring({}, {})", text.text, position.text),
            }
        }
    })
}

/// The pattern of a call in the words of the engine; refused where its match may be another one there.
fn pattern(
    translator: &mut Translator<'_>,
    call: &Call<'_>,
    options: &Options,
) -> Result<String, Refusal> {
    let (pattern, span) = (translator.expr(call.args[1])?, call.args[1].span());
    let text = translator.pattern(&pattern, options.perl, span)?;
    // Perl takes the first of them, as DuckDB does.
    if !options.perl || translator.on_postgres() {
        regex::one_way(pattern.constant_text().unwrap_or_default()).map_err(|reason| Refusal {
            help: Some(
                "write them so that one alone can match, such as `ab?` for `a|ab`".to_owned(),
            ),
            ..translator.unsupported(span, "this regular expression is not emulated", reason)
        })?;
    }
    Ok(text)
}

/// RE2 knows `(?i)` inside a pattern, for functions that take no options.
fn inline(pattern: &str, options: &Options) -> String {
    if options.text.contains('i') {
        format!("'(?i)' || {pattern}")
    } else {
        pattern.to_owned()
    }
}

pub(super) fn regexp_count(
    translator: &mut Translator<'_>,
    call: &Call<'_>,
) -> Result<Sql, Refusal> {
    translator.count(call, 2, 4)?;
    let text = translator.text_operand(call.args[0])?;
    let options = options(translator, call, 3)?;
    let pattern = pattern(translator, call, &options)?;
    let source = from_position(translator, call, &text, 2)?;
    if translator.on_postgres() {
        let text = format!(
            "__rs.regexp_count({source}, {pattern}, {})",
            literal(&options.text)
        );
        return Ok(Sql::typed(text, Type::Int4));
    }
    Ok(Sql::typed(
        format!(
            "CAST(len(regexp_extract_all({source}, {})) AS INTEGER)",
            inline(&pattern, &options)
        ),
        Type::Int4,
    )
    .of([&text]))
}

pub(super) fn regexp_substr(
    translator: &mut Translator<'_>,
    call: &Call<'_>,
) -> Result<Sql, Refusal> {
    translator.count(call, 2, 5)?;
    let text = translator.text_operand(call.args[0])?;
    let options = options(translator, call, 4)?;
    let pattern = pattern(translator, call, &options)?;
    let source = from_position(translator, call, &text, 2)?;
    if translator.on_postgres() {
        let occurrence = match call.args.get(3) {
            Some(occurrence) => translator.expr(occurrence)?.text,
            None => "1".to_owned(),
        };
        // The first group is what is told of a match: without one that is wanted, the whole is made one.
        let pattern = match options.group {
            true => pattern,
            false => format!("'(' || {pattern} || ')'"),
        };
        let text = format!(
            "__rs.regexp_substr({source}, {pattern}, {occurrence}, {})",
            literal(&options.text)
        );
        return Ok(Sql::typed(text, TEXT));
    }
    let group = i32::from(options.group);
    let sql = match call.args.get(3) {
        None => format!(
            "regexp_extract({source}, {pattern}, {group}{})",
            with_options(&options)
        ),
        Some(occurrence) => {
            let occurrence = translator.expr(occurrence)?;
            let all = format!(
                "regexp_extract_all({source}, {}, {group})",
                inline(&pattern, &options)
            );
            // No match is an empty text, a NULL text is NULL.
            format!(
                "CASE WHEN {source} IS NOT NULL THEN coalesce({all}[{}], '') END",
                occurrence.text
            )
        }
    };
    Ok(Sql::typed(sql, TEXT).of([&text]))
}

pub(super) fn regexp_instr(
    translator: &mut Translator<'_>,
    call: &Call<'_>,
) -> Result<Sql, Refusal> {
    if call.args.len() > 4 && translator.on_postgres() {
        return Err(translator.not_on_postgres(call.span, "`regexp_instr` with an option"));
    }
    translator.count(call, 2, 6)?;
    let text = translator.text_operand(call.args[0])?;
    let options = options(translator, call, 5)?;
    if options.group {
        return Err(translator.unsupported(
            call.args[5].span(),
            "`regexp_instr` of a group is not emulated",
            "leave out the parameter `e`",
        ));
    }
    let pattern = pattern(translator, call, &options)?;
    let pattern = inline(&pattern, &options);
    let position = match call.args.get(2) {
        Some(position) => translator.expr(position)?.text,
        None => "1".to_owned(),
    };
    let occurrence = match call.args.get(3) {
        Some(occurrence) => translator.expr(occurrence)?.text,
        None => "1".to_owned(),
    };
    if translator.on_postgres() {
        let text = format!(
            "__rs.regexp_instr({}, {pattern}, {position}, {occurrence})",
            text.text
        );
        return Ok(Sql::typed(text, Type::Int4));
    }
    let option = match call.args.get(4) {
        Some(option) => translator.expr(option)?.text,
        None => "0".to_owned(),
    };
    Ok(Sql::typed(
        format!("__rs_regexp_instr({}, {pattern}, CAST({position} AS INTEGER), CAST({occurrence} AS INTEGER), CAST({option} AS INTEGER))", text.text),
        Type::Int4,
    )
    .of([&text]))
}

pub(super) fn regexp_replace(
    translator: &mut Translator<'_>,
    call: &Call<'_>,
) -> Result<Sql, Refusal> {
    translator.count(call, 2, 5)?;
    let text = translator.text_operand(call.args[0])?;
    let options = options(translator, call, 4)?;
    let pattern = pattern(translator, call, &options)?;
    let replacement = match call.args.get(2) {
        None => "''".to_owned(),
        Some(expr) => {
            let sql = translator.expr(expr)?;
            match sql.constant_text() {
                Some(constant) => literal(&regex::replacement(constant).map_err(|reason| {
                    translator.unsupported(expr.span(), "this replacement is not emulated", &reason)
                })?),
                None => {
                    return Err(translator.unsupported(
                        expr.span(),
                        "a replacement that is not constant is not emulated",
                        "its `$1` are rewritten when the query is translated",
                    ));
                }
            }
        }
    };
    // What stands before the position stays as it is.
    let mut skipped = 0;
    if let Some(position) = call.args.get(3) {
        let position_sql = translator.expr(position)?;
        let number = match &position_sql.constant {
            Some(Constant::Number(number)) => number.parse::<u32>().ok(),
            _ => None,
        };
        let Some(number) = number.filter(|number| *number > 0) else {
            return Err(translator.unsupported(
                position.span(),
                "`regexp_replace` from a position that is no number from 1 on is not emulated",
                "join `left(x, n)` and the replaced rest with `||`",
            ));
        };
        skipped = number - 1;
    }
    if translator.on_postgres() && replacement.contains("\\0") {
        return Err(translator.not_on_postgres(call.span, "`$0` in a replacement"));
    }
    let flags = literal(&format!("g{}", options.text));
    let replaced = match skipped {
        0 => format!(
            "regexp_replace({}, {pattern}, {replacement}, {flags})",
            text.text
        ),
        _ => format!(
            "(left({0}, {skipped}) || regexp_replace(substring({0}, {1}), {pattern}, {replacement}, {flags}))",
            text.text,
            skipped + 1
        ),
    };
    Ok(Sql::typed(replaced, TEXT).of([&text]))
}
