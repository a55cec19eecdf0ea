//! A day, or a day and time with or without a zone, as Python's `date` and `datetime`.
//!
//! In: numbers and text. Out: [`MomentValue`].

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr, Tuple};
use minijinja::{Error, State, Value};

use super::span::SpanValue;
use super::{Zone, bad_date, midnight};
use crate::jinja::builtins::args::Args;
use crate::jinja::error::bad_call;

/// Whether a moment has a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A day alone.
    Day,
    /// A day and a time.
    Moment,
    /// A time of no day.
    Time,
}

/// A `date` or `datetime` in a template's hands; `run_started_at` is one.
#[derive(Clone, Debug)]
pub struct MomentValue {
    at: DateTime,
    zone: Option<TimeZone>,
    shape: Shape,
}

impl From<MomentValue> for Value {
    fn from(moment: MomentValue) -> Self {
        Value::from_object(moment)
    }
}

impl From<&Zoned> for MomentValue {
    fn from(zoned: &Zoned) -> Self {
        Self {
            at: zoned.datetime(),
            zone: Some(zoned.time_zone().clone()),
            shape: Shape::Moment,
        }
    }
}

impl MomentValue {
    /// The moment this is asked in.
    pub(super) fn now(zone: &TimeZone) -> Self {
        Self::from(&Timestamp::now().to_zoned(zone.clone()))
    }

    pub(super) fn without_zone(mut self) -> Self {
        self.zone = None;
        self
    }

    pub(super) fn with_zone(&self, zone: &TimeZone) -> Self {
        Self {
            zone: Some(zone.clone()),
            ..self.clone()
        }
    }

    /// The time of one moment on the day of another.
    pub(super) fn combine(day: &Self, time: &Self) -> Self {
        Self {
            at: day.at.date().to_datetime(time.at.time()),
            zone: time.zone.clone(),
            shape: Shape::Moment,
        }
    }

    pub(super) fn date(&self) -> Self {
        Self::day(self.at.date())
    }

    fn day(day: Date) -> Self {
        Self {
            at: midnight(day),
            zone: None,
            shape: Shape::Day,
        }
    }

    /// From year, month, day, hour, minute, second, microsecond.
    pub(super) fn from_parts(
        parts: [i64; 7],
        zone: Option<TimeZone>,
        shape: Shape,
    ) -> Result<Value, Error> {
        let [year, month, day, hour, minute, second, micro] = parts;
        let small = |number: i64| i8::try_from(number).unwrap_or(-1);
        let at = DateTime::new(
            i16::try_from(year).unwrap_or(-1),
            small(month),
            small(day),
            small(hour),
            small(minute),
            small(second),
            i32::try_from(micro * 1000).unwrap_or(-1),
        );
        let at = at.map_err(|error| bad_date(&error))?;
        Ok(Self { at, zone, shape }.into())
    }

    pub(super) fn from_iso(text: &str, shape: Shape) -> Result<Value, Error> {
        let offset = strtime::parse("%Y-%m-%dT%H:%M:%S%.f%:z", text.replacen(' ', "T", 1));
        if let Ok(zoned) = offset.and_then(|parsed| parsed.to_zoned()) {
            return Ok(Self::from(&zoned).into());
        }
        let at: DateTime = match text.parse() {
            Ok(at) => at,
            Err(_) => midnight(text.parse::<Date>().map_err(|error| bad_date(&error))?),
        };
        let zone = None;
        Ok(Self { at, zone, shape }.into())
    }

    /// Seconds since 1970. Python knows those of the year 9999 too, which lie beyond jiff's timestamps: they are counted as UTC's.
    fn seconds(&self) -> f64 {
        match self.zoned() {
            Ok(zoned) => zoned.timestamp().as_duration().as_secs_f64(),
            Err(_) => {
                let start = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
                self.at.duration_since(start).as_secs_f64()
            }
        }
    }

    /// A day or a moment as a warehouse prints it; none where the text is no such thing (`infinity`).
    pub fn read(text: &str, day: bool) -> Option<Value> {
        let text = match text.as_bytes() {
            // An offset of whole hours, as PostgreSQL prints it.
            [.., b'+' | b'-', _, _] if text.len() > 10 => format!("{text}:00"),
            _ => text.to_string(),
        };
        let shape = if day { Shape::Day } else { Shape::Moment };
        Self::from_iso(&text, shape).ok()
    }

    pub(super) fn from_timestamp(seconds: f64, zone: Option<TimeZone>) -> Result<Value, Error> {
        let span = SignedDuration::try_from_secs_f64(seconds).map_err(|error| bad_date(&error))?;
        let stamp = Timestamp::from_duration(span).map_err(|error| bad_date(&error))?;
        Ok(match zone {
            Some(zone) => Self::from(&stamp.to_zoned(zone)),
            None => Self::from(&stamp.to_zoned(TimeZone::system())).without_zone(),
        }
        .into())
    }

    fn zoned(&self) -> Result<Zoned, Error> {
        let zone = self.zone.clone().unwrap_or_else(TimeZone::system);
        self.at.to_zoned(zone).map_err(|error| bad_date(&error))
    }

    pub(super) fn shifted(&self, by: SignedDuration) -> Result<Value, Error> {
        let moved = match self.shape {
            Shape::Day => self.at.checked_add(SignedDuration::from_hours(
                by.as_hours().div_euclid(24) * 24,
            )),
            Shape::Moment | Shape::Time => self.at.checked_add(by),
        };
        let at = moved.map_err(|error| bad_date(&error))?;
        Ok(Self { at, ..self.clone() }.into())
    }

    pub(super) fn since(&self, other: &Self) -> Result<Value, Error> {
        let span = match (&self.zone, &other.zone) {
            (Some(_), Some(_)) => self.zoned()?.duration_since(&other.zoned()?),
            (None, None) => self.at.duration_since(other.at),
            _ => {
                return Err(bad_call(
                    "cannot subtract a moment with a zone and one without",
                ));
            }
        };
        SpanValue::value(Some(span))
    }

    fn strftime(&self, format: &str) -> Result<String, Error> {
        // Python always prints six digits.
        let format = format.replace("%f", "%6f");
        let text = match (&self.zone, self.shape) {
            (Some(_), Shape::Moment) => strtime::format(format, &self.zoned()?),
            _ => strtime::format(format.replace("%z", "").replace("%Z", ""), self.at),
        };
        text.map_err(|error| bad_date(&error))
    }

    fn replaced(&self, args: &[Value]) -> Result<Value, Error> {
        let mut args = Args::new("replace", args)?;
        let now = [
            ("year", i64::from(self.at.year())),
            ("month", self.at.month().into()),
            ("day", self.at.day().into()),
            ("hour", self.at.hour().into()),
            ("minute", self.at.minute().into()),
            ("second", self.at.second().into()),
            ("microsecond", i64::from(self.at.subsec_nanosecond()) / 1000),
        ];
        let mut parts = [0; 7];
        for (slot, (name, value)) in parts.iter_mut().zip(now) {
            *slot = match args.optional(name) {
                Some(new) => i64::try_from(new)?,
                None => value,
            };
        }
        let zone = match args.optional("tzinfo") {
            Some(zone) => Zone::put(&zone),
            None => self.zone.clone(),
        };
        args.done()?;
        Self::from_parts(parts, zone, self.shape)
    }

    fn written(&self, separator: char) -> String {
        let date = self.at.date();
        if self.shape == Shape::Day {
            return date.to_string();
        }
        let time = self.at.time();
        let day = match self.shape {
            Shape::Time => String::new(),
            _ => format!("{date}{separator}"),
        };
        let mut text = format!(
            "{day}{:02}:{:02}:{:02}",
            time.hour(),
            time.minute(),
            time.second()
        );
        let micros = time.subsec_nanosecond() / 1000;
        if micros > 0 {
            text.push_str(&format!(".{micros:06}"));
        }
        if self.zone.is_some()
            && let Ok(zoned) = self.zoned()
        {
            text.push_str(&zoned.strftime("%:z").to_string());
        }
        text
    }
}

/// `datetime.strptime`.
pub fn strptime(text: &str, format: &str) -> Result<Value, Error> {
    let parsed = strtime::parse(format, text).map_err(|error| bad_date(&error))?;
    if let Ok(zoned) = parsed.to_zoned() {
        return Ok(MomentValue::from(&zoned).into());
    }
    let at = match parsed.to_datetime() {
        Ok(at) => at,
        Err(_) => midnight(parsed.to_date().map_err(|error| bad_date(&error))?),
    };
    Ok(MomentValue {
        at,
        zone: None,
        shape: Shape::Moment,
    }
    .into())
}

impl Object for MomentValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        let other = other.downcast_ref::<Self>()?;
        match (self.zoned(), other.zoned()) {
            (Ok(left), Ok(right)) if self.zone.is_some() => Some(left.cmp(&right)),
            _ => Some(self.at.cmp(&other.at)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written(' '))
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "year" => Value::from(self.at.year()),
            "month" => Value::from(self.at.month()),
            "day" => Value::from(self.at.day()),
            "hour" => Value::from(self.at.hour()),
            "minute" => Value::from(self.at.minute()),
            "second" => Value::from(self.at.second()),
            "microsecond" => Value::from(self.at.subsec_nanosecond() / 1000),
            "tzinfo" => match &self.zone {
                // As with pytz, that of the moment.
                Some(zone) => match self.zoned() {
                    Ok(zoned) => Zone::at(zone.clone(), zoned.offset()),
                    Err(_) => Value::from(()),
                },
                None => Value::from(()),
            },
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let weekday = self.at.weekday();
        Ok(match method {
            "strftime" => {
                let mut args = Args::new("strftime", args)?;
                let format = args.text("format")?;
                args.done()?;
                Value::from(self.strftime(&format)?)
            }
            "isoformat" => {
                let mut args = Args::new("isoformat", args)?;
                let separator = args.optional("sep").map(|sep| sep.to_string());
                args.done()?;
                let separator = separator.and_then(|sep| sep.chars().next());
                Value::from(self.written(separator.unwrap_or('T')))
            }
            "date" => self.date().into(),
            "time" => Self {
                zone: None,
                shape: Shape::Time,
                ..(**self).clone()
            }
            .into(),
            "ctime" => Value::from(self.strftime("%a %b %e %H:%M:%S %Y")?),
            "isocalendar" => {
                let week = self.at.date().iso_week_date();
                let parts = [
                    Value::from(week.year()),
                    Value::from(week.week()),
                    Value::from(weekday.to_monday_one_offset()),
                ];
                Value::from(Tuple::from(parts.to_vec()))
            }
            "timetuple" => {
                let number = |name: &'static str, number: i64| (name, Value::from(number));
                Value::from_pairs([
                    number("tm_year", self.at.year().into()),
                    number("tm_mon", self.at.month().into()),
                    number("tm_mday", self.at.day().into()),
                    number("tm_hour", self.at.hour().into()),
                    number("tm_min", self.at.minute().into()),
                    number("tm_sec", self.at.second().into()),
                    number("tm_wday", weekday.to_monday_zero_offset().into()),
                    number("tm_yday", self.at.date().day_of_year().into()),
                ])
            }
            "replace" => self.replaced(args)?,
            "timestamp" => Value::from(self.seconds()),
            "weekday" => Value::from(weekday.to_monday_zero_offset()),
            "isoweekday" => Value::from(weekday.to_monday_one_offset()),
            "astimezone" => {
                let zone = args.first().and_then(Zone::of);
                let zone = zone.unwrap_or_else(TimeZone::system);
                Self::from(&self.zoned()?.with_time_zone(zone)).into()
            }
            "toordinal" => {
                let day_one = Date::constant(1, 1, 1);
                let since = self.at.date().duration_since(day_one);
                Value::from(since.as_hours() / 24 + 1)
            }
            _ => return Err(Error::from(minijinja::ErrorKind::UnknownMethod)),
        })
    }
}
