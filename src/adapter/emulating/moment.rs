//! Texts as dates and times, and the format models of `to_char` and `to_date`.
//!
//! Pure functions over text: the translation uses them for constants, the functions of `udf` for everything else.

mod read;

use super::zone;
use jiff::civil::{Date, DateTime, Weekday};

#[cfg(feature = "duckdb")]
pub(super) use read::from_format;

/// The longest start of a text that takes at most `length` bytes and cuts no character.
pub(super) fn left_bytes(text: &str, length: usize) -> &str {
    &text[..text.floor_char_boundary(length)]
}

/// Reads a date or timestamp as Redshift does (`datestyle` ISO, MDY) and writes it as DuckDB reads it.
pub(super) fn parse(text: &str) -> Option<String> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("epoch") {
        return Some("1970-01-01 00:00:00".to_owned());
    }
    let year_last = year_last(text);
    let text = year_last.as_deref().unwrap_or(text);
    let (date, rest) = split_date(text)?;
    let date = parse_date(date)?;
    let rest = rest.trim_start_matches(['T', 't', ' ']);
    if rest.is_empty() {
        return Some(date.to_string());
    }
    let (clock, zone) = split_zone(rest);
    // A moment that rounds up, or `24:00`, may be one of the next day.
    let since_midnight = jiff::Span::new().microseconds(parse_clock(clock)?);
    let moment = date.to_datetime(jiff::civil::Time::midnight());
    let moment = moment.checked_add(since_midnight).ok()?;
    Some(format!("{}{zone}", shown(moment)))
}

/// Whether a text is a date of the time before Christ.
pub(super) fn is_before_christ(text: &str) -> bool {
    let text = text.trim_end();
    let cut = text.len().checked_sub(3).and_then(|at| text.get(at..));
    cut.is_some_and(|end| end.eq_ignore_ascii_case(" bc"))
}

/// As [`parse`], without the zone: a timestamp without a zone ignores the one in its text.
pub(super) fn parse_local(text: &str) -> Option<String> {
    let parsed = parse(without_zone_name(text))?;
    let zone = parsed
        .char_indices()
        .skip(10)
        .find(|(_, character)| matches!(character, '+' | '-'))
        .map_or(parsed.len(), |(at, _)| at);
    Some(parsed[..zone].to_owned())
}

/// A text without the name of a zone at its end: `2021-06-07 07:35:20 America/Los_Angeles`.
fn without_zone_name(text: &str) -> &str {
    match text.trim_end().rsplit_once(' ') {
        Some((moment, zone)) if zone.contains('/') && jiff::tz::TimeZone::get(zone).is_ok() => {
            moment
        }
        _ => text,
    }
}

fn shown(moment: DateTime) -> String {
    let micros = moment.subsec_nanosecond() / 1000;
    let fraction = if micros == 0 {
        String::new()
    } else {
        format!(".{micros:06}")
    };
    format!(
        "{} {:02}:{:02}:{:02}{fraction}",
        moment.date(),
        moment.hour(),
        moment.minute(),
        moment.second()
    )
}

/// `Feb 16 18:38:40 2001 PST`, with the year before the time.
fn year_last(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [a, b, clock, year, zone @ ..] = words.as_slice() else {
        return None;
    };
    let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    let in_words = [a, b].iter().any(|word| month_number(word).is_some());
    (clock.contains(':') && is_year && in_words && zone.len() < 2).then(|| {
        format!("{a} {b} {year} {clock} {}", zone.join(" "))
            .trim_end()
            .to_owned()
    })
}

fn split_date(text: &str) -> Option<(&str, &str)> {
    // A date in words takes three parts: `Jan 15, 2024`, `15 Jan 2024`.
    let words: Vec<&str> = text.splitn(4, ' ').collect();
    let worded = |word: &str| {
        let word = word.trim_end_matches(',');
        word.bytes().all(|byte| byte.is_ascii_alphabetic()) && month_number(word).is_some()
    };
    if words.len() >= 3 && (worded(words[0]) || worded(words[1])) {
        let length = words[0].len() + words[1].len() + words[2].len() + 2;
        return Some((&text[..length], &text[length..]));
    }
    let at = text.find(['T', ' ']).unwrap_or(text.len());
    // The `T` must stand between digits, not in `Oct`.
    let at = match text[..at].chars().last() {
        Some(before) if before.is_ascii_digit() => at,
        _ => text.find(' ').unwrap_or(text.len()),
    };
    Some((&text[..at], &text[at..]))
}

fn parse_date(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text
        .split(['-', '/', '.', ' ', ','])
        .filter(|part| !part.is_empty())
        .collect();
    let number = |text: &str| text.parse::<i16>().ok();
    let (year, month, day) = match parts.as_slice() {
        [all] if all.len() == 8 && all.bytes().all(|byte| byte.is_ascii_digit()) => {
            (number(&all[..4])?, number(&all[4..6])?, number(&all[6..])?)
        }
        [all] if all.len() == 6 && all.bytes().all(|byte| byte.is_ascii_digit()) => (
            century(number(&all[..2])?),
            number(&all[2..4])?,
            number(&all[4..])?,
        ),
        [year, day] if year.len() == 4 && day.len() == 3 && text.contains('.') => {
            return Date::new(number(year)?, 1, 1)
                .ok()?
                .with()
                .day_of_year(number(day)?)
                .build()
                .ok();
        }
        [a, b, c] if a.len() == 4 && number(a).is_some() => (
            number(a)?,
            number(b).or_else(|| month_number(b))?,
            number(c)?,
        ),
        [a, b, c] if matches!(c.len(), 2 | 4) => {
            let year = match c.len() {
                2 => century(number(c)?),
                _ => number(c)?,
            };
            match (month_number(a), month_number(b)) {
                (Some(month), None) => (year, month, number(b)?),
                (None, Some(month)) => (year, month, number(a)?),
                _ => (year, number(a)?, number(b)?),
            }
        }
        _ => return None,
    };
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// A year of two digits: those from 70 on are of the last century.
fn century(year: i16) -> i16 {
    match year {
        0..70 => 2000 + year,
        _ => 1900 + year,
    }
}

fn split_zone(text: &str) -> (&str, String) {
    let trimmed = text.trim_end();
    if let Some(clock) = trimmed.strip_suffix(['Z', 'z']) {
        return (clock.trim_end(), "+00".to_owned());
    }
    if let Some((clock, name)) = trimmed.rsplit_once(' ')
        && let Some(offset) = zone::offset(name)
    {
        return (clock.trim_end(), offset);
    }
    if let Some((clock, name)) = trimmed.rsplit_once(' ')
        && name.contains('/')
        && jiff::tz::TimeZone::get(name).is_ok()
    {
        return (clock.trim_end(), format!(" {name}"));
    }
    match trimmed.rfind(['+', '-']) {
        Some(at) => (trimmed[..at].trim_end(), trimmed[at..].to_owned()),
        None => (trimmed, String::new()),
    }
}

/// A time of day with the offset of its zone, which is that of UTC where none is written.
pub(super) fn parse_zoned_time(text: &str) -> Option<String> {
    let (clock, zone) = split_zone(text.trim());
    // `+02`, `-03:30`: Redshift keeps and shows such a time in UTC.
    let (hours, minutes) = zone.split_once(':').unwrap_or((&zone, "0"));
    let hours: i64 = if hours.is_empty() {
        0
    } else {
        hours.parse().ok()?
    };
    let minutes: i64 = minutes.parse().ok()?;
    let east = hours * 60
        + if zone.starts_with('-') {
            -minutes
        } else {
            minutes
        };
    let day = 24 * 3600 * 1_000_000;
    let micros = (parse_clock(clock)? - east * 60_000_000).rem_euclid(day);
    Some(format!("{}+00", clock_of(micros)?))
}

/// A time of day without a zone; one that is written counts for nothing.
pub(super) fn parse_time(text: &str) -> Option<String> {
    let (clock, _) = split_zone(text.trim());
    clock_of(parse_clock(clock)?)
}

fn clock_of(micros: i64) -> Option<String> {
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    (hour < 24).then(|| format!("{hour:02}:{minute:02}:{second:02}.{micros:06}"))
}

/// What a word such as `today` stands for: how many days after the day of the transaction, or none for its moment.
pub(super) fn word_of_time(text: &str) -> Option<Option<i8>> {
    Some(match text.trim().to_ascii_lowercase().as_str() {
        "yesterday" => Some(-1),
        "today" => Some(0),
        "tomorrow" => Some(1),
        "now" => None,
        _ => return None,
    })
}

/// The microseconds since midnight, of which there may be a whole day.
fn parse_clock(text: &str) -> Option<i64> {
    let lower = text.trim().to_ascii_lowercase();
    let (clock, half) = match lower
        .strip_suffix("am")
        .map(|clock| (clock, 0))
        .or_else(|| lower.strip_suffix("pm").map(|clock| (clock, 12)))
    {
        Some((clock, half)) => (clock.trim_end().to_owned(), Some(half)),
        None => (lower, None),
    };
    let (whole, fraction) = clock.split_once('.').unwrap_or((&clock, ""));
    let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse::<i64>().ok(),
        false => None,
    };
    let parts: Vec<i64> = match whole.len() {
        // `040506`.
        6 if number(whole).is_some() => [0..2, 2..4, 4..6]
            .map(|part| number(&whole[part]))
            .into_iter()
            .collect::<Option<_>>()?,
        _ => whole.split(':').map(number).collect::<Option<_>>()?,
    };
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute] => (*hour, *minute, 0),
        [hour, minute, second] => (*hour, *minute, *second),
        _ => return None,
    };
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(half) => hour % 12 + half,
        None => hour,
    };
    let digits = format!("{fraction:0<7}");
    let micros: i64 = number(&digits[..6])? + i64::from(digits.as_bytes()[6] >= b'5');
    let midnight = hour == 24 && minute == 0 && second == 0 && micros == 0;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit())
        || !(midnight || hour < 24 && minute < 60 && second < 60)
    {
        return None;
    }
    Some(((hour * 60 + minute) * 60 + second) * 1_000_000 + micros)
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// The months in Roman numerals.
const ROMAN: [&str; 12] = [
    "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII",
];

fn month_number(word: &str) -> Option<i16> {
    let word = word.to_ascii_lowercase();
    if word.len() < 3 {
        return None;
    }
    let at = MONTHS
        .iter()
        .position(|month| month.to_ascii_lowercase().starts_with(&word))?;
    i16::try_from(at + 1).ok()
}

/// The number of a weekday, Sunday 0, from its name or the start of it (`Su`, `Sun`, `Sunday`).
pub(super) fn weekday(name: &str) -> Option<usize> {
    let name = name.trim().to_ascii_lowercase();
    if name.len() < 2 {
        return None;
    }
    DAYS.iter()
        .position(|day| day.to_ascii_lowercase().starts_with(&name))
}

/// One piece of a format model.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    /// A pattern such as `YYYY`, as written, and whether `FM` stands before it.
    Pattern {
        name: String,
        fill: bool,
    },
    Text(String),
    /// `TH` behind a number: its suffix, in capital letters or not.
    Ordinal {
        capital: bool,
    },
}

/// Patterns whose value is a word, which has no ordinal.
const WORDS: [&str; 12] = [
    "MONTH", "MON", "DAY", "DY", "A.M.", "P.M.", "AM", "PM", "B.C.", "A.D.", "BC", "AD",
];

/// All patterns, longest first where one begins another.
const PATTERNS: [&str; 43] = [
    "Y,YYY", "YYYY", "IYYY", "YYY", "IYY", "YY", "IY", "Y", "MONTH", "MON", "MM", "MI", "MS",
    "SSSS", "SS", "HH24", "HH12", "HH", "DDD", "DD", "DAY", "DY", "D", "ID", "IW", "WW", "W", "Q",
    "CC", "J", "US", "A.M.", "P.M.", "AM", "PM", "B.C.", "A.D.", "BC", "AD", "RM", "TZ", "OF", "I",
];

fn pieces(format: &str) -> Result<Vec<Piece>, String> {
    let mut out: Vec<Piece> = Vec::new();
    let mut rest = format;
    let mut fill = true;
    let text = |out: &mut Vec<Piece>, more: &str| match out.last_mut() {
        Some(Piece::Text(text)) => text.push_str(more),
        _ => out.push(Piece::Text(more.to_owned())),
    };
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let inner = &rest[1..];
            let end = inner.find('"').unwrap_or(inner.len());
            text(&mut out, &inner[..end]);
            rest = inner.get(end + 1..).unwrap_or("");
            continue;
        }
        if starts_with(rest, "FM") {
            fill = false;
            rest = &rest[2..];
            continue;
        }
        if starts_with(rest, "TH")
            && let Some(Piece::Pattern { name, .. }) = out.last()
        {
            let is_word = name.eq_ignore_ascii_case("RM")
                || WORDS.iter().any(|word| name.eq_ignore_ascii_case(word));
            let capital = match &rest[..2] {
                "TH" if !is_word => true,
                "th" if !is_word => false,
                other => return Err(format!("the suffix `{other}` here is not emulated")),
            };
            out.push(Piece::Ordinal { capital });
            rest = &rest[2..];
            continue;
        }
        if let Some(pattern) = PATTERNS.iter().find(|pattern| starts_with(rest, pattern)) {
            if *pattern == "RM" && fill {
                return Err(
                    "whether `RM` is filled with blanks is not documented: write `FMRM`".to_owned(),
                );
            }
            if matches!(*pattern, "TZ" | "OF") {
                return Err(format!(
                    "the pattern `{pattern}` of a format is not emulated"
                ));
            }
            let name = rest[..pattern.len()].to_owned();
            let of_one_case = name == name.to_uppercase() || name == name.to_lowercase();
            if !of_one_case && !WORDS.contains(pattern) {
                return Err(format!(
                    "the pattern `{name}` is written in letters of two cases"
                ));
            }
            out.push(Piece::Pattern { name, fill });
            fill = true;
            rest = &rest[pattern.len()..];
            continue;
        }
        text(&mut out, &rest[..first.len_utf8()]);
        rest = &rest[first.len_utf8()..];
    }
    Ok(out)
}

fn starts_with(text: &str, pattern: &str) -> bool {
    text.get(..pattern.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(pattern))
}

/// Whether a format model is understood.
pub(super) fn check_format(format: &str) -> Result<(), String> {
    pieces(format).map(drop)
}

/// Whether a format model is understood where a text is read.
pub(super) fn check_format_to_read(format: &str) -> Result<(), String> {
    let unread = pieces(format)?.into_iter().find_map(|piece| match piece {
        Piece::Ordinal { .. } => Some("the suffix `TH` of a format is not read".to_owned()),
        Piece::Pattern { name, .. }
            if ["BC", "AD", "B.C.", "A.D.", "J", "RM", "IYY", "IY", "I"]
                .iter()
                .any(|unread| name.eq_ignore_ascii_case(unread)) =>
        {
            Some(format!("the pattern `{name}` of a format is not read"))
        }
        _ => None,
    });
    unread.map_or(Ok(()), Err)
}

/// `to_char` of a timestamp.
pub(super) fn to_char(moment: DateTime, format: &str) -> Result<String, String> {
    let mut out = String::new();
    for piece in pieces(format)? {
        match piece {
            Piece::Text(text) => out.push_str(&text),
            Piece::Pattern { name, fill } => out.push_str(&write(moment, &name, fill)),
            Piece::Ordinal { capital } => {
                let suffix = ordinal(&out);
                out.push_str(&if capital {
                    suffix.to_uppercase()
                } else {
                    suffix.to_owned()
                });
            }
        }
    }
    Ok(out)
}

fn write(moment: DateTime, name: &str, fill: bool) -> String {
    let year = i32::from(moment.year());
    let iso = moment.date().iso_week_date();
    let number = |value: i32, width: usize| {
        if fill {
            format!("{value:0width$}")
        } else {
            value.to_string()
        }
    };
    let word = |text: &str, width: usize| {
        let text = cased(text, name);
        if fill { format!("{text:width$}") } else { text }
    };
    let month = MONTHS[usize::try_from(moment.month() - 1).unwrap_or(0)];
    let sunday = sunday_offset(moment.date().weekday());
    let day = DAYS[usize::try_from(sunday).unwrap_or(0)];
    let of_year = i32::from(moment.date().day_of_year());
    let hour = i32::from(moment.hour());
    let twelve = (hour + 11) % 12 + 1;
    let half = if hour < 12 { "am" } else { "pm" };
    let dotted = if hour < 12 { "a.m." } else { "p.m." };
    match name.to_ascii_uppercase().as_str() {
        "Y,YYY" => format!("{},{:03}", year / 1000, year % 1000),
        "YYYY" => number(year, 4),
        "YYY" => number(year % 1000, 3),
        "YY" => number(year % 100, 2),
        "Y" => (year % 10).to_string(),
        "IYYY" => number(i32::from(iso.year()), 4),
        "IYY" => number(i32::from(iso.year() % 1000), 3),
        "IY" => number(i32::from(iso.year() % 100), 2),
        "I" => (iso.year() % 10).to_string(),
        "RM" => cased(
            ROMAN[usize::try_from(moment.month() - 1).unwrap_or(0)],
            name,
        ),
        "IW" => number(i32::from(iso.week()), 2),
        "CC" => number((year + 99) / 100, 2),
        "Q" => ((moment.month() - 1) / 3 + 1).to_string(),
        "MONTH" => word(month, 9),
        "MON" => cased(&month[..3], name),
        "MM" => number(i32::from(moment.month()), 2),
        "WW" => number((of_year - 1) / 7 + 1, 2),
        "W" => ((moment.day() - 1) / 7 + 1).to_string(),
        "DAY" => word(day, 9),
        "DY" => cased(&day[..3], name),
        "DDD" => number(of_year, 3),
        "J" => julian(moment.date()).to_string(),
        "DD" => number(i32::from(moment.day()), 2),
        "D" => (sunday + 1).to_string(),
        "ID" => iso.weekday().to_monday_one_offset().to_string(),
        "HH" | "HH12" => number(twelve, 2),
        "HH24" => number(hour, 2),
        "MI" => number(i32::from(moment.minute()), 2),
        "SSSS" => {
            (hour * 3600 + i32::from(moment.minute()) * 60 + i32::from(moment.second())).to_string()
        }
        "SS" => number(i32::from(moment.second()), 2),
        "MS" => number(moment.subsec_nanosecond() / 1_000_000, 3),
        "US" => number(moment.subsec_nanosecond() / 1000, 6),
        "AM" | "PM" => cased_half(half, name),
        "A.M." | "P.M." => cased_half(dotted, name),
        "BC" | "AD" => cased_half("ad", name),
        _ => cased_half("a.d.", name),
    }
}

/// The days since the 24th of November 4714 before Christ, in today's calendar.
fn julian(date: Date) -> i32 {
    const OF_1970: i32 = 2_440_588;
    let days = date
        .since(Date::constant(1970, 1, 1))
        .map(|span| span.get_days());
    OF_1970 + days.unwrap_or(0)
}

/// What makes the number at the end of a text an ordinal.
pub(super) fn ordinal(text: &str) -> &'static str {
    let tail = text.as_bytes();
    let last = tail.last().copied().unwrap_or(b'0');
    let before = tail.len().checked_sub(2).and_then(|at| tail.get(at));
    match (before, last) {
        (Some(b'1'), _) => "th",
        (_, b'1') => "st",
        (_, b'2') => "nd",
        (_, b'3') => "rd",
        _ => "th",
    }
}

fn sunday_offset(day: Weekday) -> i32 {
    i32::from(day.to_sunday_zero_offset())
}

/// `MONTH` is upper case, `month` lower, `Month` as in a sentence.
fn cased(text: &str, pattern: &str) -> String {
    let mut letters = pattern.chars();
    match (letters.next(), letters.next()) {
        (Some(first), _) if first.is_lowercase() => text.to_lowercase(),
        (_, Some(second)) if second.is_uppercase() => text.to_uppercase(),
        _ => text.to_owned(),
    }
}

fn cased_half(text: &str, pattern: &str) -> String {
    if pattern.starts_with(char::is_uppercase) {
        text.to_uppercase()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_the_styles_that_redshift_reads() {
        for (text, read) in [
            ("2024-1-5", "2024-01-05"),
            ("20240115", "2024-01-15"),
            ("01/15/2024", "2024-01-15"),
            ("Jan 15, 2024", "2024-01-15"),
            ("15-Jan-2024", "2024-01-15"),
            ("2024-01-15T10:30:00Z", "2024-01-15 10:30:00+00"),
            ("2024-01-15 10:30", "2024-01-15 10:30:00"),
            (
                "2024-01-15 10:30:45.123456789",
                "2024-01-15 10:30:45.123457",
            ),
            ("2024-01-15 03:30 PM", "2024-01-15 15:30:00"),
            ("epoch", "1970-01-01 00:00:00"),
        ] {
            assert_eq!(parse(text).as_deref(), Some(read), "{text}");
        }
        let local = parse_local("2024-01-15T10:30:00-02:00");
        assert_eq!(local.as_deref(), Some("2024-01-15 10:30:00"));
        assert_eq!(parse("2024-02-30"), None);
        assert_eq!(parse("hello"), None);
    }

    #[test]
    fn a_moment_is_written_under_a_format() {
        let moment: DateTime = "2024-01-05T15:07:45.012345".parse().unwrap();
        for (format, written) in [
            ("YYYY-MM-DD HH24:MI:SS", "2024-01-05 15:07:45"),
            ("Day, DD Month YYYY", "Friday   , 05 January   2024"),
            ("FMDay, FMDD FMMonth YYYY", "Friday, 5 January 2024"),
            ("HH12:MI am", "03:07 pm"),
            ("\"week \"IW\" of \"IYYY", "week 01 of 2024"),
            ("DDD Q D US MS", "005 1 6 012345 012"),
            ("J AD", "2460315 AD"),
            ("IYY IY I FMRM FMrm", "024 24 4 I i"),
            ("MON mon Mon DY", "JAN jan Jan FRI"),
        ] {
            assert_eq!(to_char(moment, format).as_deref(), Ok(written), "{format}");
        }
        assert!(to_char(moment, "DayTH").is_err());
        assert!(to_char(moment, "RM").is_err());
    }

    #[test]
    fn a_text_is_read_under_a_format() {
        for (text, format, read) in [
            ("20240115", "YYYYMMDD", "2024-01-15 00:00:00"),
            ("15 Jan 2024", "DD Mon YYYY", "2024-01-15 00:00:00"),
            (
                "2021-11-07T02:48:42Z",
                "YYYY-MM-DD\"T\"HH24:MI:SSZ",
                "2021-11-07 02:48:42",
            ),
            (
                "1/5/2024 3:07 PM",
                "MM/DD/YYYY HH12:MI AM",
                "2024-01-05 15:07:00",
            ),
            ("2024-060", "YYYY-DDD", "2024-02-29 00:00:00"),
        ] {
            assert_eq!(
                from_format(text, format, true).as_deref(),
                Ok(read),
                "{text}"
            );
        }
        assert!(from_format("2024-13-01", "YYYY-MM-DD", false).is_err());
        assert!(from_format("2024-06-31", "YYYY-MM-DD", true).is_err());
        assert!(from_format("abc", "YYYY", false).is_err());
    }

    #[test]
    fn bytes_are_cut_between_characters() {
        assert_eq!(left_bytes("café", 4), "caf");
        assert_eq!(left_bytes("abc", 10), "abc");
    }
}
