//! The physical attributes of a table, taken out of the words of a `create` before it is parsed.
//!
//! In: the tokens of one statement. Out: the tokens without `distkey`, `sortkey`, `diststyle`, `encode auto`,
//! `backup` and `with no schema binding`, and what was taken out. Knows nothing of syntax trees.

use sqlparser::tokenizer::{Token, TokenWithSpan};

/// What is left of a statement, and what was dropped knowingly.
pub(super) struct Stripped {
    pub tokens: Vec<TokenWithSpan>,
    pub dropped: Vec<String>,
}

/// The lower-case word of a token that is one.
pub(super) fn word(token: &TokenWithSpan) -> Option<String> {
    match &token.token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_lowercase()),
        _ => None,
    }
}

/// Takes the attributes of a table or view out of a `create` statement. `code` holds no blanks and comments.
pub(super) fn strip(code: &[TokenWithSpan]) -> Stripped {
    let mut tokens = Vec::new();
    let mut dropped = Vec::new();
    let mut depth = 0usize;
    let mut at = 0;
    let mut body = false;
    while at < code.len() {
        match code[at].token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        let name = word(&code[at]);
        body = body || (depth == 0 && name.as_deref() == Some("as"));
        let length = match depth {
            0 if !body => attribute(&code[at..]),
            0 => binding(&code[at..]),
            _ => 0,
        };
        if length == 0 {
            tokens.push(code[at].clone());
            at += 1;
        } else {
            dropped.push(said(&code[at..at + length]));
            at += length;
        }
    }
    Stripped { tokens, dropped }
}

fn is(code: &[TokenWithSpan], at: usize, names: &[&str]) -> bool {
    code.get(at)
        .and_then(word)
        .is_some_and(|word| names.contains(&word.as_str()))
}

/// How many tokens an attribute at the start of `code` takes; 0 where there is none.
fn attribute(code: &[TokenWithSpan]) -> usize {
    if is(code, 0, &["backup"]) && is(code, 1, &["yes", "no"]) {
        return 2;
    }
    if is(code, 0, &["diststyle"]) && is(code, 1, &["auto", "even", "key", "all"]) {
        return 2;
    }
    if is(code, 0, &["encode"]) && is(code, 1, &["auto"]) {
        return 2;
    }
    if is(code, 0, &["distkey"]) {
        return 1 + list(&code[1..]);
    }
    if is(code, 0, &["compound", "interleaved"]) && is(code, 1, &["sortkey"]) {
        return 2 + list(&code[2..]);
    }
    if is(code, 0, &["sortkey"]) {
        return if is(code, 1, &["auto"]) {
            2
        } else {
            1 + list(&code[1..])
        };
    }
    binding(code)
}

/// `with no schema binding`, which stands after the query of a view.
fn binding(code: &[TokenWithSpan]) -> usize {
    let all = ["with", "no", "schema", "binding"];
    let found = (0..all.len()).all(|at| is(code, at, &all[at..=at]));
    if found { all.len() } else { 0 }
}

/// How many tokens a list in parentheses takes.
fn list(code: &[TokenWithSpan]) -> usize {
    if code
        .first()
        .is_none_or(|token| token.token != Token::LParen)
    {
        return 0;
    }
    code.iter()
        .position(|token| token.token == Token::RParen)
        .map_or(0, |end| end + 1)
}

/// Tokens as words for people, in lower case.
pub(super) fn said(code: &[TokenWithSpan]) -> String {
    let mut out = String::new();
    let mut tight = true;
    for token in code {
        let text = token.token.to_string().to_lowercase();
        let closes = matches!(token.token, Token::RParen | Token::Comma | Token::Period);
        if !tight && !closes {
            out.push(' ');
        }
        out.push_str(&text);
        tight = matches!(token.token, Token::LParen | Token::Period);
    }
    out
}
