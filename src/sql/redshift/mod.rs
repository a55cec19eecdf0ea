//! Parsing of Redshift SQL, with a dialect of our own around sqlparser's.
//!
//! The parser's dialect misses what analysts write every day: `extract(qtr from d)`, `approximate count(distinct x)`,
//! `|/ x`, trailing commas, `encode`, `distkey` and `identity(0, 1)` after a column; and its operators bind in another order.

mod dialect;
mod unclosed;

use std::ops::Range;

use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Word};

pub use sqlparser::ast::Statement;

use super::position::Lines;
pub use dialect::{APPROXIMATE, RedshiftDialect};
use unclosed::unclosed;

/// How deep expressions and subqueries may nest. Far above what people write, below what a thread's stack holds.
const DEPTH: usize = 120;

/// Text that is not Redshift SQL as far as we can read it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// What the parser did not expect: a lower-case phrase.
    pub message: String,
    /// The bytes of the text where it stands, when known.
    pub range: Option<Range<usize>>,
}

/// One statement of a text, with the bytes it takes (without its semicolon).
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The syntax tree; string literals hold their values, escapes resolved.
    pub statement: Statement,
    /// Where it stands.
    pub range: Range<usize>,
}

/// Reads a text of one or more statements.
///
/// # Errors
/// The first place that the parser does not understand.
pub fn parse(text: &str) -> Result<Vec<Parsed>, ParseError> {
    let lines = Lines::new(text);
    let tokens = tokens(text)?;
    let mut all = Vec::new();
    for range in split(&tokens) {
        let tokens = &tokens[range];
        let (Some(first), Some(last)) = (
            tokens.iter().find(|token| is_code(token)),
            tokens.iter().rfind(|token| is_code(token)),
        ) else {
            continue;
        };
        check(tokens, &lines)?;
        let start = lines.offset(first.span.start).unwrap_or(0);
        let end = lines.offset(last.span.end).unwrap_or(text.len());
        let statement = parse_tokens(tokens.to_vec())
            .map_err(|error| parse_error(&error, &lines, start..end))?;
        all.push(Parsed {
            statement,
            range: start..end,
        });
    }
    Ok(all)
}

/// How many bytes a name takes at most: <https://docs.aws.amazon.com/redshift/latest/dg/r_names.html>.
const LONGEST_NAME: usize = 127;

/// Refuses tokens that the parser would take and Redshift does not: names that are too long, `==`.
///
/// # Errors
/// The first of them.
pub fn check(tokens: &[TokenWithSpan], lines: &Lines<'_>) -> Result<(), ParseError> {
    match tokens.iter().find_map(|token| refused(token, lines)) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// What the parser would take and Redshift does not.
fn refused(token: &TokenWithSpan, lines: &Lines<'_>) -> Option<ParseError> {
    let message = match &token.token {
        Token::DoubleEq => "`==` is not one of Redshift's operators: write `=`".to_owned(),
        Token::Word(word) if word.value.len() > LONGEST_NAME => format!(
            "this name takes {} bytes, and a name has at most {LONGEST_NAME}",
            word.value.len()
        ),
        _ => return None,
    };
    Some(ParseError {
        message,
        range: lines.range(token.span),
    })
}

/// The tokens of a text with their places, comments and blanks included.
///
/// # Errors
/// An unfinished string, comment or quoted name.
pub fn tokens(text: &str) -> Result<Vec<TokenWithSpan>, ParseError> {
    let mut tokens = Vec::new();
    match Tokenizer::new(&RedshiftDialect, text).tokenize_with_location_into_buf(&mut tokens) {
        Ok(()) => Ok(tokens),
        Err(error) => Err(unclosed(text, &tokens, &error)),
    }
}

/// The ranges of tokens between semicolons.
pub fn split(tokens: &[TokenWithSpan]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate() {
        if token.token == Token::SemiColon {
            ranges.push(start..at);
            start = at + 1;
        }
    }
    ranges.push(start..tokens.len());
    ranges
}

/// Whether a token is neither blank nor comment nor the end.
pub fn is_code(token: &TokenWithSpan) -> bool {
    !matches!(token.token, Token::Whitespace(_) | Token::EOF)
}

/// Parses the tokens of one statement of `text`, some of which may have been left out.
///
/// # Errors
/// The first token that the parser does not understand.
pub fn parse_statement(
    text: &str,
    tokens: Vec<TokenWithSpan>,
    range: Range<usize>,
) -> Result<Statement, ParseError> {
    parse_tokens(tokens).map_err(|error| parse_error(&error, &Lines::new(text), range))
}

/// Words behind which an operand stands, and no operator.
const BEFORE_OPERANDS: [Keyword; 19] = [
    Keyword::SELECT,
    Keyword::DISTINCT,
    Keyword::ALL,
    Keyword::WHERE,
    Keyword::AND,
    Keyword::OR,
    Keyword::NOT,
    Keyword::CASE,
    Keyword::WHEN,
    Keyword::THEN,
    Keyword::ELSE,
    Keyword::BY,
    Keyword::ON,
    Keyword::IN,
    Keyword::LIKE,
    Keyword::HAVING,
    Keyword::FROM,
    Keyword::AS,
    Keyword::BETWEEN,
];

/// `trim(both from x)` without its `from`, which the parser takes behind a text alone.
fn trimmed_of_blanks(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let named = |token: &TokenWithSpan, names: &[&str]| matches!(&token.token, Token::Word(word) if names.iter().any(|name| is_word(word, name)));
    let code: Vec<usize> = (0..tokens.len())
        .filter(|at| is_code(&tokens[*at]))
        .collect();
    let needless: Vec<usize> = code
        .windows(4)
        .filter(|at| {
            named(&tokens[at[0]], &["trim"])
                && tokens[at[1]].token == Token::LParen
                && named(&tokens[at[2]], &["both", "leading", "trailing"])
                && named(&tokens[at[3]], &["from"])
        })
        .map(|at| at[3])
        .collect();
    for at in needless.into_iter().rev() {
        tokens.remove(at);
    }
    tokens
}

/// `x isnull` and `x notnull` in the words that the parser knows: it would take them for aliases, which no reserved word can be.
fn spelled_out(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let is_reserved = |token: &TokenWithSpan| matches!(&token.token, Token::Word(word) if is_word(word, "isnull") || is_word(word, "notnull"));
    if !tokens.iter().any(is_reserved) {
        return tokens;
    }
    let mut all: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len() + 2);
    for (at, token) in tokens.iter().enumerate() {
        let before = all.iter().rfind(|token| is_code(token));
        let after = tokens[at + 1..].iter().find(|token| is_code(token));
        let is_operand = before.is_some_and(|before| match &before.token {
            Token::Word(word) => {
                word.quote_style.is_some() || !BEFORE_OPERANDS.contains(&word.keyword)
            }
            Token::Number(..) | Token::SingleQuotedString(_) | Token::RParen | Token::RBracket => {
                true
            }
            _ => false,
        });
        let is_call =
            after.is_some_and(|after| matches!(after.token, Token::LParen | Token::Period));
        let Token::Word(word) = &token.token else {
            all.push(token.clone());
            continue;
        };
        if !is_operand || is_call || !is_reserved(token) {
            all.push(token.clone());
            continue;
        }
        let words: &[&str] = match is_word(word, "isnull") {
            true => &["IS", "NULL"],
            false => &["IS", "NOT", "NULL"],
        };
        let said = words
            .iter()
            .map(|word| TokenWithSpan::new(Token::make_keyword(word), token.span));
        all.extend(said);
    }
    all
}

fn parse_tokens(tokens: Vec<TokenWithSpan>) -> Result<Statement, ParserError> {
    let tokens = spelled_out(trimmed_of_blanks(tokens));
    let mut parser = Parser::new(&RedshiftDialect)
        .with_recursion_limit(DEPTH)
        .with_tokens_with_locations(tokens);
    let statement = parser.parse_statement()?;
    if parser.peek_token().token == Token::EOF {
        Ok(statement)
    } else {
        parser.expected("the end of the statement", parser.peek_token())
    }
}

fn parse_error(error: &ParserError, lines: &Lines<'_>, whole: Range<usize>) -> ParseError {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.as_str(),
        ParserError::RecursionLimitExceeded => {
            return ParseError {
                message: format!("nested more than {DEPTH} levels deep"),
                range: Some(whole),
            };
        }
    };
    let (message, at) = match text.rsplit_once(" at Line: ") {
        Some((message, place)) => {
            let place = place
                .split_once(", Column: ")
                .and_then(|(line, column)| {
                    Some(Location::new(
                        line.parse().ok()?,
                        column.trim().parse().ok()?,
                    ))
                })
                .and_then(|location| lines.offset(location));
            (message, place)
        }
        None => (text, None),
    };
    let message = message
        .replace("Expected: ", "expected ")
        .replace(", found: ", ", found ");
    // The end has no place of its own: the last sign before it has.
    let ends = message.ends_with(", found EOF");
    let last = lines.text().get(whole.clone()).and_then(|statement| {
        let last = statement.char_indices().next_back().filter(|_| ends)?;
        Some(whole.start + last.0..whole.end)
    });
    let at = at.map(|at| at..at + word_length(&lines.text()[at..]));
    ParseError {
        message: lower_first(&message.replace(", found EOF", ", found the end")),
        range: Some(last.or(at).unwrap_or(whole)),
    }
}

/// The length of the word or sign that a text begins with.
fn word_length(text: &str) -> usize {
    let word = text
        .find(|character: char| !character.is_alphanumeric() && character != '_')
        .unwrap_or(text.len());
    match word {
        0 => text.chars().next().map_or(0, char::len_utf8),
        _ => word,
    }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}

/// Whether a word is a name without quotes, in letters of any case.
fn is_word(word: &Word, name: &str) -> bool {
    word.quote_style.is_none() && word.value.eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (String, &str) {
        let error = parse(text).unwrap_err();
        let range = error.range.unwrap();
        (error.message, &text[range])
    }

    #[test]
    fn what_analysts_write_every_day_parses() {
        for text in [
            "select extract(qtr from d), extract(y from d) from t",
            "select approximate count(distinct x) from t",
            "select |/ 25.0, @ -5, 5 ^ 2, 5 # 1",
            "select a, b, from t",
            "select t.x.a[0].c::int from t",
            "create table t (a int identity(0, 1) primary key, b varchar encode zstd distkey sortkey)",
            "select 'it\\'s'",
        ] {
            assert_eq!(parse(text).map(|all| all.len()), Ok(1), "{text}");
        }
    }

    #[test]
    fn statements_know_where_they_stand() {
        let text = "select 1; -- a comment\n\n  select 2 ;";
        let places: Vec<&str> = parse(text)
            .unwrap()
            .into_iter()
            .map(|parsed| &text[parsed.range])
            .collect();
        assert_eq!(places, ["select 1", "select 2"]);
    }

    #[test]
    fn an_error_points_at_the_word_that_was_not_expected() {
        assert_eq!(
            error("select a from t where a >\n"),
            ("expected an expression, found the end".to_owned(), ">")
        );
        assert_eq!(
            error("select a\nfrom t wher x = 1 group group"),
            ("expected the end of the statement, found x".to_owned(), "x")
        );
    }
}
