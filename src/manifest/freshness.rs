//! How old the rows of a source may be: dbt's `freshness`, merged from the source down to its table, typed and checked.
//!
//! In: what the declarations of a source and of its table say. Out: [`Freshness`], and where the age is read.

use serde_json::{Map, Value, json};

use super::merge::Merged;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::project::properties::{SourceProperties, SourceTableProperties};
use crate::project::yaml::{Spanned, Yaml};

/// How old the rows of a source may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// `warn_after`.
    pub warn_after: Option<Age>,
    /// `error_after`.
    pub error_after: Option<Age>,
    /// `filter`: a condition on the rows that are looked at, as SQL.
    pub filter: Option<String>,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// How many.
    pub count: u32,
    /// Of what.
    pub period: Period,
}

/// dbt's units of an age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

impl Period {
    const ALL: [(&str, Self); 3] = [
        ("minute", Self::Minute),
        ("hour", Self::Hour),
        ("day", Self::Day),
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    fn seconds(self) -> u64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 60 * 60,
            Self::Day => 24 * 60 * 60,
        }
    }
}

impl Age {
    /// Whether so many seconds are more.
    pub fn is_exceeded_by(self, seconds: f64) -> bool {
        let limit = u64::from(self.count) * self.period.seconds();
        seconds > limit as f64
    }
}

impl std::fmt::Display for Age {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let s = if self.count == 1 { "" } else { "s" };
        write!(f, "{} {}{s}", self.count, self.period.as_str())
    }
}

/// Where the age of a source is read.
#[derive(Clone, Debug, Default)]
pub struct LoadedAt {
    /// `loaded_at_field`: an expression over its rows.
    pub field: Option<String>,
    /// `loaded_at_query`: a template of a query.
    pub query: Option<Spanned<String>>,
}

/// What the declarations say, the weakest first.
fn levels(source: &SourceProperties, table: &SourceTableProperties) -> [Option<Yaml>; 4] {
    let in_config = |config: &Option<Yaml>| {
        let config = config.as_ref();
        config.and_then(|config| config.get("freshness")).cloned()
    };
    [
        source.freshness.clone(),
        in_config(&source.config),
        table.freshness.clone(),
        in_config(&table.config),
    ]
}

/// Whether any declaration speaks of it.
pub fn is_declared(source: &SourceProperties, table: &SourceTableProperties) -> bool {
    levels(source, table).iter().any(Option::is_some)
}

/// The merged value of `freshness` as dbt writes it: none where it was taken away.
pub fn merged(
    source: &SourceProperties,
    table: &SourceTableProperties,
    of_project: &Merged,
) -> Option<Value> {
    let levels = levels(source, table);
    if levels.iter().all(Option::is_none) {
        // What the project's file configures holds where the declarations say nothing.
        return of_project.get("freshness").map(|said| whole(&said.clone()));
    }
    let mut merged = Some(Map::new());
    for level in levels.iter().flatten() {
        merged = match (merged, level.to_json()) {
            (_, Value::Null) => None,
            (Some(base), Value::Object(new)) => Some(laid_over(base, &new)),
            (None, Value::Object(new))
                if new.contains_key("warn_after") || new.contains_key("error_after") =>
            {
                Some(new)
            }
            (merged, _) => merged,
        };
    }
    merged.map(|merged| whole(&Value::Object(merged)))
}

/// A level over the one above it: what it does not say stays, down to the parts of an age.
fn laid_over(mut base: Map<String, Value>, new: &Map<String, Value>) -> Map<String, Value> {
    for (key, value) in new {
        match (base.get_mut(key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => {
                old.extend(new.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
    base
}

/// With every key that dbt writes.
fn whole(said: &Value) -> Value {
    let age = |key: &str| match said.get(key) {
        Some(Value::Null) => Value::Null,
        Some(age) => json!({ "count": age["count"], "period": age["period"] }),
        None => json!({ "count": null, "period": null }),
    };
    json!({ "warn_after": age("warn_after"), "error_after": age("error_after"), "filter": said["filter"] })
}

/// Tells what is wrong in one declaration of `freshness`, each at its place: beside a source or a table, or in its `config`.
pub fn check(beside: Option<&Yaml>, config: Option<&Yaml>, problems: &mut Diagnostics) {
    let in_config = config.and_then(|config| config.get("freshness"));
    for said in [beside, in_config].into_iter().flatten() {
        if said.is_null() {
            continue;
        }
        if !said.is_map() {
            problems
                .push(said.expected("a mapping with `warn_after` and `error_after`, or `null`"));
        }
        for (key, value) in said.entries() {
            match key.as_str().unwrap_or_default() {
                _ if value.is_null() => {}
                name @ ("warn_after" | "error_after") => check_age(name, value, problems),
                "filter" if value.as_str().is_some() => {}
                "filter" => problems.push(value.expected("a text: a condition in SQL")),
                name => problems.push(unknown(name, key, &["warn_after", "error_after", "filter"])),
            }
        }
    }
}

fn check_age(name: &str, age: &Yaml, problems: &mut Diagnostics) {
    if !age.is_map() {
        let wrong = Diagnostic::error(BAD, format!("`{name}` is no age: {}", age.describe()));
        return problems.push(wrong.at(age.span.clone()).help(HOW));
    }
    for (key, value) in age.entries() {
        match key.as_str().unwrap_or_default() {
            _ if value.is_null() => {}
            "count" if count(&value.to_json()).is_some() => {}
            "count" => {
                let said = format!(
                    "`{name}` counts in whole numbers, found {}",
                    value.describe()
                );
                problems.push(
                    Diagnostic::error(BAD, said)
                        .at(value.span.clone())
                        .help(HOW),
                );
            }
            "period" if period(&value.to_json()).is_some() => {}
            "period" => {
                let said = format!("there is no period of {}", value.describe());
                let names = Period::ALL.iter().map(|(name, _)| *name);
                problems.push(
                    Diagnostic::error(BAD, said)
                        .at(value.span.clone())
                        .did_you_mean(value.as_str().unwrap_or_default(), names)
                        .help(HOW),
                );
            }
            other => problems.push(unknown(other, key, &["count", "period"])),
        }
    }
}

fn unknown(name: &str, key: &Yaml, known: &[&str]) -> Diagnostic {
    let wrong = Diagnostic::error("unknown-key", format!("there is no key `{name}` here"));
    let wrong = wrong
        .at(key.span.clone())
        .did_you_mean(name, known.iter().copied());
    let known: Vec<_> = known.iter().map(|key| format!("`{key}`")).collect();
    wrong.help(format!("the keys here are {}", known.join(", ")))
}

const BAD: &str = "bad-freshness";
const HOW: &str =
    "write such as `{count: 12, period: hour}`; a period is `minute`, `hour` or `day`";

fn count(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|count| u32::try_from(count).ok())
}

fn period(value: &Value) -> Option<Period> {
    let name = value.as_str()?;
    let found = Period::ALL.iter().find(|(known, _)| *known == name);
    found.map(|(_, period)| *period)
}

/// A merged value, typed; none where it limits nothing. `at` is the place in the project's file where that has the last word, which is
/// not checked before.
pub fn typed(value: &Value, at: Option<&Span>, problems: &mut Diagnostics) -> Option<Freshness> {
    let mut age = |key: &str| {
        let found = &value[key];
        if found["count"].is_null() || found["period"].is_null() {
            return None;
        }
        let typed = count(&found["count"]).zip(period(&found["period"]));
        if typed.is_none()
            && let Some(at) = at
        {
            let said = format!("`{key}` is no age: {} {}", found["count"], found["period"]);
            problems.push(Diagnostic::error(BAD, said).at(at.clone()).help(HOW));
        }
        typed.map(|(count, period)| Age { count, period })
    };
    let freshness = Freshness {
        warn_after: age("warn_after"),
        error_after: age("error_after"),
        filter: value["filter"].as_str().map(str::to_owned),
    };
    (freshness.warn_after.is_some() || freshness.error_after.is_some()).then_some(freshness)
}

/// Where the age of a table is read: the table's word is stronger than the source's, and both at one place contradict. As in dbt,
/// what the project's file configures does not count.
pub fn loaded_at(
    source: &SourceProperties,
    table: &SourceTableProperties,
    problems: &mut Diagnostics,
) -> LoadedAt {
    let (of_source, of_table) = (
        Said::of(
            &source.loaded_at_field,
            &source.loaded_at_query,
            &source.config,
        ),
        Said::of(
            &table.loaded_at_field,
            &table.loaded_at_query,
            &table.config,
        ),
    );
    for (said, name) in [(&of_source, &source.name), (&of_table, &table.name)] {
        if said.field.is_some() && said.query.is_some() {
            problems.push(
                Diagnostic::error(
                    "bad-freshness",
                    format!(
                        "`{}` has both `loaded_at_field` and `loaded_at_query`: one is enough",
                        name.value
                    ),
                )
                .at(name.span.clone()),
            );
        }
    }
    let says_field = of_table.field.is_some();
    LoadedAt {
        field: of_table.field.or(of_source.field),
        query: of_table.query.or(of_source.query.filter(|_| !says_field)),
    }
}

/// What one declaration says of where the age is read.
struct Said {
    field: Option<String>,
    query: Option<Spanned<String>>,
}

impl Said {
    fn of(field: &Option<String>, query: &Option<Spanned<String>>, config: &Option<Yaml>) -> Self {
        let in_config = |key: &str| {
            let found = config.as_ref().and_then(|config| config.get(key))?;
            let text = found.as_str()?;
            Some(Spanned {
                value: text.to_owned(),
                span: found.span.clone(),
            })
        };
        Self {
            field: field
                .clone()
                .or_else(|| Some(in_config("loaded_at_field")?.value)),
            query: query.clone().or_else(|| in_config("loaded_at_query")),
        }
    }
}
