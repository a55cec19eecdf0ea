//! Text that the tokenizer cannot end: a comment, a text or a name that nothing closes.

use sqlparser::tokenizer::{TokenWithSpan, TokenizerError};

use super::{Lines, ParseError, lower_first};

/// What stays open, marked at the sign that opens it: it begins behind the tokens that were read. Else what the tokenizer says.
pub(super) fn unclosed(text: &str, read: &[TokenWithSpan], error: &TokenizerError) -> ParseError {
    let lines = Lines::new(text);
    let start = match read.last() {
        Some(last) => lines.offset(last.span.end),
        None => Some(0),
    };
    // The tokenizer says so in several ways, and stands at the end then.
    let is_end = error.message.contains("EOF") || error.message.starts_with("Unterminated");
    match start
        .filter(|_| is_end)
        .and_then(|start| Some((start, opened(text.get(start..)?)?)))
    {
        Some((start, (what, sign, before))) => ParseError {
            message: format!("`{sign}` opens a {what} that is not closed"),
            range: Some(start + before..start + before + sign.len()),
        },
        None => ParseError {
            message: lower_first(&error.message),
            range: lines
                .offset(error.location)
                .map(|at| at..text.len().min(at + 1)),
        },
    }
}

/// What a token is, the sign that opens it, and how many bytes stand before that: `E'…'` is a text too.
fn opened(token: &str) -> Option<(&'static str, &str, usize)> {
    let (what, before, length) = match token.chars().next()? {
        '/' => ("comment", 0, 2),
        '"' => ("name", 0, 1),
        '$' => ("text", 0, token.get(1..)?.find('$')? + 2),
        _ => ("text", token.find('\'').filter(|at| *at <= 2)?, 1),
    };
    Some((what, token.get(before..before + length)?, before))
}

#[cfg(test)]
mod tests {
    use crate::sql::redshift::parse;

    #[test]
    fn what_is_not_closed_is_marked_where_it_opens() {
        for (text, at, sign) in [
            ("select 1\n, 2 /* an é\n/* twice b", 13, "/*"),
            ("/* all", 0, "/*"),
            ("select 'abc\n, b", 7, "'"),
            ("select 'abc', E'b", 15, "'"),
            ("select \"abc\nfrom t", 7, "\""),
            ("select $$abc$ from t", 7, "$$"),
            ("select $tag$abc$$ from t", 7, "$tag$"),
        ] {
            let error = parse(text).unwrap_err();
            let said = format!("`{sign}` opens a ");
            assert!(
                error.message.starts_with(&said),
                "{text}: {}",
                error.message
            );
            assert_eq!(error.range, Some(at..at + sign.len()), "{text}");
        }
    }
}
