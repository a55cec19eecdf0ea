//! A field of a file as a value of its column's type, by COPY's rules.
//!
//! In: bytes, a [`Type`], the options of the load. Out: a [`Cell`], or the reason in Redshift's words.

use std::borrow::Cow;

use super::moment::Moments;
use crate::adapter::Error;
use crate::adapter::emulating::Type;
use crate::adapter::statement::Copy;

/// A value on its way into a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// NULL.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits its column.
    Int(i64),
    /// A float.
    Float(f64),
    /// The digits of a decimal, at the scale of its column.
    Decimal(i128),
    /// Text that fits its column.
    Text(Cow<'a, str>),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970-01-01 00:00 UTC.
    Timestamp(i64),
}

/// Why a field is no value of its column, in Redshift's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(pub String);

/// The options that say how fields become values.
#[derive(Clone, Debug)]
pub struct Conversion {
    /// Text that stands for NULL.
    pub null_as: String,
    /// `BLANKSASNULL`.
    pub blanks_as_null: bool,
    /// `EMPTYASNULL`.
    pub empty_as_null: bool,
    /// `TRUNCATECOLUMNS`.
    pub truncate: bool,
    /// `TRIMBLANKS`.
    pub trim_blanks: bool,
    /// `ACCEPTINVCHARS`.
    pub accept_invalid: Option<char>,
    /// Whether decimals are rounded to their scale; COPY cuts them without `ROUNDEC`.
    pub round: bool,
    /// `ACCEPTANYDATE`: what is no date is NULL.
    pub any_date: bool,
    /// How dates and times are read.
    pub moments: Moments,
}

impl Conversion {
    /// The options of a COPY.
    pub(super) fn of_copy(copy: &Copy) -> Result<Self, Error> {
        let null_as = copy.null_as.clone().unwrap_or_else(|| "\\N".to_owned());
        Ok(Self {
            blanks_as_null: copy.blanks_as_null,
            // `NULL AS ''` says the same.
            empty_as_null: copy.empty_as_null || null_as.is_empty(),
            null_as: match null_as.as_str() {
                // The two ways to write the byte that C ends texts with.
                "\\0" | "\\000" => "\0".to_owned(),
                _ => null_as,
            },
            truncate: copy.truncate_columns,
            trim_blanks: copy.trim_blanks,
            accept_invalid: copy.accept_invalid_characters,
            round: copy.round_decimals,
            any_date: copy.accept_any_date,
            moments: Moments::new(copy.date_format.as_deref(), copy.time_format.as_deref())?,
        })
    }

    /// The rules for the cells of a seed: those of an `insert`, any usual form of a date.
    pub fn of_seed() -> Self {
        Self {
            null_as: String::new(),
            blanks_as_null: false,
            empty_as_null: false,
            truncate: false,
            trim_blanks: false,
            accept_invalid: None,
            round: true,
            any_date: false,
            moments: Moments::auto(),
        }
    }

    /// One field as a value of a type.
    ///
    /// # Errors
    /// The reason, as `stl_load_errors` words it.
    pub fn cell<'a>(&self, kind: Type, field: &'a [u8]) -> Result<Cell<'a>, Reason> {
        if !self.null_as.is_empty() && field == self.null_as.as_bytes() {
            return Ok(Cell::Null);
        }
        if let Type::Char(length) | Type::Varchar(length) = kind {
            let text = match self.accept_invalid {
                Some(with) if matches!(kind, Type::Varchar(_)) => replace_invalid(field, with),
                _ => valid(field)?,
            };
            return self.text(kind, length as usize, text);
        }
        // Empty and blank fields are always NULL where the column is no text.
        if field.iter().all(u8::is_ascii_whitespace) {
            return Ok(Cell::Null);
        }
        if field.contains(&0) {
            return Err(null_byte());
        }
        match kind {
            Type::Int2 => integer(field, kind, i16::MIN.into(), i16::MAX.into()),
            Type::Int4 => integer(field, kind, i32::MIN.into(), i32::MAX.into()),
            Type::Int8 => integer(field, kind, i64::MIN, i64::MAX),
            Type::Decimal(precision, scale) => decimal(field, precision, scale, self.round),
            Type::Float4 | Type::Float8 => float(field, kind),
            Type::Bool => boolean(field),
            _ => {
                let text = valid(field)?;
                let or_null = |read: Result<Cell<'static>, Reason>| match read {
                    Err(_) if self.any_date => Ok(Cell::Null),
                    read => read,
                };
                match kind {
                    Type::Date => or_null(self.moments.date(&text)),
                    Type::Time => self.moments.time(&text),
                    Type::Timestamp => or_null(self.moments.timestamp(&text, false)),
                    Type::TimestampTz => or_null(self.moments.timestamp(&text, true)),
                    _ => serde_json::from_str::<serde::de::IgnoredAny>(&text)
                        .map(|_| Cell::Text(text.clone()))
                        .map_err(|_| Reason("Invalid value for type Super".to_owned())),
                }
            }
        }
    }

    /// The same for a field that is known to be UTF-8, which is not looked through once more.
    ///
    /// # Errors
    /// As for [`Conversion::cell`].
    pub fn cell_of_text<'a>(&self, kind: Type, field: &'a str) -> Result<Cell<'a>, Reason> {
        match kind {
            Type::Char(length) | Type::Varchar(length)
                if self.null_as.is_empty() || field != self.null_as =>
            {
                self.text(kind, length as usize, Cow::Borrowed(field))
            }
            _ => self.cell(kind, field.as_bytes()),
        }
    }

    fn text<'a>(
        &self,
        kind: Type,
        length: usize,
        mut text: Cow<'a, str>,
    ) -> Result<Cell<'a>, Reason> {
        if text.contains('\0') {
            return Err(null_byte());
        }
        if text.is_empty() {
            return Ok(if self.empty_as_null {
                Cell::Null
            } else {
                Cell::Text(text)
            });
        }
        if self.blanks_as_null && text.chars().all(char::is_whitespace) {
            return Ok(Cell::Null);
        }
        if self.trim_blanks && matches!(kind, Type::Varchar(_)) {
            let kept = text.trim_end().len();
            cut(&mut text, kept);
        }
        if matches!(kind, Type::Char(_))
            && let Some(letter) = text.chars().find(|letter| !letter.is_ascii())
        {
            return Err(Reason(format!(
                "Multibyte character not supported for CHAR (Hint: try using VARCHAR). Invalid char: {}",
                hex(letter.encode_utf8(&mut [0; 4]).as_bytes())
            )));
        }
        if text.len() > length {
            let kept = text.floor_char_boundary(length);
            // Blanks beyond the length are cut without a word.
            let blank = text[kept..].trim_end_matches(' ').is_empty();
            if !self.truncate && !blank {
                return Err(Reason("String length exceeds DDL length".to_owned()));
            }
            cut(&mut text, kept);
        }
        if matches!(kind, Type::Char(_)) {
            // The blanks that fill it up mean nothing, whoever wrote them.
            let kept = text.trim_end_matches(' ').len();
            cut(&mut text, kept);
        }
        Ok(Cell::Text(text))
    }
}

fn cut(text: &mut Cow<'_, str>, length: usize) {
    match text {
        Cow::Borrowed(borrowed) => *borrowed = &borrowed[..length],
        Cow::Owned(owned) => owned.truncate(length),
    }
}

fn null_byte() -> Reason {
    Reason("Invalid null byte - field longer than 1 byte".to_owned())
}

/// The word that load errors use for a type.
fn word(kind: Type) -> &'static str {
    match kind {
        Type::Int2 => "Short",
        Type::Int4 => "Integer",
        Type::Int8 => "Long",
        Type::Decimal(..) => "Decimal",
        Type::Float4 => "Float",
        _ => "Double",
    }
}

fn invalid_digit(field: &[u8], at: usize, word: &str) -> Reason {
    let rest = String::from_utf8_lossy(&field[at..]);
    let letter = rest.chars().next().unwrap_or(' ');
    Reason(format!(
        "Invalid digit, Value '{letter}', Pos {at}, Type: {word}"
    ))
}

fn overflow(word: &str) -> Reason {
    Reason(format!("Overflow, Column type: {word}"))
}

/// Where the digits begin, and whether the number is negative.
fn sign(field: &[u8]) -> (usize, bool) {
    match field.first() {
        Some(b'-') => (1, true),
        Some(b'+') => (1, false),
        _ => (0, false),
    }
}

fn integer(field: &[u8], kind: Type, least: i64, most: i64) -> Result<Cell<'static>, Reason> {
    let (start, negative) = sign(field);
    if start == field.len() {
        return Err(invalid_digit(field, 0, word(kind)));
    }
    let mut value = Some(0_i64);
    for (at, byte) in field.iter().enumerate().skip(start) {
        if !byte.is_ascii_digit() {
            return Err(invalid_digit(field, at, word(kind)));
        }
        let digit = i64::from(byte - b'0');
        // Below zero there is one number more than above.
        value = value
            .and_then(|value| value.checked_mul(10))
            .and_then(|value| value.checked_sub(digit));
    }
    if !negative {
        value = value.and_then(i64::checked_neg);
    }
    value
        .filter(|value| (least..=most).contains(value))
        .map(Cell::Int)
        .ok_or_else(|| overflow(word(kind)))
}

fn decimal(field: &[u8], precision: u8, scale: u8, round: bool) -> Result<Cell<'static>, Reason> {
    let word = "Decimal";
    let (start, negative) = sign(field);
    let limit = 10_i128.pow(precision.into());
    let mut value: i128 = 0;
    let mut after_point: Option<u8> = None;
    let mut up = false;
    let mut digits = 0;
    for (at, byte) in field.iter().enumerate().skip(start) {
        match (byte, after_point) {
            (b'.', None) => after_point = Some(0),
            (b'0'..=b'9', Some(taken)) if taken >= scale => {
                // COPY cuts what the scale does not hold; an insert rounds half away from zero.
                up |= round && taken == scale && *byte >= b'5';
                after_point = Some(taken.saturating_add(1).max(scale + 1));
                digits += 1;
            }
            (b'0'..=b'9', _) => {
                value = value * 10 + i128::from(byte - b'0');
                if value >= limit {
                    return Err(overflow(word));
                }
                after_point = after_point.map(|taken| taken + 1);
                digits += 1;
            }
            _ => return Err(invalid_digit(field, at, word)),
        }
    }
    if digits == 0 {
        return Err(invalid_digit(field, 0, word));
    }
    for _ in after_point.unwrap_or(0)..scale {
        value *= 10;
        if value >= limit {
            return Err(overflow(word));
        }
    }
    value += i128::from(up);
    if value >= limit {
        return Err(overflow(word));
    }
    Ok(Cell::Decimal(if negative { -value } else { value }))
}

fn float(field: &[u8], kind: Type) -> Result<Cell<'static>, Reason> {
    let text = valid(field)?;
    let value: f64 = text.parse().map_err(|_| {
        let digit = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
        let at = field.iter().position(|byte| !digit(byte)).unwrap_or(0);
        invalid_digit(field, at, word(kind))
    })?;
    let named = field.iter().any(|byte| b"nN".contains(byte));
    let too_large = match kind {
        Type::Float4 => value.is_finite() && value.abs() > f64::from(f32::MAX),
        _ => value.is_infinite() && !named,
    };
    if too_large {
        return Err(overflow(word(kind)));
    }
    Ok(Cell::Float(value))
}

fn boolean(field: &[u8]) -> Result<Cell<'static>, Reason> {
    let is = |words: &[&str]| {
        words
            .iter()
            .any(|word| field.eq_ignore_ascii_case(word.as_bytes()))
    };
    if is(&["true", "t", "yes", "y", "1"]) {
        Ok(Cell::Bool(true))
    } else if is(&["false", "f", "no", "n", "0"]) {
        Ok(Cell::Bool(false))
    } else {
        Err(Reason("Unknown boolean format".to_owned()))
    }
}

/// The field as UTF-8, or what is wrong with it: the codes are those of Redshift's manual, "Multibyte character load errors".
fn valid(field: &[u8]) -> Result<Cow<'_, str>, Reason> {
    std::str::from_utf8(field)
        .map(Cow::Borrowed)
        .map_err(|error| {
            let rest = &field[error.valid_up_to()..];
            let (length, code) = match (error.error_len(), rest.first()) {
                (None, _) => (rest.len(), 2),
                (Some(length), Some(0x80..=0xbf | 0xf8..)) => (length, 3),
                (Some(_), Some(0xed)) => (3, 5),
                (Some(length), _) => (length + 1, 4),
            };
            Reason(format!(
                "String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: {} (error {code})",
                hex(&rest[..length.min(rest.len())])
            ))
        })
}

/// The field with a character in the place of each byte that is not UTF-8.
fn replace_invalid(field: &[u8], with: char) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(field) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(field.len());
    for chunk in field.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(std::iter::repeat_n(with, chunk.invalid().len()));
    }
    Cow::Owned(text)
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::emulating::duckdb_type;

    /// The value or the reason, as one line.
    fn shown(conversion: &Conversion, kind: &str, field: &[u8]) -> String {
        match conversion.cell(duckdb_type(kind).unwrap().redshift, field) {
            Ok(cell) => format!("{cell:?}"),
            Err(reason) => reason.0,
        }
    }

    fn plain() -> Conversion {
        Conversion {
            null_as: "\\N".to_owned(),
            round: false,
            moments: Moments::new(None, None).unwrap(),
            ..Conversion::of_seed()
        }
    }

    #[test]
    fn numbers_are_read_by_their_columns_type() {
        for (kind, field, expected) in [
            ("int", "42", "Int(42)"),
            ("int", "-7", "Int(-7)"),
            ("int", "+7", "Int(7)"),
            ("int", "", "Null"),
            ("int", "  ", "Null"),
            (
                "int",
                "1.0",
                "Invalid digit, Value '.', Pos 1, Type: Integer",
            ),
            ("int", "é", "Invalid digit, Value 'é', Pos 0, Type: Integer"),
            ("int", "-", "Invalid digit, Value '-', Pos 0, Type: Integer"),
            ("int", "2147483648", "Overflow, Column type: Integer"),
            ("smallint", "-32769", "Overflow, Column type: Short"),
            ("bigint", "9223372036854775807", "Int(9223372036854775807)"),
            (
                "bigint",
                "99999999999999999999999999999999999999999999",
                "Overflow, Column type: Long",
            ),
            ("float", "1540919166796.0", "Float(1540919166796.0)"),
            ("float", "1e3", "Float(1000.0)"),
            (
                "float",
                "x",
                "Invalid digit, Value 'x', Pos 0, Type: Double",
            ),
            ("float", "1e999", "Overflow, Column type: Double"),
            ("real", "1e39", "Overflow, Column type: Float"),
            ("decimal(5,2)", "1.5", "Decimal(150)"),
            ("decimal(5,2)", "20.259", "Decimal(2025)"),
            ("decimal(5,2)", "-20.259", "Decimal(-2025)"),
            ("decimal(5,2)", ".5", "Decimal(50)"),
            ("decimal(5,2)", "1000", "Overflow, Column type: Decimal"),
            (
                "decimal(5,2)",
                "1e2",
                "Invalid digit, Value 'e', Pos 1, Type: Decimal",
            ),
            (
                "decimal(5,2)",
                ".",
                "Invalid digit, Value '.', Pos 0, Type: Decimal",
            ),
            (
                "decimal(38,0)",
                "99999999999999999999999999999999999999",
                "Decimal(99999999999999999999999999999999999999)",
            ),
            ("bool", "T", "Bool(true)"),
            ("bool", "no", "Bool(false)"),
            ("bool", "maybe", "Unknown boolean format"),
        ] {
            assert_eq!(
                shown(&plain(), kind, field.as_bytes()),
                expected,
                "{kind} {field}"
            );
        }
    }

    #[test]
    fn a_seed_rounds_where_copy_cuts() {
        let seed = Conversion::of_seed();
        assert_eq!(shown(&seed, "decimal(5,2)", b"20.259"), "Decimal(2026)");
        assert_eq!(shown(&seed, "decimal(5,2)", b"-0.005"), "Decimal(-1)");
        assert_eq!(
            shown(&seed, "decimal(3,2)", b"9.999"),
            "Overflow, Column type: Decimal"
        );
    }

    #[test]
    fn text_keeps_to_its_length_in_bytes() {
        let plain = plain();
        let cutting = Conversion {
            truncate: true,
            ..plain.clone()
        };
        assert_eq!(
            shown(&plain, "varchar(3)", "aé".as_bytes()),
            r#"Text("aé")"#
        );
        assert_eq!(
            shown(&plain, "varchar(3)", "aéb".as_bytes()),
            "String length exceeds DDL length"
        );
        assert_eq!(shown(&plain, "varchar(3)", b"abc  "), r#"Text("abc")"#);
        assert_eq!(
            shown(&cutting, "varchar(3)", "aéb".as_bytes()),
            r#"Text("aé")"#
        );
        assert_eq!(
            shown(&cutting, "varchar(2)", "aéb".as_bytes()),
            r#"Text("a")"#
        );
        assert_eq!(shown(&cutting, "char(2)", b"abc"), r#"Text("ab")"#);
        assert_eq!(
            shown(&plain, "char(9)", "é".as_bytes()),
            "Multibyte character not supported for CHAR (Hint: try using VARCHAR). Invalid char: c3 a9"
        );
    }

    #[test]
    fn empty_and_blank_text_is_null_only_when_asked() {
        let plain = plain();
        let nulls = Conversion {
            empty_as_null: true,
            blanks_as_null: true,
            trim_blanks: true,
            null_as: "NA".to_owned(),
            ..plain.clone()
        };
        assert_eq!(shown(&plain, "varchar", b""), r#"Text("")"#);
        assert_eq!(shown(&plain, "varchar", b"  "), r#"Text("  ")"#);
        assert_eq!(shown(&plain, "varchar", b"\\N"), "Null");
        assert_eq!(shown(&nulls, "varchar", b""), "Null");
        assert_eq!(shown(&nulls, "varchar", b"  "), "Null");
        assert_eq!(shown(&nulls, "varchar", b"NA"), "Null");
        assert_eq!(shown(&nulls, "int", b"NA"), "Null");
        assert_eq!(shown(&nulls, "varchar", b" a "), r#"Text(" a")"#);
        assert_eq!(shown(&nulls, "char(3)", b"a "), r#"Text("a")"#);
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_an_error_or_replaced() {
        let plain = plain();
        let lenient = Conversion {
            accept_invalid: Some('?'),
            ..plain.clone()
        };
        let sequence = |bytes: &[u8]| {
            shown(&plain, "varchar", bytes).replace(
                "String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: ",
                "",
            )
        };
        assert_eq!(sequence(b"caf\xe9"), "e9 (error 2)");
        assert_eq!(sequence(b"\xffx"), "ff (error 3)");
        assert_eq!(sequence(b"\xe9xy"), "e9 78 (error 4)");
        assert_eq!(sequence(b"\xed\xa0\x80"), "ed a0 80 (error 5)");
        assert_eq!(shown(&lenient, "varchar", b"caf\xe9!"), r#"Text("caf?!")"#);
        assert_eq!(
            shown(&plain, "varchar", b"a\0b"),
            "Invalid null byte - field longer than 1 byte"
        );
    }
}
