//! Statements without the keys, tokens and passwords that stand in them as texts.
//!
//! In: SQL text. Out: the same with each of them masked. Knows not whose they are.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use sqlparser::tokenizer::{Token, TokenWithSpan, Whitespace};

use super::position::Lines;
use super::redshift;

const MASK: &str = "'*****'";

/// Words behind which such a text stands: those of COPY and UNLOAD, and of users.
const BEFORE: [&str; 6] = [
    "access_key_id",
    "secret_access_key",
    "session_token",
    "master_symmetric_key",
    "credentials",
    "password",
];

/// A statement without the keys, tokens and passwords that stand in it as texts, however they are written.
pub fn without_secrets(sql: &str) -> Cow<'_, str> {
    let Ok(tokens) = redshift::tokens(sql) else {
        return cut(sql);
    };
    let lines = Lines::new(sql);
    let mut masked = String::new();
    let mut kept = 0;
    let mut behind = false;
    for token in &tokens {
        let secret = match &token.token {
            Token::Whitespace(
                Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_),
            ) => {
                // What is commented out may have been said once.
                cut(&sql[range_of(token, &lines)]) != sql[range_of(token, &lines)]
            }
            Token::Whitespace(_) => false,
            Token::Word(word) if word.quote_style.is_none() => {
                behind = BEFORE
                    .iter()
                    .any(|before| word.value.eq_ignore_ascii_case(before))
                    || behind && word.value.eq_ignore_ascii_case("as");
                false
            }
            Token::Eq => false,
            other => {
                let text = text_of(other);
                // A statement inside of a text (`execute '…'`) is looked at as well.
                let inside =
                    text.is_some_and(|text| without_secrets(text) != text || has_key(text));
                std::mem::take(&mut behind) && text.is_some() || inside
            }
        };
        if secret {
            let range = range_of(token, &lines);
            masked.push_str(&sql[kept..range.start]);
            masked.push_str(match token.token {
                Token::Whitespace(_) => "/* ***** */",
                _ => MASK,
            });
            kept = range.end;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(sql);
    }
    masked.push_str(&sql[kept..]);
    Cow::Owned(masked)
}

fn range_of(token: &TokenWithSpan, lines: &Lines<'_>) -> std::ops::Range<usize> {
    lines.range(token.span).unwrap_or(0..0)
}

/// What a token says, where it is a text or a name in quotes.
fn text_of(token: &Token) -> Option<&str> {
    match token {
        Token::SingleQuotedString(text)
        | Token::DoubleQuotedString(text)
        | Token::EscapedStringLiteral(text)
        | Token::NationalStringLiteral(text)
        | Token::UnicodeStringLiteral(text)
        | Token::HexStringLiteral(text)
        | Token::SingleQuotedByteStringLiteral(text) => Some(text),
        Token::DollarQuotedString(text) => Some(&text.value),
        Token::Word(word) => word.quote_style.map(|_| word.value.as_str()),
        _ => None,
    }
}

/// Whether a text is one of `credentials`: `aws_access_key_id=…;aws_secret_access_key=…`.
fn has_key(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["access_key=", "access_key_id=", "token="]
        .iter()
        .any(|key| text.contains(key))
}

/// What cannot be read, up to the first word behind which a secret may stand.
fn cut(sql: &str) -> Cow<'_, str> {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(r"(?is)({})\W.*", BEFORE.join("|"))).expect("a pattern that is one")
    });
    WORDS.replace(sql, format!("${{1}} {MASK}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_told_without_its_keys() {
        for (sql, told) in [
            (
                "copy t from 's3://b/k' access_key_id 'A' Secret_Access_Key as 'it''s' csv",
                "copy t from 's3://b/k' access_key_id '*****' Secret_Access_Key as '*****' csv",
            ),
            (
                r"create user bob password 'Abc1\'TAIL9' createdb",
                "create user bob password '*****' createdb",
            ),
            (
                "alter user bob password'NOBLANK9'",
                "alter user bob password'*****'",
            ),
            (
                "copy t from 's3://b' credentials'aws_access_key_id=A;aws_secret_access_key=B' csv",
                "copy t from 's3://b' credentials'*****' csv",
            ),
            (
                "create user bob password /* x */\n 'COMMENT9'",
                "create user bob password /* x */\n '*****'",
            ),
            (
                "create user bob password $$Dollar9$$",
                "create user bob password '*****'",
            ),
            (
                "alter user b password \"Quoted9\"",
                "alter user b password '*****'",
            ),
            (
                "alter user b password disable; select 'a'",
                "alter user b password disable; select 'a'",
            ),
            (
                "select password, 'x' from t -- password 'OLD9'",
                "select password, 'x' from t /* ***** */",
            ),
            (
                "call p('create user b password ''Inner9''')",
                "call p('*****')",
            ),
            (
                "create user b password 'open",
                "create user b password '*****'",
            ),
            ("select 'a' as password", "select 'a' as password"),
        ] {
            assert_eq!(without_secrets(sql), told, "{sql}");
        }
    }
}
