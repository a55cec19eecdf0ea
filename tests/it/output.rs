//! What one run of the program said, and the filters that make it the same text on every machine.

use std::fmt;
use std::path::Path;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What one run of the program left behind, ready for a snapshot.
pub struct Output {
    /// The exit code, or -1 when a signal ended the process.
    pub code: i32,
    /// Standard output, stable.
    pub stdout: String,
    /// Standard error, stable.
    pub stderr: String,
}

impl Output {
    /// Both streams, without the exit code.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Panics with the whole output unless the run ended with exit code 0; gives the output back.
    #[track_caller]
    pub fn success(self) -> Self {
        assert_eq!(self.code, 0, "the run failed:\n{self}");
        self
    }
}

/// `exit N`, then what was said; the streams are told apart only when both said something.
impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "exit {}", self.code)?;
        f.write_str(&self.stdout)?;
        if !self.stdout.is_empty() && !self.stderr.is_empty() {
            f.write_str("--- stderr\n")?;
        }
        f.write_str(&self.stderr)
    }
}

/// `text` without what differs from run to run: folders, durations, ids, process ids, today's timestamps, the version.
pub fn stable(text: &str, project: &Path) -> String {
    let mut text = text.replace("\r\n", "\n");
    // macOS shows a temporary folder under /private as well.
    for folder in [
        project.canonicalize().as_deref().unwrap_or(project),
        project,
    ] {
        text = text.replace(&*folder.to_string_lossy(), "[project]");
        if let Some(parent) = folder.parent() {
            text = text.replace(&*parent.to_string_lossy(), "[temp]");
        }
    }
    for (pattern, replacement) in FILTERS.iter() {
        text = pattern.replace_all(&text, *replacement).into_owned();
    }
    text = TIMESTAMP
        .replace_all(&text, |found: &Captures<'_>| {
            if is_recent(&found[1]) {
                "[timestamp]".to_owned()
            } else {
                found[0].to_owned()
            }
        })
        .into_owned();
    let lines = text.lines().map(str::trim_end).collect::<Vec<_>>();
    if lines.is_empty() {
        String::new()
    } else {
        lines.join("\n") + "\n"
    }
}

/// Only the days around now are filtered: a timestamp in a model's rows is what a test wants to see.
fn is_recent(date: &str) -> bool {
    date.parse::<jiff::civil::Date>().is_ok_and(|date| {
        let today = jiff::Timestamp::now()
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date();
        (today - date).get_days().abs() <= 1
    })
}

static TIMESTAMP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(\d{4}-\d\d-\d\d)[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?")
        .expect("a valid pattern")
});

static FILTERS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (
            r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "[uuid]",
        ),
        (r"(?m)^\d\d:\d\d:\d\d(?:\.\d+)?\b", "[clock]"),
        (r"\b(process|pid|PID)([ :=]+)\d+\b", "$1$2[pid]"),
        (r"\S*/deps/it-[0-9a-f]+", "[test program]"),
        // The padding before a duration goes too: it depends on the digits.
        (r"( ?) *\b\d+(?:\.\d+)? ?(?:ms|µs|s|seconds?)\b", "$1[time]"),
        (
            r#""((?:execution|elapsed)_time|duration|seconds|duration_ms)": ?[\d.eE+-]+"#,
            "\"$1\":\"[time]\"",
        ),
        (
            concat!(r"\bredstart ", env!("CARGO_PKG_VERSION")),
            "redstart [version]",
        ),
    ]
    .map(|(pattern, replacement)| (Regex::new(pattern).expect("a valid pattern"), replacement))
    .into()
});

#[test]
fn what_differs_from_run_to_run_is_filtered_and_data_stays() {
    let now = jiff::Timestamp::now();
    let said = format!(
        "redstart 0.1.0\n12:30:01 done at {now} in /tmp/a1/shop/models   0.12 s\nheld by process 4711 (3 ms)  \n2018-11-03 01:04:33 | 27 songs"
    )
    .replace("0.1.0", env!("CARGO_PKG_VERSION"));

    insta::assert_snapshot!(stable(&said, Path::new("/tmp/a1/shop")), @r"
    redstart [version]
    [clock] done at [timestamp] in [project]/models [time]
    held by process [pid] ([time])
    2018-11-03 01:04:33 | 27 songs
    ");
}
