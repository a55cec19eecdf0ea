//! Bytes: `varbyte` values in and out of texts.

use sqlparser::ast::Spanned;

use super::{Call, How, Kind, Returns, Row, TEXT, row};
use crate::adapter::Refusal;
use crate::adapter::emulating::translator::{Sql, Translator};
use crate::adapter::emulating::types::Type;

const BYTES: Type = Type::Varbyte(64_000);

/// `varbyte` functions: <https://docs.aws.amazon.com/redshift/latest/dg/varbyte-functions.html>.
pub(in super::super) const ROWS: &[Row] = &[
    row(
        "from_hex",
        How::Forms(&[(1, "from_hex({0:t})")], Returns::Is(BYTES)),
        "r_FROM_HEX.html",
        &[
            ("SELECT TO_HEX(FROM_HEX('6162'))", "6162"),
            ("SELECT FROM_VARBYTE(FROM_HEX('616263'), 'utf8')", "abc"),
            ("SELECT FROM_HEX('xy')", "ERROR"),
        ],
    ),
    row(
        "from_varbyte",
        How::Native(Kind::Scalar, from_varbyte),
        "r_FROM_VARBYTE.html",
        &[
            ("SELECT FROM_VARBYTE('ab'::varbyte, 'hex')", "6162"),
            ("SELECT FROM_VARBYTE('café'::varbyte, 'utf8')", "café"),
            ("SELECT FROM_VARBYTE('abc'::varbyte, 'base64')", "YWJj"),
            ("SELECT FROM_VARBYTE(FROM_HEX('4d'), 'binary')", "01001101"),
            ("SELECT FROM_VARBYTE('ab'::varbyte, 'octal')", "ERROR"),
        ],
    ),
    row(
        "getbit",
        How::Native(Kind::Scalar, getbit),
        "r_GETBIT.html",
        &[
            ("SELECT GETBIT(FROM_HEX('4d'), 2)", "1"),
            (
                "SELECT GETBIT(FROM_HEX('4d'), 7) || GETBIT(FROM_HEX('4d'), 6) || GETBIT(FROM_HEX('4d'), 1) || GETBIT(FROM_HEX('4d'), 0)",
                "0101",
            ),
            (
                "SELECT GETBIT(FROM_HEX('4d01'), 0) + GETBIT(FROM_HEX('4d01'), 14)",
                "2",
            ),
            ("SELECT GETBIT(FROM_HEX('4d'), 8)", "ERROR"),
            ("SELECT GETBIT('M', 0)", "ERROR"),
        ],
    ),
    row(
        "json_serialize_to_varbyte",
        How::Forms(
            &[(1, "encode(CAST(json({0}) AS VARCHAR))")],
            Returns::Is(BYTES),
        ),
        "JSON_SERIALIZE_TO_VARBYTE.html",
        &[(
            "SELECT TO_HEX(JSON_SERIALIZE_TO_VARBYTE(JSON_PARSE('[10001,10002,\"abc\"]')))",
            "5b31303030312c31303030322c22616263225d",
        )],
    ),
    row(
        "to_varbyte",
        How::Native(Kind::Scalar, to_varbyte),
        "r_TO_VARBYTE.html",
        &[
            ("SELECT TO_HEX(TO_VARBYTE('abc', 'utf8'))", "616263"),
            (
                "SELECT FROM_VARBYTE(TO_VARBYTE('616263', 'hex'), 'utf8')",
                "abc",
            ),
            ("SELECT TO_HEX(TO_VARBYTE('YWJj', 'base64'))", "616263"),
            ("SELECT TO_HEX(TO_VARBYTE('01001101', 'binary'))", "4d"),
            ("SELECT TO_VARBYTE('0100110', 'binary')", "ERROR"),
            (
                "SELECT TO_VARBYTE('a\\\\x41', 'utf8') = TO_VARBYTE('a\\\\x41', 'utf8')",
                "True",
            ),
            (
                "SELECT TO_HEX(TO_VARBYTE('a\\\\x41', 'utf8'))",
                "615c783431",
            ),
        ],
    ),
];

/// The format of bytes in a text, which must be constant.
fn format(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<&'static str, Refusal> {
    translator.count(call, 2, 2)?;
    let format = translator.expr(call.args[1])?;
    let known = ["hex", "utf8", "utf-8", "base64", "binary"];
    let found = format.constant_text().and_then(|text| {
        known
            .into_iter()
            .find(|known| text.eq_ignore_ascii_case(known))
    });
    found.ok_or_else(|| {
        translator.unsupported(
            call.args[1].span(),
            "this format of bytes is not emulated",
            "`hex`, `utf8`, `binary` and `base64`, as constant texts, are",
        )
    })
}

fn from_varbyte(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let format = format(translator, call)?;
    let bytes = translator.expr(call.args[0])?;
    let text = match format {
        "hex" => format!("lower(hex({}))", bytes.text),
        "base64" => format!("to_base64({})", bytes.text),
        "binary" => format!("CAST(CAST({} AS BIT) AS VARCHAR)", bytes.text),
        _ => format!("decode({})", bytes.text),
    };
    Ok(Sql::typed(text, TEXT).of([&bytes]))
}

/// A bit of bytes, counted from the last one.
fn getbit(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 2, 2)?;
    let bytes = translator.expr(call.args[0])?;
    if !(matches!(bytes.ty, Some(Type::Varbyte(_)) | None) || bytes.is_null()) {
        return Err(translator.not_redshift(
            call.args[0].span(),
            "`getbit` takes bytes",
            "cast it to `varbyte`",
        ));
    }
    let index = translator.count_argument(call, 1)?;
    let text = format!(
        "get_bit(CAST({0} AS BIT), CAST(8 * octet_length({0}) - 1 - {1} AS INTEGER))",
        bytes.text, index.text
    );
    Ok(Sql::typed(text, Type::Int4).of([&bytes, &index]))
}

fn to_varbyte(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let format = format(translator, call)?;
    let text = translator.text_operand(call.args[0])?;
    let bytes = match format {
        "hex" => format!("from_hex({})", text.text),
        "base64" => format!("from_base64({})", text.text),
        "binary" => format!("__rs.of_bits({})", text.text),
        _ => format!("encode({})", text.text),
    };
    Ok(Sql::typed(bytes, BYTES).of([&text]))
}
