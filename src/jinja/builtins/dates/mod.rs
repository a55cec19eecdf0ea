//! Dates and times as Python's `datetime` has them, on jiff.
//!
//! In: numbers, text, formats. Out: moments, dates, spans of time, zones.
//! Knows nothing of a render.

mod moment;
mod span;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{Offset, TimeZone};
use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::args::{Args, Body, Function, Group};
use super::group;
use crate::jinja::error::bad_call;
pub use moment::MomentValue;
use moment::{Shape, strptime};
use span::SpanValue;

/// What operators become in templates that do arithmetic with dates.
pub const OPERATORS: &[(&str, Body)] = &[
    ("__add", add),
    ("__sub", subtract),
    ("__mul", multiply),
    ("__div", divide),
    ("__floor", divide_whole),
    ("__mod", remainder),
];

fn add(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let (left, right) = (args.required("left")?, args.required("right")?);
    let moment = |value: &Value| value.downcast_object::<MomentValue>();
    let span = |value: &Value| value.downcast_object::<SpanValue>();
    match (moment(&left), span(&left), moment(&right), span(&right)) {
        (Some(moment), _, _, Some(span)) | (_, Some(span), Some(moment), _) => {
            moment.shifted(span.0)
        }
        (_, Some(left), _, Some(right)) => SpanValue::value(left.0.checked_add(right.0)),
        _ => plain("+", left, right),
    }
}

fn subtract(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let (left, right) = (args.required("left")?, args.required("right")?);
    let moment = |value: &Value| value.downcast_object::<MomentValue>();
    let span = |value: &Value| value.downcast_object::<SpanValue>();
    match (moment(&left), span(&left), moment(&right), span(&right)) {
        (Some(moment), _, _, Some(span)) => moment.shifted(-span.0),
        (Some(left), _, Some(right), _) => left.since(&right),
        (_, Some(left), _, Some(right)) => SpanValue::value(left.0.checked_sub(right.0)),
        _ => plain("-", left, right),
    }
}

fn multiply(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let (left, right) = (args.required("left")?, args.required("right")?);
    match (as_span(&left), as_span(&right)) {
        (Some(span), None) => span.times(&right),
        (None, Some(span)) => span.times(&left),
        _ => plain("*", left, right),
    }
}

fn divide(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let (left, right) = (args.required("left")?, args.required("right")?);
    match (as_span(&left), as_span(&right)) {
        (Some(span), None) => span.over(&right),
        (Some(span), Some(by)) if !by.0.is_zero() => {
            Ok(Value::from(span.0.as_secs_f64() / by.0.as_secs_f64()))
        }
        (Some(_), Some(_)) => Err(bad_call("division by a span of no time")),
        _ => plain("/", left, right),
    }
}

fn divide_whole(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let (left, right) = (args.required("left")?, args.required("right")?);
    match (as_span(&left), as_span(&right)) {
        (Some(span), Some(by)) => span.holds(&by),
        (Some(span), None) => span.over(&right),
        _ => plain("//", left, right),
    }
}

fn remainder(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let (left, right) = (args.required("left")?, args.required("right")?);
    match (as_span(&left), as_span(&right)) {
        (Some(span), Some(by)) => span.rest(&by),
        _ => plain("%", left, right),
    }
}

fn as_span(value: &Value) -> Option<Arc<SpanValue>> {
    value.downcast_object::<SpanValue>()
}

/// minijinja's own operator.
fn plain(operator: &str, left: Value, right: Value) -> Result<Value, Error> {
    let env = minijinja::Environment::empty();
    let both = Value::from_pairs([("a", left), ("b", right)]);
    // A mistake stands where the template has the operator, not in what is put together here.
    env.compile_expression_owned(format!("a {operator} b"))?
        .eval(both)
        .map_err(|error| Error::new(error.kind(), error.detail().unwrap_or_default().to_owned()))
}

/// A mistake of jiff's in the words of a template.
pub(super) fn bad_date(error: &jiff::Error) -> Error {
    bad_call(error.to_string())
}

/// `modules.datetime`.
pub fn datetime() -> Value {
    let zone = Group {
        name: "timezone",
        attributes: vec![("utc", Zone::value(TimeZone::UTC))],
        methods: &[],
        call: Some(|_, mut args| {
            let offset = args.required("offset")?;
            args.done()?;
            let Some(span) = offset.downcast_object_ref::<SpanValue>() else {
                return Err(bad_call("`timezone` wants a timedelta"));
            };
            let seconds = i32::try_from(span.0.as_secs()).unwrap_or(i32::MAX);
            let offset = jiff::tz::Offset::from_seconds(seconds).map_err(|e| bad_date(&e))?;
            Ok(Zone::value(TimeZone::fixed(offset)))
        }),
    };
    let delta: Body = SpanValue::from_args;
    group(
        "datetime",
        vec![
            ("datetime", datetime_class()),
            ("date", date_class()),
            ("time", time_class()),
            ("timedelta", Function::value("timedelta", delta)),
            ("timezone", zone.into()),
        ],
    )
}

fn datetime_class() -> Value {
    const METHODS: &[(&str, Body)] = &[
        ("now", now),
        ("utcnow", |_, args| {
            args.done()?;
            Ok(MomentValue::now(&TimeZone::UTC).without_zone().into())
        }),
        ("today", now),
        ("strptime", |_, mut args| {
            let (text, format) = (args.text("date_string")?, args.text("format")?);
            args.done()?;
            strptime(&text, &format)
        }),
        ("fromisoformat", |_, mut args| {
            let text = args.text("date_string")?;
            args.done()?;
            MomentValue::from_iso(&text, Shape::Moment)
        }),
        ("combine", |_, mut args| {
            let (date, time) = (args.required("date")?, args.required("time")?);
            args.done()?;
            match (
                date.downcast_object_ref::<MomentValue>(),
                time.downcast_object_ref::<MomentValue>(),
            ) {
                (Some(date), Some(time)) => Ok(MomentValue::combine(date, time).into()),
                _ => Err(bad_call("`combine` wants a date and a time")),
            }
        }),
        ("fromtimestamp", |_, mut args| {
            let seconds = args.required("timestamp")?;
            let zone = args.optional("tz");
            args.done()?;
            let seconds = f64::try_from(seconds)?;
            MomentValue::from_timestamp(seconds, zone.and_then(|zone| Zone::of(&zone)))
        }),
    ];
    Group {
        name: "datetime",
        attributes: Vec::new(),
        methods: METHODS,
        call: Some(|_, mut args| {
            let numbers = [
                "year",
                "month",
                "day",
                "hour",
                "minute",
                "second",
                "microsecond",
            ];
            let mut given = [0; 7];
            for (slot, name) in given.iter_mut().zip(numbers) {
                *slot = match args.optional(name) {
                    Some(value) => i64::try_from(value)?,
                    None if name == "year" || name == "month" || name == "day" => {
                        return Err(bad_call(format!("`datetime` needs the argument `{name}`")));
                    }
                    None => 0,
                };
            }
            let zone = args.optional("tzinfo").and_then(|zone| Zone::put(&zone));
            args.done()?;
            MomentValue::from_parts(given, zone, Shape::Moment)
        }),
    }
    .into()
}

fn now(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let zone = args.optional("tz").and_then(|zone| Zone::of(&zone));
    args.done()?;
    Ok(match zone {
        Some(zone) => MomentValue::now(&zone),
        None => MomentValue::now(&TimeZone::system()).without_zone(),
    }
    .into())
}

fn time_class() -> Value {
    Group {
        name: "time",
        attributes: Vec::new(),
        methods: &[],
        call: Some(|_, mut args| {
            let mut given = [1, 1, 1, 0, 0, 0, 0];
            let parts = ["hour", "minute", "second", "microsecond"];
            for (slot, name) in given[3..].iter_mut().zip(parts) {
                *slot = match args.optional(name) {
                    Some(value) => i64::try_from(value)?,
                    None => 0,
                };
            }
            args.done()?;
            MomentValue::from_parts(given, None, Shape::Time)
        }),
    }
    .into()
}

fn date_class() -> Value {
    const METHODS: &[(&str, Body)] = &[
        ("today", |_, args| {
            args.done()?;
            Ok(MomentValue::now(&TimeZone::system()).date().into())
        }),
        ("fromisoformat", |_, mut args| {
            let text = args.text("date_string")?;
            args.done()?;
            MomentValue::from_iso(&text, Shape::Day)
        }),
    ];
    Group {
        name: "date",
        attributes: Vec::new(),
        methods: METHODS,
        call: Some(|_, mut args| {
            let mut given = [0; 7];
            for (slot, name) in given.iter_mut().zip(["year", "month", "day"]) {
                *slot = i64::try_from(args.required(name)?)?;
            }
            args.done()?;
            MomentValue::from_parts(given, None, Shape::Day)
        }),
    }
    .into()
}

/// `modules.pytz`.
pub fn pytz() -> Value {
    const METHODS: &[(&str, Body)] = &[("timezone", |_, mut args| {
        let name = args.text("zone")?;
        args.done()?;
        let zone = TimeZone::get(&name).map_err(|error| bad_date(&error))?;
        Ok(Zone::value(zone))
    })];
    Group {
        name: "pytz",
        attributes: vec![
            ("utc", Zone::value(TimeZone::UTC)),
            ("UTC", Zone::value(TimeZone::UTC)),
        ],
        methods: METHODS,
        call: None,
    }
    .into()
}

/// A time zone.
#[derive(Debug)]
pub(super) struct Zone(TimeZone, Option<Offset>);

impl Zone {
    fn value(zone: TimeZone) -> Value {
        Value::from_object(Self(zone, None))
    }

    /// The zone of a moment, with what its clocks are ahead by then.
    pub fn at(zone: TimeZone, ahead: Offset) -> Value {
        Value::from_object(Self(zone, Some(ahead)))
    }

    /// The zone that a value holds.
    pub fn of(value: &Value) -> Option<TimeZone> {
        value
            .downcast_object_ref::<Self>()
            .map(|zone| zone.0.clone())
    }

    /// The zone that a moment gets where a value is put to it as `tzinfo`: with pytz that is the first time that its place ever had, by the
    /// sun; only `localize` looks at the moment.
    pub fn put(value: &Value) -> Option<TimeZone> {
        let Self(zone, ahead) = value.downcast_object_ref()?;
        if let Some(ahead) = ahead {
            return Some(ahead.to_time_zone());
        }
        if zone.iana_name().is_none() {
            return Some(zone.clone());
        }
        let seconds = zone.to_offset(Timestamp::MIN).seconds();
        let minutes = (seconds + 30).div_euclid(60) * 60;
        let first = Offset::from_seconds(minutes).ok()?;
        Some(first.to_time_zone())
    }
}

impl Object for Zone {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let named = key.as_str()? == "zone";
        named.then(|| Value::from(self.0.iana_name().unwrap_or("UTC")))
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let moment = args.first().and_then(Value::downcast_object::<MomentValue>);
        match (method, moment) {
            ("localize", Some(moment)) => Ok(moment.with_zone(&self.0).into()),
            _ => Err(Error::from(minijinja::ErrorKind::UnknownMethod)),
        }
    }
}

/// Midnight of a day.
pub(super) fn midnight(day: civil::Date) -> civil::DateTime {
    day.to_datetime(civil::Time::midnight())
}

#[cfg(test)]
mod tests {
    use crate::jinja::testing::text;

    fn shows(expression: &str) -> String {
        text(
            "",
            &format!("{{% set d = modules.datetime %}}{{{{ {expression} }}}}"),
        )
    }

    #[test]
    fn dates_add_subtract_compare_and_print_as_in_python() {
        assert_eq!(
            shows(
                "d.datetime(2024, 1, 1) + 2 * d.timedelta(days=1) * 3 - d.timedelta(hours=1) / 2"
            ),
            "2024-01-06 23:30:00"
        );
        assert_eq!(
            shows(
                "(d.timedelta(days=7) // d.timedelta(days=2), d.timedelta(days=-7) // d.timedelta(days=2), d.timedelta(1) / d.timedelta(hours=12), 7 * 2 % 4 + 1)"
            ),
            "(3, -4, 2.0, 3)"
        );
        assert_eq!(
            shows("d.timedelta(days=7) % d.timedelta(days=2) + d.timedelta(seconds=1) * 1.5"),
            "1 day, 0:00:01.500000"
        );
        assert_eq!(
            shows("d.datetime(2024, 2, 28, 23) + d.timedelta(hours=2) - d.timedelta(days=1)"),
            "2024-02-28 01:00:00"
        );
        assert_eq!(
            shows(
                "(d.date(2024, 3, 1) - d.date(2024, 2, 1)).days ~ 'x' ~ d.date(2024, 3, 1).isoformat()"
            ),
            "29x2024-03-01"
        );
        assert_eq!(
            shows(
                "d.datetime.strptime('2024-01-31 10:05', '%Y-%m-%d %H:%M').strftime('%d/%m/%y %H.%M.%S.%f %j')"
            ),
            "31/01/24 10.05.00.000000 031"
        );
        assert_eq!(shows("d.date(2024, 1, 2) < d.date(2024, 1, 10)"), "True");
        assert_eq!(
            shows("d.datetime.fromisoformat('2024-01-02').replace(day=5).weekday()"),
            "4"
        );
        assert_eq!(
            shows(
                "modules.pytz.timezone('Europe/Paris').localize(d.datetime(2024, 7, 1)).astimezone(modules.pytz.utc)"
            ),
            "2024-06-30 22:00:00+00:00"
        );
        // pytz says so: https://pypi.org/project/pytz/ ("tzinfo argument … does not work").
        assert_eq!(
            shows(
                "d.datetime(1997, 9, 29, 6, 14, tzinfo=modules.pytz.timezone('America/Los_Angeles'))"
            ),
            "1997-09-29 06:14:00-07:53"
        );
        assert_eq!(
            shows("d.datetime(1997, 9, 29).replace(tzinfo=modules.pytz.utc)"),
            "1997-09-29 00:00:00+00:00"
        );
        assert_eq!(
            shows(
                "d.datetime(1997, 9, 29).replace(tzinfo=modules.pytz.timezone('Europe/Paris').localize(d.datetime(1997, 9, 29)).tzinfo)"
            ),
            "1997-09-29 00:00:00+02:00"
        );
        assert_eq!(shows("d.timedelta(days=1, seconds=90)"), "1 day, 0:01:30");
        assert_eq!(shows("[1] + [2] ~ (5 - 2 + 1)"), "[1, 2]4");
    }
}
