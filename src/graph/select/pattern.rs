//! The wildcards of selectors: `*`, `?`, `[a-z]`, `[!a]`, and `**` between the folders of a path.

/// Whether a text has any wildcard.
pub(super) fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '[', ']'])
}

/// A name with wildcards. Case matters; a `[` without its `]` is a plain character.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Vec<Token>);

#[derive(Clone, Debug)]
enum Token {
    Character(char),
    Any,
    Many,
    OneOf {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Pattern {
    /// Understands a pattern; every text is one.
    pub(super) fn new(text: &str) -> Self {
        let characters: Vec<char> = text.chars().collect();
        let mut tokens = Vec::new();
        let mut at = 0;
        while at < characters.len() {
            let token = match characters[at] {
                '*' => Token::Many,
                '?' => Token::Any,
                '[' => match one_of(&characters[at + 1..]) {
                    Some((token, length)) => {
                        at += length;
                        token
                    }
                    None => Token::Character('['),
                },
                character => Token::Character(character),
            };
            tokens.push(token);
            at += 1;
        }
        Self(tokens)
    }

    /// Whether the whole of `text` fits.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut token, mut at) = (0, 0);
        // Where to go on when what follows the last `*` does not fit: that `*` takes one character more.
        let mut retry: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.0.get(token) {
                Some(Token::Many) => {
                    retry = Some((token, at));
                    token += 1;
                }
                Some(single) if single.fits(text[at]) => {
                    token += 1;
                    at += 1;
                }
                _ => match retry {
                    Some((star, taken)) => {
                        retry = Some((star, taken + 1));
                        token = star + 1;
                        at = taken + 1;
                    }
                    None => return false,
                },
            }
        }
        self.0[token..]
            .iter()
            .all(|token| matches!(token, Token::Many))
    }
}

impl Token {
    fn fits(&self, character: char) -> bool {
        match self {
            Self::Character(wanted) => *wanted == character,
            Self::Any => true,
            Self::Many => false,
            Self::OneOf { negated, ranges } => {
                ranges
                    .iter()
                    .any(|(first, last)| (*first..=*last).contains(&character))
                    != *negated
            }
        }
    }
}

/// The set after a `[`, and how many characters it takes with its `]`. A `]` that comes first is a member.
fn one_of(after: &[char]) -> Option<(Token, usize)> {
    let negated = after.first() == Some(&'!');
    let start = usize::from(negated);
    let length = after.get(start + 1..)?.iter().position(|&c| c == ']')? + 1;
    let members = &after[start..start + length];
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < members.len() {
        match members[at..] {
            [first, '-', last, ..] => {
                ranges.push((first, last));
                at += 3;
            }
            _ => {
                ranges.push((members[at], members[at]));
                at += 1;
            }
        }
    }
    Some((Token::OneOf { negated, ranges }, start + length + 1))
}

/// A path from the project folder, part by part; `**` stands for any number of folders.
#[derive(Debug)]
pub(super) struct PathPattern(Option<Vec<Part>>);

#[derive(Debug)]
enum Part {
    Name(Pattern),
    AnyFolders,
}

impl PathPattern {
    /// Understands a path; an empty one matches nothing, `.` everything.
    pub(super) fn new(text: &str) -> Self {
        if text.is_empty() {
            return Self(None);
        }
        let parts = text
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .map(|part| match part {
                "**" => Part::AnyFolders,
                name => Part::Name(Pattern::new(name)),
            });
        Self(Some(parts.collect()))
    }

    /// Whether the path names this file, or a folder that holds it.
    pub(super) fn matches(&self, path: &str) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        (0..=names.len()).any(|length| self.is(&names[..length]))
    }

    /// Whether the path names this file.
    pub(super) fn is_file(&self, path: &str) -> bool {
        self.is(&path.split('/').collect::<Vec<_>>())
    }

    fn is(&self, names: &[&str]) -> bool {
        self.0
            .as_ref()
            .is_some_and(|parts| parts_match(parts, names))
    }
}

fn parts_match(parts: &[Part], names: &[&str]) -> bool {
    match (parts, names) {
        ([], []) => true,
        ([Part::AnyFolders, rest @ ..], _) => {
            (0..=names.len()).any(|skipped| parts_match(rest, &names[skipped..]))
        }
        ([Part::Name(pattern), parts @ ..], [name, names @ ..]) => {
            pattern.matches(name) && parts_match(parts, names)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_in_a_shell() {
        for (pattern, matching, other) in [
            ("a", "a", "ab"),
            ("*", "", "nothing is left out"),
            ("st*rs", "stg_orders", "stg_order"),
            ("*a*b", "xaxbxb", "xaxbx"),
            ("?rders", "orders", "rders"),
            ("[a-cx]1", "b1", "d1"),
            ("[!a-c]1", "d1", "b1"),
            ("[]a]", "]", "b"),
            ("[a", "[a", "a"),
            ("[a-]", "-", "b"),
            ("caf?", "café", "caf"),
        ] {
            assert!(Pattern::new(pattern).matches(matching), "{pattern}");
            assert!(
                pattern == "*" || !Pattern::new(pattern).matches(other),
                "{pattern}"
            );
        }
    }

    #[test]
    fn a_path_matches_a_file_and_the_folders_that_hold_it() {
        let file = "models/marts/core/fct.sql";
        for pattern in [
            ".",
            "models",
            "./models/marts/",
            "models/*/core",
            "models/**",
            "**/core",
            "**/*.sql",
            file,
        ] {
            assert!(PathPattern::new(pattern).matches(file), "{pattern}");
        }
        for pattern in [
            "",
            "marts",
            "models/*.sql",
            "Models",
            "../models",
            "models/core",
        ] {
            assert!(!PathPattern::new(pattern).matches(file), "{pattern}");
        }
    }
}
