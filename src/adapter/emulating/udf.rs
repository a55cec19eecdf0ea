//! Functions that DuckDB does not have, in Rust. They belong to the process, not to a database file.

use std::error::Error;
use std::sync::Arc;

use duckdb::Connection;
use duckdb::arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use duckdb::arrow::datatypes::{DataType, Float64Type, Int16Type, Int32Type, Int64Type};
use duckdb::vscalar::{ArrowFunctionSignature, VArrowScalar};
use sha2::Digest;

use super::{hashes, json, letters, moment, number, strict_json, super_math, zone};

/// Registers all functions in the instance of a connection.
pub(super) fn register(connection: &Connection) -> duckdb::Result<()> {
    connection.register_scalar_function::<FloatText>("__rs_float_text")?;
    connection.register_scalar_function::<RealText>("__rs_real_text")?;
    connection.register_scalar_function::<Divide>("__rs_divide")?;
    connection.register_scalar_function::<FloatSum>("__rs_float_sum")?;
    connection.register_scalar_function::<FloatDifference>("__rs_float_difference")?;
    connection.register_scalar_function::<FloatProduct>("__rs_float_product")?;
    connection.register_scalar_function::<FloatQuotient>("__rs_float_quotient")?;
    connection.register_scalar_function::<Finite>("__rs_finite")?;
    connection.register_scalar_function::<LeftBytes>("__rs_left_bytes")?;
    connection.register_scalar_function::<Initcap>("__rs_initcap")?;
    connection.register_scalar_function::<Moment>("__rs_moment")?;
    connection.register_scalar_function::<MomentZoned>("__rs_moment_zoned")?;
    connection.register_scalar_function::<MomentText>("__rs_moment_text")?;
    connection.register_scalar_function::<MomentOf>("__rs_moment_of")?;
    connection.register_scalar_function::<MomentAround>("__rs_moment_around")?;
    connection.register_scalar_function::<NumberText>("__rs_number_text")?;
    connection.register_scalar_function::<NumberOf>("__rs_number_of")?;
    connection.register_scalar_function::<RealNumberText>("__rs_float_number_text")?;
    connection.register_scalar_function::<RegexpInstr>("__rs_regexp_instr")?;
    connection.register_scalar_function::<Crc32>("__rs_crc32")?;
    connection.register_scalar_function::<Listed>("__rs_listed")?;
    connection.register_scalar_function::<Sha2>("__rs_sha2")?;
    connection.register_scalar_function::<Strtol>("__rs_strtol")?;
    connection.register_scalar_function::<FarmFingerprint>("__rs_farm_fingerprint")?;
    connection.register_scalar_function::<Murmur3>("__rs_murmur3")?;
    connection.register_scalar_function::<LowerNames>("__rs_lower_names")?;
    connection.register_scalar_function::<UpperNames>("__rs_upper_names")?;
    connection.register_scalar_function::<Json>("__rs_json")?;
    connection.register_scalar_function::<IsJson>("__rs_is_json")?;
    connection.register_scalar_function::<JsonKey>("__rs_json_key")?;
    connection.register_scalar_function::<SuperMath>("__rs_super_math")?;
    connection.register_scalar_function::<SuperRound>("__rs_super_round")?;
    connection.register_scalar_function::<MomentOrNull>("__rs_moment_or_null")?;
    connection.register_scalar_function::<MomentZonedOrNull>("__rs_moment_zoned_or_null")?;
    connection.register_scalar_function::<Soundex>("__rs_soundex")?;
    connection.register_scalar_function::<Difference>("__rs_difference")?;
    connection.register_scalar_function::<QuoteIdent>("__rs_quote_ident")?;
    connection.register_scalar_function::<Zone>("__rs_zone")?;
    connection.register_scalar_function::<Reverse>("__rs_reverse")?;
    connection.register_scalar_function::<FloatRound>("__rs_float_round")?;
    connection.register_scalar_function::<FloatTrunc>("__rs_float_trunc")?;
    connection.register_scalar_function::<FnvHash>("__rs_fnv_hash")
}

type Fallible<T> = Result<T, Box<dyn Error>>;

/// One row of the arguments.
struct Row<'b> {
    batch: &'b RecordBatch,
    at: usize,
}

impl Row<'_> {
    fn column(&self, index: usize) -> Option<&ArrayRef> {
        self.batch
            .columns()
            .get(index)
            .filter(|column| column.is_valid(self.at))
    }

    fn text(&self, index: usize) -> Option<&str> {
        Some(self.column(index)?.as_string_opt::<i32>()?.value(self.at))
    }

    fn float(&self, index: usize) -> Option<f64> {
        Some(
            self.column(index)?
                .as_primitive_opt::<Float64Type>()?
                .value(self.at),
        )
    }

    fn int(&self, index: usize) -> Option<i32> {
        Some(
            self.column(index)?
                .as_primitive_opt::<Int32Type>()?
                .value(self.at),
        )
    }

    fn long(&self, index: usize) -> Option<i64> {
        Some(
            self.column(index)?
                .as_primitive_opt::<Int64Type>()?
                .value(self.at),
        )
    }
}

/// Every row through a function; NULL where it gives none.
fn rows<T>(
    batch: &RecordBatch,
    each: impl Fn(&Row<'_>) -> Fallible<Option<T>>,
) -> Fallible<Vec<Option<T>>> {
    (0..batch.num_rows())
        .map(|at| each(&Row { batch, at }))
        .collect()
}

/// Writes the trait's part that is the same for all functions.
macro_rules! function {
    ($name:ident, [$($parameter:expr),*] -> $returns:expr, $array:ty, |$row:ident| $body:expr) => {
        struct $name;

        impl VArrowScalar for $name {
            type State = ();

            fn invoke(_: &(), input: RecordBatch) -> Fallible<Arc<dyn Array>> {
                let all = rows(&input, |$row| $body)?;
                Ok(Arc::new(<$array>::from(all)))
            }

            fn signatures() -> Vec<ArrowFunctionSignature> {
                vec![ArrowFunctionSignature::exact(vec![$($parameter),*], $returns)]
            }
        }
    };
}

use DataType::{Float64, Int32, Int64, Utf8};

function!(FloatText, [Float64] -> Utf8, StringArray, |row| Ok(row.float(0).map(number::float_text)));

function!(RealText, [Float64] -> Utf8, StringArray, |row| Ok(row.float(0).map(number::real_text)));

function!(Divide, [Utf8, Utf8, Int32] -> Utf8, StringArray, |row| {
    let (Some(a), Some(b), Some(scale)) = (row.text(0), row.text(1), row.int(2)) else {
        return Ok(None);
    };
    Ok(Some(number::divide(a, b, usize::try_from(scale)?)?))
});

/// Writes a function of two floats that fails where it overflows: DuckDB would answer with infinity.
macro_rules! of_floats {
    ($name:ident, |$a:ident, $b:ident| $body:expr) => {
        struct $name;

        impl VArrowScalar for $name {
            type State = ();

            fn invoke(_: &(), input: RecordBatch) -> Fallible<Arc<dyn Array>> {
                let (left, right) = (floats(&input, 0)?, floats(&input, 1)?);
                let each = left.iter().zip(right).map(|(left, right)| {
                    let (Some($a), Some($b)) = (left, right) else {
                        return Ok(None);
                    };
                    let value: f64 = $body;
                    match value.is_infinite() && $a.is_finite() && $b.is_finite() {
                        true => Err(OVERFLOW),
                        false => Ok(Some(value)),
                    }
                });
                Ok(Arc::new(each.collect::<Result<Float64Array, _>>()?))
            }

            fn signatures() -> Vec<ArrowFunctionSignature> {
                vec![ArrowFunctionSignature::exact(
                    vec![Float64, Float64],
                    Float64,
                )]
            }
        }
    };
}

const OVERFLOW: &str = "value out of range: overflow";

/// The floats of a column.
fn floats(batch: &RecordBatch, column: usize) -> Fallible<&Float64Array> {
    let column = batch.columns().get(column);
    let floats = column.and_then(|column| column.as_primitive_opt::<Float64Type>());
    floats.ok_or_else(|| "a float is wanted here".into())
}

of_floats!(FloatSum, |a, b| a + b);
of_floats!(FloatDifference, |a, b| a - b);
of_floats!(FloatProduct, |a, b| a * b);
// What divides is not zero: the macro `divisor` stands around it.
of_floats!(FloatQuotient, |a, b| a / b);

function!(Finite, [Float64] -> Float64, Float64Array, |row| match row.float(0) {
    Some(value) if value.is_infinite() => Err(OVERFLOW.into()),
    value => Ok(value),
});

function!(LeftBytes, [Utf8, Int32] -> Utf8, StringArray, |row| {
    let (Some(text), Some(length)) = (row.text(0), row.int(1)) else {
        return Ok(None);
    };
    Ok(Some(moment::left_bytes(text, usize::try_from(length)?).to_owned()))
});

function!(Initcap, [Utf8] -> Utf8, StringArray, |row| Ok(row.text(0).map(initcap)));

function!(Reverse, [Utf8] -> Utf8, StringArray, |row| {
    Ok(row.text(0).map(|text| text.chars().rev().collect::<String>()))
});

function!(FloatRound, [Float64, Int32, Int32] -> Float64, Float64Array, |row| to_places(row, false));

function!(FloatTrunc, [Float64, Int32, Int32] -> Float64, Float64Array, |row| to_places(row, true));

/// A float rounded or cut to places: the value, how many of its digits count, the places.
fn to_places(row: &Row<'_>, cut: bool) -> Fallible<Option<f64>> {
    let (Some(value), Some(digits), Some(places)) = (row.float(0), row.int(1), row.int(2)) else {
        return Ok(None);
    };
    Ok(Some(number::to_places(
        value,
        usize::try_from(digits)?,
        places,
        cut,
    )))
}

function!(Zone, [Utf8] -> Utf8, StringArray, |row| {
    let Some(name) = row.text(0) else {
        return Ok(None);
    };
    match zone::for_duckdb(name) {
        Some(name) => Ok(Some(name)),
        None => Err(format!("the time zone \"{name}\" is not emulated: name its region").into()),
    }
});

function!(Moment, [Utf8] -> Utf8, StringArray, |row| {
    read(row, moment::parse_local)
});

function!(MomentZoned, [Utf8] -> Utf8, StringArray, |row| {
    read(row, moment::parse)
});

function!(MomentOrNull, [Utf8] -> Utf8, StringArray, |row| {
    Ok(row.text(0).and_then(moment::parse_local))
});

function!(MomentZonedOrNull, [Utf8] -> Utf8, StringArray, |row| {
    Ok(row.text(0).and_then(moment::parse))
});

// The second argument tells whether an attribute may stand once in its object.
function!(Json, [Utf8, Int32] -> Utf8, StringArray, |row| {
    let (Some(text), Some(unique)) = (row.text(0), row.int(1)) else {
        return Ok(None);
    };
    strict_json::check(text, unique != 0)?;
    Ok(Some(text.to_owned()))
});

function!(IsJson, [Utf8, Int32] -> Int32, Int32Array, |row| {
    let (Some(text), Some(unique)) = (row.text(0), row.int(1)) else {
        return Ok(None);
    };
    Ok(Some(i32::from(strict_json::check(text, unique != 0).is_ok())))
});

function!(JsonKey, [Utf8] -> Utf8, StringArray, |row| Ok(row.text(0).and_then(strict_json::key)));

function!(SuperMath, [Utf8, Utf8, Utf8] -> Utf8, StringArray, |row| {
    let (Some(a), Some(op), Some(b)) = (row.text(0), row.text(1), row.text(2)) else {
        return Ok(None);
    };
    Ok(super_math::compute(a, op, b)?)
});

function!(SuperRound, [Utf8, Utf8] -> Utf8, StringArray, |row| {
    let (Some(name), Some(value)) = (row.text(0), row.text(1)) else {
        return Ok(None);
    };
    Ok(super_math::round(name, value)?)
});

/// A text as a date or timestamp, or an error that shows it.
fn read(row: &Row<'_>, parse: fn(&str) -> Option<String>) -> Fallible<Option<String>> {
    let Some(text) = row.text(0) else {
        return Ok(None);
    };
    match parse(text) {
        Some(parsed) => Ok(Some(parsed)),
        None => Err(format!("invalid date or timestamp: \"{text}\"").into()),
    }
}

function!(MomentText, [Utf8, Utf8] -> Utf8, StringArray, |row| {
    let (Some(text), Some(format)) = (row.text(0), row.text(1)) else {
        return Ok(None);
    };
    Ok(Some(moment::to_char(text.replace(' ', "T").parse()?, format)?))
});

function!(MomentOf, [Utf8, Utf8] -> Utf8, StringArray, |row| {
    let (Some(text), Some(format)) = (row.text(0), row.text(1)) else {
        return Ok(None);
    };
    Ok(Some(moment::from_format(text, format, true)?))
});

function!(MomentAround, [Utf8, Utf8] -> Utf8, StringArray, |row| {
    let (Some(text), Some(format)) = (row.text(0), row.text(1)) else {
        return Ok(None);
    };
    Ok(Some(moment::from_format(text, format, false)?))
});

function!(NumberText, [Utf8, Utf8] -> Utf8, StringArray, |row| {
    let (Some(text), Some(format)) = (row.text(0), row.text(1)) else {
        return Ok(None);
    };
    Ok(Some(number::to_char(text, format)?))
});

function!(RealNumberText, [Float64, Int32, Utf8] -> Utf8, StringArray, |row| {
    let (Some(value), Some(digits), Some(format)) = (row.float(0), row.int(1), row.text(2)) else {
        return Ok(None);
    };
    Ok(Some(number::float_to_char(value, usize::try_from(digits)?, format)?))
});

function!(NumberOf, [Utf8, Utf8] -> Utf8, StringArray, |row| {
    let (Some(text), Some(format)) = (row.text(0), row.text(1)) else {
        return Ok(None);
    };
    Ok(Some(number::to_number(text, format)?))
});

function!(Soundex, [Utf8] -> Utf8, StringArray, |row| Ok(row.text(0).map(letters::soundex)));

function!(Difference, [Utf8, Utf8] -> Int32, Int32Array, |row| {
    Ok(row.text(0).zip(row.text(1)).map(|(left, right)| letters::difference(left, right)))
});

function!(QuoteIdent, [Utf8] -> Utf8, StringArray, |row| Ok(row.text(0).map(letters::quote_ident)));

function!(RegexpInstr, [Utf8, Utf8, Int32, Int32, Int32] -> Int32, Int32Array, |row| {
    let (Some(text), Some(pattern), Some(from), Some(occurrence), Some(option)) = (row.text(0), row.text(1), row.int(2), row.int(3), row.int(4)) else {
        return Ok(None);
    };
    if !matches!(option, 0 | 1) {
        return Err("the option of `regexp_instr` is 0, for the start of a match, or 1, for what follows it".into());
    }
    let start = text
        .char_indices()
        .nth(usize::try_from(from.max(1) - 1)?)
        .map_or(text.len(), |(at, _)| at);
    let found = regex::Regex::new(pattern)?
        .find_iter(&text[start..])
        .nth(usize::try_from(occurrence.max(1) - 1)?)
        .map(|found| if option == 0 { found.start() } else { found.end() })
        .map(|at| text[..start + at].chars().count() + 1);
    Ok(Some(i32::try_from(found.unwrap_or(0))?))
});

function!(Crc32, [Utf8] -> Utf8, StringArray, |row| {
    Ok(row.text(0).map(|text| format!("{:08x}", crc_32c(text.as_bytes()))))
});

/// The checksum of the polynomial CRC-32C: <https://docs.aws.amazon.com/redshift/latest/dg/crc32-function.html>.
fn crc_32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| match crc & 1 {
            0 => crc >> 1,
            _ => (crc >> 1) ^ 0x82f6_3b78,
        })
    })
}

function!(Listed, [Utf8] -> Utf8, StringArray, |row| match row.text(0) {
    Some(list) if list.len() > 65_535 => Err("Result size exceeds LISTAGG limit".into()),
    list => Ok(list.map(str::to_owned)),
});

function!(Sha2, [Utf8, Int32] -> Utf8, StringArray, |row| {
    let (Some(text), Some(bits)) = (row.text(0), row.int(1)) else {
        return Ok(None);
    };
    Ok(Some(match bits {
        224 => hex(&sha2::Sha224::digest(text)),
        384 => hex(&sha2::Sha384::digest(text)),
        _ => hex(&sha2::Sha512::digest(text)),
    }))
});

function!(Strtol, [Utf8, Int32] -> Int64, Int64Array, |row| {
    let (Some(text), Some(base)) = (row.text(0), row.int(1)) else {
        return Ok(None);
    };
    let trimmed = text.trim();
    let digits = match base {
        16 => trimmed.strip_prefix("0x").or_else(|| trimmed.strip_prefix("0X")).unwrap_or(trimmed),
        _ => trimmed,
    };
    let base = u32::try_from(base).ok().filter(|base| (2..=36).contains(base)).ok_or("the base is 2 to 36")?;
    let value = i64::from_str_radix(digits, base)
        .map_err(|_| format!("the input {text} is not valid to be converted to base {base}"))?;
    Ok(Some(value))
});

function!(FarmFingerprint, [Utf8] -> Int64, Int64Array, |row| {
    Ok(row.text(0).map(|text| hashes::farm_fingerprint(text.as_bytes()).cast_signed()))
});

function!(LowerNames, [Utf8] -> Utf8, StringArray, |row| {
    Ok(row.text(0).map(|text| json::with_names(text, char::to_ascii_lowercase)))
});

function!(UpperNames, [Utf8] -> Utf8, StringArray, |row| {
    Ok(row.text(0).map(|text| json::with_names(text, char::to_ascii_uppercase)))
});

/// Murmur3 of texts and whole numbers, which Apache Iceberg hashes as eight bytes whatever their type.
struct Murmur3;

impl VArrowScalar for Murmur3 {
    type State = ();

    fn invoke(_: &(), input: RecordBatch) -> Fallible<Arc<dyn Array>> {
        let all = rows(&input, |row| {
            let Some(value) = row.column(0) else {
                return Ok(None);
            };
            let hash = match value.data_type() {
                Int64 => row
                    .long(0)
                    .map(|value| hashes::murmur3(&value.to_le_bytes())),
                _ => row.text(0).map(|text| hashes::murmur3(text.as_bytes())),
            };
            Ok(hash.map(u32::cast_signed))
        })?;
        Ok(Arc::new(Int32Array::from(all)))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        [Utf8, Int64]
            .map(|value| ArrowFunctionSignature::exact(vec![value], Int32))
            .into()
    }
}

/// 64-bit FNV-1a over the bytes of a value: <https://docs.aws.amazon.com/redshift/latest/dg/r_FNV_HASH.html>.
struct FnvHash;

impl VArrowScalar for FnvHash {
    type State = ();

    fn invoke(_: &(), input: RecordBatch) -> Fallible<Arc<dyn Array>> {
        let seeded = input.num_columns() == 2;
        let all = rows(&input, |row| {
            let Some(bytes) = bytes(row) else {
                return Ok(None);
            };
            let seed = match seeded {
                true => row
                    .long(1)
                    .ok_or("the seed of fnv_hash is NULL")?
                    .cast_unsigned(),
                false => 0xcbf2_9ce4_8422_2325,
            };
            let hash = bytes.iter().fold(seed, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
            });
            Ok(Some(hash.cast_signed()))
        })?;
        Ok(Arc::new(Int64Array::from(all)))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        [Utf8, DataType::Int16, Int32, Int64]
            .into_iter()
            .flat_map(|value| {
                [
                    ArrowFunctionSignature::exact(vec![value.clone()], Int64),
                    ArrowFunctionSignature::exact(vec![value, Int64], Int64),
                ]
            })
            .collect()
    }
}

fn bytes(row: &Row<'_>) -> Option<Vec<u8>> {
    let column = row.column(0)?;
    Some(match column.data_type() {
        DataType::Int16 => column
            .as_primitive_opt::<Int16Type>()?
            .value(row.at)
            .to_le_bytes()
            .to_vec(),
        DataType::Int32 => row.int(0)?.to_le_bytes().to_vec(),
        DataType::Int64 => row.long(0)?.to_le_bytes().to_vec(),
        _ => row.text(0)?.as_bytes().to_vec(),
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The first letter of each word upper case. Words begin after anything but a letter or digit, and an apostrophe too.
/// A letter in another case, where that is one letter too; else as it is.
fn one(letter: char, mut cased: impl Iterator<Item = char>) -> char {
    match (cased.next(), cased.next()) {
        (Some(cased), None) => cased,
        _ => letter,
    }
}

fn initcap(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for character in text.chars() {
        if inside {
            out.push(one(character, character.to_lowercase()));
        } else {
            out.push(one(character, character.to_uppercase()));
        }
        inside = character.is_alphanumeric();
    }
    out
}
