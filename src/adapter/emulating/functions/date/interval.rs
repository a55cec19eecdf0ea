//! Interval literals.

use super::part::PARTS;
use crate::adapter::emulating::types::Type;

/// The units of qualifiers, the largest first.
const FIELDS: [&str; 6] = ["year", "month", "day", "hour", "minute", "second"];
/// The microseconds of a day, an hour, a minute and a second.
const MICROS: [i128; 4] = [86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000];

/// What stands behind the text of an interval literal: `day to second(3)`.
pub(in crate::adapter::emulating) struct Qualifier {
    pub first: String,
    pub last: Option<String>,
    /// The digits behind the point of its seconds.
    pub places: Option<u64>,
}

/// An interval literal without a qualifier as DuckDB reads it: numbers and units, or a clock.
pub(in crate::adapter::emulating) fn interval(text: &str) -> Option<String> {
    let spaced: Vec<String> = split_units(text);
    let mut out = Vec::new();
    let mut words = spaced.iter().peekable();
    while let Some(word) = words.next() {
        if word.contains(':') {
            out.push(word.clone());
            continue;
        }
        word.parse::<f64>().ok()?;
        match words.next() {
            Some(unit) => out.push(format!("{word} {}", unit_of(unit)?)),
            // A number alone counts seconds.
            None => out.push(format!("{word} seconds")),
        }
    }
    (!out.is_empty()).then(|| out.join(" "))
}

/// An interval literal with a qualifier, as the engines read it, and its type. What is smaller than the qualifier is cut off:
/// <https://docs.aws.amazon.com/redshift/latest/dg/r_interval_data_types.html>.
///
/// # Errors
/// Why it is not understood.
pub(in crate::adapter::emulating) fn qualified(
    text: &str,
    qualifier: &Qualifier,
) -> Result<(String, Type), String> {
    let field = |name: &str| FIELDS.iter().position(|field| *field == name);
    let known = || {
        "it is qualified by `year`, `month`, `day`, `hour`, `minute`, `second`, or one of them `to` a smaller one".to_owned()
    };
    let first = field(&qualifier.first).ok_or_else(known)?;
    let last = match &qualifier.last {
        Some(last) => field(last).filter(|last| *last > first).ok_or_else(known)?,
        None => first,
    };
    let of_months = last < 2;
    if !of_months && first < 2 {
        return Err(known());
    }
    if qualifier
        .places
        .is_some_and(|places| last != 5 || places > 6)
    {
        return Err("it is the seconds that have up to 6 digits behind their point".to_owned());
    }
    let (months, micros) = counted(text, first, last).ok_or_else(|| {
        "its parts are not a number and a unit each, nor those of its qualifier".to_owned()
    })?;
    if of_months && micros != 0 || !of_months && months != 0 {
        return Err(
            "it has months and days; what becomes of the others hangs on `interval_forbid_composite_literals`"
                .to_owned(),
        );
    }
    if of_months {
        let whole = if last == 0 { months / 12 * 12 } else { months };
        return Ok((format!("{whole} months"), Type::Months));
    }
    let micros = match qualifier.places {
        Some(places) => rounded(micros, 10_i128.pow(u32::try_from(6 - places).unwrap_or(0))),
        None if last == 5 => micros,
        None => micros / MICROS[last - 2] * MICROS[last - 2],
    };
    let (days, rest) = (micros / MICROS[0], micros % MICROS[0]);
    Ok((format!("{days} days {rest} microseconds"), Type::Interval))
}

/// To the next multiple, half away from zero.
fn rounded(value: i128, unit: i128) -> i128 {
    (value + value.signum() * unit / 2) / unit * unit
}

/// The months and the microseconds of a text, whose numbers without units are those of its qualifier.
fn counted(text: &str, first: usize, last: usize) -> Option<(i128, i128)> {
    let text = text.trim();
    let of_months = last < 2;
    // A number alone counts what the qualifier says.
    if text.parse::<f64>().is_ok() {
        return (first == last)
            .then(|| sized(text, FIELDS[first]))
            .flatten();
    }
    let (negative, plain) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let signed = |months: i128, micros: i128| match negative {
        true => (-months, -micros),
        false => (months, micros),
    };
    if of_months && let Some((years, months)) = plain.split_once('-') {
        let (years, months) = (whole(years)?, whole(months)?);
        return (months < 12).then(|| signed(years * 12 + months, 0));
    }
    let is_clock = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || b":. ".contains(&byte))
    };
    if !of_months && is_clock(plain) {
        // Whether the sign is that of the days alone, no page tells.
        return (!negative || !plain.contains(' '))
            .then(|| clock(plain, first, last))
            .flatten()
            .map(|micros| signed(0, micros));
    }
    let (mut months, mut micros) = (0, 0);
    let words = split_units(text);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (more_months, more_micros) = match word.contains(':') {
            true if word.starts_with('-') => return None,
            true => (0, clock(word, first.max(3), last)?),
            false => sized(word, unit_of(words.next()?)?)?,
        };
        months += more_months;
        micros += more_micros;
    }
    Some((months, micros))
}

/// `1 2:3:4.5`, of which the numbers are those from the first to the last field of the qualifier; three with colons are a clock.
fn clock(text: &str, first: usize, last: usize) -> Option<i128> {
    let (days, clock) = match text.trim().split_once(' ') {
        Some((days, clock)) => (Some(whole(days)?), clock.trim()),
        None => (None, text.trim()),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let from = match (days, parts.len()) {
        (_, 3) => 3,
        (Some(_), count) if first == 2 && last == 2 + count => 3,
        (None, count) if first > 2 && last + 1 == first + count => first,
        _ => return None,
    };
    let mut micros = days.unwrap_or(0) * MICROS[0];
    for (at, part) in parts.iter().enumerate() {
        let field = from + at;
        micros += match field {
            5 => sized(part, "second")?.1,
            _ => whole(part)? * MICROS.get(field - 2)?,
        };
    }
    Some(micros)
}

fn whole(text: &str) -> Option<i128> {
    let digits =
        !text.is_empty() && text.len() < 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// So many of a unit, as months and microseconds; digits beyond a microsecond are cut off.
fn sized(number: &str, unit: &str) -> Option<(i128, i128)> {
    let (negative, plain) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (before, after) = plain.split_once('.').unwrap_or((plain, ""));
    let before = if before.is_empty() { 0 } else { whole(before)? };
    if !after.bytes().all(|byte| byte.is_ascii_digit()) || after.len() > 18 {
        return None;
    }
    let scale = 10_i128.pow(u32::try_from(after.len()).ok()?);
    let fraction: i128 = if after.is_empty() {
        0
    } else {
        after.parse().ok()?
    };
    let scaled = before * scale + fraction;
    let times = |size: i128| scaled * size / scale;
    let (months, micros) = match unit {
        "millennium" | "century" | "decade" | "quarter" => return None,
        "year" => (times(12), 0),
        // A part of a month is days.
        "month" if fraction != 0 => return None,
        "month" => (before, 0),
        "week" => (0, times(MICROS[0] * 7)),
        "day" => (0, times(MICROS[0])),
        "hour" => (0, times(MICROS[1])),
        "minute" => (0, times(MICROS[2])),
        "second" => (0, times(MICROS[3])),
        "millisecond" => (0, times(1000)),
        _ => (0, times(1)),
    };
    Some(match negative {
        true => (-months, -micros),
        false => (months, micros),
    })
}

/// `1day2hours` as words.
fn split_units(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut kind = None;
    for character in text.chars() {
        if character.is_whitespace() || character == ',' {
            kind = None;
            continue;
        }
        let letter = character.is_alphabetic();
        if kind != Some(letter) {
            words.push(String::new());
        }
        kind = Some(letter);
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    words
}

fn unit_of(unit: &str) -> Option<&'static str> {
    let unit = unit.to_lowercase();
    PARTS
        .iter()
        .find(|(part, spellings)| {
            spellings.contains(&unit.as_str()) && !matches!(*part, "dow" | "doy" | "epoch")
        })
        .map(|(part, _)| *part)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of <https://docs.aws.amazon.com/redshift/latest/dg/r_interval_data_types.html>, and some beside them.
    #[test]
    fn a_qualifier_tells_what_the_numbers_count_and_where_they_are_cut() {
        for (text, first, last, places, read) in [
            ("1", "year", "", None, "12 months"),
            ("13 months", "year", "", None, "12 months"),
            ("13 months", "month", "", None, "13 months"),
            ("23", "month", "", None, "23 months"),
            ("1-2", "month", "", None, "14 months"),
            ("-1-2", "year", "month", None, "-14 months"),
            ("-2", "day", "", None, "-2 days 0 microseconds"),
            ("1.5", "day", "", None, "1 days 0 microseconds"),
            (
                "1.234567",
                "second",
                "",
                Some(3),
                "0 days 1235000 microseconds",
            ),
            (
                "1.23456789",
                "second",
                "",
                None,
                "0 days 1234567 microseconds",
            ),
            (
                "2:2",
                "minute",
                "second",
                None,
                "0 days 122000000 microseconds",
            ),
            (
                "2:2",
                "hour",
                "minute",
                None,
                "0 days 7320000000 microseconds",
            ),
            ("5s", "second", "", None, "0 days 5000000 microseconds"),
            ("5 h", "hour", "", None, "0 days 18000000000 microseconds"),
            ("1 2", "day", "hour", None, "1 days 7200000000 microseconds"),
            (
                "1 2:3:4.5678",
                "day",
                "second",
                None,
                "1 days 7384567800 microseconds",
            ),
            (
                "2 days 1:1:1.123456",
                "day",
                "second",
                None,
                "2 days 3661123456 microseconds",
            ),
            (
                "1 day 1 hour 1 minute 1.123 seconds",
                "minute",
                "",
                None,
                "1 days 3660000000 microseconds",
            ),
            (
                "-1:30:00",
                "hour",
                "second",
                None,
                "0 days -5400000000 microseconds",
            ),
        ] {
            let qualifier = Qualifier {
                first: first.to_owned(),
                last: (!last.is_empty()).then(|| last.to_owned()),
                places,
            };
            let given = qualified(text, &qualifier).map(|(text, _)| text);
            assert_eq!(given.as_deref(), Ok(read), "{text} {first} {last}");
        }
        for (text, first, last) in [
            ("1 year 1 day", "day", "second"),
            ("1", "day", "second"),
            ("2:2", "second", ""),
            ("-1 2:3:4", "day", "second"),
            ("1", "week", ""),
            ("1", "month", "day"),
            ("1", "second", "day"),
            ("x", "day", ""),
            ("1.5", "month", ""),
        ] {
            let qualifier = Qualifier {
                first: first.to_owned(),
                last: (!last.is_empty()).then(|| last.to_owned()),
                places: None,
            };
            assert!(
                qualified(text, &qualifier).is_err(),
                "{text} {first} {last}"
            );
        }
    }
}
