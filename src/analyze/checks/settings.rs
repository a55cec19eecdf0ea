//! What a project says about checks: levels of codes, functions that make personal data anonymous, words of silence in the SQL.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::codes;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::sql::lineage::{AGGREGATE, SALTED, Through, is_aggregate};

/// How much a code matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The check fails.
    Error,
    /// It is told.
    Warning,
    /// It is not told.
    Off,
}

/// `flags: {check: …}` of `dbt_project.yml`.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    levels: BTreeMap<String, Weight>,
    /// Functions whose result tells nobody the value: besides `count`, those that `anonymisers` lists.
    pub anonymisers: BTreeSet<String>,
    /// Schemas in which nothing personal may stand, in lower case.
    pub forbidden_schemas: BTreeSet<String>,
    /// Aggregates that do so where the query makes sure that each group has so many rows at least.
    aggregates: BTreeMap<String, u64>,
}

impl Settings {
    /// Reads the flags of the project file.
    ///
    /// # Errors
    /// Keys, codes and levels that are not known.
    pub fn of(flags: &Map<String, Value>) -> Result<Self, Diagnostics> {
        let mut settings = Self {
            anonymisers: ["count".to_owned()].into(),
            ..Self::default()
        };
        let Some(check) = flags.get("check") else {
            return Ok(settings);
        };
        let Some(check) = check.as_object() else {
            return Err(wrong("`check` holds keys".to_owned()).into());
        };
        let mut problems = Diagnostics::default();
        for (key, value) in check {
            let mut set = |done: Result<(), Diagnostic>| problems.extend(done.err());
            match (key.as_str(), value) {
                ("levels", Value::Object(levels)) => {
                    for (code, level) in levels {
                        set(settings.level(code, level));
                    }
                }
                ("anonymisers", Value::Array(names)) => {
                    for name in names {
                        set(settings.anonymiser(name).map_err(wrong));
                    }
                }
                ("pii_forbidden_in", Value::Array(schemas)) => {
                    for schema in schemas {
                        match schema.as_str() {
                            Some(schema) => {
                                settings.forbidden_schemas.insert(schema.to_lowercase());
                            }
                            None => set(Err(wrong(format!("{schema} in `{key}` is no schema")))),
                        }
                    }
                }
                ("levels" | "anonymisers" | "pii_forbidden_in", _) => {
                    set(Err(wrong(format!("`{key}` cannot be {value}"))));
                }
                _ => set(Err(wrong(format!("there is no key `{key}`")).did_you_mean(
                    key,
                    ["levels", "anonymisers", "pii_forbidden_in"],
                ))),
            }
        }
        problems.or(settings).map(|(settings, _)| settings)
    }

    /// Takes the level of a code.
    fn level(&mut self, code: &str, level: &Value) -> Result<(), Diagnostic> {
        if !codes().any(|known| known.name == code) {
            let names: Vec<&str> = codes().map(|code| code.name).collect();
            return Err(wrong(format!("there is no check `{code}`")).did_you_mean(code, names));
        }
        let weight = match level.as_str() {
            Some("error") => Weight::Error,
            Some("warning" | "warn") => Weight::Warning,
            // YAML reads a bare `off` as false in its first version.
            Some("off") => Weight::Off,
            None if level == &Value::Bool(false) => Weight::Off,
            _ => {
                return Err(wrong(format!("the level of `{code}` cannot be {level}"))
                    .help("write `error`, `warning` or `off`"));
            }
        };
        self.levels.insert(code.to_owned(), weight);
        Ok(())
    }

    /// Whether one of the project's anonymisers stands around a value on every way from a column.
    pub fn anonymises(&self, through: &Through) -> bool {
        let mut functions = through.functions.iter();
        let mut guards = through.guards.iter();
        functions.any(|name| self.anonymisers.contains(&**name))
            || guards.any(|(name, rows)| {
                let wanted = self.aggregates.get(&**name);
                wanted.is_some_and(|wanted| rows >= wanted) || self.anonymisers.contains(&**name)
            })
    }

    /// Takes an anonymiser: `sha2`, `sha2 with salt`, `aggregate over >= 5`, `max over >= 20`.
    fn anonymiser(&mut self, written: &Value) -> Result<(), String> {
        let forms = "write a function, `FUNCTION with salt`, `aggregate over >= 5` or `AGGREGATE over >= 5`";
        let Some(text) = written.as_str() else {
            return Err(format!("{written} is no anonymiser: {forms}"));
        };
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            [name] => drop(self.anonymisers.insert((*name).to_owned())),
            [name, "with", "salt"] => drop(self.anonymisers.insert(format!("{name}{SALTED}"))),
            [name, "over", rest @ ..] => {
                let rows = rest.concat();
                let rows = rows.strip_prefix(">=").and_then(|rows| rows.parse().ok());
                let Some(rows) = rows.filter(|rows| *rows > 1) else {
                    return Err(format!("`{text}` does not say over how many rows: {forms}"));
                };
                if *name != AGGREGATE && !is_aggregate(name) {
                    return Err(format!("`{name}` in `{text}` is no aggregate: {forms}"));
                }
                self.aggregates.insert((*name).to_owned(), rows);
            }
            _ => return Err(format!("`{text}` is no anonymiser: {forms}")),
        }
        Ok(())
    }

    /// The level that the project gives a code.
    pub fn weight(&self, code: &str) -> Option<Weight> {
        self.levels.get(code).copied()
    }
}

fn wrong(what: String) -> Diagnostic {
    Diagnostic::error(
        "bad-config",
        format!("{what} (`flags: {{check: …}}` of dbt_project.yml)"),
    )
}

/// Whether the line of a place asks for silence about a code: `-- noqa`, `-- noqa: code, code`, also in a Jinja comment or in YAML.
pub(super) fn is_silenced(span: &Span, code: &str) -> bool {
    let text = &span.source.text;
    let start = text
        .get(..span.start)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |at| at + 1);
    let end = text
        .get(span.start..)
        .and_then(|after| after.find('\n'))
        .map_or(text.len(), |at| span.start + at);
    let line = text.get(start..end).unwrap_or("");
    let Some((before, after)) = line.rsplit_once("noqa") else {
        return false;
    };
    let before = before.trim_end();
    if !["--", "#", "/*", "{#", "{#-"]
        .iter()
        .any(|comment| before.ends_with(comment))
    {
        return false;
    }
    match after.trim_start().strip_prefix(':') {
        None => true,
        Some(names) => names
            .split(|letter: char| letter == ',' || letter.is_whitespace())
            .any(|name| name == code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;

    #[test]
    fn a_comment_on_the_line_silences_all_codes_or_those_it_names() {
        let silenced = |line: &str| {
            let source = Source::new("a.sql", format!("select 1\n{line}\nselect 2"));
            is_silenced(&Span::new(&source, 10..11), "order-by")
        };
        assert!(silenced("order by 1 -- noqa"));
        assert!(silenced("order by 1 -- noqa: select-star, order-by"));
        assert!(silenced("order by 1 {# noqa: order-by #}"));
        assert!(!silenced("order by 1 -- noqa: select-star"));
        assert!(!silenced("select 'noqa'"));
    }

    #[test]
    fn a_code_or_key_that_is_not_known_is_told_with_the_nearest_one() {
        let read = |json: Value| Settings::of(json.as_object().unwrap_or(&Map::new()));
        let wrong =
            read(serde_json::json!({"check": {"levels": {"select-stars": "off"}}})).unwrap_err();
        assert_eq!(wrong.0[0].help, ["did you mean `select-star`?"]);
        let right = read(serde_json::json!({"check": {"levels": {"select-star": false}, "anonymisers": ["SHA2"]}})).unwrap();
        assert_eq!(right.weight("select-star"), Some(Weight::Off));
        assert!(right.anonymisers.contains("sha2"));
        for (anonymiser, said) in [
            ("avg above 5", "`avg above 5` is no anonymiser"),
            ("avg over 5", "does not say over how many rows"),
            ("avg over >= 1", "does not say over how many rows"),
            (
                "lower over >= 5",
                "`lower` in `lower over >= 5` is no aggregate",
            ),
        ] {
            let wrong = read(serde_json::json!({"check": {"anonymisers": [anonymiser]}}));
            assert!(
                wrong.unwrap_err().0[0].message.contains(said),
                "{anonymiser}"
            );
        }
    }
}
