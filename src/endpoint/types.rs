//! Redshift's types on the wire: their numbers, and values as text or binary.
//!
//! In: types by their names in Redshift's catalog, [`Value`]s. Out: OIDs, type modifiers, bytes.

use pgwire::messages::data::FieldDescription;

use super::failure::Failure;
use crate::adapter::Value;
use crate::relation::Column;

/// A type on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WireType {
    pub oid: u32,
    pub size: i16,
    pub modifier: i32,
}

/// The type with this name in Redshift's catalog; what is not known travels as text.
pub(super) fn of(name: &str) -> WireType {
    let (base, arguments) = match name.split_once('(') {
        Some((base, rest)) => (base.trim(), rest.trim_end_matches(')')),
        None => (name.trim(), ""),
    };
    let numbers: Vec<i32> = arguments
        .split(',')
        .filter_map(|number| number.trim().parse().ok())
        .collect();
    let length = numbers.first().map_or(-1, |length| length + 4);
    let plain = |oid, size| WireType {
        oid,
        size,
        modifier: -1,
    };
    match base {
        "boolean" => plain(16, 1),
        "smallint" => plain(21, 2),
        "integer" => plain(23, 4),
        "bigint" => plain(20, 8),
        "real" => plain(700, 4),
        "double precision" => plain(701, 8),
        "numeric" => WireType {
            oid: 1700,
            size: -1,
            modifier: match numbers.as_slice() {
                [precision, scale] => ((precision << 16) | scale) + 4,
                _ => -1,
            },
        },
        "character" => WireType {
            oid: 1042,
            size: -1,
            modifier: length,
        },
        "date" => plain(1082, 4),
        "time without time zone" => plain(1083, 8),
        "time with time zone" => plain(1266, 12),
        "timestamp without time zone" => plain(1114, 8),
        "timestamp with time zone" => plain(1184, 8),
        "interval" => plain(1186, 12),
        "super" => plain(4000, -1),
        "binary varying" => plain(6551, -1),
        "uinteger" => plain(26, 4),
        _ => WireType {
            oid: 1043,
            size: -1,
            modifier: length,
        },
    }
}

/// How a column is described to the client.
pub(super) fn field(column: &Column, format: i16) -> FieldDescription {
    let kind = of(&column.data_type);
    FieldDescription::new(
        column.name.clone(),
        0,
        0,
        kind.oid,
        kind.size,
        kind.modifier,
        format,
    )
}

/// A value as text; NULL is nothing.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(value) => Some(if *value { "t" } else { "f" }.to_owned()),
        Value::Float(value) if value.is_nan() => Some("NaN".to_owned()),
        Value::Float(value) if value.is_infinite() => Some(
            if *value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            }
            .to_owned(),
        ),
        other => Some(other.to_string()),
    }
}

/// A value in the binary format of its type.
pub(super) fn binary(value: &Value, oid: u32) -> Result<Option<Vec<u8>>, Failure> {
    let Some(text) = text(value) else {
        return Ok(None);
    };
    let bad = || {
        Failure::new(
            "0A000",
            format!("the value `{text}` cannot be sent in the binary format"),
        )
    };
    let whole = || text.parse::<i64>().map_err(|_| bad());
    let bytes = match oid {
        16 => vec![u8::from(text == "t")],
        21 => i16::try_from(whole()?)
            .map_err(|_| bad())?
            .to_be_bytes()
            .to_vec(),
        23 => i32::try_from(whole()?)
            .map_err(|_| bad())?
            .to_be_bytes()
            .to_vec(),
        26 => u32::try_from(whole()?)
            .map_err(|_| bad())?
            .to_be_bytes()
            .to_vec(),
        20 => whole()?.to_be_bytes().to_vec(),
        700 => text
            .parse::<f32>()
            .map_err(|_| bad())?
            .to_be_bytes()
            .to_vec(),
        701 => text
            .parse::<f64>()
            .map_err(|_| bad())?
            .to_be_bytes()
            .to_vec(),
        1082 => days(&text).ok_or_else(bad)?.to_be_bytes().to_vec(),
        1083 => time(&text).ok_or_else(bad)?.to_be_bytes().to_vec(),
        1266 => time_with_zone(&text).ok_or_else(bad)?,
        1186 => interval(&text).ok_or_else(bad)?,
        1114 | 1184 => timestamp(&text).ok_or_else(bad)?.to_be_bytes().to_vec(),
        1700 => numeric(&text).ok_or_else(bad)?,
        1042 | 1043 | 25 | 19 | 4000 | 705 => text.into_bytes(),
        _ => return Err(bad()),
    };
    Ok(Some(bytes))
}

/// Days since 2000-01-01.
fn days(text: &str) -> Option<i32> {
    let date: jiff::civil::Date = text.parse().ok()?;
    let days = (date - jiff::civil::date(2000, 1, 1)).get_days();
    Some(days)
}

/// Microseconds since midnight.
fn time(text: &str) -> Option<i64> {
    let time: jiff::civil::Time = text.parse().ok()?;
    let seconds =
        (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
    Some(seconds * 1_000_000 + i64::from(time.subsec_nanosecond()) / 1_000)
}

/// Microseconds since midnight in Greenwich, then 0 for the zone: Redshift keeps such times in UTC.
fn time_with_zone(text: &str) -> Option<Vec<u8>> {
    const DAY: i64 = 24 * 60 * 60 * 1_000_000;
    let (clock, zone) = text.split_at(text.rfind(['+', '-'])?);
    let mut parts = zone[1..].split(':').map(str::parse::<i64>);
    let mut ahead = 0;
    for unit in [3600, 60, 1] {
        ahead += unit * 1_000_000 * parts.next().unwrap_or(Ok(0)).ok()?;
    }
    if zone.starts_with('-') {
        ahead = -ahead;
    }
    let mut bytes = (time(clock)? - ahead)
        .rem_euclid(DAY)
        .to_be_bytes()
        .to_vec();
    bytes.extend(0_i32.to_be_bytes());
    Some(bytes)
}

/// Microseconds, then months: PostgreSQL 8.0 has no days of their own.
fn interval(text: &str) -> Option<Vec<u8>> {
    const SECOND: i64 = 1_000_000;
    const DAY: i64 = 24 * 60 * 60 * SECOND;
    let (mut months, mut micros) = (0_i32, 0_i64);
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        if word.contains(':') {
            let (negative, clock) = match word.strip_prefix('-') {
                Some(clock) => (true, clock),
                None => (false, word),
            };
            let (hours, rest) = clock.split_once(':')?;
            // Hours go beyond a day.
            let within = time(&format!("00:{rest}"))?;
            let span = hours.parse::<i64>().ok()? * 60 * 60 * SECOND + within;
            micros += if negative { -span } else { span };
            continue;
        }
        let count: i32 = word.parse().ok()?;
        match words.next()?.trim_end_matches('s') {
            "year" => months += 12 * count,
            "month" | "mon" => months += count,
            "day" => micros += DAY * i64::from(count),
            _ => return None,
        }
    }
    let mut bytes = micros.to_be_bytes().to_vec();
    bytes.extend(months.to_be_bytes());
    Some(bytes)
}

/// Microseconds since 2000-01-01.
fn timestamp(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once(' ')?;
    let rest = rest.strip_suffix("+00").unwrap_or(rest);
    Some(i64::from(days(date)?) * 86_400_000_000 + time(rest)?)
}

/// Groups of four digits, as PostgreSQL sends them.
fn numeric(text: &str) -> Option<Vec<u8>> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !whole
        .chars()
        .chain(fraction.chars())
        .all(|c| c.is_ascii_digit())
    {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let mut groups = Vec::new();
    let padded = format!("{}{whole}", "0".repeat((4 - whole.len() % 4) % 4));
    let before = padded.len() / 4;
    let after = format!("{fraction}{}", "0".repeat((4 - fraction.len() % 4) % 4));
    let all = format!("{padded}{after}");
    for at in (0..all.len()).step_by(4) {
        groups.push(all.get(at..at + 4)?.parse::<i16>().ok()?);
    }
    let mut weight = i16::try_from(before).ok()? - 1;
    while groups.first() == Some(&0) {
        groups.remove(0);
        weight -= 1;
    }
    while groups.last() == Some(&0) {
        groups.pop();
    }
    if groups.is_empty() {
        weight = 0;
    }
    let mut bytes = Vec::new();
    bytes.extend(i16::try_from(groups.len()).ok()?.to_be_bytes());
    bytes.extend(weight.to_be_bytes());
    let sign: u16 = if negative && !groups.is_empty() {
        0x4000
    } else {
        0
    };
    bytes.extend(sign.to_be_bytes());
    bytes.extend(i16::try_from(fraction.len()).ok()?.to_be_bytes());
    for group in groups {
        bytes.extend(group.to_be_bytes());
    }
    Some(bytes)
}

/// A parameter of a prepared statement as a literal of SQL. Oid 0 is a parameter whose type nobody has told.
pub(super) fn literal(bytes: Option<&[u8]>, format: i16, oid: u32) -> Result<String, Failure> {
    let cast = cast_of(oid);
    let Some(bytes) = bytes else {
        return Ok(match cast {
            Some(cast) => format!("cast(null as {cast})"),
            None => "null".to_owned(),
        });
    };
    let text = if format == 0 {
        String::from_utf8(bytes.to_vec())
            .map_err(|_| Failure::new("22021", "invalid byte sequence for encoding \"UTF8\""))?
    } else {
        from_binary(bytes, oid)?
    };
    let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
    Ok(match oid {
        21 | 23 | 20 | 1700 if is_number && text.starts_with('-') => format!("({text})"),
        21 | 23 | 20 | 1700 if is_number => text,
        16 => match text.to_lowercase().as_str() {
            "t" | "true" | "1" => "true".to_owned(),
            _ => "false".to_owned(),
        },
        _ => {
            let quoted = format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"));
            match cast {
                Some(cast) => format!("cast({quoted} as {cast})"),
                None => quoted,
            }
        }
    })
}

/// The type that a parameter is cast to; text is what it is.
fn cast_of(oid: u32) -> Option<&'static str> {
    Some(match oid {
        16 => "boolean",
        21 => "smallint",
        23 => "integer",
        20 => "bigint",
        700 => "real",
        701 => "double precision",
        1082 => "date",
        1083 => "time",
        1114 => "timestamp",
        1184 => "timestamptz",
        _ => return None,
    })
}

fn from_binary(bytes: &[u8], oid: u32) -> Result<String, Failure> {
    let bad = || Failure::new("22P03", "incorrect binary data format in bind parameter");
    let whole = || -> Result<i64, Failure> {
        Ok(match bytes.len() {
            2 => i16::from_be_bytes(bytes.try_into().map_err(|_| bad())?).into(),
            4 => i32::from_be_bytes(bytes.try_into().map_err(|_| bad())?).into(),
            8 => i64::from_be_bytes(bytes.try_into().map_err(|_| bad())?),
            _ => return Err(bad()),
        })
    };
    Ok(match oid {
        16 => (bytes.first() == Some(&1)).to_string(),
        20 | 21 | 23 | 26 => whole()?.to_string(),
        700 => f32::from_be_bytes(bytes.try_into().map_err(|_| bad())?).to_string(),
        701 => f64::from_be_bytes(bytes.try_into().map_err(|_| bad())?).to_string(),
        1082 => {
            let days = i32::try_from(whole()?).map_err(|_| bad())?;
            let day = jiff::civil::date(2000, 1, 1)
                .checked_add(jiff::Span::new().days(days))
                .map_err(|_| bad())?;
            day.to_string()
        }
        1114 | 1184 => {
            let moment = jiff::civil::datetime(2000, 1, 1, 0, 0, 0, 0)
                .checked_add(jiff::Span::new().microseconds(whole()?))
                .map_err(|_| bad())?;
            moment.to_string().replace('T', " ")
        }
        0 | 25 | 1042 | 1043 | 19 | 705 => String::from_utf8(bytes.to_vec()).map_err(|_| bad())?,
        _ => {
            return Err(Failure::not_emulated(format!(
                "a binary parameter of the type with the number {oid}"
            )));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_has_postgres_numbers() {
        assert_eq!(of("numeric(10,2)").modifier, (10 << 16 | 2) + 4);
        assert_eq!(
            (
                of("character varying(12)").oid,
                of("character varying(12)").modifier
            ),
            (1043, 16)
        );
        assert_eq!(of("super").oid, 4000);
    }

    #[test]
    fn values_are_written_in_binary_as_postgres_does() {
        let bytes = |value, oid| binary(&value, oid).unwrap().unwrap();
        assert_eq!(bytes(Value::Text("2000-01-02".into()), 1082), [0, 0, 0, 1]);
        assert_eq!(
            bytes(Value::Text("2000-01-01 00:00:01".into()), 1114),
            1_000_000_i64.to_be_bytes()
        );
        assert_eq!(
            bytes(Value::Decimal("-12345.670".into()), 1700),
            [0, 3, 0, 1, 0x40, 0, 0, 3, 0, 1, 0x09, 0x29, 0x1a, 0x2c]
        );
        assert_eq!(
            bytes(Value::Decimal("0.0012".into()), 1700),
            [0, 1, 0xff, 0xff, 0, 0, 0, 4, 0, 12]
        );
        assert_eq!(
            bytes(Value::Decimal("0".into()), 1700),
            [0, 0, 0, 0, 0, 0, 0, 0]
        );
    }

    #[test]
    fn spans_and_zones_are_written_in_binary_as_postgres_8_does() {
        let bytes = |text: &str, oid| binary(&Value::Text(text.into()), oid).unwrap().unwrap();
        let span = |micros: i64, months: i32| {
            let mut bytes = micros.to_be_bytes().to_vec();
            bytes.extend(months.to_be_bytes());
            bytes
        };
        assert_eq!(bytes("1 day", 1186), span(86_400_000_000, 0));
        assert_eq!(
            bytes("1 year 3 months 2 days 04:05:06.5", 1186),
            span(2 * 86_400_000_000 + 14_706_500_000, 15)
        );
        assert_eq!(bytes("-25:00:00", 1186), span(-90_000_000_000, 0));
        assert_eq!(bytes("03:02:03+02", 1266), span(3_723_000_000, 0));
        assert_eq!(bytes("00:02:03+01", 1266), span(82_923_000_000, 0));
        assert_eq!(bytes("00:02:03-05:30", 1266), span(19_923_000_000, 0));
        assert!(binary(&Value::Text("soon".into()), 1186).is_err());
    }

    #[test]
    fn parameters_become_literals() {
        assert_eq!(literal(Some(b"it's \\"), 0, 1043).unwrap(), "'it''s \\\\'");
        assert_eq!(literal(Some(&7_i32.to_be_bytes()), 1, 23).unwrap(), "7");
        assert_eq!(literal(Some(b"-1"), 0, 23).unwrap(), "(-1)");
        assert_eq!(literal(None, 0, 23).unwrap(), "cast(null as integer)");
        assert_eq!(
            literal(Some(b"2024-01-01"), 0, 1082).unwrap(),
            "cast('2024-01-01' as date)"
        );
    }
}
