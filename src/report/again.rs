//! Commands in advice, with the flags that the command at hand was called with: what is advised must find the same project.

use std::borrow::Cow;

/// Flags to say again, each with its value, as words of a command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// Where the project and its profile lie.
    pub folders: Vec<[String; 2]>,
    /// What of them is used: profile, target, variables.
    pub choices: Vec<[String; 2]>,
}

/// Commands that need no project.
const WITHOUT: [&str; 3] = ["init", "help", "completions"];

/// Commands that take over what the last one was called with.
const FOLDERS_ALONE: [&str; 1] = ["retry"];

/// Flags that a sentence names at the end of a command, without their value.
const OPEN: [&str; 2] = ["--inline", "--to"];

impl Again {
    /// Text for people, with the flags added to every `redstart …` in backticks.
    pub(super) fn in_advice<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.folders.is_empty() && self.choices.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut said = String::with_capacity(text.len());
        for (number, part) in text.split('`').enumerate() {
            if number > 0 {
                said.push('`');
            }
            said.push_str(part);
            // Every second part stands between backticks.
            if number % 2 == 1 {
                self.add(part, &mut said);
            }
        }
        Cow::Owned(said)
    }

    fn add(&self, command: &str, said: &mut String) {
        let mut words = command.split(' ');
        let (Some("redstart"), Some(verb)) = (words.next(), words.next()) else {
            return;
        };
        let is_verb = verb.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        // `redstart backup --to` names a command, and cannot be run as it stands.
        let open = OPEN.iter().any(|flag| command.ends_with(flag));
        if !is_verb || WITHOUT.contains(&verb) || command.contains("--help") || open {
            return;
        }
        let choices = match FOLDERS_ALONE.contains(&verb) {
            true => &[],
            false => self.choices.as_slice(),
        };
        for [flag, value] in self.folders.iter().chain(choices) {
            if words.clone().any(|word| word == flag) {
                continue;
            }
            said.push_str(&format!(" {flag} {}", quoted(value)));
        }
    }
}

/// A value as a word of a command line, in one piece: a secret in it is found and hidden only where no quotes part it.
fn quoted(value: &str) -> Cow<'_, str> {
    match value.contains('\'') {
        false => shlex::try_quote(value).unwrap_or(Cow::Borrowed("'…'")),
        true if value.contains(['"', '$', '`', '\\', '!']) => Cow::Borrowed("'…'"),
        true => Cow::Owned(format!("\"{value}\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_advised_is_said_with_the_flags_of_the_command() {
        let word = |flag: &str, value: &str| [flag.to_owned(), value.to_owned()];
        let again = Again {
            folders: vec![word("--project-dir", "shop one")],
            choices: vec![word("--target", "ci"), word("--vars", "{a: it's}")],
        };
        for (text, said) in [
            (
                "`redstart show --select m --limit -1` shows all of `m`",
                "`redstart show --select m --limit -1 --project-dir 'shop one' --target ci --vars \"{a: it's}\"` shows all of `m`",
            ),
            (
                "run `redstart retry`",
                "run `redstart retry --project-dir 'shop one'`",
            ),
            (
                "`redstart ls --target prod` and `redstart ls --help`",
                "`redstart ls --target prod --project-dir 'shop one' --vars \"{a: it's}\"` and `redstart ls --help`",
            ),
            (
                "`redstart init` writes one, as `redstart COMMAND` says",
                "`redstart init` writes one, as `redstart COMMAND` says",
            ),
        ] {
            assert_eq!(again.in_advice(text), said);
            assert_eq!(Again::default().in_advice(text), text);
        }
    }
}
