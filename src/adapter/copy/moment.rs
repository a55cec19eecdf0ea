//! Dates and times of files, by `DATEFORMAT` and `TIMEFORMAT`.
//!
//! In: text. Out: [`Cell`]s of days and microseconds, or the reason in Redshift's words.

use super::convert::{Cell, Reason};
use crate::adapter::{Error, ErrorClass};
use crate::diagnostic::nearest;

const DAY: i64 = 86_400_000_000;
const SECOND: i64 = 1_000_000;

/// How a load reads dates and times.
#[derive(Clone, Debug)]
pub struct Moments {
    date: Format,
    time: Format,
}

#[derive(Clone, Debug)]
enum Format {
    /// `YYYY-MM-DD` and `YYYY-MM-DD HH:MI:SS`, what COPY expects unless told otherwise.
    Default,
    /// Any usual form.
    Auto,
    /// Seconds or milliseconds since 1970.
    Epoch { micros: i64 },
    /// A format model.
    Model { text: String, parts: Vec<Part> },
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Year4,
    Year2,
    Month,
    MonthName,
    Day,
    Hour24,
    Hour12,
    Minute,
    Second,
    HalfDay,
    Letter(char),
}

/// The words of a format model, longest first where one begins another.
const WORDS: [(&str, Part); 16] = [
    ("YYYY", Part::Year4),
    ("YY", Part::Year2),
    ("MONTH", Part::MonthName),
    ("MON", Part::MonthName),
    ("MM", Part::Month),
    ("MI", Part::Minute),
    ("DD", Part::Day),
    ("HH24", Part::Hour24),
    ("HH12", Part::Hour12),
    ("HH", Part::Hour24),
    ("SS", Part::Second),
    ("A.M.", Part::HalfDay),
    ("P.M.", Part::HalfDay),
    ("AM", Part::HalfDay),
    ("PM", Part::HalfDay),
    ("T", Part::Letter('T')),
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl Moments {
    /// The options as the load writes them.
    ///
    /// # Errors
    /// A format model with a word that is not known.
    pub fn new(date: Option<&str>, time: Option<&str>) -> Result<Self, Error> {
        Ok(Self {
            date: format("DATEFORMAT", date)?,
            time: format("TIMEFORMAT", time)?,
        })
    }

    /// Any usual form.
    pub fn auto() -> Self {
        Self {
            date: Format::Auto,
            time: Format::Auto,
        }
    }

    /// A date.
    pub(super) fn date(&self, text: &str) -> Result<Cell<'static>, Reason> {
        let moment = match &self.date {
            Format::Default => {
                if text.len() < 10 {
                    return Err(Reason(
                        "Invalid Date Format - length must be 10 or more".to_owned(),
                    ));
                }
                standard(text)
            }
            Format::Auto | Format::Epoch { .. } => automatic(text),
            Format::Model { parts, .. } => by_model(parts, text),
        };
        moment
            .and_then(Moment::days)
            .and_then(|days| i32::try_from(days).ok())
            .map(Cell::Date)
            .ok_or_else(|| self.date.reason("date", "YYYY-MM-DD"))
    }

    /// A time of day.
    pub(super) fn time(&self, text: &str) -> Result<Cell<'static>, Reason> {
        let mut rest = text.trim();
        let mut moment = Moment::default();
        clock(&mut rest, &mut moment)
            .filter(|()| rest.is_empty())
            .and_then(|()| moment.clock())
            .map(Cell::Time)
            .ok_or_else(|| Reason("Invalid time format or value [HH24:MI:SS]".to_owned()))
    }

    /// A timestamp; one without a zone keeps the clock of the text, one with a zone is brought to UTC.
    pub(super) fn timestamp(&self, text: &str, zoned: bool) -> Result<Cell<'static>, Reason> {
        let moment = match &self.time {
            Format::Epoch { micros } => {
                return epoch(text, *micros)
                    .map(Cell::Timestamp)
                    .ok_or_else(|| self.time.reason("timestamp", ""));
            }
            Format::Default => standard(text),
            Format::Auto => automatic(text),
            Format::Model { parts, .. } => by_model(parts, text),
        };
        moment
            .and_then(|moment| {
                let local = moment
                    .days()?
                    .checked_mul(DAY)?
                    .checked_add(moment.clock()?)?;
                let offset = if zoned { moment.zone.unwrap_or(0) } else { 0 };
                Some(Cell::Timestamp(local - offset * SECOND))
            })
            .ok_or_else(|| self.time.reason("timestamp", "YYYY-MM-DD HH24:MI:SS"))
    }
}

impl Format {
    fn reason(&self, what: &str, default: &str) -> Reason {
        let expected = match self {
            Self::Default => default,
            Self::Auto => "auto",
            Self::Epoch { micros: SECOND } => "epochsecs",
            Self::Epoch { .. } => "epochmillisecs",
            Self::Model { text, .. } => text,
        };
        Reason(format!("Invalid {what} format or value [{expected}]"))
    }
}

fn format(option: &str, text: Option<&str>) -> Result<Format, Error> {
    let Some(text) = text else {
        return Ok(Format::Default);
    };
    // These words want lower case, as the manual says.
    match text {
        "auto" => return Ok(Format::Auto),
        "epochsecs" if option == "TIMEFORMAT" => return Ok(Format::Epoch { micros: SECOND }),
        "epochmillisecs" if option == "TIMEFORMAT" => return Ok(Format::Epoch { micros: 1_000 }),
        _ => {}
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let known = WORDS.iter().find(|(word, _)| {
            rest.get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        });
        match known {
            Some((word, part)) => {
                parts.push(part.clone());
                rest = &rest[word.len()..];
            }
            None if letter.is_alphanumeric() => {
                let mut message = format!("`{text}` is no {option}");
                if rest.len() < text.len() {
                    message += &format!(": `{rest}` is not understood");
                }
                let mut error = Error::new(ErrorClass::User, message);
                let near = nearest(text, ["auto", "epochsecs", "epochmillisecs"]);
                error.help = Some(match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "write a model of YYYY YY MM MON MONTH DD HH HH12 HH24 MI SS AM PM, or `auto`, or for times `epochsecs` or `epochmillisecs`".to_owned(),
                });
                return Err(error);
            }
            None => {
                parts.push(Part::Letter(letter));
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    Ok(Format::Model {
        text: text.to_owned(),
        parts,
    })
}

/// A number of seconds or milliseconds; what stands after the point is cut.
fn epoch(text: &str, micros: i64) -> Option<i64> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    whole.parse::<i64>().ok()?.checked_mul(micros)
}

/// A moment in parts.
#[derive(Clone, Copy, Debug, Default)]
struct Moment {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
    /// Seconds east of Greenwich.
    zone: Option<i64>,
    /// Whether the clock shows the second half of the day, where it counts to twelve.
    afternoon: Option<bool>,
}

impl Moment {
    /// Days since 1970-01-01, if there is such a day.
    fn days(self) -> Option<i64> {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let longest = match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        if !(1..=longest).contains(&self.day) || !(1..=9999).contains(&self.year) {
            return None;
        }
        // Years counted from March, so that the leap day is the last.
        let (year, month) = if self.month > 2 {
            (self.year, self.month - 3)
        } else {
            (self.year - 1, self.month + 9)
        };
        let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        Some(days + (153 * month + 2) / 5 + self.day - 1 - 719_468)
    }

    /// Microseconds since midnight, if the clock can show it.
    fn clock(self) -> Option<i64> {
        let hour = match self.afternoon {
            Some(afternoon) if (1..=12).contains(&self.hour) => {
                self.hour % 12 + if afternoon { 12 } else { 0 }
            }
            Some(_) => return None,
            None => self.hour,
        };
        let shown = (0..24).contains(&hour)
            && (0..60).contains(&self.minute)
            && (0..60).contains(&self.second);
        shown.then(|| ((hour * 60 + self.minute) * 60 + self.second) * SECOND + self.micros)
    }
}

/// Takes `least` to `most` digits from the front.
fn digits(rest: &mut &str, least: usize, most: usize) -> Option<i64> {
    let count = rest
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    if count < least {
        return None;
    }
    let (number, after) = rest.split_at(count);
    *rest = after;
    number.parse().ok()
}

fn letter(rest: &mut &str, wanted: char) -> Option<()> {
    *rest = rest.strip_prefix(wanted)?;
    Some(())
}

/// `YYYY-MM-DD`, and after a blank `HH:MI:SS` with a fraction and a zone.
fn standard(text: &str) -> Option<Moment> {
    let mut rest = text.trim_end();
    let mut moment = Moment {
        year: digits(&mut rest, 4, 4)?,
        ..Moment::default()
    };
    letter(&mut rest, '-')?;
    moment.month = digits(&mut rest, 2, 2)?;
    letter(&mut rest, '-')?;
    moment.day = digits(&mut rest, 2, 2)?;
    if rest.is_empty() {
        return Some(moment);
    }
    letter(&mut rest, ' ')?;
    clock(&mut rest, &mut moment)?;
    rest.is_empty().then_some(moment)
}

/// `HH:MI`, `HH:MI:SS`, with a fraction, AM or PM, and a zone.
fn clock(rest: &mut &str, moment: &mut Moment) -> Option<()> {
    moment.hour = digits(rest, 1, 2)?;
    letter(rest, ':')?;
    moment.minute = digits(rest, 2, 2)?;
    if letter(rest, ':').is_some() {
        moment.second = digits(rest, 2, 2)?;
        fraction(rest, moment)?;
    }
    *rest = rest.trim_start();
    if let Some(afternoon) = half_day(rest) {
        moment.afternoon = Some(afternoon);
    }
    *rest = rest.trim_start();
    zone(rest, moment)
}

/// `.123456`: digits after the sixth are cut.
fn fraction(rest: &mut &str, moment: &mut Moment) -> Option<()> {
    if letter(rest, '.').is_none() {
        return Some(());
    }
    let count = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, after) = rest.split_at(count);
    *rest = after;
    let six = format!("{:0<6}", &number[..count.min(6)]);
    moment.micros = six.parse().ok()?;
    Some(())
}

fn half_day(rest: &mut &str) -> Option<bool> {
    for (word, afternoon) in [("a.m.", false), ("p.m.", true), ("am", false), ("pm", true)] {
        if rest
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
        {
            *rest = &rest[word.len()..];
            return Some(afternoon);
        }
    }
    None
}

/// Zones by name, in hours east of Greenwich: those that the manual shows.
const ZONES: [(&str, i64); 11] = [
    ("Z", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("PST", -8),
    ("PDT", -7),
    ("MST", -7),
    ("MDT", -6),
    ("CST", -6),
    ("CDT", -5),
    ("EST", -5),
    ("EDT", -4),
];

/// `Z`, `UTC`, `PST`, `+02`, `+0200`, `+02:00`, `-8:00`, or nothing.
fn zone(rest: &mut &str, moment: &mut Moment) -> Option<()> {
    for (name, hours) in ZONES {
        if rest.eq_ignore_ascii_case(name) {
            *rest = "";
            moment.zone = Some(hours * 3600);
            return Some(());
        }
    }
    let sign = match rest.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Some(()),
    };
    *rest = &rest[1..];
    let hours = digits(rest, 1, 2)?;
    let _ = letter(rest, ':');
    let minutes = if rest.is_empty() {
        0
    } else {
        digits(rest, 2, 2)?
    };
    moment.zone = Some(sign * (hours * 60 + minutes) * 60);
    Some(())
}

/// Any of the forms that `auto` knows: year first, month first (`01/31/2024`), digits alone, a month by name, a day of the year
/// (`1996.008`) or a Julian day (`J2451187`).
fn automatic(text: &str) -> Option<Moment> {
    let mut rest = text.trim();
    if let Some(moment) = day_clock_year(rest) {
        return Some(moment);
    }
    let mut moment = day_of(&mut rest)?;
    let _ = letter(&mut rest, 'T').or_else(|| letter(&mut rest, 't'));
    rest = rest.trim_start();
    if !rest.is_empty() {
        let compact = rest.len() >= 6 && rest.bytes().take(6).all(|byte| byte.is_ascii_digit());
        if compact {
            moment.hour = digits(&mut rest, 2, 2)?;
            moment.minute = digits(&mut rest, 2, 2)?;
            moment.second = digits(&mut rest, 2, 2)?;
            fraction(&mut rest, &mut moment)?;
            zone(&mut rest, &mut moment)?;
        } else {
            clock(&mut rest, &mut moment)?;
        }
    }
    rest.is_empty().then_some(moment)
}

/// `17 Dec 07:37:16 1997 PST`.
fn day_clock_year(text: &str) -> Option<Moment> {
    let words = text.split_whitespace().collect::<Vec<_>>();
    let (day, month, mut time, year, mut zoned) = match words[..] {
        [day, month, time, year] => (day, month, time, year, ""),
        [day, month, time, year, zone] => (day, month, time, year, zone),
        _ => return None,
    };
    let mut moment = Moment {
        day: day.parse().ok()?,
        month: month_name(&mut &*month)?,
        year: year.parse().ok().filter(|_| year.len() == 4)?,
        ..Moment::default()
    };
    clock(&mut time, &mut moment)?;
    if !zoned.is_empty() {
        zone(&mut zoned, &mut moment)?;
    }
    (time.is_empty() && zoned.is_empty()).then_some(moment)
}

/// The date that lies so many days after 1970-01-01.
fn date_at(days: i64) -> Moment {
    // The inverse of `Moment::days`: years counted from March.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    Moment {
        year: year + era * 400 + i64::from(month >= 10),
        month: if month < 10 { month + 3 } else { month - 9 },
        day: of_year - (153 * month + 2) / 5 + 1,
        ..Moment::default()
    }
}

/// `1996.008`: a year and a day of it.
fn ordinal(rest: &mut &str) -> Option<Moment> {
    let mut after = *rest;
    let year = digits(&mut after, 4, 4)?;
    letter(&mut after, '.')?;
    let day = digits(&mut after, 3, 3)?;
    if after.starts_with(|next: char| next.is_ascii_digit() || next == '.') {
        return None;
    }
    let first = Moment {
        year,
        month: 1,
        day: 1,
        ..Moment::default()
    };
    let moment = date_at(first.days()? + day - 1);
    *rest = after;
    (day > 0 && moment.year == year).then_some(moment)
}

fn day_of(rest: &mut &str) -> Option<Moment> {
    if let Some(mut after) = rest.strip_prefix(['J', 'j'])
        && after.starts_with(|next: char| next.is_ascii_digit())
    {
        // Days are counted from noon of the first day of 4713 before Christ.
        let days = digits(&mut after, 1, 7)?;
        *rest = after;
        return Some(date_at(days - 2_440_588));
    }
    if let Some(moment) = ordinal(rest) {
        return Some(moment);
    }
    let mut moment = Moment::default();
    let run = rest.bytes().take_while(u8::is_ascii_digit).count();
    match run {
        8 | 14 => {
            moment.year = digits(rest, 4, 4)?;
            moment.month = digits(rest, 2, 2)?;
            moment.day = digits(rest, 2, 2)?;
        }
        6 => {
            moment.year = two_digits(digits(rest, 2, 2)?);
            moment.month = digits(rest, 2, 2)?;
            moment.day = digits(rest, 2, 2)?;
        }
        4 => {
            moment.year = digits(rest, 4, 4)?;
            separator(rest)?;
            moment.month = digits(rest, 1, 2)?;
            separator(rest)?;
            moment.day = digits(rest, 1, 2)?;
        }
        1 | 2 => {
            let first = digits(rest, 1, 2)?;
            separator(rest)?;
            if let Some(month) = month_name(rest) {
                (moment.day, moment.month) = (first, month);
            } else {
                moment.month = first;
                moment.day = digits(rest, 1, 2)?;
            }
            separator(rest)?;
            moment.year = year(rest)?;
        }
        0 => {
            moment.month = month_name(rest)?;
            separator(rest)?;
            moment.day = digits(rest, 1, 2)?;
            let _ = letter(rest, ',');
            separator(rest)?;
            moment.year = year(rest)?;
        }
        _ => return None,
    }
    Some(moment)
}

fn separator(rest: &mut &str) -> Option<()> {
    *rest = rest.strip_prefix(['-', '/', '.', ' '])?;
    Some(())
}

fn year(rest: &mut &str) -> Option<i64> {
    let before = rest.len();
    let year = digits(rest, 2, 4)?;
    match before - rest.len() {
        2 => Some(two_digits(year)),
        4 => Some(year),
        _ => None,
    }
}

/// Years of two digits lie in 1970 to 2069.
fn two_digits(year: i64) -> i64 {
    if year < 70 { 2000 + year } else { 1900 + year }
}

fn month_name(rest: &mut &str) -> Option<i64> {
    let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let name = rest[..length].to_ascii_lowercase();
    let month = MONTHS
        .iter()
        .position(|month| *month == name || (length == 3 && month.starts_with(&name)))?;
    *rest = &rest[length..];
    i64::try_from(month).ok().map(|month| month + 1)
}

fn by_model(parts: &[Part], text: &str) -> Option<Moment> {
    let mut moment = Moment {
        year: 1,
        month: 1,
        day: 1,
        ..Moment::default()
    };
    let mut rest = text.trim();
    for part in parts {
        match part {
            Part::Year4 => moment.year = digits(&mut rest, 4, 4)?,
            Part::Year2 => moment.year = two_digits(digits(&mut rest, 2, 2)?),
            Part::Month => moment.month = digits(&mut rest, 1, 2)?,
            Part::MonthName => moment.month = month_name(&mut rest)?,
            Part::Day => moment.day = digits(&mut rest, 1, 2)?,
            Part::Hour24 => moment.hour = digits(&mut rest, 1, 2)?,
            Part::Hour12 => {
                moment.hour = digits(&mut rest, 1, 2)?;
                moment.afternoon = moment.afternoon.or(Some(false));
            }
            Part::Minute => moment.minute = digits(&mut rest, 1, 2)?,
            Part::Second => {
                moment.second = digits(&mut rest, 1, 2)?;
                fraction(&mut rest, &mut moment)?;
            }
            Part::HalfDay => moment.afternoon = Some(half_day(&mut rest)?),
            Part::Letter(wanted) => letter(&mut rest, *wanted)?,
        }
    }
    rest.is_empty().then_some(moment)
}

#[cfg(test)]
mod tests;
