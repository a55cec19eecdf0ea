//! What a project says about checks: levels of codes, functions that make personal data anonymous, words of silence in the SQL.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::codes;
use crate::diagnostic::{Diagnostic, Span};

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
}

impl Settings {
    /// Reads the flags of the project file.
    ///
    /// # Errors
    /// Keys, codes and levels that are not known.
    pub fn of(flags: &Map<String, Value>) -> Result<Self, Diagnostic> {
        let mut settings = Self {
            anonymisers: ["count".to_owned()].into(),
            ..Self::default()
        };
        let Some(check) = flags.get("check") else {
            return Ok(settings);
        };
        let wrong = |what: String| {
            Diagnostic::error(
                "bad-config",
                format!("{what} (`flags: {{check: …}}` of dbt_project.yml)"),
            )
        };
        let Some(check) = check.as_object() else {
            return Err(wrong("`check` holds keys".to_owned()));
        };
        for (key, value) in check {
            match (key.as_str(), value) {
                ("levels", Value::Object(levels)) => {
                    for (code, level) in levels {
                        if !codes().any(|known| known.name == code) {
                            let names: Vec<&str> = codes().map(|code| code.name).collect();
                            return Err(wrong(format!("there is no check `{code}`"))
                                .did_you_mean(code, names));
                        }
                        let weight = match level.as_str() {
                            Some("error") => Weight::Error,
                            Some("warning" | "warn") => Weight::Warning,
                            // YAML reads a bare `off` as false in its first version.
                            Some("off") => Weight::Off,
                            None if level == &Value::Bool(false) => Weight::Off,
                            _ => {
                                return Err(wrong(format!(
                                    "the level of `{code}` cannot be {level}"
                                ))
                                .help("write `error`, `warning` or `off`"));
                            }
                        };
                        settings.levels.insert(code.clone(), weight);
                    }
                }
                ("anonymisers", Value::Array(names)) => {
                    let names = names
                        .iter()
                        .filter_map(Value::as_str)
                        .map(str::to_lowercase);
                    settings.anonymisers.extend(names);
                }
                ("levels" | "anonymisers", _) => {
                    return Err(wrong(format!("`{key}` cannot be {value}")));
                }
                _ => {
                    return Err(wrong(format!("there is no key `{key}`"))
                        .did_you_mean(key, ["levels", "anonymisers"]));
                }
            }
        }
        Ok(settings)
    }

    /// The level that the project gives a code.
    pub fn weight(&self, code: &str) -> Option<Weight> {
        self.levels.get(code).copied()
    }
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
        assert_eq!(wrong.help, ["did you mean `select-star`?"]);
        let right = read(serde_json::json!({"check": {"levels": {"select-star": false}, "anonymisers": ["SHA2"]}})).unwrap();
        assert_eq!(right.weight("select-star"), Some(Weight::Off));
        assert!(right.anonymisers.contains("sha2"));
    }
}
