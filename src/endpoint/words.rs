//! The statements of a text that a client sends, and the words of one of them.

use sqlparser::tokenizer::TokenWithSpan;

use super::failure::Failure;
use crate::sql::position::Lines;
use crate::sql::redshift;
pub(super) use crate::sql::words::Words;

/// One statement of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The text, comments before it included, without the semicolon.
    pub text: String,
    /// Where it begins in the whole.
    pub start: usize,
}

/// The statements of a text; those without a word are left out.
pub(super) fn parts(text: &str) -> Result<Vec<Part>, Failure> {
    let tokens = redshift::tokens(text).map_err(|error| {
        let mut failure = Failure::new("42601", error.message);
        failure.at = error.range.map(|range| range.start);
        failure
    })?;
    let lines = Lines::new(text);
    let mut all = Vec::new();
    for range in redshift::split(&tokens) {
        let tokens = &tokens[range];
        if !tokens.iter().any(redshift::is_code) {
            continue;
        }
        let span = |token: &TokenWithSpan| lines.range(token.span);
        let (Some(first), Some(last)) = (
            tokens.first().and_then(span),
            tokens
                .iter()
                .rfind(|token| redshift::is_code(token))
                .and_then(span),
        ) else {
            continue;
        };
        let start = first.start;
        let said = &text[start..last.end.max(start)];
        let blank = said.len() - said.trim_start().len();
        all.push(Part {
            text: said.trim_start().to_owned(),
            start: start + blank,
        });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_keep_their_comments_and_places() {
        let text = "/* who */ select ';' ; ; -- end\nselect 2;--x";
        let found = parts(text).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].text, "/* who */ select ';'");
        assert_eq!(&text[found[1].start..], "-- end\nselect 2;--x");
    }
}
