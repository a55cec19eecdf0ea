//! The options under `external.copy`, looked up by name in any spelling, with a word for each that is wrong.

use crate::adapter::statement::copy_options::{self, COPY_OPTIONS, Conflict, CopyOption, Emulated};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::project::yaml::{Yaml, YamlValue};

pub(super) struct Options<'a, 'p> {
    copy: Option<&'a Yaml>,
    /// The options that are there, with key and value.
    given: Vec<(&'static CopyOption, &'a Yaml, &'a Yaml)>,
    /// The format, by its name among the options, where something says it.
    pub(super) format: Option<&'static str>,
    pub(super) problems: &'p mut Diagnostics,
}

impl<'a, 'p> Options<'a, 'p> {
    /// The options by name; what is unknown or stands twice is told.
    pub(super) fn read(copy: Option<&'a Yaml>, problems: &'p mut Diagnostics) -> Self {
        let mut options = Self {
            copy,
            given: Vec::new(),
            format: None,
            problems,
        };
        let Some(copy) = copy else { return options };
        if !copy.is_map() && !copy.is_null() {
            options
                .problems
                .push(copy.expected("a mapping of COPY options"));
        }
        for (key, value) in copy.entries() {
            options.take(key, value);
        }
        options
    }

    fn take(&mut self, key: &'a Yaml, value: &'a Yaml) {
        let name = key.key_text();
        let Some(option) = copy_options::find(&name) else {
            let problem = Diagnostic::error(
                "unknown-copy-option",
                format!("COPY has no option `{name}`"),
            )
            .at(key.span.clone());
            let keys = || COPY_OPTIONS.iter().map(|option| option.key);
            let squashed = |key: &str| key.replace('_', "");
            // `maxerr` is nearer to COPY's own word than to ours.
            let in_copy = keys().find(|key| {
                let word = squashed(key);
                nearest(&squashed(&name), [word.as_str()]).is_some()
            });
            let near = match (nearest(&name, keys()), in_copy) {
                (None, Some(key)) => problem.help(format!("did you mean `{key}`?")),
                _ => problem.did_you_mean(&name, keys()),
            };
            let all = COPY_OPTIONS.map(|option| format!("`{}`", option.key));
            self.problems.push(if near.help.is_empty() {
                near.help(format!("the options are {}", all.join(", ")))
            } else {
                near
            });
            return;
        };
        if let Some((_, first, _)) = self
            .given
            .iter()
            .find(|(known, ..)| known.key == option.key)
        {
            self.problems.push(
                Diagnostic::error(
                    "duplicate-copy-option",
                    format!("the COPY option `{name}` is given twice"),
                )
                .at(key.span.clone())
                .related("the first time", first.span.clone()),
            );
            return;
        }
        // What needs another place to load from, or a kind of file that is not taken.
        if let ("readratio" | "ssh" | "simplify" | "job", Emulated::No(why)) =
            (option.key, option.emulated)
        {
            self.problems.push(
                Diagnostic::error(
                    "not-supported",
                    format!("the COPY option `{name}` is not supported: {why}"),
                )
                .at(key.span.clone()),
            );
            return;
        }
        self.given.push((option, key, value));
    }

    /// Where the options are written.
    pub(super) fn declared(&self) -> Option<&'a Yaml> {
        self.copy
    }

    pub(super) fn option(&self, key: &str) -> Option<&'a Yaml> {
        let (_, _, value) = self.given.iter().find(|(option, ..)| option.key == key)?;
        (!value.is_null()).then_some(*value)
    }

    /// Whether an option is there and not `false`.
    pub(super) fn has(&self, key: &str) -> bool {
        self.option(key)
            .is_some_and(|value| value.as_bool() != Some(false))
    }

    /// An option's name as the user spells it.
    fn spelled(&self, key: &str) -> String {
        let mut given = self.given.iter();
        given
            .find(|(option, ..)| option.key == key)
            .map_or_else(|| key.to_owned(), |(_, key, _)| key.key_text())
    }

    /// Says what a value should have been.
    pub(super) fn expected(&mut self, key: &str, what: &str) {
        if let Some(value) = self.option(key) {
            let problem = value.expected(&format!("{what} for `{}`", self.spelled(key)));
            self.problems.push(problem);
        }
    }

    /// Says why an option cannot stand as it does.
    pub(super) fn refuse(&mut self, key: &str, why: &str) {
        if let Some(value) = self.option(key) {
            self.problems.push(
                Diagnostic::error(
                    "bad-copy-option",
                    format!("the COPY option `{}` {why}", self.spelled(key)),
                )
                .at(value.span.clone()),
            );
        }
    }

    /// Refuses a key of AWS that nobody allowed.
    pub(super) fn refuse_key(&mut self, key: &str) {
        if let Some(value) = self.option(key) {
            self.problems.push(
                Diagnostic::error(
                    "key-in-project",
                    format!("`{}` puts a key into the project", self.spelled(key)),
                )
                .at(value.span.clone())
                .help("give a role instead: `iam_role: default` or its ARN")
                .help("where there is no role, `allow_keys: true` lets keys stand here, from `env_var`; they are masked in all that is written"),
            );
        }
    }

    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        let value = self.option(key)?;
        match &value.value {
            YamlValue::String(text) => Some(text.clone()),
            YamlValue::Int(_) | YamlValue::Float(_) => Some(value.key_text()),
            _ => {
                self.expected(key, "a text");
                None
            }
        }
    }

    /// A text that says something.
    pub(super) fn words(&mut self, key: &str) -> Option<String> {
        let text = self.text(key)?;
        if text.trim().is_empty() {
            self.refuse(key, "is empty");
            return None;
        }
        Some(text)
    }

    pub(super) fn flag(&mut self, key: &str) -> bool {
        let Some(value) = self.option(key) else {
            return false;
        };
        value.as_bool().unwrap_or_else(|| {
            self.expected(key, "`true` or `false`");
            false
        })
    }

    pub(super) fn number(&mut self, key: &str, least: i64, most: i64) -> Option<i64> {
        match self.option(key)?.value {
            YamlValue::Int(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                let range = match most {
                    i64::MAX => format!("a number from {least}"),
                    _ => format!("a number from {least} to {most}"),
                };
                self.expected(key, &range);
                None
            }
        }
    }

    pub(super) fn character(&mut self, key: &str) -> Option<char> {
        let text = self.text(key)?;
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) if character.is_ascii() && character != '\0' => Some(character),
            _ => {
                self.expected(key, "one ASCII character");
                None
            }
        }
    }

    pub(super) fn one_of<T, const N: usize>(
        &mut self,
        key: &str,
        known: [(&'static str, T); N],
    ) -> Option<T> {
        let text = self.text(key)?;
        let names = known.each_ref().map(|(name, _)| *name);
        let wanted = copy_options::plain(&text);
        let found = known.into_iter().find(|(name, _)| *name == wanted);
        if found.is_none() {
            self.expected(key, &format!("one of `{}`", names.join("`, `")));
        }
        found.map(|(_, value)| value)
    }

    /// What the manual says cannot stand together.
    pub(super) fn check_conflicts(&mut self) {
        let mut given = self
            .given
            .iter()
            .map(|(option, ..)| option.key)
            .filter(|key| self.has(key))
            .map(|key| if key == "jsonpaths" { "json" } else { key })
            .collect::<Vec<_>>();
        given.extend(self.format);
        given.sort_unstable();
        given.dedup();
        for conflict in copy_options::conflicts(&given) {
            match conflict {
                // Said by `external.file_format`, an option has no place among these: the other one has.
                Conflict::Excludes(key, with) if self.option(key).is_some() => {
                    let with = self.spelled(with);
                    self.refuse(key, &format!("does not go with `{with}`"));
                }
                Conflict::Excludes(with, key) => {
                    self.refuse(key, &format!("does not go with `{with}`"));
                }
                Conflict::Needs(key, with) => self.refuse(key, &format!("needs `{with}` too")),
            }
        }
    }
}
