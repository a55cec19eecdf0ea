//! Secrets, and how they stay out of everything that is written.
//!
//! In: the values that must not be seen. Out: [`Redactor`].
//! Does not know where a secret came from or where a text goes.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

const MASK: &str = "*****";

/// A part of a secret of several lines (a private key) is a secret by itself from this length.
const SHORTEST_LINE: usize = 8;

/// Replaces secrets in text.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Longest first, so that a secret that holds another one goes as a whole.
    secrets: Vec<String>,
}

impl Redactor {
    /// A redactor for some values; blank ones are left out.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut all = Vec::new();
        for secret in secrets {
            if secret.trim().is_empty() {
                continue;
            }
            // A text with the secret may have been laid out anew or written as JSON before it comes here.
            if secret.contains('\n') {
                let lines = secret.lines().map(str::trim);
                all.extend(
                    lines
                        .filter(|line| line.len() >= SHORTEST_LINE)
                        .map(str::to_owned),
                );
            }
            let quoted = serde_json::Value::String(secret.clone()).to_string();
            all.push(quoted[1..quoted.len() - 1].to_owned());
            all.push(secret);
        }
        all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        all.dedup();
        Self { secrets: all }
    }

    /// The text without any secret.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), MASK));
            }
        }
        text
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} secrets)", self.secrets.len())
    }
}

/// A statement without the keys, tokens and passwords that stand in it as texts.
pub fn without_keys(sql: &str) -> Cow<'_, str> {
    static KEYS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)\b((?:access_key_id|secret_access_key|session_token|master_symmetric_key|credentials|password)\s+(?:as\s+)?)'(?:[^']|'')*'",
        )
        .expect("a pattern that is one")
    });
    KEYS.replace_all(sql, format!("${{1}}'{MASK}'"))
}

/// What a warehouse says of a bad value, without the value: what stands in quotes, and the bytes that it spells out.
pub fn without_values(said: &str) -> String {
    let mut kept = String::new();
    let mut rest = said;
    for bytes in ["hex sequence: ", "Invalid char: "] {
        if let Some(at) = rest.find(bytes) {
            rest = &rest[..at + bytes.len()];
        }
    }
    let cut = rest.len() < said.len();
    while let Some(at) = rest.find(['\'', '"', '`']) {
        let quote = &rest[at..=at];
        kept.push_str(&rest[..at]);
        let inside = &rest[at + 1..];
        // The value may hold quotes itself: only a quote that a word does not follow ends it.
        let end = inside.match_indices(quote).map(|(end, _)| end).find(|end| {
            !inside[end + 1..].starts_with(|next: char| next.is_alphanumeric() || next == '_')
        });
        kept.push_str(quote);
        kept.push_str(MASK);
        let Some(end) = end else {
            return kept;
        };
        kept.push_str(quote);
        rest = &inside[end + 1..];
    }
    kept.push_str(rest);
    if cut {
        kept.push_str(MASK);
    }
    kept
}

/// As [`without_values`], also of what stands without quotes: rows and keys in parentheses (PostgreSQL's details), and what follows the
/// second colon of a line (`Invalid Input Error: invalid digit in the number: …`).
pub fn without_data(said: &str) -> String {
    static ROWS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?s)(\)=|contains |Value |value )(\(.*\)|[0-9][^ ,]*)")
            .expect("a pattern that is one")
    });
    let first = said.lines().next().unwrap_or_default();
    let mut colons = first
        .match_indices(": ")
        .map(|(at, found)| at + found.len());
    let whole = match colons.nth(1) {
        Some(end) => format!("{}'{MASK}'", &said[..end]),
        None => said.to_owned(),
    };
    let kept = without_values(&whole);
    ROWS.replace_all(&kept, format!("${{1}}{MASK}"))
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_and_its_json_form_are_masked_the_longest_first() {
        let redactor = Redactor::new(["pass".to_owned(), "pass\"word".to_owned(), " ".to_owned()]);
        assert_eq!(
            redactor.redact("pass\"word pass {\"p\":\"pass\\\"word\"}"),
            "***** ***** {\"p\":\"*****\"}"
        );
        assert_eq!(format!("{redactor:?}"), "Redactor(3 secrets)");
    }

    #[test]
    fn a_statement_is_told_without_its_keys() {
        assert_eq!(
            without_keys(
                "copy t from 's3://b/k' access_key_id 'A' Secret_Access_Key as 'it''s' csv"
            ),
            "copy t from 's3://b/k' access_key_id '*****' Secret_Access_Key as '*****' csv"
        );
    }

    #[test]
    fn what_is_said_of_a_value_goes_without_it() {
        for (said, kept) in [
            (
                "Invalid digit, Value 'x', Pos 0, Type: Integer",
                "Invalid digit, Value '*****', Pos 0, Type: Integer",
            ),
            (
                "Could not convert 'O'Hara' to int",
                "Could not convert '*****' to int",
            ),
            (
                "invalid input syntax for type integer: \"ada@example.com\"",
                "invalid input syntax for type integer: \"*****\"",
            ),
            (
                "Bad UTF8 hex sequence: e9 78 (error 4)",
                "Bad UTF8 hex sequence: *****",
            ),
            ("Delimiter not found", "Delimiter not found"),
            ("a 'b", "a '*****"),
        ] {
            assert_eq!(without_values(said), kept);
        }
    }

    #[test]
    fn the_lines_of_a_key_are_masked_when_laid_out_anew() {
        let redactor = Redactor::new(["-----BEGIN\nMIIabcdefgh\nx\n".to_owned()]);
        assert_eq!(redactor.redact("  = note: MIIabcdefgh"), "  = note: *****");
    }
}
