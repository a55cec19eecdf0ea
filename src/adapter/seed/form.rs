//! How a cell is written, as far as every engine reads it alike.

use jiff::civil::{Date, Time};

/// A way to write a value that nobody reads in two ways; a column has one where all its cells have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `-12`: up to 18 digits.
    Whole,
    /// `-1.5`, `2`.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `2024-01-31`.
    Date,
    /// `2024-01-31 10:30:00`.
    Timestamp,
    /// Anything else.
    Other,
}

impl Form {
    /// How a text is written.
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let digits = |range: std::ops::Range<usize>| {
            bytes
                .get(range)
                .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
        };
        let digit = |at: usize| i8::try_from(bytes[at] - b'0').unwrap_or(0);
        let two = |at: usize| digit(at) * 10 + digit(at + 1);
        match bytes {
            [b't' | b'T' | b'f' | b'F', ..] => {
                let is = |word: &str| text.eq_ignore_ascii_case(word);
                if is("true") || is("false") {
                    Self::Boolean
                } else {
                    Self::Other
                }
            }
            [b'0'..=b'9', _, _, _, b'-', _, _, b'-', ..] if matches!(bytes.len(), 10 | 19) => {
                let is_date = digits(0..4)
                    && digits(5..7)
                    && digits(8..10)
                    && is_day(i16::from(two(0)) * 100 + i16::from(two(2)), two(5), two(8));
                let is_clock = || {
                    bytes[10] == b' '
                        && bytes[13] == b':'
                        && bytes[16] == b':'
                        && digits(11..13)
                        && digits(14..16)
                        && digits(17..19)
                        && is_time(two(11), two(14), two(17))
                };
                match bytes.len() {
                    10 if is_date => Self::Date,
                    19 if is_date && is_clock() => Self::Timestamp,
                    _ => Self::Other,
                }
            }
            [b'-', b'0'..=b'9', ..] => Self::of_number(&bytes[1..]),
            [b'0'..=b'9', ..] => Self::of_number(bytes),
            _ => Self::Other,
        }
    }

    fn of_number(digits: &[u8]) -> Self {
        const MOST_DIGITS: usize = 18;
        let length = |part: &[u8]| part.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let whole = length(digits);
        match &digits[whole..] {
            [] if whole <= MOST_DIGITS => Self::Whole,
            [b'.', fraction @ ..] if !fraction.is_empty() && length(fraction) == fraction.len() => {
                Self::Number
            }
            _ => Self::Other,
        }
    }

    /// What can be said of cells of both forms.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (one, same) if one == same => one,
            (Self::Whole, Self::Number) | (Self::Number, Self::Whole) => Self::Number,
            _ => Self::Other,
        }
    }
}

/// Whether the calendar has a day, from the year 1 on.
pub fn is_day(year: i16, month: i8, day: i8) -> bool {
    year > 0 && Date::new(year, month, day).is_ok()
}

/// Whether a day has a time.
pub fn is_time(hour: i8, minute: i8, second: i8) -> bool {
    Time::new(hour, minute, second, 0).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_what_nobody_reads_in_two_ways() {
        for (text, form) in [
            ("0", Form::Whole),
            ("-123456789012345678", Form::Whole),
            ("1234567890123456789", Form::Other),
            ("+1", Form::Other),
            ("1,000", Form::Other),
            ("1.5", Form::Number),
            ("-0.5", Form::Number),
            ("1.", Form::Other),
            ("1e3", Form::Other),
            ("TRUE", Form::Boolean),
            ("t", Form::Other),
            ("2024-01-31", Form::Date),
            ("2024-13-31", Form::Other),
            ("2024-02-29", Form::Date),
            ("2023-02-29", Form::Other),
            ("2024-04-31", Form::Other),
            ("0000-01-31", Form::Other),
            ("2024-01-31 24:00:00", Form::Other),
            ("2024-1-31", Form::Other),
            ("2024-01-31 10:30:00", Form::Timestamp),
            ("2024-01-31T10:30:00", Form::Other),
            ("2024-01-31 10:30:0é", Form::Other),
            ("", Form::Other),
            (" 1", Form::Other),
        ] {
            assert_eq!(Form::of(text), form, "{text}");
        }
        assert_eq!(Form::Whole.or(Form::Number), Form::Number);
        assert_eq!(Form::Whole.or(Form::Date), Form::Other);
    }
}
