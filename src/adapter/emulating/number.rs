//! Numbers as text: the format models of `to_char` and `to_number`, floats as Redshift prints them, exact division.

/// A `float8` as Redshift prints it: 15 significant digits, no point where none is needed.
pub(super) fn float_text(value: f64) -> String {
    digits_text(value, 15)
}

/// A `float4` as Redshift prints it: with 6 significant digits.
#[cfg(feature = "duckdb")]
pub(super) fn real_text(value: f64) -> String {
    digits_text(value, 6)
}

fn digits_text(value: f64, digits: i32) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let places = usize::try_from(digits - 1).unwrap_or(0);
    let scientific = format!("{value:.places$e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..digits).contains(&exponent) {
        let decimals = usize::try_from(digits - 1 - exponent).unwrap_or(0);
        trim_zeros(&format!("{value:.decimals$}"))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trim_zeros(mantissa), exponent.abs())
    }
}

/// A float rounded, half away from zero, or cut to places behind its point, by the digits of it that count: as PostgreSQL does, by way of
/// a decimal. It may have fewer places than none.
#[cfg(feature = "duckdb")]
pub(super) fn to_places(value: f64, digits: usize, places: i32, cut: bool) -> f64 {
    if !value.is_finite() || value == 0.0 {
        return value;
    }
    let scientific = format!("{:.*e}", digits.saturating_sub(1), value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let figures = mantissa.replace('.', "");
    let places = i64::from(places);
    let whole = match usize::try_from(exponent + 1 + places) {
        Ok(kept) if kept >= figures.len() => {
            return scientific.parse::<f64>().unwrap_or(value).copysign(value);
        }
        Ok(kept) => {
            let up = !cut && figures.as_bytes()[kept] >= b'5';
            figures[..kept].parse::<u64>().unwrap_or(0) + u64::from(up)
        }
        Err(_) => 0,
    };
    let rounded: f64 = format!("{whole}e{}", -places).parse().unwrap_or(value);
    rounded.copysign(value)
}

fn trim_zeros(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

/// A decimal text as its digits and its scale.
fn decimal(text: &str) -> Option<(bool, Vec<u8>, usize)> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: Option<Vec<u8>> = whole
        .bytes()
        .chain(fraction.bytes())
        .map(|byte| byte.is_ascii_digit().then(|| byte - b'0'))
        .collect();
    let digits = digits.filter(|digits| !digits.is_empty())?;
    Some((negative, digits, fraction.len()))
}

/// The quotient of two decimals, rounded to `scale` digits after the point, half away from zero.
pub(super) fn divide(a: &str, b: &str, scale: usize) -> Result<String, String> {
    let bad = || "a division of what is not a decimal".to_owned();
    let (negative_a, a_digits, a_scale) = decimal(a).ok_or_else(bad)?;
    let (negative_b, b_digits, b_scale) = decimal(b).ok_or_else(bad)?;
    let divisor = b_digits
        .iter()
        .try_fold(0u128, |value, digit| {
            value.checked_mul(10)?.checked_add(u128::from(*digit))
        })
        .ok_or_else(bad)?;
    if divisor == 0 {
        return Err("division by zero".to_owned());
    }
    // a / b = (A / 10^sa) / (B / 10^sb): digits of A, then as many zeros as the scale asks, one more to round.
    let zeros = (scale + 1 + b_scale).saturating_sub(a_scale);
    let surplus = a_scale.saturating_sub(scale + 1 + b_scale);
    let mut quotient: Vec<u8> = Vec::with_capacity(a_digits.len() + zeros);
    let mut remainder = 0u128;
    for digit in a_digits
        .iter()
        .copied()
        .chain(std::iter::repeat_n(0, zeros))
    {
        // The remainder is below 10^38, ten times it below 3.4 · 10^38 only while the divisor is; go digit by digit.
        let (digit, rest) = step(remainder, digit, divisor);
        quotient.push(digit);
        remainder = rest;
    }
    quotient.truncate(quotient.len() - surplus.min(quotient.len().saturating_sub(1)));
    Ok(rounded(quotient, scale, negative_a != negative_b))
}

/// One step of a long division: `(remainder · 10 + digit) / divisor`.
fn step(remainder: u128, digit: u8, divisor: u128) -> (u8, u128) {
    let mut rest = u128::from(digit);
    let mut quotient = 0u8;
    // Ten times the remainder may not fit; add it ten times, taking the divisor away in between.
    for _ in 0..10 {
        let (sum, over) = rest.overflowing_add(remainder);
        rest = sum;
        if over || rest >= divisor {
            rest = rest.wrapping_sub(divisor);
            quotient += 1;
        }
    }
    while rest >= divisor {
        rest -= divisor;
        quotient += 1;
    }
    (quotient, rest)
}

/// Digits with one more than `scale` after the point, rounded and written.
fn rounded(mut digits: Vec<u8>, scale: usize, negative: bool) -> String {
    let up = digits.pop().unwrap_or(0) >= 5;
    if up {
        let mut carry = true;
        for digit in digits.iter_mut().rev() {
            if *digit == 9 {
                *digit = 0;
            } else {
                *digit += 1;
                carry = false;
                break;
            }
        }
        if carry {
            digits.insert(0, 1);
        }
    }
    while digits.len() <= scale {
        digits.insert(0, 0);
    }
    let text: String = digits
        .iter()
        .map(|digit| char::from(b'0' + digit))
        .collect();
    let (whole, fraction) = text.split_at(text.len() - scale);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let zero = whole == "0" && fraction.bytes().all(|byte| byte == b'0');
    let sign = if negative && !zero { "-" } else { "" };
    if scale == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

/// A format model of numbers.
#[derive(Debug, Default, PartialEq)]
struct Model {
    /// The characters of the whole part, in order: `9`, `0`, `,` or text.
    whole: Vec<char>,
    fraction: Vec<char>,
    point: bool,
    fill: bool,
    sign: Sign,
    currency: bool,
    /// The suffix of an ordinal behind it, as written.
    ordinal: Option<&'static str>,
}

#[derive(Debug, Default, PartialEq, Clone, Copy)]
enum Sign {
    #[default]
    Before,
    /// `S` beside the first digit.
    Leading,
    /// `SG` before the digits, where it stands whether blanks follow or not.
    LeadingAlways,
    /// `MI` before the digits, where it stands whether blanks follow or not.
    LeadingMinus,
    Trailing,
    TrailingMinus,
    Brackets,
}

fn model(format: &str) -> Result<Model, String> {
    let mut model = Model {
        fill: true,
        ..Model::default()
    };
    let upper = format.to_uppercase();
    let mut rest = upper.as_str();
    while let Some(first) = rest.chars().next() {
        let mut length = first.len_utf8();
        match first {
            // Nothing but the end stands behind it, and it is that of a whole number.
            'T' if rest == "TH" && !model.point && !model.whole.is_empty() => {
                model.ordinal = Some(if format.ends_with("TH") { "TH" } else { "th" });
                length = 2;
            }
            'S' if rest.starts_with("SG") => {
                model.sign = if model.whole.is_empty() && !model.point {
                    Sign::LeadingAlways
                } else if rest == "SG" {
                    Sign::Trailing
                } else {
                    return Err(format!("the number format `{format}` is not emulated"));
                };
                length = 2;
            }
            '9' | '0' if model.point => model.fraction.push(first),
            '9' | '0' => model.whole.push(first),
            ',' | 'G' if !model.point => model.whole.push(','),
            '.' | 'D' if !model.point => model.point = true,
            'F' if rest.starts_with("FM") => {
                model.fill = false;
                length = 2;
            }
            'S' => {
                model.sign = if model.whole.is_empty() && !model.point {
                    Sign::Leading
                } else {
                    Sign::Trailing
                };
            }
            'M' if rest.starts_with("MI") => {
                model.sign = if model.whole.is_empty() && !model.point {
                    Sign::LeadingMinus
                } else {
                    Sign::TrailingMinus
                };
                length = 2;
            }
            'P' if rest.starts_with("PR") => {
                model.sign = Sign::Brackets;
                length = 2;
            }
            '$' | 'L' if model.whole.is_empty() && !model.point => model.currency = true,
            _ => return Err(format!("the number format `{format}` is not emulated")),
        }
        rest = &rest[length..];
    }
    Ok(model)
}

/// Whether a format model is for numbers, not for dates.
pub(super) fn is_number_format(format: &str) -> bool {
    let mut quoted = false;
    format.chars().any(|character| {
        if character == '"' {
            quoted = !quoted;
        }
        !quoted && matches!(character, '9' | '0')
    })
}

/// Whether a format model of numbers is understood.
pub(super) fn check_format(format: &str) -> Result<(), String> {
    match format {
        _ if format.eq_ignore_ascii_case("RN") => {
            Err("whether `RN` is filled with blanks is not documented: write `FMRN`".to_owned())
        }
        _ if is_roman(format) => Ok(()),
        _ => model(format).map(drop),
    }
}

fn is_roman(format: &str) -> bool {
    format.eq_ignore_ascii_case("FMRN")
}

/// A number from 1 to 3999 in Roman numerals.
fn roman(number: &str, format: &str) -> Result<String, String> {
    const NUMERALS: [(u32, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let whole = divide(&plain_decimal(number)?, "1", 0)?;
    let mut rest = whole
        .parse::<u32>()
        .ok()
        .filter(|value| (1..4000).contains(value))
        .ok_or_else(|| format!("`{number}` is no Roman numeral: they reach from 1 to 3999"))?;
    let mut out = String::new();
    for (value, numeral) in NUMERALS {
        while rest >= value {
            out.push_str(numeral);
            rest -= value;
        }
    }
    Ok(if format.ends_with("rn") {
        out.to_lowercase()
    } else {
        out
    })
}

/// `to_char` of a number, given as text.
pub(super) fn to_char(number: &str, format: &str) -> Result<String, String> {
    match format {
        "" => Ok(String::new()),
        _ if is_roman(format) => roman(number, format),
        _ => under(&model(format)?, number),
    }
}

fn under(model: &Model, number: &str) -> Result<String, String> {
    let plain = plain_decimal(number)?;
    let exact = divide(&plain, "1", model.fraction.len())?;
    let negative = exact.starts_with('-');
    let exact = exact.trim_start_matches('-');
    let (whole, fraction) = exact.split_once('.').unwrap_or((exact, ""));
    let whole = if whole == "0" && (!model.fraction.is_empty() || model.whole.is_empty()) {
        ""
    } else {
        whole
    };
    let places = model.whole.iter().filter(|place| **place != ',').count();
    if whole.len() > places {
        return Ok(overflow(model, negative));
    }
    let mut out = digits_under(model, whole, places);
    if model.point {
        let fraction = fraction_under(model, fraction);
        // A zero without filling would be a point alone.
        if fraction.is_empty() && out.is_empty() && places > 0 {
            out.push('0');
        }
        out.push('.');
        out.push_str(&fraction);
    }
    let suffix = match model.ordinal {
        Some(written) if !negative => match (written, super::moment::ordinal(&out)) {
            ("TH", suffix) => suffix.to_uppercase(),
            (_, suffix) => suffix.to_owned(),
        },
        _ => String::new(),
    };
    Ok(signed(model, out, negative) + &suffix)
}

/// `to_char` of a float with so many digits that count: it is rounded as C prints it, a tie to the even digit.
pub(super) fn float_to_char(value: f64, digits: usize, format: &str) -> Result<String, String> {
    if !value.is_finite() {
        return Err(format!("`{value}` has no digits"));
    }
    if is_roman(format) {
        return roman(&format!("{value:.0}"), format);
    }
    let mut model = model(format)?;
    let whole = format!("{:.0}", value.abs()).len();
    model.fraction.truncate(digits.saturating_sub(whole));
    under(&model, &format!("{value:.*}", model.fraction.len()))
}

/// A number may come in scientific notation from a float.
fn plain_decimal(number: &str) -> Result<String, String> {
    if number.contains(['e', 'E']) {
        let value: f64 = number
            .parse()
            .map_err(|_| format!("`{number}` is not a number"))?;
        return Ok(format!("{value:.10}"));
    }
    Ok(number.to_owned())
}

fn digits_under(model: &Model, whole: &str, places: usize) -> String {
    let mut digits = whole.chars();
    let mut left = places;
    let mut started = false;
    let mut out = String::new();
    for place in &model.whole {
        if *place == ',' {
            if started {
                out.push(',');
            } else if model.fill {
                out.push(' ');
            }
            continue;
        }
        if left <= whole.len() {
            started = true;
            out.extend(digits.next());
        } else if *place == '0' || started {
            started = true;
            out.push('0');
        } else if model.fill {
            out.push(' ');
        }
        left -= 1;
    }
    out
}

fn fraction_under(model: &Model, fraction: &str) -> String {
    if model.fill {
        return fraction.to_owned();
    }
    // Without filling, zeros at the end go, up to the last place that is a `0`.
    let least = model
        .fraction
        .iter()
        .rposition(|place| *place == '0')
        .map_or(0, |at| at + 1);
    let mut text = fraction.to_owned();
    while text.len() > least && text.ends_with('0') {
        text.pop();
    }
    text
}

fn overflow(model: &Model, negative: bool) -> String {
    let mut out: String = model
        .whole
        .iter()
        .map(|place| if *place == ',' { ',' } else { '#' })
        .collect();
    if model.point {
        out.push('.');
        out.extend(std::iter::repeat_n('#', model.fraction.len()));
    }
    signed(model, out, negative)
}

/// Puts the sign beside the first digit, as wide as the model asks, and the currency before all of it.
fn signed(model: &Model, digits: String, negative: bool) -> String {
    let start = digits.len() - digits.trim_start_matches(' ').len();
    let (blanks, digits) = digits.split_at(start);
    let currency = if model.currency { "$" } else { "" };
    let sign = if negative { '-' } else { '+' };
    let number = match model.sign {
        Sign::Before if negative => format!("{blanks}-{digits}"),
        Sign::Before | Sign::LeadingMinus if !negative && model.fill => {
            format!(" {blanks}{digits}")
        }
        Sign::LeadingMinus if negative => format!("-{blanks}{digits}"),
        Sign::Leading => format!("{blanks}{sign}{digits}"),
        Sign::LeadingAlways => format!("{sign}{blanks}{digits}"),
        Sign::Trailing => format!("{blanks}{digits}{sign}"),
        Sign::TrailingMinus if negative => format!("{blanks}{digits}-"),
        Sign::TrailingMinus if model.fill => format!("{blanks}{digits} "),
        Sign::Brackets if negative => format!("{blanks}<{digits}>"),
        Sign::Brackets if model.fill => format!(" {blanks}{digits} "),
        Sign::Before | Sign::LeadingMinus | Sign::TrailingMinus | Sign::Brackets => {
            digits.to_owned()
        }
    };
    format!("{currency}{number}")
}

/// The format model of a text that is read: blanks in it count for nothing, as those of the text.
fn model_to_read(format: &str) -> Result<Model, String> {
    let model = model(&format.replace(' ', ""))?;
    match model.ordinal {
        Some(_) => Err("the suffix `TH` of a format is not read".to_owned()),
        None => Ok(model),
    }
}

/// Whether a format model of numbers is understood where a text is read.
pub(super) fn check_format_to_read(format: &str) -> Result<(), String> {
    model_to_read(format).map(drop)
}

/// `to_number`: the digits of a text under a format model, as a decimal text.
pub(super) fn to_number(text: &str, format: &str) -> Result<String, String> {
    let model = model_to_read(format)?;
    let cleaned: String = text
        .chars()
        .filter(|character| !matches!(character, ',' | '$' | ' ' | '<' | '>'))
        .collect();
    let negative =
        cleaned.starts_with('-') || cleaned.ends_with('-') || text.trim().starts_with('<');
    let digits = cleaned.trim_matches(['-', '+']);
    let (_, all, scale) =
        decimal(digits).ok_or_else(|| format!("`{text}` does not fit the format `{format}`"))?;
    if scale > model.fraction.len()
        || all.len() - scale > model.whole.iter().filter(|place| **place != ',').count()
    {
        return Err(format!("`{text}` does not fit the format `{format}`"));
    }
    Ok(format!("{}{digits}", if negative { "-" } else { "" }))
}

/// The precision and scale of what `to_number` reads under a format model.
pub(super) fn format_digits(format: &str) -> Result<(u8, u8), String> {
    let model = model_to_read(format)?;
    let whole = model.whole.iter().filter(|place| **place != ',').count();
    let byte =
        |number: usize| u8::try_from(number).map_err(|_| "the format is too long".to_owned());
    Ok((
        byte((whole + model.fraction.len()).max(1))?,
        byte(model.fraction.len())?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_is_printed_with_fifteen_digits() {
        for (value, text) in [
            (3.0, "3"),
            (0.1 + 0.2, "0.3"),
            (1.0 / 3.0, "0.333333333333333"),
            (1e15, "1e+15"),
            (1.5e-7, "1.5e-07"),
            (-2.5, "-2.5"),
            (123_456.789, "123456.789"),
        ] {
            assert_eq!(float_text(value), text);
        }
        for (value, text) in [(f64::from(0.1_f32), "0.1"), (1_234_567.0, "1.23457e+06")] {
            assert_eq!(digits_text(value, 6), text);
        }
    }

    #[test]
    #[cfg(feature = "duckdb")]
    fn a_float_is_rounded_by_the_digits_that_it_prints() {
        for (value, places, rounded, cut) in [
            (0.285, 2, 0.29, 0.28),
            (1.005, 2, 1.01, 1.0),
            (-2.675, 2, -2.68, -2.67),
            (1234.5, -2, 1200.0, 1200.0),
            (0.5, 0, 1.0, 0.0),
            (0.04, 1, 0.0, 0.0),
            (5.0, -1, 10.0, 0.0),
            (4.0, -2, 0.0, 0.0),
            (123.456, 20, 123.456, 123.456),
            (1e300, 2, 1e300, 1e300),
        ] {
            let given = (
                to_places(value, 15, places, false),
                to_places(value, 15, places, true),
            );
            assert_eq!(given, (rounded, cut), "{value} {places}");
        }
    }

    #[test]
    fn decimals_divide_exactly() {
        for (a, b, scale, quotient) in [
            ("1.00", "3.00", 11, "0.33333333333"),
            ("2", "3", 4, "0.6667"),
            ("-7", "2", 4, "-3.5000"),
            ("75.75", "4", 2, "18.94"),
            (
                "1",
                "99999999999999999999999999999999999999",
                38,
                "0.00000000000000000000000000000000000001",
            ),
            ("0.001", "1", 1, "0.0"),
            ("9.99", "1", 1, "10.0"),
        ] {
            assert_eq!(divide(a, b, scale).as_deref(), Ok(quotient), "{a} / {b}");
        }
        assert_eq!(divide("1", "0.00", 2), Err("division by zero".into()));
    }

    #[test]
    fn a_number_is_written_under_a_format() {
        for (number, format, text) in [
            ("1234.5", "999,999.99", "   1,234.50"),
            ("12", "00000", " 00012"),
            ("12", "FM00000", "00012"),
            ("-125.8", "999.99", "-125.80"),
            ("-125.8", "999D99S", "125.80-"),
            ("125.8", "S999.9", "+125.8"),
            ("0.5", "9.99", "  .50"),
            ("0.5", "0.99", " 0.50"),
            ("1234", "999", " ###"),
            ("-1.5", "9.9PR", "<1.5>"),
            ("1.5", "FM9.990", "1.500"),
            ("-125.88", "$S999D99", "$-125.88"),
            ("-125.88", "$999D99PR", "$<125.88>"),
            ("618.80", "l99999D99", "$   618.80"),
            ("-5", "MI999", "-  5"),
            ("5", "MI999", "   5"),
            ("-5", "999MI", "  5-"),
        ] {
            assert_eq!(
                to_char(number, format).as_deref(),
                Ok(text),
                "{number} {format}"
            );
        }
        assert!(to_char("1", "9EEEE").is_err());
    }

    #[test]
    fn a_number_is_read_under_a_format() {
        assert_eq!(to_number("12,454.8", "99G999D9").as_deref(), Ok("12454.8"));
        assert_eq!(
            to_number("12,454.8-", "99G999D9S").as_deref(),
            Ok("-12454.8")
        );
        assert_eq!(format_digits("99G999D9"), Ok((6, 1)));
        assert_eq!(
            to_number("$ 2,012,454.88", "L 9,999,999.99").as_deref(),
            Ok("2012454.88")
        );
        assert!(to_number("abc", "999").is_err());
    }
}
