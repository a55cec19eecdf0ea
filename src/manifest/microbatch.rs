//! Models that are built batch after batch, each for a stretch of time (`incremental_strategy: microbatch`).
//!
//! In: the merged configuration; what exists and the command line ask. Out: [`Microbatch`], and its [`Batch`]es.
//! Times are in UTC, as in dbt.

use jiff::Span as Stretch;
use jiff::civil::{Date, DateTime, Time};
use serde_json::Value;

use super::merge::Merged;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};

/// How long a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchSize {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A month.
    Month,
    /// A year.
    Year,
}

const SIZES: [(&str, BatchSize); 4] = [
    ("hour", BatchSize::Hour),
    ("day", BatchSize::Day),
    ("month", BatchSize::Month),
    ("year", BatchSize::Year),
];

/// How a model is cut into batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Microbatch {
    /// The column of the model that tells which batch a row belongs to.
    pub event_time: String,
    /// `begin`: where the first build starts.
    pub begin: DateTime,
    /// `batch_size`.
    pub size: BatchSize,
    /// `lookback`: how many batches before the current one are made anew.
    pub lookback: i64,
}

/// One batch of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its first moment.
    pub start: DateTime,
    /// The first moment after it.
    pub end: DateTime,
    /// How long batches of its model are.
    pub size: BatchSize,
    /// Its place among the batches of the run, from 0.
    pub index: usize,
    /// How many there are.
    pub of: usize,
    /// Whether it adds to what batches before it made, so that nothing is made anew, whatever `--full-refresh` says.
    pub goes_on: bool,
}

/// The batches of one node in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batches {
    /// Stretches that an earlier run built, of which this one does the rest.
    pub before: Vec<(DateTime, DateTime)>,
    /// What is built now, in order.
    pub now: Vec<Batch>,
}

/// What the command line says of the time to build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// `--event-time-start` and `--event-time-end`, or the window of `--sample`.
    pub window: Option<(DateTime, DateTime)>,
    /// The moment of the run.
    pub now: DateTime,
}

impl BatchSize {
    /// The start of the batch that a moment lies in.
    fn floor(self, at: DateTime) -> DateTime {
        let date = at.date();
        match self {
            Self::Hour => DateTime::from_parts(date, Time::constant(at.hour(), 0, 0, 0)),
            Self::Day => DateTime::from_parts(date, Time::midnight()),
            Self::Month => DateTime::from_parts(date.first_of_month(), Time::midnight()),
            Self::Year => DateTime::from_parts(date.first_of_year(), Time::midnight()),
        }
    }

    /// The start of the batch so many batches after the one that a moment lies in.
    fn offset(self, at: DateTime, batches: i64) -> DateTime {
        let stretch: Result<Stretch, _> = match self {
            Self::Hour => Stretch::new().try_hours(batches),
            Self::Day => Stretch::new().try_days(batches),
            Self::Month => Stretch::new().try_months(batches),
            Self::Year => Stretch::new().try_years(batches),
        };
        let floor = self.floor(at);
        match stretch {
            Ok(stretch) => floor.saturating_add(stretch),
            Err(_) if batches < 0 => DateTime::MIN,
            Err(_) => DateTime::MAX,
        }
    }

    /// The end of the batch that a moment lies in; a moment between two batches is its own.
    fn ceiling(self, at: DateTime) -> DateTime {
        if self.floor(at) == at {
            at
        } else {
            self.offset(at, 1)
        }
    }
}

impl Microbatch {
    /// The batches to run, in order; at least one. `exists` tells whether there is a table that they add to.
    pub fn batches(&self, exists: bool, asked: &Asked) -> Batches {
        let end = self
            .size
            .ceiling(asked.window.map_or(asked.now, |(_, end)| end));
        let start = match asked.window {
            Some((start, _)) => self.size.floor(start),
            None if !exists => self.size.floor(self.begin),
            // The end is that of the current batch, which is made anew too.
            None => self.size.offset(end, -(self.lookback + 1)),
        };
        let mut stretches = vec![(start, self.size.offset(start, 1))];
        while let Some((_, last)) = stretches.last().copied()
            && last < end
        {
            stretches.push((last, self.size.offset(last, 1)));
        }
        if let Some(last) = stretches.last_mut() {
            last.1 = end;
        }
        Batches {
            before: Vec::new(),
            now: self.numbered(&stretches, false),
        }
    }

    /// The rest of an earlier run, which built some batches and not the others.
    pub fn rest(&self, built: &[(DateTime, DateTime)], open: &[(DateTime, DateTime)]) -> Batches {
        Batches {
            before: built.to_vec(),
            now: self.numbered(open, true),
        }
    }

    fn numbered(&self, stretches: &[(DateTime, DateTime)], goes_on: bool) -> Vec<Batch> {
        let numbered = stretches.iter().enumerate();
        numbered
            .map(|(index, &(start, end))| Batch {
                start,
                end,
                size: self.size,
                index,
                of: stretches.len(),
                goes_on: goes_on || index > 0,
            })
            .collect()
    }
}

impl Batch {
    /// As people call it: `2024-09-17`, `2024-09-17T16`, `2024-09`, `2024`.
    pub fn name(&self) -> String {
        let format = match self.size {
            BatchSize::Hour => "%Y-%m-%dT%H",
            BatchSize::Day => "%Y-%m-%d",
            BatchSize::Month => "%Y-%m",
            BatchSize::Year => "%Y",
        };
        self.start.strftime(format).to_string()
    }

    /// `model.batch.id`: its name without hyphens.
    pub fn id(&self) -> String {
        self.name().replace('-', "")
    }

    /// Whether it is the first of the run, with which hooks before the model run.
    pub fn is_first(&self) -> bool {
        self.index == 0
    }

    /// Whether it is the last of the run, after which hooks after the model run.
    pub fn is_last(&self) -> bool {
        self.index + 1 == self.of
    }
}

/// A moment of a flag or of `begin`: a day, or a day and a time. A zone is passed over, as in dbt.
pub fn moment(text: &str) -> Option<DateTime> {
    let text = text.trim();
    let zoned = || {
        let pieces = jiff::fmt::temporal::Pieces::parse(text).ok()?;
        Some(pieces.date().to_datetime(pieces.time()?))
    };
    // A date last: jiff reads one out of a day with a time too.
    let day = || Some(text.parse::<Date>().ok()?.at(0, 0, 0, 0));
    text.parse::<DateTime>().ok().or_else(zoned).or_else(day)
}

/// The configuration of a microbatch model; what is wrong goes to `problems`.
pub(super) fn read(
    merged: &Merged,
    at: Option<&Span>,
    problems: &mut Diagnostics,
) -> Option<Microbatch> {
    let before = problems.0.len();
    let mut wrong = |key: &str, what: &str, help: &str| {
        let place = merged.origin(key).or_else(|| at.cloned());
        let said = match merged.get(key) {
            None => format!("a microbatch model needs `{key}`, {what}"),
            Some(Value::String(text)) => format!("`{key}` is {what}, not `{text}`"),
            Some(other) => format!("`{key}` is {what}, not `{other}`"),
        };
        problems.push(
            Diagnostic::error("bad-config", said)
                .at_some(place)
                .help(help.to_owned()),
        );
    };
    let text = |key: &str| merged.get(key).and_then(Value::as_str);
    let event_time = text("event_time").filter(|name| !name.is_empty());
    if event_time.is_none() {
        let help = "write such as `event_time: created_at`";
        wrong(
            "event_time",
            "the name of the column that tells a row's time",
            help,
        );
    }
    let begin = text("begin").and_then(moment);
    if begin.is_none() {
        let help = "write such as `begin: \"2024-01-01\"`";
        wrong(
            "begin",
            "the day or time from which it is built first",
            help,
        );
    }
    let size = text("batch_size").and_then(|named| {
        let found = SIZES.iter().find(|(name, _)| *name == named);
        found.map(|(_, size)| *size)
    });
    if size.is_none() {
        wrong(
            "batch_size",
            "one of `hour`, `day`, `month`, `year`",
            "write such as `batch_size: day`",
        );
    }
    let lookback = match merged.get("lookback") {
        None => Some(1),
        Some(value) => value.as_i64(),
    };
    if lookback.is_none() {
        wrong(
            "lookback",
            "a number of batches",
            "write such as `lookback: 3`",
        );
    }
    if merged
        .get("concurrent_batches")
        .is_some_and(|value| !value.is_boolean())
    {
        let help = "batches run one after the other here, whatever it says";
        wrong("concurrent_batches", "`true` or `false`", help);
    }
    if problems.0.len() > before {
        return None;
    }
    Some(Microbatch {
        event_time: event_time?.to_owned(),
        begin: begin?,
        size: size?,
        lookback: lookback?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(size: BatchSize, lookback: i64) -> Microbatch {
        Microbatch {
            event_time: "at".to_owned(),
            begin: at("2024-01-30 10:30:00"),
            size,
            lookback,
        }
    }

    fn at(text: &str) -> DateTime {
        moment(text).unwrap()
    }

    fn told(batches: &Batches) -> Vec<String> {
        let said = |batch: &Batch| format!("{} {}..{}", batch.id(), batch.start, batch.end);
        batches.now.iter().map(said).collect()
    }

    #[test]
    fn the_first_run_starts_at_begin_and_a_later_one_looks_back() {
        let asked = Asked {
            window: None,
            now: at("2024-02-01 16:06:00"),
        };
        let day = model(BatchSize::Day, 1);
        assert_eq!(
            told(&day.batches(false, &asked)),
            [
                "20240130 2024-01-30T00:00:00..2024-01-31T00:00:00",
                "20240131 2024-01-31T00:00:00..2024-02-01T00:00:00",
                "20240201 2024-02-01T00:00:00..2024-02-02T00:00:00",
            ]
        );
        assert_eq!(
            told(&day.batches(true, &asked)),
            [
                "20240131 2024-01-31T00:00:00..2024-02-01T00:00:00",
                "20240201 2024-02-01T00:00:00..2024-02-02T00:00:00",
            ]
        );
        assert_eq!(
            told(&model(BatchSize::Month, 1).batches(true, &asked)),
            [
                "202401 2024-01-01T00:00:00..2024-02-01T00:00:00",
                "202402 2024-02-01T00:00:00..2024-03-01T00:00:00",
            ]
        );
        assert_eq!(
            told(&model(BatchSize::Year, 0).batches(true, &asked)),
            ["2024 2024-01-01T00:00:00..2025-01-01T00:00:00"]
        );
        assert_eq!(
            told(&model(BatchSize::Hour, 0).batches(true, &asked)),
            ["20240201T16 2024-02-01T16:00:00..2024-02-01T17:00:00"]
        );
    }

    #[test]
    fn a_window_says_which_batches_run() {
        let asked = Asked {
            window: Some((at("2024-03-31 23:00:00"), at("2024-04-02"))),
            now: at("2030-01-01"),
        };
        let batches = model(BatchSize::Day, 5).batches(true, &asked);
        assert_eq!(
            told(&batches),
            [
                "20240331 2024-03-31T00:00:00..2024-04-01T00:00:00",
                "20240401 2024-04-01T00:00:00..2024-04-02T00:00:00",
            ]
        );
        let [first, last] = &batches.now[..] else {
            panic!("{batches:?}");
        };
        assert!(first.is_first() && !first.goes_on);
        assert!(last.is_last() && last.goes_on);
        let rest = model(BatchSize::Day, 5).rest(
            &[(at("2024-03-31"), at("2024-04-01"))],
            &[(at("2024-04-01"), at("2024-04-02"))],
        );
        assert_eq!(
            told(&rest),
            ["20240401 2024-04-01T00:00:00..2024-04-02T00:00:00"]
        );
        assert!(rest.now[0].goes_on);
    }

    #[test]
    fn a_moment_is_a_day_or_a_time_whatever_its_zone() {
        assert_eq!(at("2024-01-02"), at("2024-01-02T00:00:00"));
        assert_eq!(at("2024-01-02 03:04:05"), at("2024-01-02T03:04:05+02:00"));
        assert_eq!(moment("yesterday"), None);
    }
}
