//! Secrets, and how they stay out of everything that is written.
//!
//! In: the values that must not be seen. Out: [`Redactor`].
//! Does not know where a secret came from or where a text goes.

use std::borrow::Cow;

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
    fn the_lines_of_a_key_are_masked_when_laid_out_anew() {
        let redactor = Redactor::new(["-----BEGIN\nMIIabcdefgh\nx\n".to_owned()]);
        assert_eq!(redactor.redact("  = note: MIIabcdefgh"), "  = note: *****");
    }
}
