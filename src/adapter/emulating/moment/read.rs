//! Texts read under a format model.

use jiff::civil::{Date, DateTime};

use super::{Piece, month_number, pieces, shown, weekday};

/// What `to_date` and `to_timestamp` have read so far.
#[derive(Default)]
struct Read {
    year: Option<i32>,
    month: Option<i32>,
    day: Option<i32>,
    of_year: Option<i32>,
    hour: i32,
    minute: i32,
    second: i32,
    micros: i32,
    afternoon: Option<bool>,
}

/// `to_timestamp` and `to_date`: a text under a format model, written as DuckDB reads it. Unless `strict`, days and parts
/// of the clock that are too large count on: June 31 is July 1.
pub(in crate::adapter::emulating) fn from_format(
    text: &str,
    format: &str,
    strict: bool,
) -> Result<String, String> {
    let mut rest = text.trim_start();
    let mut read = Read::default();
    let all = pieces(format)?;
    for (at, piece) in all.iter().enumerate() {
        if rest.is_empty() {
            break;
        }
        match piece {
            Piece::Text(literal) => {
                for _ in literal.chars() {
                    let mut characters = rest.chars();
                    if characters
                        .next()
                        .is_some_and(|next| !next.is_ascii_digit() || literal.contains(next))
                    {
                        rest = characters.as_str();
                    }
                }
            }
            Piece::Ordinal { .. } => {
                return Err("the suffix `TH` of a format is not read".to_owned());
            }
            Piece::Pattern { name, .. } => {
                let joined = matches!(all.get(at + 1), Some(Piece::Pattern { .. }));
                rest = read
                    .pattern(rest, name, joined)
                    .ok_or_else(|| format!("`{text}` does not fit the format `{format}`"))?;
            }
        }
    }
    read.finish(strict)
        .map(shown)
        .ok_or_else(|| format!("`{text}` is not a date under the format `{format}`"))
}

impl Read {
    fn pattern<'t>(&mut self, text: &'t str, name: &str, joined: bool) -> Option<&'t str> {
        let upper = name.to_ascii_uppercase();
        let text = text.trim_start();
        match upper.as_str() {
            "MON" => {
                self.month = Some(i32::from(month_number(text.get(..3)?)?));
                return text.get(3..);
            }
            "MONTH" => {
                let length = text
                    .find(|c: char| !c.is_ascii_alphabetic())
                    .unwrap_or(text.len());
                self.month = Some(i32::from(month_number(&text[..length])?));
                return text.get(length..);
            }
            "DAY" | "DY" => {
                let length = text
                    .find(|c: char| !c.is_ascii_alphabetic())
                    .unwrap_or(text.len());
                weekday(&text[..length])?;
                return text.get(length..);
            }
            "AM" | "PM" | "A.M." | "P.M." => {
                let half = text.get(..upper.len())?.to_ascii_lowercase();
                self.afternoon = Some(match half.chars().next()? {
                    'p' => true,
                    'a' => false,
                    _ => return None,
                });
                return text.get(upper.len()..);
            }
            _ => {}
        }
        let width = match upper.as_str() {
            "YYYY" if joined => 4,
            "YYYY" => 5,
            "YYY" | "DDD" | "MS" => 3,
            "SSSS" => 5,
            "US" => 6,
            "Y" | "D" | "Q" | "W" | "ID" => 1,
            _ => 2,
        };
        let length = text
            .bytes()
            .take(width)
            .take_while(u8::is_ascii_digit)
            .count();
        let digits = &text[..length];
        let value: i32 = digits.parse().ok()?;
        match upper.as_str() {
            "YYYY" => self.year = Some(value),
            "YYY" => self.year = Some(2000 + value),
            "YY" => {
                self.year = Some(if value < 70 {
                    2000 + value
                } else {
                    1900 + value
                })
            }
            "Y" => self.year = Some(2020 + value),
            "MM" => self.month = Some(value),
            "DD" => self.day = Some(value),
            "DDD" => self.of_year = Some(value),
            "HH" | "HH12" | "HH24" => self.hour = value,
            "MI" => self.minute = value,
            "SS" => self.second = value,
            "MS" => self.micros = value * 10_i32.pow(3 - u32::try_from(length).ok()?) * 1000,
            "US" => self.micros = value * 10_i32.pow(6 - u32::try_from(length).ok()?),
            // Redshift reads and ignores these in a text.
            "D" | "ID" | "Q" | "W" | "WW" | "CC" => {}
            _ => return None,
        }
        text.get(length..)
    }

    fn finish(&self, strict: bool) -> Option<DateTime> {
        let year = i16::try_from(self.year.unwrap_or(1)).ok()?;
        let date = match self.of_year {
            Some(day) => Date::new(year, 1, 1)
                .ok()?
                .checked_add(jiff::Span::new().days(i64::from(day) - 1))
                .ok()?,
            None => {
                let month = i8::try_from(self.month.unwrap_or(1)).ok()?;
                let day = self.day.unwrap_or(1);
                match Date::new(year, month, i8::try_from(day).ok()?) {
                    Ok(date) => date,
                    Err(_) if strict || day < 1 => return None,
                    Err(_) => Date::new(year, month, 1)
                        .ok()?
                        .checked_add(jiff::Span::new().days(i64::from(day) - 1))
                        .ok()?,
                }
            }
        };
        let hour = match self.afternoon {
            Some(true) => self.hour % 12 + 12,
            Some(false) => self.hour % 12,
            None => self.hour,
        };
        if strict && (hour > 23 || self.minute > 59 || self.second > 59) {
            return None;
        }
        let clock = jiff::Span::new()
            .hours(hour)
            .minutes(self.minute)
            .seconds(self.second)
            .microseconds(self.micros);
        date.at(0, 0, 0, 0).checked_add(clock).ok()
    }
}
