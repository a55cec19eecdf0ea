//! A span of time, as Python's `timedelta`.
//!
//! In: days, hours, seconds. Out: [`SpanValue`].

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jiff::SignedDuration;
use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use crate::jinja::builtins::args::Args;
use crate::jinja::error::bad_call;

/// A span of time.
#[derive(Debug)]
pub struct SpanValue(pub SignedDuration);

const DAY: i64 = 86_400;

impl SpanValue {
    /// The value, unless it is too long to hold.
    pub fn value(span: Option<SignedDuration>) -> Result<Value, Error> {
        match span {
            Some(span) => Ok(Value::from_object(Self(span))),
            None => Err(bad_call("the span of time is too long")),
        }
    }

    /// `timedelta(days, seconds, microseconds, milliseconds, minutes, hours, weeks)`.
    pub fn from_args(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
        const UNITS: [(&str, f64); 7] = [
            ("days", 86_400.0),
            ("seconds", 1.0),
            ("microseconds", 1e-6),
            ("milliseconds", 1e-3),
            ("minutes", 60.0),
            ("hours", 3_600.0),
            ("weeks", 604_800.0),
        ];
        let mut whole = 0i64;
        let mut part = 0.0;
        for (name, seconds) in UNITS {
            let Some(value) = args.optional(name) else {
                continue;
            };
            match value.as_i64().filter(|_| value.is_integer()) {
                Some(count) if seconds >= 1.0 => {
                    #[expect(clippy::cast_possible_truncation, reason = "the units are whole")]
                    let unit = seconds as i64;
                    whole = whole.saturating_add(count.saturating_mul(unit));
                }
                _ => part += f64::try_from(value)? * seconds,
            }
        }
        args.done()?;
        // Microseconds, as Python keeps them.
        let part = SignedDuration::try_from_secs_f64((part * 1e6).round() / 1e6);
        let part = part.map_err(|error| super::bad_date(&error))?;
        Self::value(SignedDuration::from_secs(whole).checked_add(part))
    }

    /// So many times as long, to the microsecond.
    pub fn times(&self, by: &Value) -> Result<Value, Error> {
        let whole = by.as_i64().filter(|_| by.is_integer());
        let Some(by) = whole.map(i128::from) else {
            let by = f64::try_from(by.clone())?;
            #[expect(clippy::cast_precision_loss, reason = "as Python rounds too")]
            return Self::of_micros((self.0.as_micros() as f64) * by);
        };
        let micros = self.0.as_micros().checked_mul(by);
        Self::value(micros.and_then(whole_micros))
    }

    /// The span divided by a number, to the microsecond.
    pub fn over(&self, by: &Value) -> Result<Value, Error> {
        let by = f64::try_from(by.clone())?;
        if by == 0.0 {
            return Err(bad_call("division by zero"));
        }
        #[expect(clippy::cast_precision_loss, reason = "as Python rounds too")]
        Self::of_micros((self.0.as_micros() as f64) / by)
    }

    /// How often another span fits into it whole.
    pub fn holds(&self, by: &Self) -> Result<Value, Error> {
        let (quotient, _) = self.divided(by)?;
        Ok(Value::from(quotient))
    }

    /// What is left of it then.
    pub fn rest(&self, by: &Self) -> Result<Value, Error> {
        let (_, rest) = self.divided(by)?;
        Self::value(whole_micros(rest))
    }

    /// The quotient towards minus infinity and what is left, in microseconds, as in Python.
    fn divided(&self, by: &Self) -> Result<(i128, i128), Error> {
        let (span, by) = (self.0.as_micros(), by.0.as_micros());
        if by == 0 {
            return Err(bad_call("division by a span of no time"));
        }
        let rest = ((span % by) + by) % by;
        Ok(((span - rest) / by, rest))
    }

    fn of_micros(micros: f64) -> Result<Value, Error> {
        let span = SignedDuration::try_from_secs_f64(micros.round_ties_even() / 1e6);
        Self::value(Some(span.map_err(|error| super::bad_date(&error))?))
    }

    fn days(&self) -> i64 {
        self.0.as_secs().div_euclid(DAY)
    }
}

fn whole_micros(micros: i128) -> Option<SignedDuration> {
    const SECOND: i128 = 1_000_000;
    let seconds = i64::try_from(micros.div_euclid(SECOND)).ok()?;
    let rest = i32::try_from(micros.rem_euclid(SECOND)).ok()?;
    Some(SignedDuration::new(seconds, rest * 1000))
}

impl fmt::Display for SpanValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (self.days(), self.0.as_secs().rem_euclid(DAY));
        match days {
            0 => {}
            1 | -1 => write!(f, "{days} day, ")?,
            _ => write!(f, "{days} days, ")?,
        }
        write!(f, "{}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)?;
        match self.0.subsec_micros() {
            0 => Ok(()),
            micros => write!(f, ".{micros:06}"),
        }
    }
}

impl Object for SpanValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !self.0.is_zero()
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        Some(self.0.cmp(&other.downcast_ref::<Self>()?.0))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "days" => Value::from(self.days()),
            "seconds" => Value::from(self.0.as_secs().rem_euclid(DAY)),
            "microseconds" => Value::from(self.0.subsec_micros()),
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        _: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "total_seconds" => Ok(Value::from(self.0.as_secs_f64())),
            _ => Err(Error::from(minijinja::ErrorKind::UnknownMethod)),
        }
    }
}
