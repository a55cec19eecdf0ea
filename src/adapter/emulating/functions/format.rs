//! Data type formatting functions.

use sqlparser::ast::Spanned;

use super::{Call, How, Kind, Row, TEXT, row};
use crate::adapter::Refusal;
use crate::adapter::emulating::translator::{Constant, Sql, Translator};
use crate::adapter::emulating::types::Type;
use crate::adapter::emulating::{moment, number};

/// Formatting functions: <https://docs.aws.amazon.com/redshift/latest/dg/r_Data_type_formatting.html>.
pub(in super::super) const ROWS: &[Row] = &[
    row(
        "cast",
        How::Refused("the form is `cast(x as type)`", ""),
        "r_CAST_function.html",
        &[
            ("SELECT '12'::int", "12"),
            ("SELECT CAST('1.555' AS DECIMAL(5,2))", "1.56"),
            ("SELECT 't'::boolean", "True"),
            ("SELECT 1::boolean", "True"),
            ("SELECT '1'::int8 + '2.5'::float8", "3.5"),
            ("SELECT CAST('2024-01-15' AS DATE)", "2024-01-15"),
            ("SELECT CAST('x' AS VARCHAR(MAX))", "x"),
            ("SELECT 'abcdef'::varchar(3)", "abc"),
            ("SELECT CAST('abc' AS CHAR(5)) || '|'", "abc|"),
            ("SELECT 'café'::varchar(4)", "caf"),
            (
                "SELECT (rep || 'é')::varchar(4) FROM sales WHERE id=1",
                "ann",
            ),
            ("SELECT CAST(2.5::float AS INT)", "3"),
            ("SELECT CAST(1.7 AS INT)", "2"),
            ("SELECT amt::int FROM sales WHERE id=2", "21"),
            ("SELECT (qty::float/2)::int FROM sales WHERE id=5", "3"),
            ("SELECT '2.5'::int", "ERROR"),
            ("SELECT (note || '1')::int FROM sales WHERE id=5", "1"),
            ("SELECT (note || '1.5')::int FROM sales WHERE id=5", "ERROR"),
            ("SELECT (qty > 1)::varchar FROM sales WHERE id=1", "ERROR"),
            ("SELECT 1.50::float::varchar", "1.5"),
            ("SELECT '20240115'::date", "2024-01-15"),
            (
                "SELECT '2024-01-15 10:00:00+02'::timestamp",
                "2024-01-15 10:00:00",
            ),
            (
                "SELECT s::timestamp FROM (SELECT note || '2024-01-15T10:00:00+02:00' AS s FROM sales WHERE id=5)",
                "2024-01-15 10:00:00",
            ),
            (
                "SELECT s::timestamptz = '2024-01-15 08:00:00+00'::timestamptz FROM (SELECT note || '2024-01-15T10:00:00+02:00' AS s FROM sales WHERE id=5)",
                "True",
            ),
            (
                "SELECT (note || '20240115')::date FROM sales WHERE id=5",
                "2024-01-15",
            ),
            ("SELECT MAX(ts)::date FROM sales", "2024-12-30"),
            ("SELECT MAX(rep)::date FROM sales", "ERROR"),
            ("SELECT TIMESTAMP '2024-01-15 10:30:45'::date", "2024-01-15"),
            (
                "SELECT '2024-01-15 10:30:45.123456789'::timestamp",
                "2024-01-15 10:30:45.123457",
            ),
            ("SELECT TRUE::int", "1"),
            ("SELECT 12::text || '!'", "12!"),
            ("SELECT 1.5::boolean", "ERROR"),
            ("SELECT 'epoch'::timestamp", "1970-01-01 00:00:00"),
            ("SELECT 3::decimal", "3"),
            ("SELECT 'x'::uuid", "ERROR"),
        ],
    ),
    row(
        "convert",
        How::Refused("the form is `convert(type, x)`", ""),
        "r_CONVERT_function.html",
        &[("SELECT CONVERT(INTEGER,'12')", "12")],
    ),
    row(
        "text_to_int_alt",
        How::Refused("it is emulated nowhere", "cast with `::int`"),
        "r_TEXT_TO_INT_ALT.html",
        &[],
    ),
    row(
        "text_to_numeric_alt",
        How::Refused("it is emulated nowhere", "cast with `::decimal`"),
        "r_TEXT_TO_NUMERIC_ALT.html",
        &[],
    ),
    row(
        "to_char",
        How::Native(Kind::Scalar, to_char),
        "r_TO_CHAR.html",
        &[
            (
                "SELECT TO_CHAR(TIMESTAMP '2024-01-15 10:30:45','YYYY-MM-DD')",
                "2024-01-15",
            ),
            (
                "SELECT TO_CHAR(TIMESTAMP '2024-01-15 10:30:45','YYYY-MM-DD HH24:MI:SS')",
                "2024-01-15 10:30:45",
            ),
            (
                "SELECT TO_CHAR(TIMESTAMP '2024-01-15 10:30:45','Mon DD, YYYY')",
                "Jan 15, 2024",
            ),
            ("SELECT TO_CHAR(DATE '2024-01-15','YYYYMM')", "202401"),
            ("SELECT TO_CHAR(DATE '2024-01-15','Day')", "Monday   "),
            ("SELECT TO_CHAR(DATE '2024-01-15','D')", "2"),
            ("SELECT TO_CHAR(DATE '2024-01-15','\"Q\"Q-YYYY')", "Q1-2024"),
            ("SELECT TO_CHAR(DATE '2024-01-15','IYYY-IW')", "2024-03"),
            (
                "SELECT TO_CHAR(TIMESTAMP '2024-01-15 15:30:45','HH12:MI AM')",
                "03:30 PM",
            ),
            ("SELECT TO_CHAR(1234.5,'999,999.99')", "   1,234.50"),
            ("SELECT TO_CHAR(12,'00000')", " 00012"),
            ("SELECT TO_CHAR(12,'FM00000')", "00012"),
            ("SELECT TO_CHAR(-125.8, '999D99S')", "125.80-"),
            ("SELECT TO_CHAR(-125.88, '$S999D99')", "$-125.88"),
            ("SELECT TO_CHAR(-125.88, '$999D99PR')", "$<125.88>"),
            ("SELECT TO_CHAR(618.80, 'l99999D99')", "$   618.80"),
            ("SELECT TO_CHAR(ts, 'HH24') FROM sales WHERE id=1", "10"),
            (
                "SELECT TO_CHAR(d, 'MM/DD/YY') FROM sales WHERE id=1",
                "01/15/24",
            ),
            (
                "SELECT TO_CHAR(amt, 'FM990.0') FROM sales WHERE id=2",
                "20.5",
            ),
            ("SELECT TO_CHAR(NULL::timestamp, 'YYYY')", "null"),
        ],
    ),
    row(
        "to_date",
        How::Native(Kind::Scalar, to_date),
        "r_TO_DATE_function.html",
        &[
            ("SELECT TO_DATE('20240115','YYYYMMDD')", "2024-01-15"),
            (
                "SELECT TO_DATE('2021-11-07T02:48:42Z','YYYY-MM-DD\"T\"HH24:MI:SSZ')",
                "2021-11-07",
            ),
            ("SELECT TO_DATE('15/01/2024','DD/MM/YYYY')", "2024-01-15"),
            ("SELECT TO_DATE('15 Jan 2024','DD Mon YYYY')", "2024-01-15"),
            ("SELECT TO_DATE(rep, 'YYYY') FROM sales WHERE id=1", "ERROR"),
            ("SELECT TO_DATE('20010631', 'YYYYMMDD')", "2001-07-01"),
            (
                "SELECT TO_DATE('20010631', 'YYYYMMDD', FALSE)",
                "2001-07-01",
            ),
            ("SELECT TO_DATE('20010631', 'YYYYMMDD', TRUE)", "ERROR"),
            (
                "SELECT TO_DATE('02 Oct 2001', 'DD Mon YYYY', TRUE)",
                "2001-10-02",
            ),
        ],
    ),
    row(
        "to_number",
        How::Native(Kind::Scalar, to_number),
        "r_TO_NUMBER.html",
        &[
            ("SELECT TO_NUMBER('12,454.8','99G999D9')", "12454.8"),
            ("SELECT TO_NUMBER('12,454.8-','99G999D9S')", "-12454.8"),
        ],
    ),
    row(
        "to_timestamp",
        How::Native(Kind::Scalar, to_timestamp),
        "r_TO_TIMESTAMP.html",
        &[
            (
                "SELECT TO_TIMESTAMP('2024-01-15 10:30:45','YYYY-MM-DD HH24:MI:SS')::timestamp",
                "2024-01-15 10:30:45",
            ),
            (
                "SELECT TO_TIMESTAMP('2011-12-18 24:38:15', 'YYYY-MM-DD HH24:MI:SS')::timestamp",
                "2011-12-19 00:38:15",
            ),
            (
                "SELECT TO_TIMESTAMP('2011-12-18 24:38:15', 'YYYY-MM-DD HH24:MI:SS', TRUE)",
                "ERROR",
            ),
            (
                "SELECT TO_TIMESTAMP('2017','YYYY')::timestamp",
                "2017-01-01 00:00:00",
            ),
        ],
    ),
];

/// The format of a call, checked where it is constant.
fn format(
    translator: &mut Translator<'_>,
    call: &Call<'_>,
    check: impl Fn(&str) -> Result<(), String>,
) -> Result<Sql, Refusal> {
    let expr = call.args[1];
    let format = translator.expr(expr)?;
    let Some(text) = format.constant_text() else {
        return Err(translator.unsupported(
            expr.span(),
            "a format that is not constant is not emulated",
            "its patterns are checked when the query is translated",
        ));
    };
    check(text).map_err(|reason| {
        translator.unsupported(
            expr.span(),
            format!("the format `{text}` is not emulated"),
            &reason,
        )
    })?;
    Ok(format)
}

fn to_char(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 2, 2)?;
    let value = translator.expr(call.args[0])?;
    let of_numbers = translator
        .expr(call.args[1])?
        .constant_text()
        .is_some_and(number::is_number_format);
    let numbers = match value.ty {
        Some(ty) if ty.is_number() => true,
        Some(_) => false,
        None => of_numbers,
    };
    let text = if numbers {
        let format = format(translator, call, number::check_format)?;
        if translator.on_postgres() {
            // Its locale may have another currency, or none.
            let format = format.text.replace(['L', 'l'], "$");
            let number = match value.ty.is_some_and(Type::is_float) {
                true => value.text.clone(),
                false => format!("CAST({} AS NUMERIC)", value.text),
            };
            let text = format!("to_char({number}, {format})");
            return Ok(Sql::typed(text, TEXT).of([&value]));
        }
        let digits = match value.ty {
            Some(Type::Float4) => Some(6),
            Some(Type::Float8) => Some(15),
            _ => None,
        };
        match digits {
            Some(digits) => format!(
                "__rs_float_number_text(CAST({} AS DOUBLE), {digits}, {})",
                value.text, format.text
            ),
            None => format!(
                "__rs_number_text(CAST({} AS VARCHAR), {})",
                value.text, format.text
            ),
        }
    } else {
        translator.is_moment(&value, "to_char", call.args[0].span())?;
        let format = format(translator, call, moment::check_format)?;
        if translator.on_postgres() {
            let text = format!(
                "to_char(CAST({} AS TIMESTAMP), {})",
                value.text, format.text
            );
            return Ok(Sql::typed(text, TEXT).of([&value]));
        }
        format!(
            "__rs_moment_text(CAST(CAST({} AS TIMESTAMP) AS VARCHAR), {})",
            value.text, format.text
        )
    };
    Ok(Sql::typed(text, TEXT).of([&value]))
}

fn to_date(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    moment_call(translator, call, Type::Date)
}

fn to_timestamp(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    moment_call(translator, call, Type::TimestampTz)
}

fn moment_call(translator: &mut Translator<'_>, call: &Call<'_>, ty: Type) -> Result<Sql, Refusal> {
    translator.count(call, 2, 3)?;
    let strict = match call.args.get(2) {
        None => false,
        Some(expr) => match translator.expr(expr)?.constant {
            Some(Constant::Bool(strict)) => strict,
            _ => {
                return Err(translator.unsupported(
                    expr.span(),
                    "`is_strict` that is not constant is not emulated",
                    "write `true` or `false`",
                ));
            }
        },
    };
    let value = translator.text_operand(call.args[0])?;
    let format = format(translator, call, moment::check_format_to_read)?;
    if translator.on_postgres() {
        let function = if ty == Type::Date {
            "to_date"
        } else {
            "to_timestamp"
        };
        let text = format!("{function}({}, {})", value.text, format.text);
        return Ok(Sql::typed(text, ty).of([&value]));
    }
    let function = if strict {
        "__rs_moment_of"
    } else {
        "__rs_moment_around"
    };
    let text = format!(
        "CAST(CAST({function}({}, {}) AS TIMESTAMP) AS {})",
        value.text,
        format.text,
        ty.duckdb()
    );
    Ok(Sql::typed(text, ty).of([&value]))
}

fn to_number(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 2, 2)?;
    let value = translator.text_operand(call.args[0])?;
    let format = format(translator, call, number::check_format_to_read)?;
    let digits = format.constant_text().map(number::format_digits);
    let Some(Ok((precision, scale))) = digits else {
        return Err(translator.unsupported(
            call.span,
            "this format of `to_number` is not emulated",
            "it has no digits",
        ));
    };
    let function = match translator.on_postgres() {
        true => "to_number",
        false => "__rs_number_of",
    };
    let text = format!(
        "CAST({function}({}, {}) AS DECIMAL({precision}, {scale}))",
        value.text, format.text
    );
    Ok(Sql::typed(text, Type::Decimal(precision, scale)).of([&value]))
}
