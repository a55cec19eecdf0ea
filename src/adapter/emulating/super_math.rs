//! Arithmetic of `super` values, whose types are known only when a row is read.
//!
//! In: values of JSON as texts. Out: one, or nothing where Redshift gives NULL. Knows nothing of SQL. "Arithmetic operators" of
//! <https://docs.aws.amazon.com/redshift/latest/dg/operators-functions.html>: what is no number gives NULL, `+` joins two texts, an
//! overflow fails.

use serde_json::Value;

/// A number of JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    /// Digits, how many of them stand behind the point, and whether there is a point.
    Exact(i128, u32, bool),
    Float(f64),
}

const OVERFLOW: &str = "numeric overflow in a `super` value";

/// The most digits behind the point that a quotient of any decimals has.
const SCALE: u32 = 4;

/// `a op b` for `+ - * / %`.
///
/// # Errors
/// An overflow, a division by zero, and a quotient of which no page tells the digits.
pub(super) fn compute(a: &str, op: &str, b: &str) -> Result<Option<String>, String> {
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        return Ok(Some(written(of_numbers(a, op, b)?)?));
    }
    match (op, text(a), text(b)) {
        ("+", Some(a), Some(b)) => Ok(Some(Value::from(a + &b).to_string())),
        _ => Ok(None),
    }
}

/// `abs`, `ceil`, `floor`, `round` and `trunc` of one value.
///
/// # Errors
/// An overflow.
pub(super) fn round(name: &str, value: &str) -> Result<Option<String>, String> {
    let Some(value) = number(value) else {
        return Ok(None);
    };
    let rounded = match value {
        Number::Float(float) => Number::Float(match name {
            "abs" => float.abs(),
            "ceil" => float.ceil(),
            "floor" => float.floor(),
            "trunc" => float.trunc(),
            _ => float.round(),
        }),
        Number::Exact(digits, scale, point) if name == "abs" => {
            Number::Exact(digits.checked_abs().ok_or(OVERFLOW)?, scale, point)
        }
        Number::Exact(digits, scale, _) => {
            let unit = 10_i128.checked_pow(scale).ok_or(OVERFLOW)?;
            let (floor, rest) = (digits.div_euclid(unit), digits.rem_euclid(unit));
            let up = match name {
                "ceil" => rest > 0,
                "floor" => false,
                "trunc" => digits < 0 && rest > 0,
                // Half is rounded away from zero.
                _ if digits < 0 => 2 * rest > unit,
                _ => 2 * rest >= unit,
            };
            Number::Exact(floor + i128::from(up), 0, false)
        }
    };
    written(rounded).map(Some)
}

fn of_numbers(a: Number, op: &str, b: Number) -> Result<Number, String> {
    let (Number::Exact(left, s1, p1), Number::Exact(right, s2, p2)) = (a, b) else {
        return of_floats(float(a), op, float(b)).map(Number::Float);
    };
    let point = p1 || p2;
    let scale = s1.max(s2);
    let raised = |digits: i128, by: u32| {
        let unit = 10_i128.checked_pow(by)?;
        digits.checked_mul(unit)
    };
    let (x, y) = match (raised(left, scale - s1), raised(right, scale - s2)) {
        (Some(x), Some(y)) => (x, y),
        _ => return Err(OVERFLOW.to_owned()),
    };
    if matches!(op, "/" | "%") && y == 0 {
        return Err("division by zero".to_owned());
    }
    let digits = match op {
        "+" => x.checked_add(y),
        "-" => x.checked_sub(y),
        "*" => {
            let product = left.checked_mul(right).ok_or(OVERFLOW)?;
            return Ok(Number::Exact(product, s1 + s2, point));
        }
        "%" => x.checked_rem(y),
        _ => return quotient(x, y, point),
    };
    Ok(Number::Exact(digits.ok_or(OVERFLOW)?, scale, point))
}

/// A quotient that comes out even: then it does not matter whether Redshift divides whole numbers or decimals, and to how many digits.
fn quotient(x: i128, y: i128, point: bool) -> Result<Number, String> {
    // The least number by -1 overflows.
    let even = |x: i128| -> Result<Option<i128>, String> {
        let left = x.checked_rem(y).ok_or(OVERFLOW)?;
        Ok(x.checked_div(y).filter(|_| left == 0))
    };
    if !point && let Some(whole) = even(x)? {
        return Ok(Number::Exact(whole, 0, false));
    }
    let raised = x.checked_mul(10_i128.pow(SCALE)).ok_or(OVERFLOW)?;
    if point && let Some(digits) = even(raised)? {
        return Ok(Number::Exact(digits, SCALE, true));
    }
    Err("a quotient of `super` values that does not come out even is not emulated, as no page tells its digits: cast both sides, `x::decimal(18, 4) / y::decimal(18, 4)`".to_owned())
}

fn of_floats(a: f64, op: &str, b: f64) -> Result<f64, String> {
    if matches!(op, "/" | "%") && b == 0.0 {
        return Err("division by zero".to_owned());
    }
    let value = match op {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "%" => a % b,
        _ => a / b,
    };
    match value.is_finite() {
        true => Ok(value),
        false => Err(OVERFLOW.to_owned()),
    }
}

fn float(number: Number) -> f64 {
    match number {
        Number::Float(float) => float,
        Number::Exact(digits, scale, _) => {
            let text = format!("{digits}e-{scale}");
            text.parse().unwrap_or(f64::INFINITY)
        }
    }
}

fn number(json: &str) -> Option<Number> {
    let json = json.trim();
    if !json.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return None;
    }
    let (whole, fraction) = json.split_once('.').unwrap_or((json, ""));
    let exact = format!("{whole}{fraction}").parse::<i128>().ok();
    match exact.zip(u32::try_from(fraction.len()).ok()) {
        Some((digits, scale)) if scale < 38 => {
            Some(Number::Exact(digits, scale, json.contains('.')))
        }
        _ => json.parse().ok().map(Number::Float),
    }
}

fn text(json: &str) -> Option<String> {
    match serde_json::from_str(json) {
        Ok(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// A number as JSON. A decimal keeps its point, and no zeros behind its last digit.
fn written(number: Number) -> Result<String, String> {
    let (digits, scale, point) = match number {
        Number::Float(float) => return Ok(Value::from(float).to_string()),
        Number::Exact(digits, scale, point) => (digits, scale as usize, point),
    };
    let all = format!("{:0>width$}", digits.unsigned_abs(), width = scale + 1);
    if all.len() > 38 || !point && i64::try_from(digits).is_err() {
        return Err(OVERFLOW.to_owned());
    }
    let sign = if digits < 0 { "-" } else { "" };
    let (whole, fraction) = all.split_at(all.len() - scale);
    Ok(match (fraction.trim_end_matches('0'), point) {
        ("", false) => format!("{sign}{whole}"),
        ("", true) => format!("{sign}{whole}.0"),
        (fraction, _) => format!("{sign}{whole}.{fraction}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(a: &str, op: &str, b: &str) -> String {
        match compute(a, op, b) {
            Ok(value) => value.unwrap_or_else(|| "null".to_owned()),
            Err(error) => error,
        }
    }

    #[test]
    fn numbers_are_computed_and_texts_joined_and_all_else_is_null() {
        for (a, op, b, wanted) in [
            ("5", "+", "2", "7"),
            ("1.5", "+", "1", "2.5"),
            ("0.1", "+", "0.2", "0.3"),
            ("0.5", "+", "0.5", "1.0"),
            ("-1.05", "*", "2", "-2.1"),
            ("6", "/", "3", "2"),
            ("1.5", "/", "2", "0.75"),
            ("5.5", "%", "2", "1.5"),
            ("1e3", "+", "1", "1001.0"),
            ("\"a\"", "+", "\"b\"", "\"ab\""),
            ("\"a\"", "-", "\"b\"", "null"),
            ("\"a\"", "+", "1", "null"),
            ("null", "+", "1", "null"),
            ("[1]", "*", "2", "null"),
            ("true", "+", "1", "null"),
            ("1", "/", "0", "division by zero"),
            ("9223372036854775807", "+", "1", OVERFLOW),
            (
                "-170141183460469231731687303715884105728",
                "/",
                "-1",
                OVERFLOW,
            ),
        ] {
            assert_eq!(shown(a, op, b), wanted, "{a} {op} {b}");
        }
        assert!(compute("5", "/", "2").is_err());
        assert!(compute("1.0", "/", "3").is_err());
    }

    #[test]
    fn half_is_rounded_away_from_zero() {
        for (name, value, wanted) in [
            ("round", "2.5", "3"),
            ("round", "-2.5", "-3"),
            ("round", "-2.4", "-2"),
            ("ceil", "-2.5", "-2"),
            ("floor", "-2.5", "-3"),
            ("trunc", "-2.5", "-2"),
            ("abs", "-2.50", "2.5"),
            ("floor", "7", "7"),
        ] {
            let given = round(name, value).unwrap();
            assert_eq!(given.as_deref(), Some(wanted), "{name}({value})");
        }
        assert_eq!(round("abs", "\"x\""), Ok(None));
    }
}
