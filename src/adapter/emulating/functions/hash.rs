//! Hash functions.

use super::{Call, How, Kind, Returns, Row, TEXT, row};
use crate::adapter::Refusal;
use crate::adapter::emulating::translator::{Constant, Sql, Translator};
use crate::adapter::emulating::types::Type;

/// 128 and 160 bits in hexadecimal digits.
const MD5: Returns = Returns::Is(Type::Varchar(32));
const SHA1: Returns = Returns::Is(Type::Varchar(40));

/// Hash functions: <https://docs.aws.amazon.com/redshift/latest/dg/hash-functions.html>.
pub(in super::super) const ROWS: &[Row] = &[
    row(
        "checksum",
        How::Refused("the algorithm is not documented", "use `fnv_hash` or `md5`"),
        "r_CHECKSUM.html",
        &[],
    ),
    row(
        "crc32",
        How::Forms(&[(1, "__rs_crc32({0:t})")], Returns::Text),
        "crc32-function.html",
        &[
            ("SELECT CRC32('Amazon Redshift')", "f2726906"),
            ("SELECT CRC32('123456789')", "e3069283"),
        ],
    ),
    row(
        "fnv_hash",
        How::Native(Kind::Scalar, fnv_hash),
        "r_FNV_HASH.html",
        &[
            ("SELECT FNV_HASH('abc')", "-1792535898324117685"),
            ("SELECT FNV_HASH('Amazon Redshift')", "7783490368944507294"),
            ("SELECT FNV_HASH(1)", "-5968735742475085980"),
        ],
    ),
    row(
        "func_sha1",
        How::Forms(&[(1, "sha1({0:t})")], SHA1),
        "r_FUNC_SHA1.html",
        &[(
            "SELECT FUNC_SHA1('abc')",
            "a9993e364706816aba3e25717850c26c9cd0d89d",
        )],
    ),
    row(
        "md5",
        How::Forms(&[(1, "md5({0:t})")], MD5),
        "r_MD5.html",
        &[("SELECT MD5('abc')", "900150983cd24fb0d6963f7d28e17f72")],
    ),
    row(
        "md5_digest",
        How::Refused("it is not emulated yet", "use `md5`"),
        "r_MD5.html",
        &[],
    ),
    row(
        "farmfingerprint64",
        How::Forms(
            &[(1, "__rs_farm_fingerprint({0:t})")],
            Returns::Is(Type::Int8),
        ),
        "r_FARMFINGERPRINT64.html",
        &[
            (
                "SELECT FARMFINGERPRINT64('1footrue')",
                "-1541654101129638711",
            ),
            (
                "SELECT FARMFINGERPRINT64('2applefalse')",
                "2794438866806483259",
            ),
            ("SELECT FARMFINGERPRINT64('3true')", "-4880158226897771312"),
        ],
    ),
    row(
        "murmur3_32_hash",
        How::Native(Kind::Scalar, murmur3),
        "MURMUR3_32_HASH.html",
        &[
            ("SELECT MURMUR3_32_HASH(1)", "1392991556"),
            ("SELECT MURMUR3_32_HASH('Amazon Redshift')", "-1563580564"),
            // How Redshift mixes a seed in is not documented, and is not that of the algorithm.
            ("SELECT MURMUR3_32_HASH('Amazon Redshift', 1)", "ERROR"),
            ("SELECT MURMUR3_32_HASH('abcd')", "1139631978"),
            ("SELECT MURMUR3_32_HASH(1.5)", "ERROR"),
        ],
    ),
    row(
        "sha",
        How::Forms(&[(1, "sha1({0:t})")], SHA1),
        "SHA.html",
        &[(
            "SELECT SHA('abc')",
            "a9993e364706816aba3e25717850c26c9cd0d89d",
        )],
    ),
    row(
        "sha1",
        How::Forms(&[(1, "sha1({0:t})")], SHA1),
        "SHA1.html",
        &[(
            "SELECT SHA1('abc')",
            "a9993e364706816aba3e25717850c26c9cd0d89d",
        )],
    ),
    row(
        "sha2",
        How::Native(Kind::Scalar, sha2),
        "SHA2.html",
        &[
            (
                "SELECT SHA2('abc',256)",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "SELECT SHA2('abc',0)",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            ("SELECT LEFT(SHA2('abc',512), 16)", "ddaf35a193617aba"),
        ],
    ),
    row(
        "strtol",
        How::Forms(
            &[(2, "__rs_strtol({0:t}, CAST({1} AS INTEGER))")],
            Returns::Is(Type::Int8),
        ),
        "r_STRTOL.html",
        &[
            ("SELECT STRTOL('ff',16)", "255"),
            ("SELECT STRTOL('-110',2)", "-6"),
            ("SELECT STRTOL('0xabcd1234',16)", "2882343476"),
            ("SELECT STRTOL('xyz',10)", "ERROR"),
        ],
    ),
    row(
        "to_hex",
        How::Native(Kind::Scalar, to_hex),
        "r_TO_HEX.html",
        &[
            ("SELECT TO_HEX('abc'::varbyte)", "616263"),
            ("SELECT TO_HEX(-1)", "ffffffff"),
            ("SELECT TO_HEX(-1::bigint)", "ffffffffffffffff"),
            ("SELECT TO_HEX(255)", "ff"),
            ("SELECT TO_HEX(2147676847)", "8002f2af"),
        ],
    ),
];

/// A whole number or bytes in hexadecimal digits; a negative number has as many as its type holds.
fn to_hex(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, 1)?;
    let x = &args[0].text;
    let text = match args[0].ty {
        _ if translator.on_postgres() => format!("to_hex({x})"),
        Some(Type::Varbyte(_)) => format!("lower(hex({x}))"),
        _ => format!("__rs.to_hex({x})"),
    };
    Ok(Sql::typed(text, TEXT).of(&args))
}

/// The hash is over the bytes of the value, so its type must be known: `1::int` and `1::bigint` differ.
fn fnv_hash(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, 2)?;
    let value = &args[0];
    if let Some(ty) = value.ty
        && !(ty.is_text() || ty.is_integer())
    {
        return Err(translator.unsupported(
            call.span,
            format!("`fnv_hash` of a {ty} is not emulated"),
            "the bytes that Redshift hashes for this type are not documented",
        ));
    }
    let x = match value.ty {
        Some(_) => value.text.clone(),
        None => format!("__rs.hashable({})", value.text),
    };
    let seed = args.get(1).map_or_else(String::new, |seed| {
        format!(", CAST({} AS BIGINT)", seed.text)
    });
    Ok(Sql::typed(format!("__rs_fnv_hash({x}{seed})"), Type::Int8).of(&args))
}

/// As Apache Iceberg hashes: a whole number of any type is eight bytes.
fn murmur3(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    if call.args.len() == 2 {
        return Err(translator.unsupported(
            call.span,
            "a seed of `murmur3_32_hash` is not emulated",
            "how Redshift mixes it in is not documented",
        ));
    }
    let args = translator.arguments(call, 1, 1)?;
    let value = &args[0];
    let x = match value.ty {
        Some(ty) if ty.is_text() => value.text.clone(),
        Some(ty) if ty.is_integer() => format!("CAST({} AS BIGINT)", value.text),
        None => format!("__rs.hashable({})", value.text),
        Some(ty) => {
            return Err(translator.unsupported(
                call.span,
                format!("`murmur3_32_hash` of a {ty} is not emulated"),
                "only texts and whole numbers are",
            ));
        }
    };
    Ok(Sql::typed(format!("__rs_murmur3({x})"), Type::Int4).of(&args))
}

fn sha2(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 2, 2)?;
    let value = translator.text_operand(call.args[0])?;
    let bits = translator.expr(call.args[1])?;
    let text = match &bits.constant {
        Some(Constant::Number(number))
            if translator.on_postgres()
                && ["0", "224", "256", "384", "512"].contains(&number.as_str()) =>
        {
            let bits = if number == "0" { "256" } else { number };
            format!(
                "encode(sha{bits}(convert_to({}, 'UTF8')), 'hex')",
                value.text
            )
        }
        Some(Constant::Number(number)) if number == "256" || number == "0" => {
            format!("sha256({})", value.text)
        }
        Some(Constant::Number(number)) if ["224", "384", "512"].contains(&number.as_str()) => {
            format!("__rs_sha2({}, {number})", value.text)
        }
        _ => {
            return Err(translator.not_redshift(
                call.span,
                "`sha2` has 0, 224, 256, 384 or 512 bits",
                "",
            ));
        }
    };
    Ok(Sql::typed(text, TEXT).of([&value]))
}
