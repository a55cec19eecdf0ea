//! How old the rows of a source are: what its query answered, read as dbt reads it.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::Status;
use crate::adapter::{Table, Value};
use crate::diagnostic::Diagnostic;
use crate::manifest::Node;
use crate::manifest::freshness::Freshness;
use crate::manifest::node::SourceDetail;

/// The age of the rows of a source, as it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// When its youngest row was loaded; none where it has no rows, and then it is older than any limit.
    pub loaded_at: Option<Timestamp>,
    /// When that was asked.
    pub asked_at: Timestamp,
}

impl Measured {
    /// The age in seconds.
    pub fn seconds(&self) -> f64 {
        self.asked_at.as_duration().as_secs_f64() - self.loaded_at().as_duration().as_secs_f64()
    }

    /// When its youngest row was loaded; as in dbt, the first moment of the calendar where it has none.
    pub fn loaded_at(&self) -> Timestamp {
        let first = || {
            let first = Date::constant(1, 1, 1).to_datetime(jiff::civil::Time::midnight());
            first.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp())
        };
        self.loaded_at
            .unwrap_or_else(|| first().unwrap_or(Timestamp::MIN))
    }

    /// What the age means.
    pub(super) fn status(&self, freshness: &Freshness) -> Status {
        let exceeded = |limit: Option<crate::manifest::freshness::Age>| {
            limit.is_some_and(|limit| limit.is_exceeded_by(self.seconds()))
        };
        match () {
            () if exceeded(freshness.error_after) => Status::Error,
            () if exceeded(freshness.warn_after) => Status::Warn,
            () => Status::Pass,
        }
    }
}

impl Measured {
    /// The age in words.
    pub fn words(&self) -> String {
        if self.loaded_at.is_none() {
            return "no rows".to_owned();
        }
        let seconds = self.seconds().max(0.0);
        let units = [(86400.0, "day"), (3600.0, "hour"), (60.0, "minute")];
        let unit = units.into_iter().find(|(unit, _)| seconds >= 2.0 * unit);
        let (unit, name) = unit.unwrap_or((1.0, "second"));
        let number = (seconds / unit).floor();
        let s = if number == 1.0 { "" } else { "s" };
        format!("{number:.0} {name}{s} old")
    }

    /// What the age of a source means, and what there is to say about it.
    pub(super) fn judged(
        &self,
        node: &Node,
        source: &SourceDetail,
    ) -> (Status, Option<Diagnostic>) {
        let Some(freshness) = &source.freshness else {
            return (Status::Pass, None);
        };
        let status = self.status(freshness);
        let limit = match status {
            Status::Error => freshness.error_after.map(|age| ("error_after", age)),
            Status::Warn => freshness.warn_after.map(|age| ("warn_after", age)),
            _ => None,
        };
        let told = limit.map(|(key, limit)| {
            let name = format!("{}.{}", source.source_name, node.name);
            let message = match self.loaded_at {
                Some(_) => format!("the youngest row of `{name}` is {}", self.words()),
                None => format!("`{name}` has no row whose age could be told"),
            };
            let problem = match status {
                Status::Error => Diagnostic::error("stale-source", message),
                _ => Diagnostic::warning("stale-source", message),
            };
            problem
                .at_some(node.declared_at.clone())
                .label(format!("`{key}` is {limit}"))
        });
        (status, told)
    }
}

/// The age that a query of two moments answered.
///
/// # Errors
/// What the answer is instead.
pub(super) fn of(table: &Table) -> Result<Measured, String> {
    let Some([loaded_at, asked_at]) = table.rows.first().map(Vec::as_slice) else {
        return Err("the query answered no row of two moments".to_owned());
    };
    let loaded_at = match loaded_at {
        Value::Null => None,
        value => Some(moment(value)?),
    };
    Ok(Measured {
        loaded_at,
        asked_at: moment(asked_at)?,
    })
}

/// A moment; one without a zone is meant in UTC, as in dbt.
fn moment(value: &Value) -> Result<Timestamp, String> {
    let text = value.to_string();
    let wrong = || format!("`{text}` is no timestamp");
    // A date alone is none either in dbt.
    if text.len() <= "2024-01-01".len() {
        return Err(wrong());
    }
    let zoned = text[10..].find(['+', '-', 'Z']).map(|at| at + 10);
    let Some(zone) = zoned else {
        let civil: DateTime = text.parse().map_err(|_| wrong())?;
        let zoned = civil.to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
        return Ok(zoned.timestamp());
    };
    // `+00` is how databases shorten `+00:00`.
    let whole = if text.len() - zone == "+00".len() {
        format!("{text}:00")
    } else {
        text.clone()
    };
    whole.parse().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::freshness::{Age, Period};

    fn answered(loaded_at: &str) -> Result<Measured, String> {
        let text = |text: &str| match text {
            "" => Value::Null,
            text => Value::Text(text.to_owned()),
        };
        of(&Table {
            rows: vec![vec![text(loaded_at), text("2024-01-02 00:00:00+00")]],
            ..Table::default()
        })
    }

    #[test]
    fn moments_are_read_with_and_without_their_zone() {
        for (text, seconds) in [
            ("2024-01-01 00:00:00", 86400.0),
            ("2024-01-01 23:59:59.5", 0.5),
            ("2024-01-02 01:00:00+01", 0.0),
            ("2024-01-01 22:30:00-01:30", 0.0),
        ] {
            assert_eq!(answered(text).unwrap().seconds(), seconds, "{text}");
        }
        assert_eq!(
            answered("2024-01-01").unwrap_err(),
            "`2024-01-01` is no timestamp"
        );
        assert_eq!(
            answered("yesterday, or so").unwrap_err(),
            "`yesterday, or so` is no timestamp"
        );
    }

    #[test]
    fn the_stronger_limit_wins_and_a_source_without_rows_is_too_old() {
        let age = |count, period| Some(Age { count, period });
        let freshness = Freshness {
            warn_after: age(1, Period::Hour),
            error_after: age(1, Period::Day),
            filter: None,
        };
        let status = |text| answered(text).unwrap().status(&freshness);
        assert_eq!(status("2024-01-01 23:30:00"), Status::Pass);
        assert_eq!(status("2024-01-01 12:00:00"), Status::Warn);
        assert_eq!(status("2023-12-31 00:00:00"), Status::Error);
        assert_eq!(status(""), Status::Error);
    }
}
