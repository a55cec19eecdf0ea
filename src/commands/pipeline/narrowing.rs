//! The words of `--empty` and `--sample`, understood.

use jiff::civil::DateTime;
use jiff::{Span, Timestamp, tz::TimeZone};

use crate::commands::{Session, Stop};
use crate::compile::Narrowing;
use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;
use crate::manifest::microbatch::moment;
use crate::manifest::node::Node;
use crate::project::yaml;

/// What the flags ask to read.
///
/// # Errors
/// A `--sample` that is neither a number with a unit nor a mapping of `start` and `end`.
pub fn narrowing(session: &Session) -> Result<Narrowing, Stop> {
    let sample = session.flags.text("sample");
    let window = sample.map(|words| window(words, session.started));
    Ok(Narrowing {
        empty: session.flags.is("empty"),
        window: window.transpose().map_err(Stop::refused)?,
    })
}

/// The warning that `--sample` leaves no rows out.
pub(super) fn in_vain(narrowing: &Narrowing, manifest: &Manifest) -> Option<Diagnostic> {
    let timed = |node: &Node| {
        node.config
            .values
            .get("event_time")
            .is_some_and(|it| it.is_string())
    };
    let in_vain = narrowing.window.is_some() && !manifest.nodes.iter().any(|node| timed(node));
    in_vain.then(|| {
        let message = "`--sample` leaves no rows out: nothing in the project has an `event_time`";
        Diagnostic::warning("unfiltered-sample", message)
            .help("name the column that tells when a row happened: `config: {event_time: ordered_at}` of models, seeds and sources")
    })
}

fn window(words: &str, now: Timestamp) -> Result<(DateTime, DateTime), Diagnostic> {
    let wrong = || {
        Diagnostic::error(
            "bad-flag",
            format!("`--sample {words}` is no stretch of time"),
        )
        .help("write `--sample \"3 days\"` (hours, days, months, years)")
        .help("or `--sample \"{start: 2024-01-01, end: 2024-02-01}\"`")
    };
    if words.trim_start().starts_with('{') {
        let both = yaml::parse_mapping("--sample", words)?;
        let at = |key: &str| {
            let text = both.get(key)?.as_str()?;
            moment(text.trim_end_matches('Z'))
        };
        return at("start").zip(at("end")).ok_or_else(wrong);
    }
    let (number, unit) = words.trim().split_once(' ').ok_or_else(wrong)?;
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let back = match unit.trim().to_lowercase().trim_end_matches('s') {
        "hour" => Span::new().try_hours(number),
        "day" => Span::new().try_days(number),
        "month" => Span::new().try_months(number),
        "year" => Span::new().try_years(number),
        _ => return Err(wrong()),
    };
    let now = now.to_zoned(TimeZone::UTC);
    let start = back
        .and_then(|back| now.checked_sub(back))
        .map_err(|_| wrong())?;
    Ok((start.datetime(), now.datetime()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_number_with_a_unit_or_a_start_and_an_end() {
        let now: Timestamp = "2024-03-31T12:00:00Z".parse().unwrap();
        let said = |words: &str| window(words, now).ok();
        let pair = |from: &str, to: &str| moment(from).zip(moment(to));
        assert_eq!(
            said("3 days"),
            pair("2024-03-28 12:00:00+00:00", "2024-03-31 12:00:00+00:00")
        );
        assert_eq!(
            said("1 Month"),
            pair("2024-02-29 12:00:00+00:00", "2024-03-31 12:00:00+00:00")
        );
        assert_eq!(
            said("{'start': '2024-01-01', 'end': '2024-01-08 18:00:00'}"),
            pair("2024-01-01 00:00:00+00:00", "2024-01-08 18:00:00+00:00")
        );
        for wrong in [
            "3",
            "x days",
            "3 weeks",
            "{start: 2024-01-01}",
            "{start: x, end: y}",
        ] {
            assert_eq!(said(wrong), None, "{wrong}");
        }
    }
}
