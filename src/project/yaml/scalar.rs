//! What a plain scalar means, by the rules of PyYAML's safe loader (YAML 1.1).

use super::YamlValue;

/// The meaning of a plain scalar's text.
///
/// Dates and sexagesimal numbers stay text: nobody means them in a project, and JSON has neither.
pub fn resolve(text: &str) -> YamlValue {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return YamlValue::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return YamlValue::Bool(true);
        }
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return YamlValue::Bool(false);
        }
        _ => {}
    }
    // Nearly all scalars are words: one look at the first byte tells.
    if !text.starts_with(|first: char| matches!(first, '0'..='9' | '+' | '-' | '.')) {
        return YamlValue::String(text.to_owned());
    }
    integer(text)
        .map(YamlValue::Int)
        .or_else(|| float(text).map(YamlValue::Float))
        .unwrap_or_else(|| YamlValue::String(text.to_owned()))
}

fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'b', ..] => (2, &digits[2..]),
        [b'0', b'x', ..] => (16, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        [b'0'..=b'9', ..] => (10, digits),
        _ => return None,
    };
    let plain = digits.replace('_', "");
    if plain.starts_with(['+', '-']) {
        return None;
    }
    let value = i64::from_str_radix(&plain, radix).ok()?;
    Some(if negative { -value } else { value })
}

fn float(text: &str) -> Option<f64> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    match rest {
        ".inf" | ".Inf" | ".INF" => return Some(sign * f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" if rest.len() == text.len() => return Some(f64::NAN),
        _ => {}
    }
    let (mantissa, exponent) = rest
        .split_once(['e', 'E'])
        .map_or((rest, None), |(mantissa, exponent)| {
            (mantissa, Some(exponent))
        });
    let (whole, fraction) = mantissa.split_once('.')?;
    let digits = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    let starts_right = |part: &str| part.starts_with(|first: char| first.is_ascii_digit());
    let well_formed = digits(whole)
        && digits(fraction)
        && (starts_right(whole) || whole.is_empty() && starts_right(fraction));
    // An exponent needs its sign: `1.5e3` is text, as in PyYAML.
    let exponent_is_right = exponent.is_none_or(|exponent| {
        exponent.len() > 1
            && exponent.starts_with(['+', '-'])
            && exponent[1..].bytes().all(|byte| byte.is_ascii_digit())
    });
    if !well_formed || !exponent_is_right {
        return None;
    }
    rest.replace('_', "")
        .parse::<f64>()
        .ok()
        .map(|value| sign * value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_mean_what_pyyaml_says() {
        let cases = [
            ("yes", "Bool(true)"),
            ("Off", "Bool(false)"),
            ("y", "String(\"y\")"),
            ("~", "Null"),
            ("0755", "Int(493)"),
            ("0o17", "String(\"0o17\")"),
            ("0x1F", "Int(31)"),
            ("0b101", "Int(5)"),
            ("08", "String(\"08\")"),
            ("1_000", "Int(1000)"),
            ("-12", "Int(-12)"),
            ("1e3", "String(\"1e3\")"),
            ("1.5e3", "String(\"1.5e3\")"),
            ("1.5e+3", "Float(1500.0)"),
            ("1.10", "Float(1.1)"),
            (".5", "Float(0.5)"),
            ("1.", "Float(1.0)"),
            ("-.inf", "Float(-inf)"),
            ("2024-01-15", "String(\"2024-01-15\")"),
            ("1:30", "String(\"1:30\")"),
            ("1.2.3", "String(\"1.2.3\")"),
            ("-", "String(\"-\")"),
            ("+-1", "String(\"+-1\")"),
            ("99999999999999999999", "String(\"99999999999999999999\")"),
        ];
        for (text, meaning) in cases {
            assert_eq!(format!("{:?}", resolve(text)), meaning, "{text}");
        }
    }
}
